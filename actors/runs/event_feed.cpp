#include "actors/runs/event_feed.hpp"

#include <utility>

namespace perdure::actors {

event_feed::event_feed(event_feed_options options)
  : options_(std::move(options)), stream_(options_.definition, options_.after),
    next_(stream_.first_entry()) {
  // nop
}

void event_feed::catch_up() {
  constexpr std::size_t entries_max = 256;
  while (!is_over_) {
    auto entries
      = options_.services->journal->read(options_.run_id, next_, entries_max);
    if (!entries) {
      options_.services->log(log_level::error, "events of run "
                                                 + options_.run_id + ": "
                                                 + entries.error().message);
      is_over_ = true;
      return;
    }
    for (const auto& stored : *entries)
      take(stored.sequence, stored.value);
    if (entries->size() < entries_max)
      return;
  }
}

void event_feed::on(const entries_published& news) {
  if (news.first > next_)
    catch_up();
  auto sequence = news.first;
  for (const auto& entry : *news.entries) {
    if (sequence == next_ && !is_over_)
      take(sequence, entry);
    ++sequence;
  }
}

void event_feed::on(const deltas_published& news) {
  if (news.sequence + 1 > next_)
    catch_up();
  if (is_over_ || news.sequence + 1 != next_)
    return; // of a response that is finished by now
  for (const auto& event : *news.events)
    options_.sink(stream_.on_live(news.sequence, event, news.time));
}

void event_feed::take(std::uint64_t sequence, const runtime::entry& entry) {
  options_.sink(stream_.on_entry(sequence, entry));
  next_ = sequence + 1;
  if (std::holds_alternative<runtime::run_ended>(entry))
    is_over_ = true;
}

} // namespace perdure::actors
