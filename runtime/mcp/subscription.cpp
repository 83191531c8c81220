#include "runtime/mcp/subscription.hpp"

#include <algorithm>

namespace perdure::runtime::mcp {

namespace {

/// The delay doubles with every end that came before a confirmation.
constexpr std::chrono::milliseconds delay_min{1'000};
constexpr unsigned doublings_max = 6;

bool changes(const json& capabilities, const char* list) {
  const auto* described = object_at(capabilities, list);
  return described != nullptr && described->contains("listChanged")
         && (*described)["listChanged"] == true;
}

} // namespace

subscription::subscription(outbox& out) : out_(out) {
  // nop
}

void subscription::begin(const json& capabilities) {
  stop();
  auto filter = json::object();
  if (changes(capabilities, "tools"))
    filter["toolsListChanged"] = true;
  if (changes(capabilities, "prompts"))
    filter["promptsListChanged"] = true;
  if (changes(capabilities, "resources"))
    filter["resourcesListChanged"] = true;
  if (filter.empty())
    return;
  filter_ = std::move(filter);
  request();
}

void subscription::stop() {
  filter_ = nullptr;
  exchange_ = exchange_id::none;
  again_at_.reset();
  failures_ = 0;
}

void subscription::acknowledged() {
  failures_ = 0;
}

void subscription::ended(const rpc_outcome& outcome, timestamp now) {
  if (std::holds_alternative<rpc_error>(outcome))
    return stop();
  lost(now);
}

void subscription::lost(timestamp now) {
  exchange_ = exchange_id::none;
  failures_ = std::min(failures_ + 1, doublings_max);
  again_at_ = later(now, delay_min * (1 << (failures_ - 1)));
}

void subscription::tick(timestamp now) {
  if (!again_at_ || *again_at_ > now)
    return;
  again_at_.reset();
  request();
}

bool subscription::waits_for(exchange_id exchange) const noexcept {
  return exchange != exchange_id::none && exchange == exchange_;
}

void subscription::request() {
  exchange_
    = out_.request("subscriptions/listen", {{"notifications", filter_}});
}

} // namespace perdure::runtime::mcp
