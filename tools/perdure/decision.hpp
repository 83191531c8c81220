#pragma once

#include "tools/perdure/api.hpp"
#include "tools/perdure/arguments.hpp"

#include <functional>

/// Questions of runs, found and answered.
namespace perdure::client {

/// All open questions of the node, or of one agent (empty for all).
runtime::result<runtime::json>
all_questions(api& node, const std::string& agent);

/// The open question that `text` names: its id, the beginning or the short form
/// of it, or the id of a run that asks one thing only.
/// Errors: errc::conflict when it is not open, errc::invalid_argument when it
/// is none or several; and those of `api`
runtime::result<runtime::json>
find_question(api& node, const std::string& text);

/// The body that answers `question` as the command line says.
/// @param read_input standard input, for a result of `-`
/// Errors: errc::invalid_argument
runtime::result<runtime::json>
make_decision(const arguments& args, const runtime::json& question,
              const std::function<runtime::result<std::string>()>& read_input);

} // namespace perdure::client
