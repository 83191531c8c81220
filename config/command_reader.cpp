#include "config/capability_reader.hpp"
#include "config/tool_reader.hpp"

#include <algorithm>

namespace perdure::config {

namespace {

bool is_letter(char sign) noexcept {
  return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z');
}

bool is_digit(char sign) noexcept {
  return sign >= '0' && sign <= '9';
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front())
         && std::all_of(name.begin(), name.end(), [](char sign) {
              return is_letter(sign) || is_digit(sign) || sign == '_';
            });
}

bool has_zero_byte(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

void read_argv(const field_reader& fields, const agent_draft& draft,
               runtime::command_tool& command) {
  const auto found = fields.find("argv");
  if (!found)
    return fields.add("'argv' is missing");
  auto argv = fields.texts("argv");
  if (!argv)
    return;
  if (argv->empty() || argv->front().empty())
    return fields.add(*found, "must start with the program to run");
  if (std::any_of(argv->begin(), argv->end(), has_zero_byte))
    return fields.add(*found, "must not contain a zero byte");
  // A bare name is looked up in PATH, anything else is a file.
  if (argv->front().find('/') != std::string::npos)
    argv->front() = resolve_path(draft, argv->front());
  command.argv = std::move(*argv);
}

void read_env(const field_reader& fields, runtime::command_tool& command) {
  const auto found = fields.find("env");
  if (!found)
    return;
  if (found->node->type != document::kind::object)
    return fields.add(*found, "must be an object of strings");
  for (const auto& member : found->node->members) {
    const auto place = found->at(member.key, member.value);
    if (!is_variable_name(member.key))
      fields.add(place, "the name of a variable has letters, digits and '_', "
                        "and does not start with a digit");
    else if (auto text = read_late_text(fields, place))
      command.env.emplace(member.key, std::move(*text));
  }
}

} // namespace

std::optional<std::string>
read_late_text(const field_reader& fields, const file_place& place) {
  const auto& value = *place.node;
  if (value.type != document::kind::scalar || !value.scalar.is_string()) {
    fields.add(place, "must be a string; write it in quotes");
    return std::nullopt;
  }
  auto text = value.scalar.get<std::string>();
  const environment any = [](std::string_view) { return std::string{}; };
  if (const auto checked = expand(text, any); !checked)
    fields.add(place, checked.error().message);
  else if (has_zero_byte(text))
    fields.add(place, "must not contain a zero byte");
  return text;
}

runtime::command_tool
read_program(const field_reader& fields, const agent_draft& draft) {
  constexpr std::int64_t output_bytes_max = std::int64_t{64} << 20;
  runtime::command_tool out;
  read_argv(fields, draft, out);
  read_env(fields, out);
  if (const auto cwd = fields.text("cwd"); cwd && !cwd->empty())
    out.cwd = resolve_path(draft, *cwd);
  if (const auto bytes
      = fields.integer("max_output_bytes", 1, output_bytes_max))
    out.max_output_bytes = static_cast<std::uint64_t>(*bytes);
  return out;
}

void read_command(const file_place& place, const reading& with,
                  agent_draft& draft) {
  constexpr std::int64_t retries_max = 1000;
  const field_reader fields{place,
                            with,
                            {"name", "description", "parameters",
                             "return_schema", "argv", "env", "cwd", "timeout",
                             "max_output_bytes", "sequential", "retries"}};
  runtime::tool_definition tool;
  tool.kind = runtime::tool_kind::command;
  read_tool_name(fields, draft, tool);
  tool.description = fields.text("description").value_or("");
  read_tool_parameters(fields, with, tool);
  tool.command = read_program(fields, draft);
  tool.timeout = fields.seconds("timeout");
  if (!tool.timeout)
    tool.timeout = draft.tool_timeout;
  tool.sequential = fields.boolean("sequential").value_or(false);
  if (const auto retries = fields.integer("retries", 0, retries_max))
    tool.max_retries = static_cast<std::uint32_t>(*retries);
  tool.policy = runtime::default_tool_policy();
  draft.definition.tools.push_back(std::move(tool));
}

} // namespace perdure::config
