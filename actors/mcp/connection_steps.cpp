// What a connection does when its session wants something.

#include "actors/mcp/connection.hpp"

#include <utility>

namespace perdure::actors {

namespace mcp = runtime::mcp;

namespace {

std::vector<std::string> tool_names_in(const runtime::json& result) {
  std::vector<std::string> out;
  const auto tools = result.find("tools");
  if (tools == result.end() || !tools->is_array())
    return out;
  for (const auto& tool : *tools)
    if (tool.is_object())
      if (const auto name = tool.find("name");
          name != tool.end() && name->is_string())
        out.push_back(name->get<std::string>());
  return out;
}

} // namespace

void mcp_connection_state::perform(mcp::send& step) {
  if (link_)
    link_->send(std::move(step));
}

void mcp_connection_state::perform(mcp::abandon& step) {
  if (link_)
    link_->abandon(step.exchange);
}

void mcp_connection_state::perform(mcp::listen&) {
  if (link_)
    link_->listen();
}

void mcp_connection_state::perform(mcp::reopen& step) {
  wants_link_ = true;
  // When the link went down, its end has been counted.
  if (!link_)
    return;
  close_link();
  count_end(std::move(step.why));
}

void mcp_connection_state::perform(mcp::done& step) {
  const auto found = calls_.find(step.call);
  if (found == calls_.end())
    return;
  const auto call = std::move(found->second);
  calls_.erase(found);
  let_go(call.caller);
  last_used_ = now();
  if (const auto* done = std::get_if<mcp::completed>(&step.outcome))
    options_.world.board->change(key_, [&](mcp_status& status) {
      status.latency = last_used_ - call.began;
      if (call.lists_tools)
        status.tools = tool_names_in(done->result);
    });
  end_call(call, std::move(step.outcome));
}

template <class Message>
void mcp_connection_state::tell(mcp::call_id call, Message message) {
  const auto found = calls_.find(call);
  if (found == calls_.end())
    return;
  message.token = found->second.token;
  self->send(found->second.caller, std::move(message));
}

void mcp_connection_state::perform(mcp::noted& step) {
  tell(step.call, mcp_call_noted{0, std::move(step.note)});
}

void mcp_connection_state::perform(mcp::asked& step) {
  tell(step.call, mcp_question{0, step.question, std::move(step.method),
                               std::move(step.params)});
}

void mcp_connection_state::perform(mcp::withdrawn& step) {
  for (const auto& [id, call] : calls_)
    self->send(call.caller, mcp_question_closed{call.token, step.question});
}

void mcp_connection_state::perform(mcp::progressed& step) {
  tell(step.call, mcp_call_progressed{0, step.progress, step.total,
                                      std::move(step.message)});
}

void mcp_connection_state::perform(mcp::elicited& step) {
  for (const auto& [id, call] : calls_)
    self->send(call.caller, mcp_elicited{step.elicitation_id});
}

void mcp_connection_state::perform(mcp::logged& step) {
  auto line = step.level;
  if (!step.logger.empty())
    line += ' ' + step.logger;
  on_log(line + ": "
         + (step.data.is_string() ? step.data.get<std::string>()
                                  : runtime::to_text(step.data)));
}

void mcp_connection_state::perform(mcp::changed&) {
  // The session asks again by itself.
}

void mcp_connection_state::perform(mcp::ready& step) {
  options_.verdict->store(step.era);
  wants_link_ = false;
  instructions_ = step.instructions;
  capabilities_ = step.capabilities;
  options_.world.board->change(key_, [&](mcp_status& status) {
    status.era = step.era;
    status.version = std::move(step.version);
    status.server_info = std::move(step.server_info);
    status.capabilities = std::move(step.capabilities);
    status.instructions = std::move(step.instructions);
  });
}

void mcp_connection_state::perform(mcp::failed& step) {
  wants_link_ = false;
  close_link();
  // What is wrong with credentials is not cured by waiting.
  if (step.reason.kind == mcp::call_failure_kind::unauthorized)
    note_error(std::move(step.reason.message));
  else
    count_end(std::move(step.reason.message));
}

void mcp_connection_state::perform(mcp::ignored& step) {
  on_log("ignored: " + step.reason);
}

} // namespace perdure::actors
