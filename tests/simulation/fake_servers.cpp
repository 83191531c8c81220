#include "simulation/fake_servers.hpp"

#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>

namespace perdure::simulation {

fake_servers::fake_servers(universe& world, std::shared_ptr<life> owner,
                           call_witness seen)
  : world_(world), owner_(std::move(owner)), seen_(std::move(seen)) {}

void fake_servers::start(const actors::mcp_call& call) {
  if (owner_->over)
    return;
  const auto& request = call.request;
  execution made;
  if (request.method == "tools/call") {
    const auto& prefix = call.to.server->prefix;
    made.tool = (prefix.empty() ? prefix : prefix + '_')
                + request.params.at("name").get<std::string>();
  }
  made.key = request.idempotency_key;
  made.input = request.method + runtime::to_text(request.params);
  made.only_asks = !request.note.is_null();
  seen_(made, request);
  made.count = ++world_.executions[made.key];
  calls_.push_back(
    {made.key, call.caller, call.token, world_.world.mcp(made, request)});
}

void fake_servers::reply(const actors::mcp_reply& reply) {
  for (auto& call : calls_)
    if (call.waits() && call.question == reply.question)
      call.answers.push_back(reply.result.value_or(json(reply.message)));
}

void fake_servers::drop(const caf::actor_addr& caller) {
  std::erase_if(calls_,
                [&](const call& x) { return x.caller.address() == caller; });
}

std::size_t fake_servers::open() const noexcept {
  return static_cast<std::size_t>(std::count_if(
    calls_.begin(), calls_.end(), [](const call& x) { return !x.waits(); }));
}

bool fake_servers::open_for(const std::string& run_id) const {
  return std::any_of(calls_.begin(), calls_.end(),
                     [&](const call& x) { return run_of(x.key) == run_id; });
}

std::size_t fake_servers::position(std::size_t n) const {
  std::size_t at = 0;
  while (calls_[at].waits() || n-- > 0)
    ++at;
  return at;
}

std::chrono::milliseconds fake_servers::delay(std::size_t n) const {
  const auto& call = calls_[position(n)];
  return call.is_done() ? call.script.takes : std::chrono::milliseconds{0};
}

void fake_servers::deliver(std::size_t n) {
  const auto at = position(n);
  auto& call = calls_[at];
  if (call.notes_sent < call.script.notes.size())
    return caf::anon_send(
      call.caller,
      actors::mcp_call_noted{call.token, call.script.notes[call.notes_sent++]});
  if (call.asked < call.script.questions.size()) {
    call.question = runtime::mcp::question_id{++last_question_};
    const auto& params = call.script.questions[call.asked++];
    return caf::anon_send(call.caller,
                          actors::mcp_question{call.token, call.question,
                                               params.contains("messages")
                                                 ? "sampling/createMessage"
                                                 : "elicitation/create",
                                               params});
  }
  auto done = std::move(call);
  calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(at));
  caf::anon_send(
    done.caller,
    actors::mcp_call_ended{
      done.token,
      done.script.outcome(done.answers),
      {},
      "Ask " + done.key.substr(done.key.rfind('/') + 1),
      {{"resources", json::object()}, {"prompts", json::object()}}});
}

actors::mcp_hub_actor::behavior_type
fake_hub(actors::mcp_hub_actor::pointer self,
         std::shared_ptr<fake_servers> servers) {
  self->set_down_handler(
    [servers](const caf::down_msg& gone) { servers->drop(gone.source); });
  return {
    [self, servers](const actors::mcp_call& x) {
      self->monitor(x.caller);
      servers->start(x);
    },
    [servers](const actors::mcp_reply& x) { servers->reply(x); },
    [](const actors::mcp_run_left&) {},
    [](actors::forgive_atom, const std::string&) {},
  };
}

} // namespace perdure::simulation
