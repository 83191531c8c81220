#include "actors/api/create_session.hpp"

#include "actors/api/answers.hpp"
#include "actors/api/stored_run.hpp"
#include "runtime/flow/views.hpp"

#include <utility>

namespace perdure::actors {

create_session_state::create_session_state(
  create_session_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

void create_session_state::start() {
  create_run request;
  request.entry = std::move(options.request.entry);
  request.definition = options.request.definition;
  request.request_digest = std::move(options.request.digest);
  request.listener = create_session_actor{self};
  if (options.wait.count() > 0)
    request.watcher = create_session_actor{self};
  self->send(options.gateway, std::move(request));
  options.exchange->on_close(
    [me = create_session_actor{self}] { caf::anon_send(me, over_atom_v); });
}

void create_session_state::on(const create_answer& answer) {
  if (answer.reason.code != runtime::errc::none) {
    actors::answer(*options.exchange, answer.reason);
    self->quit();
    return;
  }
  run_id = answer.run_id;
  if (answer.existing)
    status = 200;
  if (options.wait.count() == 0) {
    answer_now();
    return;
  }
  options.exchange->after(options.wait, [me = create_session_actor{self}] {
    caf::anon_send(me, over_atom_v);
  });
  if (!answer.existing)
    return;
  self->send(options.gateway, watch_run{run_id, create_session_actor{self}});
  if (auto summary = options.services->journal->summary(run_id);
      !summary || runtime::is_final(summary->status))
    answer_now();
}

void create_session_state::on(const run_over& over) {
  if (over.run_json.empty())
    return answer_now();
  options.exchange->respond(status, "application/json", over.run_json);
  self->quit();
}

void create_session_state::answer_now() {
  if (!run_id.empty()) {
    if (auto run = load_run(*options.services, run_id))
      actors::answer(*options.exchange, status, run_json(run->state));
    else
      actors::answer(*options.exchange, run.error());
  }
  self->quit();
}

create_session_actor::behavior_type create_session(
  create_session_actor::stateful_pointer<create_session_state> self,
  create_session_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](const create_answer& x) { self->state.on(x); },
    [](const entries_published&) {
      // only the end matters
    },
    [](const deltas_published&) {
      // only the end matters
    },
    [self](const run_over& x) { self->state.on(x); },
    [self](over_atom) { self->state.answer_now(); },
  };
}

} // namespace perdure::actors
