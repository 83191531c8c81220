#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/flow/entry.hpp"
#include "runtime/flow/handlers.hpp"
#include "runtime/flow/round.hpp"
#include "runtime/flow/run_status.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace perdure::runtime {

enum class run_phase : std::uint8_t {
  /// No entry was applied yet.
  empty,
  /// MCP servers are asked for their tools.
  preparing,
  /// The next thing is a model request.
  requesting,
  /// Tool calls of the last response have no result yet.
  calling,
  /// The model has answered, in text or by an output tool: that ends the run or
  /// is rejected.
  answered,
  ended,
};

/// How far the list of one server's tools has come.
struct server_progress {
  task_progress progress;
  std::optional<tool_listing> listing;
};

/// What a run's entries mean under its definition.
///
///     empty --run_created--> preparing   (servers only)
///       |                     | all lists
///       +--------------------> requesting <------------------+
///                             |      ^ rejected              |
///          response, no calls |      |                       | all results
///                             +--> answered <--- output --+  |
///          response, calls    +--> calling ---------------+--+
///                             (any) --run_ended--> ended
///
/// The state is the fold of the entries and nothing else (D2). Not
/// thread-safe; owned by one actor.
class run_state {
public:
  /// @param render fills the templates in the instructions; may be empty when
  /// the definition has none.
  run_state(definition_ptr definition, template_renderer render);

  /// Applies the next entry. Entries of a task that has an outcome already, or
  /// of a run that has ended, change nothing (D3); its event handlers go on.
  void apply(const entry& next);

  /// Number of entries applied.
  [[nodiscard]] std::uint64_t sequence() const noexcept {
    return sequence_;
  }

  [[nodiscard]] run_status status() const;

  /// The last response. @pre phase is calling or answered
  [[nodiscard]] const model_response& last_response() const;

  /// Policy of a task under the definition. What a person has to allow is
  /// executed once at most for each time it was allowed.
  [[nodiscard]] task_policy policy(const task_ref& task) const;
  [[nodiscard]] const task_progress& progress(const task_ref& task) const;

  /// Idempotency key of a task (D4).
  [[nodiscard]] std::string idempotency_key(const task_ref& task) const;

  /// Tasks without an outcome, in order.
  [[nodiscard]] std::vector<task_ref> open_tasks() const;

  /// Tasks that may be under way now; those among them whose next attempt has
  /// its time are included.
  [[nodiscard]] std::vector<task_ref> admitted_tasks() const;

  /// The model that is asked now: `provider:model`.
  [[nodiscard]] const std::string& model_in_use() const;

  /// How that model is asked for a structured output.
  [[nodiscard]] output_mode mode_in_use() const;

  /// An answer in text has to go through the host program before it is the
  /// output.
  [[nodiscard]] bool answer_needs_host() const;

  /// The next question of a task to somebody outside, under the settings of its
  /// tool.
  [[nodiscard]] question_asked
  question(const task_ref& task, question_kind kind, timestamp now) const;

  /// Tasks that somebody outside has to answer for.
  [[nodiscard]] std::uint32_t open_questions() const;

  /// Nobody has answered yet, and whoever wants to know has not given up.
  [[nodiscard]] bool is_open(const sampling_state& sampling) const;

  /// An attempt was under way when it asked somebody, who has not answered.
  [[nodiscard]] bool asks_at_work() const;

  /// When a run over its wall-clock limit ends.
  [[nodiscard]] std::optional<timestamp> deadline() const;

  /// The definition's event handlers come before the run's own.
  /// @pre `index < handlers.size()`
  [[nodiscard]] const event_handler& handler(std::size_t index) const;

  /// Some handler has not settled all stored events that it wants.
  [[nodiscard]] bool handlers_behind() const;

  /// A handler is behind that the run must not go ahead of.
  [[nodiscard]] bool is_held() const;

  /// Times the tool was asked to be tried again in the steps right before.
  [[nodiscard]] std::uint32_t retries_of(const std::string& tool_name) const;

  // -- what the fold yields; read only from outside ---------------------------

  /// The one in force: once the run is prepared, with the tools of its servers.
  definition_ptr definition;
  run_created created;
  run_phase phase = run_phase::empty;
  /// The supplied history and all rounds so far; while a model request is due
  /// or under way it is the last one.
  message_history history;
  /// Messages of `history` that the caller supplied.
  std::size_t supplied = 0;
  /// In force for every request of the run.
  std::vector<std::string> instructions;
  /// Why the instructions could not be made; empty when they could.
  std::string instructions_error;
  /// By position in the definition.
  std::vector<server_progress> servers;
  /// Model requests begun; the task's step.
  std::uint32_t step = 0;
  task_progress model;
  /// Position of the model in use, as in `attempt_failed::fallback`.
  std::uint32_t fallback = 0;
  call_round calls;
  /// What servers of the round's calls have the model say.
  std::vector<sampling_state> samplings;
  /// The host program's work on an answer in text, and what came of it.
  task_progress answer;
  std::optional<tool_result> answer_result;
  /// Set when an output tool gave it.
  std::optional<json> output;
  run_usage used;
  std::uint32_t output_retries = 0;
  std::optional<task_error> fatal;
  bool cancelling = false;
  std::string cancel_reason;
  std::optional<timestamp> first_outcome_at;
  std::optional<run_ended> ended;
  std::vector<handler_progress> handlers;
  timestamp last_time{};

private:
  void on(const run_created& x);
  void on(const task_started& x);
  void on(const attempt_failed& x);
  void on(const task_completed& x);
  void on(const output_rejected& x);
  void on(const cancel_requested& x);
  void on(const run_ended& x);
  void on(const task_noted& x);
  void on(const run_taken_over& x);
  void on(const question_asked& x);
  void on(const question_answered& x);
  void on(const event_handled& x);
  void on(const sampling_requested& x);
  /// Notes which handlers have to be told of `next`.
  void owe_events(const entry& next);

  /// What comes first once the definition in force is known.
  void begin();
  void on_listing(const task_completed& x, const tool_listing& listing);
  void join_servers();
  void cut_off_questions();
  void answer_elicitation(task_progress& task, const question_answered& x,
                          const open_question& asked);
  void on_response(const task_completed& x, const model_response& response);
  void on_result(const task_completed& x, const tool_result& result);
  void on_sampled(const task_completed& x);
  void settle_call(std::uint32_t index, tool_result result,
                   std::uint32_t attempts, timestamp time);
  void settle_question(const question_answered& x, const open_question& asked);
  void charge_retry(const tool_result& result);
  void charge_outputs();
  void render_instructions();
  void resume_calls(message_history given);
  void open_calls();
  void close_calls(message_state state);
  void count_retries();
  void add_request(std::vector<request_part> parts, timestamp time,
                   message_state state);
  void begin_request(std::vector<request_part> parts, timestamp time);
  task_progress* open_task(const task_ref& task);

  template_renderer render_;
  std::uint64_t sequence_ = 0;
  std::map<std::string, std::uint32_t> tool_retries_;
  /// Results of the open round that the supplied history had already.
  std::vector<request_part> prior_parts_;
};

/// The fold of `entries`.
run_state fold(definition_ptr definition, template_renderer render,
               const std::vector<entry>& entries);

/// Everything a state holds, for comparison.
json fingerprint(const run_state& state);

} // namespace perdure::runtime
