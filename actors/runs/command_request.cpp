#include "actors/runs/command_request.hpp"

#include <utility>

namespace perdure::actors {

runtime::result<process_request>
command_request(const services& node, const runtime::command_tool& command,
                std::string input) {
  process_request out;
  out.argv = command.argv;
  out.directory = command.cwd;
  out.input = std::move(input);
  out.output_max_bytes = command.max_output_bytes;
  for (const auto* variable : {"PATH", "HOME", "LANG", "TZ"})
    if (auto value = node.environment(variable);
        value && !command.env.contains(variable))
      out.environment.emplace_back(variable, std::move(*value));
  for (const auto& [variable, text] : command.env) {
    auto value = node.expand(text);
    if (!value)
      return value.error();
    out.environment.emplace_back(variable, std::move(*value));
  }
  return out;
}

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r'))
    text.pop_back();
  return text;
}

std::string last_words(const process_result& result) {
  constexpr std::size_t words_max_bytes = 2'000;
  auto text = trimmed(result.error_output.empty() ? result.output
                                                  : result.error_output);
  if (text.size() > words_max_bytes)
    text.erase(0, text.size() - words_max_bytes);
  return text.empty() ? text : ": " + text;
}

std::optional<std::string>
complaint(const std::string& what, const process_result& result) {
  switch (result.end) {
    case process_end::exited:
      if (result.code == 0)
        return std::nullopt;
      return what + " failed with exit code " + std::to_string(result.code)
             + last_words(result);
    case process_end::signalled:
      return what + " was killed by signal " + std::to_string(result.code)
             + last_words(result);
    case process_end::timed_out:
      return what + " took too long" + last_words(result);
    case process_end::output_too_large:
      return what + " printed more than its max_output_bytes";
    case process_end::not_started:
      return what + " could not be started: " + result.message;
  }
  return what + " failed";
}

} // namespace perdure::actors
