#include "actors/runs/flow_run.hpp"
#include "runtime/flow/questions.hpp"

#include <utility>

/// Those outside a run: who ends it, who answers its questions, and who
/// watches.
namespace perdure::actors {

using runtime::errc;

void flow_run_state::on(const cancel_run& request) {
  ++received_;
  leaving_ = false;
  if (is_over())
    return finish();
  if (run->ended || run->cancelling)
    return;
  push({runtime::cancel_requested{options.services->world->now(),
                                  request.reason}});
}

void flow_run_state::on(const answer_question& request) {
  ++received_;
  leaving_ = false;
  const auto settle = [&](runtime::failure reason) {
    self->send(request.listener, question_settled{std::move(reason)});
  };
  if (run->ended) {
    settle({errc::conflict, "run " + options.run_id + " has ended"});
    return is_over() ? finish() : void();
  }
  auto answer
    = read_answer(*run, request.question, request.body,
                  options.services->digest, options.services->world->now());
  if (answer)
    return push({std::move(*answer)}, request.listener);
  settle(answer.error());
  advance();
}

void flow_run_state::watch(watcher_actor watcher) {
  ++received_;
  self->monitor(watcher);
  options.watchers.push_back(std::move(watcher));
  if (is_over())
    return finish();
  if (std::exchange(leaving_, false))
    advance(); // the gateway has not let it go
}

void flow_run_state::on(const response_grew& grew) {
  if (grew.step != run->step)
    return;
  const deltas_published message{durable_, grew.events,
                                 options.services->world->now()};
  for (const auto& watcher : options.watchers)
    self->send(watcher, message);
  for (std::size_t i = 0; i < feeds_.size(); ++i)
    if (feeds_[i] && run->handler(i).wants_deltas())
      self->send(feeds_[i], message);
}

void flow_run_state::publish(const pending_append& durable) {
  const entries_published message{durable.first, durable.entries};
  for (const auto& watcher : options.watchers)
    self->send(watcher, message);
  for (const auto& feed : feeds_)
    if (feed)
      self->send(feed, message);
}

} // namespace perdure::actors
