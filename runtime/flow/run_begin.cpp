#include "runtime/agent/join_tools.hpp"
#include "runtime/flow/deferred.hpp"
#include "runtime/flow/run_state.hpp"
#include "runtime/messages/repair.hpp"
#include "runtime/models/turn_note.hpp"

#include <algorithm>
#include <utility>

/// How a run begins: with the lists of its servers, then with what it was
/// asked.
namespace perdure::runtime {

namespace {

/// The response that `history` ends with; null for none.
const model_response* last_response_of(const message_history& history) {
  return history.empty() ? nullptr
                         : std::get_if<model_response>(history.back().get());
}

/// Takes the system prompts out, and requests that were nothing else.
void drop_system_prompts(message_history& history) {
  const auto is_prompt = [](const request_part& part) {
    return std::holds_alternative<system_prompt_part>(part);
  };
  for (auto& known : history) {
    const auto* request = std::get_if<model_request>(known.get());
    if (request == nullptr
        || std::none_of(request->parts.begin(), request->parts.end(),
                        is_prompt))
      continue;
    auto rest = *request;
    std::erase_if(rest.parts, is_prompt);
    known
      = rest.parts.empty() ? nullptr : std::make_shared<const message>(rest);
  }
  std::erase(history, nullptr);
}

/// Takes off the request that `history` ends with. @returns its parts
std::vector<request_part> take_request(message_history& history) {
  if (history.empty())
    return {};
  const auto last = history.back();
  const auto* request = std::get_if<model_request>(last.get());
  if (request == nullptr)
    return {};
  history.pop_back();
  return request->parts;
}

} // namespace

void run_state::on(const run_created& x) {
  if (phase != run_phase::empty)
    return;
  created = x;
  handlers.resize(definition->handlers.size() + x.input.handlers.size());
  servers.resize(definition->mcp_servers.size());
  if (servers.empty())
    begin();
  else
    phase = run_phase::preparing;
}

void run_state::on_listing(const task_completed& x,
                           const tool_listing& listing) {
  auto& server = servers[x.task.index];
  server.progress = {};
  server.listing = listing;
  const auto is_there = [](const server_progress& y) { return y.listing; };
  if (!std::all_of(servers.begin(), servers.end(), is_there))
    return;
  join_servers();
  begin();
}

void run_state::join_servers() {
  std::vector<tool_listing> lists;
  for (const auto& server : servers)
    lists.push_back(*server.listing);
  auto joined = definition_in_force(*definition, lists);
  if (joined)
    definition = std::move(*joined);
  else
    fatal = task_error{joined.error().code, joined.error().message};
  for (auto& server : servers)
    server.listing->tools = nullptr; // the definition has them
}

void run_state::begin() {
  auto given = std::exchange(created.input.history, {});
  if (definition->drops_system_prompts)
    drop_system_prompts(given);
  const auto time = created.time;
  render_instructions();
  if (!created.input.deferred_results.is_null())
    return resume_calls(std::move(given));
  history = repair(given);
  if (!created.input.prompt.is_null()) {
    supplied = history.size();
    return begin_request({user_prompt_part{created.input.prompt, time}}, time);
  }
  json note;
  if (const auto* left = last_response_of(history)) {
    if (left->state != message_state::suspended) {
      supplied = history.size();
      step = 1; // calls that nobody answered are run now
      return open_calls();
    }
    // Its request goes on behind what was said.
    note = to_json(turn_note{{}, *left, 0});
    history.pop_back();
  }
  // What the history ends with is sent again as it is; without it the
  // instructions say it all.
  auto parts = take_request(history);
  supplied = history.size();
  begin_request(std::move(parts), time);
  model.note = std::move(note);
}

void run_state::resume_calls(message_history given) {
  // Results that were there already go out again in the round's request.
  if (!given.empty())
    if (const auto* last = std::get_if<model_request>(given.back().get())) {
      prior_parts_ = last->parts;
      given.pop_back();
    }
  history = repair(given);
  supplied = history.size();
  step = 1;
  open_calls();
  std::erase_if(calls, [this](const call_state& call) {
    return has_result(prior_parts_, call.part->tool_call_id);
  });
  for (std::uint32_t i = 0; i < calls.size(); ++i) {
    auto answer = deferred_answer(created.input.deferred_results,
                                  *calls[i].part, created.time);
    if (!answer)
      continue;
    answer->task = {step, task_kind::tool_call, i};
    calls[i].progress.question.emplace();
    calls[i].progress.questions = 1;
    on(*answer);
  }
}

void run_state::render_instructions() {
  for (const auto& item : definition->instructions) {
    if (!item.is_template) {
      instructions.push_back(item.text);
      continue;
    }
    auto text = render_ ? render_(item.text, created.input.deps)
                        : failure{errc::internal, "no template renderer"};
    if (text)
      instructions.push_back(std::move(*text));
    else
      instructions_error = text.error().message;
  }
}

} // namespace perdure::runtime
