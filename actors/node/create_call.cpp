#include "actors/node/create_call.hpp"

#include <utility>

namespace perdure::actors {

create_call_state::create_call_state(create_call_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

void create_call_state::start(create_call_options options) {
  done = owed_answer<created_run>{std::move(options.done)};
  gateway = std::move(options.gateway);
  self->monitor(gateway);
  create_run request;
  request.entry = std::move(options.request.entry);
  request.definition = std::move(options.request.definition);
  request.request_digest = std::move(options.request.digest);
  request.listener = create_call_actor{self};
  self->send(gateway, std::move(request));
}

void create_call_state::on(create_answer& answer) {
  if (answer.reason.code != runtime::errc::none)
    done.give(std::move(answer.reason));
  else
    done.give(created_run{std::move(answer.run_id), answer.existing});
  // Or the gateway would remember it for ever.
  self->demonitor(gateway.address());
  self->quit();
}

create_call_actor::behavior_type
create_call(create_call_actor::stateful_pointer<create_call_state> self,
            create_call_options options) {
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->state.start(std::move(options));
  return {
    [self](create_answer& x) { self->state.on(x); },
  };
}

} // namespace perdure::actors
