#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/flow/entry.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// One round of a run: the calls of one response and how far each has come.
namespace perdure::runtime {

/// Somebody is asked and has not answered.
struct open_question {
  question_kind kind = question_kind::approval;
  timestamp asked_at{};
  std::optional<timestamp> expires_at;
  runtime::on_expiry on_expiry = runtime::on_expiry::deny;
  /// Null when absent.
  json metadata;
  /// The attempt that waits for the answer; 0 when none is under way.
  std::uint32_t attempt = 0;
};

/// What somebody said when another system wanted to know something: a person,
/// or the model (`is_sampling`).
struct elicited_answer {
  /// Metadata of the question, or what was to be sampled.
  json question;
  runtime::verdict verdict = runtime::verdict::denied;
  /// Of a person: null unless approved. Of the model: its answer, or why there
  /// is none.
  json content;
};

/// How far a task has come that has no outcome yet.
struct task_progress {
  /// Attempts that are over: they failed, or ended with their owner.
  std::uint32_t attempts_over = 0;
  /// Those among them that the retry budget does not count: cut off by an
  /// interruption, or made with a model that gave up.
  std::uint32_t attempts_free = 0;
  /// Attempt whose intent is journaled; 0 for none.
  std::uint32_t attempt_started = 0;
  /// The next attempt must not begin before this moment.
  std::optional<timestamp> retry_at;
  std::string last_error;
  std::optional<open_question> question;
  /// Questions asked so far.
  std::uint32_t questions = 0;
  /// A person has allowed it, and said this. Null when absent.
  bool is_approved = false;
  json approval_metadata;
  /// What another system knows the work by. Null when absent.
  json note;
  /// What that system was told; an attempt that starts anew says it again.
  std::vector<elicited_answer> elicited;
  /// The attempt in doubt was cut off while it asked somebody. What becomes of
  /// it is decided once that is answered.
  bool is_cut_off = false;
  /// Things that the model is asked for it, and has not said yet.
  std::uint32_t samplings = 0;

  [[nodiscard]] std::uint32_t next_attempt() const noexcept {
    return attempts_over + 1;
  }

  /// An attempt was begun and nothing is known of its end.
  [[nodiscard]] bool in_doubt() const noexcept {
    return attempt_started > attempts_over;
  }
};

/// One tool call of the last response.
struct call_state {
  /// Lives in the last message.
  const tool_call_part* part = nullptr;
  /// Position of the output type; absent for a call that is no output.
  std::optional<std::size_t> output;
  task_progress progress;
  /// In place of the model's, by the person who allowed the call. Null for
  /// none.
  json arguments;
  std::optional<tool_result> result;
  /// Attempts that `result` took.
  std::uint32_t attempts = 0;
  timestamp completed_at{};
};

using call_round = std::vector<call_state>;

/// Something that an MCP server wants the run's model to say.
struct sampling_state {
  /// Position of the call that it holds up.
  std::uint32_t call = 0;
  json request;
  task_progress progress;
  bool is_done = false;
  /// Of the response.
  usage used;
};

/// The calls of `response` under `definition`.
/// @param outputs whether output tools are among the model's tools
call_round open_round(const agent_definition& definition,
                      const model_response& response, bool outputs);

/// Somebody outside has to act before the call has a result.
bool needs_person(const agent_definition& definition, const call_state& call);

/// The host program has to look at an output before it is one.
bool needs_host(const agent_definition& definition, const call_state& call);

/// Whether the output at `index` may be looked at now.
bool is_output_turn(const agent_definition& definition, const call_round& round,
                    std::size_t index);

/// Whether no call of the round has a result or was begun.
bool is_fresh(const call_round& round);

/// Position of the first call with a good output.
std::optional<std::size_t> first_output(const call_round& round);

/// The one among them that is the run's output once the round is over: none
/// when a function asks for a retry first.
std::optional<std::size_t>
final_output(const agent_definition& definition, const call_round& round);

/// Positions of the calls that may be executed now, in order: a sequential one
/// runs alone; outputs wait or go first, as the definition has it.
std::vector<std::uint32_t>
admitted_calls(const agent_definition& definition, const call_round& round);

/// Calls that have no result and of which nothing more will be executed unless
/// somebody acts, when there is nothing else left to do.
bool is_deferred(const agent_definition& definition, const call_round& round);

/// The call as it is executed.
tool_call_part effective_call(const call_state& call);

/// What the model is told of the round: results in the order of the calls, then
/// what tools say besides. Calls without a result are left out.
/// @param chosen what `final_output` says
std::vector<request_part>
parts_of(const call_round& round, std::optional<std::size_t> chosen);

/// `{calls, approvals, metadata}`: what somebody has to act on.
json deferred_requests(const agent_definition& definition,
                       const call_round& round);

} // namespace perdure::runtime
