#include "config/schema_compiler.hpp"
#include "config/template.hpp"
#include "tools/library/agent_parts.hpp"
#include "tools/library/convert.hpp"
#include "tools/library/memory_node.hpp"

#include <algorithm>

namespace perdure {

namespace {

[[noreturn]] void invalid(const std::string& message) {
  throw error{"invalid_argument", message};
}

/// 1 to 64 letters, digits, `_`, `-` and what is in `more`.
bool is_name(std::string_view name, std::string_view more) {
  constexpr std::size_t size_max = 64;
  const auto is_valid = [more](char sign) {
    return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z')
           || (sign >= '0' && sign <= '9') || sign == '_' || sign == '-'
           || more.find(sign) != std::string_view::npos;
  };
  return !name.empty() && name.size() <= size_max
         && std::all_of(name.begin(), name.end(), is_valid);
}

std::vector<runtime::instruction>
instructions_of(const std::vector<std::string>& texts) {
  std::vector<runtime::instruction> out;
  for (const auto& text : texts) {
    const auto is_template = config::is_template(text);
    if (is_template)
      library::require(config::names_in(text));
    out.push_back({text, is_template});
  }
  return out;
}

runtime::end_strategy to_runtime(end_strategy strategy) {
  switch (strategy) {
    case end_strategy::graceful:
      return runtime::end_strategy::graceful;
    case end_strategy::early:
      return runtime::end_strategy::early;
    case end_strategy::exhaustive:
      return runtime::end_strategy::exhaustive;
  }
  return runtime::end_strategy::graceful;
}

runtime::output_mode to_runtime(output_mode mode) {
  switch (mode) {
    case output_mode::automatic:
      return runtime::output_mode::automatic;
    case output_mode::tool:
      return runtime::output_mode::tool;
    case output_mode::native:
      return runtime::output_mode::native;
    case output_mode::prompted:
      return runtime::output_mode::prompted;
  }
  return runtime::output_mode::automatic;
}

runtime::schema_ptr compiled(const json& schema, const std::string& what) {
  auto out = config::compile_schema(schema);
  if (!out)
    library::raise({out.error().code, what + ": " + out.error().message});
  return std::move(*out);
}

runtime::output_function wrapped(detail::output_function function) {
  return
    [function = std::move(function)](const runtime::output_invocation& given) {
      return library::to_runtime(
        function(library::to_context(given), given.type, given.value));
    };
}

} // namespace

// -- life ---------------------------------------------------------------------

agent::agent(agent_options options) : parts_(std::make_unique<parts>()) {
  if (!is_name(options.name, ".") || options.name.front() == '.')
    invalid("the name '" + options.name
            + "' of an agent must have 1 to 64 letters, digits, '_', '-' or "
              "'.', and not start with '.'");
  if (options.tool_timeout && options.tool_timeout->count() <= 0)
    invalid("tool_timeout of agent '" + options.name + "' must be over 0");
  auto& definition = parts_->definition;
  definition.name = std::move(options.name);
  definition.description = std::move(options.description);
  definition.model = std::move(options.model);
  definition.fallback_models = std::move(options.fallback_models);
  definition.instructions = instructions_of(options.instructions);
  definition.model_settings = std::move(options.model_settings);
  definition.tool_retries = options.tool_retries;
  definition.output_retries = options.output_retries;
  definition.end_strategy = to_runtime(options.end_strategy);
  definition.ends_when_deferred = options.ends_when_deferred;
  definition.limits = library::to_runtime(options.usage_limits);
  definition.metadata = std::move(options.metadata);
  definition.model_policy = runtime::default_model_policy();
  parts_->tool_timeout = options.tool_timeout;
}

agent::agent(const agent& other)
  : parts_(std::make_unique<parts>(*other.parts_)) {
  // nop
}

agent::agent(agent&&) noexcept = default;

agent& agent::operator=(agent other) noexcept {
  parts_.swap(other.parts_);
  return *this;
}

agent::~agent() = default;

const std::string& agent::name() const noexcept {
  return parts_->definition.name;
}

const agent::parts& agent::built() const noexcept {
  return *parts_;
}

// -- tools --------------------------------------------------------------------

agent& agent::add_tool(std::string name, std::string description,
                       detail::tool_function function, tool_options options) {
  auto& definition = parts_->definition;
  const auto what = "tool '" + name + "' of agent '" + this->name() + "'";
  if (!is_name(name, {}))
    invalid("the name of " + what
            + " must have 1 to 64 letters, digits, '_' or '-'");
  if (definition.tool(name) != nullptr)
    invalid(what + " is there already");
  if (options.timeout && options.timeout->count() <= 0)
    invalid("the timeout of " + what + " must be over 0");
  runtime::tool_definition tool;
  tool.schema = compiled(options.parameters, what);
  tool.name = name;
  tool.description = std::move(description);
  tool.kind
    = function ? runtime::tool_kind::function : runtime::tool_kind::external;
  tool.parameters = std::move(options.parameters);
  tool.sequential = options.sequential;
  tool.timeout = options.timeout ? options.timeout : parts_->tool_timeout;
  tool.max_retries = options.retries;
  tool.strict = options.strict;
  tool.return_schema = std::move(options.return_schema);
  tool.tells_return_schema = options.tells_return_schema;
  tool.requires_approval = options.requires_approval;
  tool.expires_after = options.expires_after;
  if (options.on_expiry == on_expiry::fail)
    tool.on_expiry = runtime::on_expiry::fail;
  tool.metadata = std::move(options.metadata);
  tool.policy = runtime::default_tool_policy();
  definition.tools.push_back(std::move(tool));
  if (options.quick)
    parts_->code.quick_tools.insert(name);
  if (function)
    parts_->code.tools[name]
      = [function = std::move(function)](const runtime::tool_invocation& call) {
          return library::to_runtime(
            function(library::to_context(call), call.arguments));
        };
  return *this;
}

agent& agent::native_tool(perdure::native_tool tool) {
  auto& tools = parts_->definition.native_tools;
  runtime::native_tool added{std::move(tool.kind), tool.optional,
                             std::move(tool.options)};
  const auto what = "agent '" + name() + "': ";
  if (auto problem = runtime::check_native_tool(added); !problem.empty())
    invalid(what + problem);
  if (std::any_of(tools.begin(), tools.end(),
                  [&](const auto& x) { return x.kind == added.kind; }))
    invalid(what + "the native tool " + added.kind + " is there already");
  tools.push_back(std::move(added));
  return *this;
}

// -- output -------------------------------------------------------------------

void agent::set_output(output_options options) {
  auto& output = parts_->definition.output;
  output = {};
  output.mode = to_runtime(options.mode);
  output.prompt_template = std::move(options.prompt_template);
  output.has_validator = !parts_->code.validators.empty();
  parts_->strict_output = options.strict;
  parts_->code.outputs.clear();
}

agent&
agent::add_output(detail::output_form form, detail::output_function function) {
  auto& output = parts_->definition.output;
  if (form.is_text || form.is_null || form.is_image) {
    if (function)
      invalid("an output function takes a value of a described type; use an "
              "output validator for text and images");
    output.allow_text |= form.is_text;
    output.allow_null |= form.is_null;
    output.allow_image |= form.is_image;
    return *this;
  }
  const auto what = "output '" + form.name + "' of agent '" + name() + "'";
  if (std::any_of(output.types.begin(), output.types.end(),
                  [&](const auto& x) { return x.name == form.name; }))
    invalid(what + " is there already");
  runtime::output_type type;
  type.schema = compiled(form.schema, what);
  type.name = form.name;
  type.description = std::move(form.description);
  type.json_schema = std::move(form.schema);
  type.strict = parts_->strict_output;
  type.has_function = static_cast<bool>(function);
  output.types.push_back(std::move(type));
  if (function)
    parts_->code.outputs[form.name] = wrapped(std::move(function));
  return *this;
}

agent& agent::add_validator(detail::output_function function) {
  parts_->definition.output.has_validator = true;
  parts_->code.validators.push_back(wrapped(std::move(function)));
  return *this;
}

// -- events -------------------------------------------------------------------

agent& agent::event_handler(std::string name, event_function function,
                            event_handler_options options) {
  auto& handlers = parts_->definition.handlers;
  if (!runtime::is_handler_name(name))
    invalid("event handler '" + name
            + "': a name has 1 to 64 letters, digits, '_' or '-'");
  if (std::any_of(handlers.begin(), handlers.end(),
                  [&](const auto& x) { return x.name == name; }))
    invalid("event handler '" + name + "' is there already");
  if (auto reason = runtime::check_event_kinds(options.events); !reason.empty())
    invalid("event handler '" + name + "': " + reason);
  runtime::event_handler handler;
  handler.name = name;
  handler.events = std::move(options.events);
  handler.holds_run = options.holds_run;
  handlers.push_back(std::move(handler));
  parts_->code.handlers[name]
    = [function = std::move(function)](const runtime::event_invocation& call) {
        function(library::to_event(call), library::to_context(call));
      };
  return *this;
}

// -- runs in memory -----------------------------------------------------------

run_result
agent::run_sync(const prompt& what, const run_options& options) const {
  return library::memory_node{*parts_}.run(what, options);
}

std::future<run_result> agent::run(prompt what, run_options options) const {
  return std::async(std::launch::async, [mine = *this, what = std::move(what),
                                         options = std::move(options)] {
    return mine.run_sync(what, options);
  });
}

} // namespace perdure
