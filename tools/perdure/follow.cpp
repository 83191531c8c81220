#include "tools/perdure/follow.hpp"

#include "runtime/flow/events.hpp"
#include "runtime/flow/run_status.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <utility>

namespace perdure::client {

using namespace std::chrono_literals;
using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

constexpr auto patience = 60s;
constexpr std::chrono::milliseconds backoff_min = 200ms;
constexpr std::chrono::milliseconds backoff_max = 2s;

bool is_final(const json& event) {
  if (text_of(event, "event_kind") != "run_state")
    return false;
  const auto state = runtime::status_from_string(text_of(event, "state"));
  return state && runtime::is_final(*state);
}

/// The node numbers the pieces of a very long response alike from here on.
bool is_saturated(std::uint64_t sequence) noexcept {
  return sequence % runtime::events_per_entry == runtime::events_per_entry - 1;
}

/// Whether a refusal may pass by itself, as those of a starting node do.
bool may_pass(const http_reply& reply) noexcept {
  if (reply.link != link::ok)
    return reply.link == link::lost || reply.link == link::refused;
  return reply.status >= 500;
}

} // namespace

follower::follower(api& node, follow_options options, follow_listener listener)
  : node_(node), options_(std::move(options)), listener_(std::move(listener)) {
  // nop
}

result<follow_end> follower::run() {
  has_stopped_ = false;
  for (;;) {
    switch (connect()) {
      case verdict::ended:
        return follow_end::ended;
      case verdict::stopped:
        return follow_end::stopped;
      case verdict::interrupted:
        return follow_end::interrupted;
      case verdict::failed:
        return *failure_;
      case verdict::retry:
        break;
    }
    const auto now = node_.clock().now();
    if (!down_since_)
      down_since_ = now;
    if (now - *down_since_ >= patience)
      return *failure_;
    if (!wait_for_node())
      return follow_end::interrupted;
  }
}

bool follower::wait_for_node() {
  // A node that ends a stream and takes the next one at once was not away.
  if (backoff_ > backoff_min && !std::exchange(outage_told_, true))
    listener_.on_outage();
  backoff_ = std::clamp(backoff_ * 2, backoff_min, backoff_max);
  return node_.clock().wait(backoff_);
}

follower::verdict follower::connect() {
  decoder_ = runtime::sse_decoder{};
  const auto reply
    = node_.stream("/v1/runs/" + options_.run_id + "/events"
                     + (options_.live ? "" : "?follow=false"),
                   last_id_, [this](std::string_view x) { return take(x); });
  if (has_ended_)
    return verdict::ended;
  if (has_stopped_)
    return verdict::stopped;
  if (reply.link == link::interrupted)
    return verdict::interrupted;
  if (failure_ && failure_->code == errc::payload_too_large)
    return verdict::failed;
  const bool whole = reply.link == link::ok && reply.status == 200;
  if (whole && !options_.live)
    return verdict::ended;
  if (!whole) {
    failure_ = node_.failure_of(reply);
    return may_pass(reply) ? verdict::retry : verdict::failed;
  }
  // Of a node that shuts down, or that cannot read on.
  failure_ = failure{errc::unavailable,
                     "the node at " + node_.settings().url
                       + " keeps ending the event stream; its log says why"};
  return verdict::retry;
}

bool follower::take(std::string_view bytes) {
  down_since_.reset();
  backoff_ = 0ms;
  if (std::exchange(outage_told_, false))
    listener_.on_return();
  std::vector<runtime::sse_event> events;
  const auto decoded = decoder_.feed(bytes, events);
  for (const auto& event : events)
    if (!take(event))
      return false;
  if (!decoded) {
    failure_ = decoded.error();
    return false;
  }
  return true;
}

bool follower::take(const runtime::sse_event& event) {
  const auto envelope = runtime::parse_json(event.data);
  if (!envelope || !envelope->is_object())
    return true; // of a newer node, and not for this client
  const auto sequence = static_cast<std::uint64_t>(
    std::max<std::int64_t>(0, count_of(*envelope, "seq")));
  const bool told = sequence < last_sequence_
                    || (sequence == last_sequence_ && !is_saturated(sequence));
  if (sequence != 0 && told)
    return true;
  last_sequence_ = std::max(sequence, last_sequence_);
  if (!event.id.empty())
    last_id_ = event.id;
  has_stopped_ = !listener_.on_event(*envelope);
  has_ended_ = !has_stopped_ && is_final(field_of(*envelope, "event"));
  return !has_stopped_ && !has_ended_;
}

} // namespace perdure::client
