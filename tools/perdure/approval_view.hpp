#pragma once

#include "runtime/json.hpp"
#include "runtime/time.hpp"

#include <nlohmann/json.hpp>

#include <string>

/// Questions of runs in words for people. Pure.
namespace perdure::client {

/// The end of an id, which is enough to name a question: `3f4a5b:1:0:1`.
std::string short_id(const std::string& id);

/// What a question is about: `cancel_order {"order":17}`.
std::string subject_text(const runtime::json& question);

/// What is asked: `approve cancel_order {"order":17}`.
/// @param question as the API has it
std::string question_text(const runtime::json& question);

/// The inbox: a few lines for each question.
std::string
approvals_text(const runtime::json& questions, runtime::timestamp now);

/// The commands that answer a question of this kind, one per line.
/// @param options that every command needs to reach the node
std::string answer_commands(const std::string& kind, const std::string& id,
                            const std::string& options);

} // namespace perdure::client
