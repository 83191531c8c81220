#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <perdure/json.hpp>
#include <perdure/mcp_server.hpp>
#include <perdure/native_tool.hpp>
#include <perdure/output.hpp>
#include <perdure/prompt.hpp>
#include <perdure/run.hpp>
#include <perdure/tool.hpp>
#include <perdure/usage.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace perdure {

/// What happens to the other calls of a response that holds an output.
enum class end_strategy {
  /// In order; functions still run, and one that asks for a retry goes first.
  graceful,
  /// Outputs first; the first good one ends the run.
  early,
  /// Everything runs; the first good output wins.
  exhaustive,
};

/// How an event handler takes part in the runs of its agent.
struct event_handler_options {
  /// Kinds of the events that it gets; empty: all but `part_delta`.
  std::vector<std::string> events = {};
  /// A run decides nothing before the handler has dealt with every stored
  /// event, and fails when it gives up on one.
  bool holds_run = false;
};

struct agent_options {
  /// 1 to 64 letters, digits, `_`, `-` or `.`; runs are kept under it.
  std::string name = {};
  std::string description = {};
  /// `provider:model`, `test` or `script:FILE`.
  std::string model = {};
  /// Asked in order when the one before gave up.
  std::vector<std::string> fallback_models = {};
  /// One that holds `{{` is a template: it is filled in from the deps of the
  /// run, e.g. `The customer is {{name}}.`
  std::vector<std::string> instructions = {};
  /// E.g. `{{"max_tokens", 500}, {"temperature", 0}}`.
  json model_settings = {};
  /// Times in a row that the model may be asked to try again, for each tool and
  /// for the output.
  std::uint32_t tool_retries = 1;
  std::uint32_t output_retries = 1;
  perdure::end_strategy end_strategy = perdure::end_strategy::graceful;
  /// Of one attempt of a tool that has no timeout of its own.
  std::optional<std::chrono::milliseconds> tool_timeout = {};
  /// Calls that need a person or an outside result end the run: its output is
  /// the list of them, and another run goes on with the results. Otherwise the
  /// run waits.
  bool ends_when_deferred = false;
  perdure::usage_limits usage_limits = {};
  /// Attached to every run.
  json metadata = {};
};

/// A model with instructions, tools, and a form for its output. By itself it
/// runs in memory; a `durable_agent` or a `node` makes its runs last.
///
///     struct city { std::string name; };
///     BOOST_DESCRIBE_STRUCT(city, (), (name))
///
///     perdure::agent agent{{.name = "weather", .model = "openai:gpt-4o"}};
///     agent.tool("get_weather", "The weather of a city.",
///                [](const city& of) { return "Sunny in " + of.name; });
///     std::cout << agent.run_sync("Do I need a hat in Oaxaca?").output;
///
/// Errors:  members throw `error` for what cannot be, e.g. two tools of a name
/// Threads: build it on one thread; a built one may be used from any. Its tools
///          are called on threads of their own, for several runs at once; what
///          they throw is a failed attempt
class agent {
public:
  /// What it consists of, for the library itself.
  struct parts;

  explicit agent(agent_options options);
  agent(const agent& other);
  agent(agent&& other) noexcept;
  agent& operator=(agent other) noexcept;
  ~agent();

  [[nodiscard]] const std::string& name() const noexcept;

  // -- tools ------------------------------------------------------------------

  /// Adds a tool. The function takes a `run_context`, the arguments, both or
  /// neither; the arguments are a described struct, or `json`. It returns a
  /// value, nothing, or a `tool_reply`.
  template <class Function>
  agent& tool(std::string name, std::string description, Function function,
              tool_options options = {}) {
    using function_type = std::decay_t<Function>;
    if (options.parameters.is_null())
      options.parameters
        = detail::parameters_of<detail::value_of<function_type>>();
    if (options.tells_return_schema && options.return_schema.is_null())
      options.return_schema = detail::return_schema_of<function_type>();
    return add_tool(std::move(name), std::move(description),
                    detail::erase_tool<function_type>(std::move(function)),
                    std::move(options));
  }

  /// Adds a tool whose result is handed in from outside: the run waits for it.
  template <class Arguments>
  agent& external_tool(std::string name, std::string description,
                       tool_options options = {}) {
    if (options.parameters.is_null())
      options.parameters = detail::parameters_of<Arguments>();
    return add_tool(std::move(name), std::move(description), nullptr,
                    std::move(options));
  }

  /// Adds the tools of an MCP server. Their runs are tasks as those of others
  /// are; without durability a run uses the same server.
  agent& toolset(mcp_server server);

  /// Adds a tool that the model's provider runs itself, e.g.
  /// `native::web_search{}`; one of each kind. A model that has no such tool is
  /// refused when it is asked, unless the tool is optional.
  agent& native_tool(perdure::native_tool tool);

  // -- output -----------------------------------------------------------------

  /// The output has one of these types. std::string stands for text, which is
  /// what the output is when nothing is said; binary_image for an image that
  /// the model makes; std::nullptr_t for none.
  template <class... Types>
  agent& output(output_options options = {}) {
    set_output(std::move(options));
    (add_output(detail::output_form_of<Types>(), nullptr), ...);
    return *this;
  }

  /// Adds a type to the output, and a function that makes the output of it. It
  /// takes the value, maybe behind a `run_context`, and returns any value or an
  /// `output_reply`.
  template <class Function>
  agent& output_function(std::string description, Function function) {
    using function_type = std::decay_t<Function>;
    auto form = detail::output_form_of<detail::value_of<function_type>>();
    form.description = std::move(description);
    return add_output(std::move(form),
                      detail::erase_output<function_type>(std::move(function)));
  }

  /// Adds a check of the outputs of one type: what its function takes; `json`
  /// stands for all. It returns the output or a `retry`.
  template <class Function>
  agent& output_validator(Function function) {
    return add_validator(
      detail::erase_output<std::decay_t<Function>>(std::move(function)));
  }

  // -- events -----------------------------------------------------------------

  using event_function = std::function<void(const event&, const run_context&)>;

  /// Adds a handler that is told of every event of every run, in order, each in
  /// a task of its own: what it throws is a failed attempt, and what it has not
  /// handled when the process dies it is told again. It may take its time.
  agent& event_handler(std::string name, event_function function,
                       event_handler_options options = {});

  // -- runs in memory ---------------------------------------------------------

  /// Runs to the end, or until somebody has to answer a question. Nothing is
  /// written; a crash loses the run.
  run_result
  run_sync(const prompt& what, const run_options& options = {}) const;
  [[nodiscard]] std::future<run_result>
  run(prompt what, run_options options = {}) const;

  [[nodiscard]] const parts& built() const noexcept;

private:
  agent& add_tool(std::string name, std::string description,
                  detail::tool_function function, tool_options options);
  void set_output(output_options options);
  agent& add_output(detail::output_form form, detail::output_function function);
  agent& add_validator(detail::output_function function);

  std::unique_ptr<parts> parts_;
};

} // namespace perdure
