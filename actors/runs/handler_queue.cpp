#include "actors/runs/handler_queue.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

namespace {

constexpr std::size_t events_max = 128;
constexpr std::size_t entries_per_read = 32;

} // namespace

handler_queue::handler_queue(handler_queue_options options)
  : options_(std::move(options)),
    stream_(options_.definition, options_.settled),
    next_(stream_.first_entry()) {
  // nop
}

void handler_queue::on(const entries_published& news) {
  fill();
  auto sequence = news.first;
  for (const auto& entry : *news.entries) {
    if (sequence == next_ && has_room())
      take(sequence, entry);
    ++sequence;
  }
  options_.durable = std::max(options_.durable, sequence - 1);
}

void handler_queue::on(const deltas_published& news) {
  fill();
  if (news.sequence + 1 < next_)
    return; // of a response that is finished by now
  if (news.sequence + 1 > next_ || !has_room())
    return stream_.skip_live();
  for (const auto& event : *news.events)
    add(stream_.on_live(news.sequence, event, news.time));
}

const runtime::event_envelope* handler_queue::front() {
  if (events_.empty())
    fill();
  return events_.empty() ? nullptr : &events_.front();
}

void handler_queue::pop() {
  events_.pop_front();
}

bool handler_queue::has_room() const noexcept {
  return events_.size() < events_max;
}

void handler_queue::fill() {
  while (has_room() && next_ <= options_.durable) {
    auto entries = options_.services->journal->read(options_.run_id, next_,
                                                    entries_per_read);
    if (!entries) {
      options_.services->log(log_level::error,
                             "events of run " + options_.run_id + " for '"
                               + options_.handler->name
                               + "': " + entries.error().message);
      return;
    }
    if (entries->empty())
      return;
    for (const auto& stored : *entries)
      if (has_room())
        take(stored.sequence, stored.value);
  }
}

void handler_queue::take(std::uint64_t sequence, const runtime::entry& entry) {
  if (options_.handler->wants_deltas())
    owed_ = std::max(owed_, owed_event(*options_.handler, sequence,
                                       events_of(*options_.definition, entry)));
  add(stream_.on_entry(sequence, entry));
  next_ = sequence + 1;
}

void handler_queue::add(std::vector<runtime::event_envelope> events) {
  for (auto& event : events)
    if (options_.handler->wants(
          event.event.at("event_kind").get_ref<const std::string&>()))
      events_.push_back(std::move(event));
}

} // namespace perdure::actors
