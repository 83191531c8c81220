#include "actors/node/wait_call.hpp"

#include "actors/api/stored_run.hpp"
#include "runtime/flow/questions.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;

wait_call_state::wait_call_state(wait_call_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

void wait_call_state::start(wait_call_options given) {
  services = std::move(given.services);
  request = std::move(given.request);
  done = owed_answer<run_view>{std::move(given.done)};
  gateway = std::move(given.gateway);
  self->monitor(gateway);
  // Watch first and read then: nothing falls between the two.
  self->send(gateway, watch_run{request.run_id, wait_call_actor{self}});
  if (request.on_event) {
    feed.emplace(event_feed_options{services, request.run_id,
                                    std::move(given.definition), 0,
                                    [this](const auto& events) {
                                      for (const auto& event : events)
                                        request.on_event(event);
                                    }});
    feed->catch_up();
  }
  check();
}

void wait_call_state::on(const entries_published& news) {
  if (is_finished)
    return;
  if (feed)
    feed->on(news);
  const auto is_end = [](const runtime::entry& x) {
    return std::holds_alternative<runtime::run_ended>(x);
  };
  if (request.until_asked
      || std::any_of(news.entries->begin(), news.entries->end(), is_end))
    check();
}

void wait_call_state::on(const deltas_published& news) {
  if (feed && !is_finished)
    feed->on(news);
}

void wait_call_state::on(const run_over& over) {
  if (is_finished)
    return;
  if (over.run_json.empty())
    return finish(failure{errc::unavailable,
                          "run " + request.run_id
                            + " cannot go on at this node; its log says why"});
  finish(view_run(*services, request.run_id));
}

void wait_call_state::check() {
  auto summary = services->journal->summary(request.run_id);
  if (!summary)
    return finish(summary.error());
  if (runtime::is_final(summary->status))
    return finish(view_run(*services, request.run_id));
  if (!request.until_asked || summary->status != runtime::run_status::waiting)
    return;
  // It may as well wait for a retry.
  auto view = view_run(*services, request.run_id);
  if (!view || !view->questions.empty())
    finish(std::move(view));
}

void wait_call_state::finish(runtime::result<run_view> answer) {
  is_finished = true;
  if (feed)
    feed->catch_up();
  done.give(std::move(answer));
  // Or the gateway would remember it for ever.
  self->demonitor(gateway.address());
  self->quit();
}

wait_call_actor::behavior_type
wait_call(wait_call_actor::stateful_pointer<wait_call_state> self,
          wait_call_options options) {
  self->set_down_handler([self](const caf::down_msg&) { self->quit(); });
  self->state.start(std::move(options));
  return {
    [self](const entries_published& x) { self->state.on(x); },
    [self](const deltas_published& x) { self->state.on(x); },
    [self](const run_over& x) { self->state.on(x); },
  };
}

runtime::result<run_view>
view_run(const services& node, const std::string& run_id) {
  auto run = load_run(node, run_id);
  if (!run)
    return run.error();
  const auto& ended = run->state.ended;
  return run_view{runtime::run_json(run->state),
                  ended ? ended->output : runtime::json{},
                  runtime::to_json(run->state.history),
                  runtime::questions_json(run->state, node.digest)};
}

} // namespace perdure::actors
