#include "runtime/flow/events.hpp"

#include "runtime/agent/join_tools.hpp"
#include "runtime/flow/entry_events.hpp"
#include "runtime/messages/history_json.hpp"

#include <algorithm>
#include <utility>

namespace perdure::runtime {

namespace {

json delta_json(const text_delta& x) {
  return {{"part_delta_kind", "text"},
          {"content_delta", x.content_delta},
          {"provider_name", nullptr},
          {"provider_details", nullptr}};
}

json optional_json(const optional_text& text) {
  return text ? json(*text) : json();
}

json delta_json(const thinking_delta& x) {
  return {{"part_delta_kind", "thinking"},
          {"content_delta", x.content_delta},
          {"signature_delta", optional_json(x.signature_delta)},
          {"provider_name", nullptr},
          {"provider_details", nullptr}};
}

json delta_json(const tool_call_delta& x) {
  return {{"part_delta_kind", "tool_call"},
          {"tool_name_delta", optional_json(x.tool_name_delta)},
          {"args_delta", x.args_delta},
          {"tool_call_id", optional_json(x.tool_call_id)},
          {"provider_name", nullptr},
          {"provider_details", nullptr}};
}

json event_json(const part_started& x) {
  return {{"event_kind", "part_start"},
          {"index", x.index},
          {"part", to_json(x.part)},
          {"previous_part_kind", nullptr}};
}

json event_json(const part_grew& x) {
  return {{"event_kind", "part_delta"},
          {"index", x.index},
          {"delta",
           std::visit([](const auto& y) { return delta_json(y); }, x.delta)}};
}

json event_json(const part_ended& x) {
  return {{"event_kind", "part_end"},
          {"index", x.index},
          {"part", to_json(x.part)},
          {"next_part_kind", nullptr}};
}

std::uint32_t index_of(const response_event& value) {
  return std::visit([](const auto& x) { return x.index; }, value);
}

/// Whether nothing that the model was saying goes on after the entry. Handlers
/// settle events, and attempts are noted, while it speaks.
bool ends_speech(const entry& value) {
  return !std::holds_alternative<event_handled>(value)
         && !std::holds_alternative<task_noted>(value);
}

} // namespace

json to_json(const response_event& value) {
  return std::visit([](const auto& x) { return event_json(x); }, value);
}

json to_json(const event_envelope& value, const std::string& run_id) {
  return {{"run_id", run_id},
          {"seq", value.sequence},
          {"time", to_iso(value.time)},
          {"event", value.event}};
}

std::vector<json>
events_of(const agent_definition& definition, const entry& value) {
  return entry_events(definition, value, {});
}

event_stream::event_stream(definition_ptr definition, std::uint64_t after)
  : definition_(std::move(definition)), after_(after) {
  if (!definition_->is_joined)
    lists_.resize(definition_->mcp_servers.size());
}

std::uint64_t event_stream::first_entry() const noexcept {
  if (!lists_.empty())
    return 1; // what later entries mean is in the first ones
  // Events of the entry itself may be new as well as those after it.
  return std::max<std::uint64_t>(1, after_ / events_per_entry);
}

std::vector<event_envelope>
event_stream::on_entry(std::uint64_t sequence, const entry& value) {
  take_listing(value);
  std::vector<event_envelope> out;
  auto number = sequence * events_per_entry;
  for (auto& event : entry_events(*definition_, value, seen_)) {
    ++number;
    if (number > after_ && !event.is_null())
      out.push_back({number, time_of(value), std::move(event)});
  }
  if (ends_speech(value)) {
    seen_.clear();
    final_told_ = false;
    previous_kind_ = nullptr;
  }
  return out;
}

void event_stream::take_listing(const entry& value) {
  const auto* done = std::get_if<task_completed>(&value);
  const auto* listing
    = done == nullptr ? nullptr : std::get_if<tool_listing>(&done->outcome);
  if (listing == nullptr || done->task.index >= lists_.size())
    return;
  lists_[done->task.index] = *listing;
  if (!std::all_of(lists_.begin(), lists_.end(),
                   [](const tool_listing& x) { return !x.server.empty(); }))
    return;
  if (auto joined = definition_in_force(*definition_, lists_))
    definition_ = std::move(*joined);
  lists_.clear();
}

std::vector<event_envelope>
event_stream::on_live(std::uint64_t sequence, const response_event& value,
                      timestamp time) {
  if (sequence != live_entry_) {
    // A watcher that comes back goes on counting where it left off.
    const bool back = after_ / events_per_entry == sequence
                      && after_ % events_per_entry >= live_events_from;
    live_entry_ = sequence;
    live_count_ = back ? after_ % live_events_from : 0;
  }
  const auto index = index_of(value);
  if (std::holds_alternative<part_started>(value))
    seen_.insert(index);
  else if (!seen_.contains(index))
    return {};
  std::vector<event_envelope> out;
  const auto add = [&](json event) {
    // A response of more pieces than there are numbers keeps the last one.
    live_count_ = std::min(live_count_ + 1, live_events_from - 1);
    out.push_back({sequence * events_per_entry + live_events_from + live_count_,
                   time, std::move(event)});
  };
  auto event = to_json(value);
  if (std::holds_alternative<part_started>(value))
    event["previous_part_kind"]
      = std::exchange(previous_kind_, event["part"]["part_kind"]);
  add(std::move(event));
  if (const auto* start = std::get_if<part_started>(&value);
      start != nullptr && !final_told_)
    if (auto final = final_result_of(*definition_, start->part);
        !final.is_null()) {
      final_told_ = true;
      add(std::move(final));
    }
  return out;
}

} // namespace perdure::runtime
