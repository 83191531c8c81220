#include "runtime/agent/event_handler.hpp"

#include "runtime/field_reader.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime {

namespace {

constexpr std::size_t handlers_max = 8;

constexpr auto kinds = std::to_array<std::string_view>(
  {"part_start",         "part_delta",
   "part_end",           "final_result",
   "function_tool_call", "function_tool_result",
   "output_tool_call",   "output_tool_result",
   "question_asked",     "question_answered",
   "sampling_completed", "sampling_requested",
   "task_retry",         "task_failed",
   "output_rejected",    "deferred_tool_requests",
   "agent_run_result",   "run_state",
   "run_taken_over",     "tools_listed"});

/// The settings that differ from the default.
json write(const task_policy& policy) {
  const auto normal = to_json(default_handler_policy());
  const auto settings = to_json(policy);
  auto out = json::object();
  for (const auto& [key, value] : settings.items())
    if (value != normal.at(key))
      out[key] = value;
  return out;
}

task_policy read_policy(field_reader& in) {
  auto known = json::object();
  const auto normal = to_json(default_handler_policy());
  const auto value = in.object("policy");
  for (const auto& [key, item] : value.items())
    if (normal.contains(key))
      known[key] = item;
  auto policy = task_policy_from_json(known, default_handler_policy());
  if (policy)
    return std::move(*policy);
  in.fail("policy", policy.error().message);
  return default_handler_policy();
}

/// Nothing that could be a secret may stand in a run's request as it is.
bool is_reference(std::string_view text) {
  return text.starts_with("${") && text.ends_with('}')
         && text.find('}') == text.size() - 1;
}

bool names_variable(std::string_view text) {
  return text.find("${") != std::string_view::npos;
}

/// @param number counts the handlers of the request, from 1
event_handler
read_request(const json& value, std::size_t number, std::string& problem) {
  const auto place = "event_handlers[" + std::to_string(number - 1) + ']';
  field_reader in{value, place, problem};
  in.only(
    {"name", "url", "secret", "headers", "events", "holds_run", "policy"});
  in.required_text("url");
  auto out = read_event_handler(value, place, problem);
  out.kind = handler_kind::http;
  if (out.name.empty())
    out.name = "run_handler_" + std::to_string(number);
  else if (!is_handler_name(out.name))
    in.fail("name", "must have 1 to 64 letters, digits, '_' or '-'");
  if (!is_handler_url(out.url) || names_variable(out.url))
    in.fail("url", "must start with http:// or https://, without ${NAME}");
  for (const auto& [key, text] : out.headers)
    if (names_variable(text))
      in.fail("headers", "must not name variables of the node's environment");
  if (auto reason = check_event_kinds(out.events); !reason.empty())
    in.fail("events", reason);
  if (!out.secret.empty() && !is_reference(out.secret))
    in.fail("secret", "must name a variable of the node's environment, as "
                      "${NAME}; a secret is never stored");
  return out;
}

} // namespace

std::string_view to_string(handler_kind kind) noexcept {
  switch (kind) {
    case handler_kind::function:
      return "function";
    case handler_kind::http:
      return "http";
    case handler_kind::command:
      return "command";
  }
  return "unknown";
}

task_policy default_handler_policy() {
  task_policy out;
  out.retries = 3;
  out.timeout = std::chrono::minutes{1};
  return out;
}

bool event_handler::wants(std::string_view event_kind) const noexcept {
  if (events.empty())
    return event_kind != "part_delta";
  return std::find(events.begin(), events.end(), event_kind) != events.end();
}

bool is_handler_name(std::string_view name) noexcept {
  constexpr std::size_t size_max = 64;
  return !name.empty() && name.size() <= size_max
         && std::all_of(name.begin(), name.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '_' || c == '-';
            });
}

std::span<const std::string_view> event_kinds() noexcept {
  return kinds;
}

std::string check_event_kinds(const std::vector<std::string>& names) {
  for (const auto& name : names) {
    if (std::find(kinds.begin(), kinds.end(), name) != kinds.end())
      continue;
    auto message = "there is no event '" + name + "'; there are: ";
    for (const auto kind : kinds)
      message += (kind == kinds.front() ? "" : ", ") + std::string{kind};
    return message;
  }
  return {};
}

bool is_handler_url(std::string_view text) noexcept {
  return text.starts_with("http://") || text.starts_with("https://")
         || text.starts_with("${");
}

json to_json(const event_handler& handler) {
  json out{{"name", handler.name}};
  if (handler.kind != handler_kind::function)
    out["kind"] = to_string(handler.kind);
  if (!handler.url.empty())
    out["url"] = handler.url;
  if (!handler.secret.empty())
    out["secret"] = handler.secret;
  if (!handler.headers.empty())
    out["headers"] = handler.headers;
  if (auto command = to_json(handler.command); !command.empty())
    out["command"] = std::move(command);
  if (!handler.events.empty())
    out["events"] = handler.events;
  if (handler.holds_run)
    out["holds_run"] = true;
  if (auto policy = write(handler.policy); !policy.empty())
    out["policy"] = std::move(policy);
  return out;
}

event_handler
read_event_handler(const json& value, std::string place, std::string& problem) {
  field_reader in{value, std::move(place), problem};
  event_handler out;
  out.name = in.text("name");
  // The names are in the order of the enum.
  out.kind = static_cast<handler_kind>(
    in.choice("kind", {"function", "http", "command"}));
  out.url = in.text("url");
  out.secret = in.text("secret");
  out.headers = in.text_map("headers");
  if (const auto* command = in.find("command"))
    out.command = read_command_tool(*command, in.place("command"), problem);
  out.events = in.texts("events");
  out.holds_run = in.flag("holds_run", false);
  out.policy = read_policy(in);
  return out;
}

result<std::vector<event_handler>> handlers_from_request(const json& value) {
  std::vector<event_handler> out;
  if (value.is_null())
    return out;
  if (!value.is_array() || value.size() > handlers_max)
    return failure{errc::invalid_argument,
                   "event_handlers must be an array of at most "
                     + std::to_string(handlers_max) + " handlers"};
  std::string problem;
  for (const auto& item : value)
    out.push_back(read_request(item, out.size() + 1, problem));
  if (!problem.empty())
    return failure{errc::invalid_argument, std::move(problem)};
  return out;
}

} // namespace perdure::runtime
