#include "actors/runs/handler_feed.hpp"

#include "actors/runs/handler_task.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;

handler_feed_state::handler_feed_state(handler_feed_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

handler_feed_state::~handler_feed_state() {
  if (task_)
    caf::anon_send_exit(task_, caf::exit_reason::kill);
}

void handler_feed_state::start(handler_feed_options given) {
  options = std::move(given);
  settled_ = options.queue.settled;
  queue.emplace(options.queue);
  if (options.delay.count() > 0)
    return back_off(options.delay, phase::waiting);
  phase_ = phase::idle;
  go_on();
}

void handler_feed_state::on(const entries_published& news) {
  queue->on(news);
  for (const auto& entry : *news.entries)
    if (const auto* settled = std::get_if<runtime::event_handled>(&entry);
        settled != nullptr && settled->handler == options.position)
      settled_ = std::max(settled_, settled->event);
  if (phase_ == phase::settling && settled_ >= settling_)
    phase_ = phase::idle;
  go_on();
}

void handler_feed_state::on(const deltas_published& news) {
  queue->on(news);
  go_on();
}

void handler_feed_state::go_on() {
  if (phase_ != phase::idle)
    return;
  if (queue->front() != nullptr) {
    attempt_ = 1;
    return begin_attempt();
  }
  // What is left was seen in another form: while the model said it.
  if (queue->owed() > settled_)
    settle({{}, options.position, queue->owed(), 0, errc::none, {}});
}

void handler_feed_state::begin_attempt() {
  const auto& event = *queue->front();
  const auto& handler = options.queue.handler;
  auto envelope = to_json(event, options.queue.run_id);
  envelope["agent"] = options.context.agent;
  handler_task_options task{
    options.queue.services,
    self,
    handler,
    options.context,
    event.sequence,
    std::make_shared<const runtime::json>(std::move(envelope))};
  task.context.idempotency_key
    = event_key(options.queue.run_id, *handler, event.sequence);
  task.context.attempt = attempt_;
  phase_ = phase::handling;
  task_ = caf::actor_cast<caf::actor>(
    self->spawn<caf::monitored>(handler_task, std::move(task)));
}

void handler_feed_state::on(const handling_ended& ended) {
  if (phase_ == phase::handling && ended.attempt == attempt_
      && ended.event == queue->front()->sequence)
    end_attempt(ended.failure);
}

void handler_feed_state::on(const caf::down_msg& gone) {
  if (phase_ != phase::handling || !task_ || task_.address() != gone.source)
    return;
  end_attempt(runtime::attempt_failure{errc::internal,
                                       "the attempt's actor died: "
                                         + to_string(gone.reason),
                                       true,
                                       {},
                                       0});
}

void handler_feed_state::end_attempt(
  const std::optional<runtime::attempt_failure>& failure) {
  task_ = nullptr;
  const auto& policy = options.queue.handler->policy;
  if (failure && failure->retryable && attempt_ <= policy.retries) {
    const auto delay = retry_delay(policy, attempt_, *failure,
                                   options.queue.services->world->random());
    ++attempt_;
    return back_off(delay, phase::backing_off);
  }
  runtime::event_handled entry{
    {}, options.position, queue->front()->sequence, attempt_, errc::none, {}};
  if (failure) {
    entry.error_code = errc::event_handler_failed;
    entry.error_message = failure->message;
  }
  queue->pop();
  settle(std::move(entry));
}

void handler_feed_state::settle(runtime::event_handled entry) {
  phase_ = phase::settling;
  settling_ = entry.event;
  entry.time = options.queue.services->world->now();
  self->send(options.parent, event_settled{std::move(entry)});
}

void handler_feed_state::back_off(std::chrono::milliseconds delay, phase next) {
  phase_ = next;
  self->delayed_send(self, delay, wake_atom_v, ++timer_);
}

void handler_feed_state::wake(std::uint64_t timer) {
  if (timer != timer_)
    return;
  if (phase_ == phase::backing_off)
    return begin_attempt();
  if (phase_ == phase::waiting) {
    phase_ = phase::idle;
    go_on();
  }
}

handler_feed_actor::behavior_type
handler_feed(handler_feed_actor::stateful_pointer<handler_feed_state> self,
             handler_feed_options options) {
  self->set_down_handler(
    [self](const caf::down_msg& gone) { self->state.on(gone); });
  self->state.start(std::move(options));
  return {
    [self](const entries_published& x) { self->state.on(x); },
    [self](const deltas_published& x) { self->state.on(x); },
    [self](const handling_ended& x) { self->state.on(x); },
    [self](wake_atom, std::uint64_t timer) { self->state.wake(timer); },
  };
}

} // namespace perdure::actors
