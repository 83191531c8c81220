#pragma once

#include "actors/services.hpp"
#include "runtime/agent/command_tool.hpp"

#include <optional>
#include <string>

namespace perdure::actors {

/// Exit code by which a program asks for another try (EX_TEMPFAIL).
constexpr int exit_retry = 75;

/// What starts `command` with `input`: its environment with every `${VAR}`
/// filled in, and what the node passes on of its own.
runtime::result<process_request>
command_request(const services& node, const runtime::command_tool& command,
                std::string input);

/// Without the line breaks at its end.
std::string trimmed(std::string text);

/// The end of what the program said, for a person or a model.
std::string last_words(const process_result& result);

/// How the program behind `what` failed; nothing when it exited with 0.
std::optional<std::string>
complaint(const std::string& what, const process_result& result);

} // namespace perdure::actors
