#include "runtime/flow/handler_views.hpp"

#include "runtime/flow/events.hpp"

namespace perdure::runtime {

namespace {

/// Stored events behind `settled` that the handler wants.
std::uint64_t count_lag(const event_handler& handler, std::uint64_t settled,
                        const agent_definition& definition,
                        const std::vector<entry>& entries) {
  std::uint64_t count = 0;
  for (std::uint64_t sequence = 1; sequence <= entries.size(); ++sequence) {
    if ((sequence + 1) * events_per_entry <= settled)
      continue;
    auto number = sequence * events_per_entry;
    for (const auto& event : events_of(definition, entries[sequence - 1]))
      if (++number > settled
          && handler.wants(
            event.at("event_kind").get_ref<const std::string&>()))
        ++count;
  }
  return count;
}

} // namespace

json handlers_json(const run_state& state, const std::vector<entry>& entries) {
  auto out = json::array();
  for (std::size_t i = 0; i < state.handlers.size(); ++i) {
    const auto& handler = state.handler(i);
    const auto& progress = state.handlers[i];
    const auto lag
      = progress.is_behind()
          ? count_lag(handler, progress.settled, *state.definition, entries)
          : 0;
    out.push_back(
      {{"name", handler.name},
       {"kind", to_string(handler.kind)},
       {"holds_run", handler.holds_run},
       {"handled_up_to", progress.settled},
       {"handled", progress.handled},
       {"failed", progress.failed},
       {"attempts", progress.attempts},
       {"lag", lag},
       {"last_error",
        progress.last_error.empty() ? json() : json(progress.last_error)}});
  }
  return out;
}

json held_by_json(const run_state& state) {
  auto out = json::array();
  for (std::size_t i = 0; i < state.handlers.size(); ++i) {
    const auto& progress = state.handlers[i];
    if (progress.is_behind() && state.handler(i).holds_run)
      out.push_back({{"what", "event_handler"},
                     {"handler", state.handler(i).name},
                     {"handled_up_to", progress.settled},
                     {"up_to", progress.owed}});
  }
  return out;
}

} // namespace perdure::runtime
