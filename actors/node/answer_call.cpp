#include "actors/node/answer_call.hpp"

#include <utility>

namespace perdure::actors {

answer_call_state::answer_call_state(answer_call_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

void answer_call_state::start(answer_call_options options) {
  done = owed_answer<runtime::unit>{std::move(options.done)};
  gateway = std::move(options.gateway);
  self->monitor(gateway);
  self->send(gateway,
             answer_question{std::move(options.question),
                             std::move(options.body), answer_call_actor{self}});
}

void answer_call_state::on(question_settled& settled) {
  if (settled.reason.code != runtime::errc::none)
    done.give(std::move(settled.reason));
  else
    done.give(runtime::unit{});
  // Or the gateway would remember it for ever.
  self->demonitor(gateway.address());
  self->quit();
}

answer_call_actor::behavior_type
answer_call(answer_call_actor::stateful_pointer<answer_call_state> self,
            answer_call_options options) {
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->state.start(std::move(options));
  return {
    [self](question_settled& x) { self->state.on(x); },
  };
}

} // namespace perdure::actors
