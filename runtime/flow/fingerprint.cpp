#include "runtime/flow/run_state.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"

/// Everything that a state holds, so that two can be compared.
namespace perdure::runtime {

namespace {

json optional_time(const std::optional<timestamp>& time) {
  return time ? json(to_iso(*time)) : json();
}

json elicited_json(const task_progress& task) {
  auto out = json::array();
  for (const auto& x : task.elicited)
    out.push_back({x.question, to_string(x.verdict), x.content});
  return out;
}

json tool_names(const agent_definition& definition) {
  auto out = json::array();
  for (const auto& tool : definition.tools)
    out.push_back(tool.name);
  return out;
}

} // namespace

json fingerprint(const run_state& state) {
  auto calls = json::array();
  const auto progress = [](const task_progress& x) -> json {
    return {{"over", x.attempts_over},
            {"free", x.attempts_free},
            {"started", x.attempt_started},
            {"retry_at", optional_time(x.retry_at)},
            {"last_error", x.last_error},
            {"asked", x.question ? json(to_string(x.question->kind)) : json()},
            {"questions", x.questions},
            {"approved", x.is_approved},
            {"note", x.note},
            {"cut_off", x.is_cut_off},
            {"samplings", x.samplings},
            {"elicited", elicited_json(x)}};
  };
  for (const auto& call : state.calls)
    calls.push_back({{"call", call.part->tool_call_id},
                     {"progress", progress(call.progress)},
                     {"arguments", call.arguments},
                     {"kind", call.result ? json(call.result->kind) : json()},
                     {"retries", state.retries_of(call.part->tool_name)}});
  auto samplings = json::array();
  for (const auto& x : state.samplings)
    samplings.push_back({{"call", x.call},
                         {"request", x.request},
                         {"progress", progress(x.progress)},
                         {"done", x.is_done}});
  auto servers = json::array();
  for (const auto& x : state.servers)
    servers.push_back({{"progress", progress(x.progress)},
                       {"hash", x.listing ? json(x.listing->hash) : json()}});
  auto handlers = json::array();
  for (const auto& x : state.handlers)
    handlers.push_back({{"settled", x.settled},
                        {"owed", x.owed},
                        {"handled", x.handled},
                        {"failed", x.failed},
                        {"attempts", x.attempts},
                        {"last_error", x.last_error}});
  return {{"run", run_json(state)},
          {"handlers", std::move(handlers)},
          {"servers", std::move(servers)},
          {"tools", tool_names(*state.definition)},
          {"sequence", state.sequence()},
          {"phase", state.phase},
          {"step", state.step},
          {"messages", to_json(state.history)},
          {"model", progress(state.model)},
          {"model_in_use", state.model_in_use()},
          {"answer", progress(state.answer)},
          {"output", state.output ? *state.output : json()},
          {"calls", std::move(calls)},
          {"samplings", std::move(samplings)},
          {"output_retries", state.output_retries}};
}

} // namespace perdure::runtime
