#include "actors/runs/output_task.hpp"

#include "actors/runs/host_call.hpp"

#include <utility>

namespace perdure::actors {

output_task_state::output_task_state(output_task_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

output_task_state::~output_task_state() {
  stop.request_stop();
}

void output_task_state::start() {
  started_at = options.services->world->now();
  runtime::output_invocation given{std::move(options.context),
                                   std::move(options.type),
                                   std::move(options.value)};
  given.stop = stop.get_token();
  runtime::tool_result answer;
  if (options.call) {
    answer.tool_name = options.call->tool_name;
    answer.tool_call_id = options.call->tool_call_id;
  }
  call_host(*options.services, output_task_actor{self},
            [code = options.services->agents->code(options.definition->name),
             given = std::move(given), answer = std::move(answer)] {
              return call_output(code, given, answer);
            });
}

void output_task_state::on(function_ended& ended) {
  self->send(options.parent,
             task_ended{{options.task, options.attempt, started_at,
                         std::move(ended.outcome)}});
  self->quit();
}

output_task_actor::behavior_type
output_task(output_task_actor::stateful_pointer<output_task_state> self,
            output_task_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](function_ended& message) { self->state.on(message); },
  };
}

} // namespace perdure::actors
