#include "runtime/flow/handlers.hpp"

#include "runtime/flow/events.hpp"

#include <algorithm>

namespace perdure::runtime {

std::uint64_t owed_event(const event_handler& handler, std::uint64_t sequence,
                         const std::vector<json>& events) {
  const auto first = sequence * events_per_entry;
  for (auto n = events.size(); n > 0; --n) {
    const auto& kind
      = events[n - 1].at("event_kind").get_ref<const std::string&>();
    if (handler.wants_deltas() || handler.wants(kind))
      return first + n;
  }
  return 0;
}

std::string event_key(const std::string& run_id, const event_handler& handler,
                      std::uint64_t number) {
  return run_id + "/event/" + handler.name + '/' + std::to_string(number);
}

// -- what a run's state says of its handlers ----------------------------------

const event_handler& run_state::handler(std::size_t index) const {
  const auto& own = definition->handlers;
  return index < own.size() ? own[index]
                            : created.input.handlers.at(index - own.size());
}

bool run_state::handlers_behind() const {
  for (const auto& progress : handlers)
    if (progress.is_behind())
      return true;
  return false;
}

bool run_state::is_held() const {
  for (std::size_t i = 0; i < handlers.size(); ++i)
    if (handlers[i].is_behind() && handler(i).holds_run)
      return true;
  return false;
}

void run_state::owe_events(const entry& next) {
  if (handlers.empty())
    return;
  const auto events = events_of(*definition, next);
  for (std::size_t i = 0; i < handlers.size(); ++i)
    handlers[i].owed
      = std::max(handlers[i].owed, owed_event(handler(i), sequence_, events));
}

void run_state::on(const event_handled& x) {
  if (x.handler >= handlers.size() || x.event <= handlers[x.handler].settled)
    return;
  auto& progress = handlers[x.handler];
  progress.settled = x.event;
  progress.attempts += x.attempts;
  if (x.attempts == 0)
    return; // it had seen the event in another form
  if (x.error_code == errc::none) {
    ++progress.handled;
    return;
  }
  ++progress.failed;
  progress.last_error = x.error_message;
  if (handler(x.handler).holds_run && !fatal)
    fatal = task_error{errc::event_handler_failed,
                       "event handler '" + handler(x.handler).name
                         + "' gave up on event " + std::to_string(x.event)
                         + ": " + x.error_message};
}

} // namespace perdure::runtime
