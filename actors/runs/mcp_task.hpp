#pragma once

#include "actors/mcp/hub.hpp"
#include "actors/runs/task.hpp"
#include "runtime/flow/round.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <deque>
#include <optional>

namespace perdure::actors {

using mcp_task_actor = mcp_caller::extend<
  // What the server asked was answered, and that is durable.
  caf::reacts_to<input_given>>;

struct mcp_task_options : task_options {
  mcp_hub_actor hub = {};
  std::string run_id = {};
  runtime::definition_ptr definition = {};
  /// Position of the server in the definition.
  std::size_t server = 0;
  /// The call of a tool; absent: the list of the server's tools.
  std::optional<runtime::tool_call_part> call = {};
  /// What the server was told in attempts before this one.
  std::vector<runtime::elicited_answer> elicited = {};
};

/// One attempt of what an MCP server does for a run: a tool call, or the list
/// of its tools. Reports once; what the server asks on the way goes to the run,
/// one question at a time, unless it was answered before. When it goes away, so
/// does the call.
struct mcp_task_state {
  explicit mcp_task_state(mcp_task_actor::pointer self_ptr);

  void start(mcp_task_options given);
  void on(mcp_call_noted& noted);
  void on(mcp_question& asked);
  void on(const mcp_question_closed& closed);
  void on(const mcp_elicited& done);
  void on(mcp_call_ended& ended);
  void on(const input_given& given);

  static constexpr const char* name = "mcp-task";

  mcp_task_actor::pointer self;
  mcp_task_options options;

private:
  struct open_question {
    runtime::mcp::question_id id{};
    runtime::json metadata;
    bool is_closed = false;
  };

  [[nodiscard]] const runtime::mcp::server_options& server() const;
  [[nodiscard]] const runtime::tool_definition& tool() const;
  [[nodiscard]] mcp_address address() const;
  [[nodiscard]] runtime::mcp::call_request request() const;
  void add_call(const runtime::json& arguments,
                runtime::mcp::call_request& request) const;
  void add_note(runtime::mcp::call_request& request) const;
  /// The server wants the run's model to say something.
  void sample(mcp_question& asked);
  void add(open_question next);
  /// Puts the first question to the run.
  void ask();
  void refuse(runtime::mcp::question_id question, std::int64_t code,
              std::string why);
  void answer(runtime::mcp::question_id question,
              const runtime::elicited_answer& given);

  runtime::timestamp started_at_{};
  /// What the server knows the work by. Null for nothing.
  runtime::json note_;
  std::deque<open_question> questions_;
  /// Answers of attempts before this one, for what is asked again.
  std::deque<runtime::elicited_answer> known_;
  /// The same of the model, in whatever order it is wanted.
  std::deque<runtime::elicited_answer> sampled_;
  std::optional<counted> in_flight_;
};

mcp_task_actor::behavior_type
mcp_task(mcp_task_actor::stateful_pointer<mcp_task_state> self,
         mcp_task_options options);

} // namespace perdure::actors
