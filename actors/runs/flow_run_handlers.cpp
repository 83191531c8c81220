#include "actors/runs/flow_run.hpp"

#include <algorithm>
#include <utility>

/// The event handlers of a run: they have actors of their own, and what they
/// come to is appended here, since a run has one writer.
namespace perdure::actors {

namespace {

/// A feed that dies right away must not take the node's time.
constexpr std::chrono::seconds replacement_delay{1};

} // namespace

void flow_run_state::start_feeds(std::chrono::milliseconds delay) {
  const auto& due = run->created.scheduled_at;
  if (!run->ended && due && *due > options.services->world->now())
    return; // it must stay a scheduled run
  feeds_.resize(run->handlers.size());
  for (std::size_t i = 0; i < feeds_.size(); ++i) {
    if (feeds_[i] || (run->ended && !run->handlers[i].is_behind()))
      continue;
    auto settings = feed_options(i);
    settings.delay = delay;
    feeds_[i] = self->spawn<caf::monitored>(handler_feed, std::move(settings));
  }
}

handler_feed_options flow_run_state::feed_options(std::size_t position) const {
  const auto& input = run->created.input;
  handler_feed_options out;
  out.queue
    = {options.services,
       options.run_id,
       run->definition,
       std::make_shared<const runtime::event_handler>(run->handler(position)),
       run->handlers[position].settled,
       durable_};
  out.parent = self;
  out.position = static_cast<std::uint32_t>(position);
  out.context.run_id = options.run_id;
  out.context.agent = input.agent;
  out.context.deps = input.deps;
  out.context.metadata = input.metadata;
  return out;
}

void flow_run_state::on(const event_settled& settled) {
  push({settled.entry});
}

void flow_run_state::replace_feed(const caf::actor_addr& gone) {
  const auto found
    = std::find_if(feeds_.begin(), feeds_.end(), [&](const auto& feed) {
        return feed && feed.address() == gone;
      });
  if (found == feeds_.end())
    return;
  *found = nullptr;
  options.services->log(log_level::error, "run " + options.run_id
                                            + ": the feed of an event handler "
                                              "died and is replaced");
  start_feeds(replacement_delay);
}

void flow_run_state::stop_feeds() {
  for (const auto& feed : std::exchange(feeds_, {}))
    if (feed)
      caf::anon_send_exit(feed, caf::exit_reason::kill);
}

} // namespace perdure::actors
