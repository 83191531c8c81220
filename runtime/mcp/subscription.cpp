#include "runtime/mcp/subscription.hpp"

#include <algorithm>
#include <utility>

namespace perdure::runtime::mcp {

namespace {

/// The delay doubles with every end that came before a confirmation.
constexpr std::chrono::milliseconds delay_min{1'000};
constexpr unsigned doublings_max = 6;

/// What is wanted within so short a time goes into one request.
constexpr std::chrono::milliseconds gathering_time{250};

bool says(const json& capabilities, const char* what, const char* how) {
  const auto* described = object_at(capabilities, what);
  return described != nullptr && described->contains(how)
         && (*described)[how] == true;
}

bool includes(const std::set<std::string>& whole,
              const std::set<std::string>& part) {
  return std::includes(whole.begin(), whole.end(), part.begin(), part.end());
}

} // namespace

subscription::subscription(outbox& out) : out_(out) {
  // nop
}

void subscription::begin(const json& capabilities) {
  stop();
  is_on_ = true;
  if (says(capabilities, "tools", "listChanged"))
    lists_["toolsListChanged"] = true;
  if (says(capabilities, "prompts", "listChanged"))
    lists_["promptsListChanged"] = true;
  if (says(capabilities, "resources", "listChanged"))
    lists_["resourcesListChanged"] = true;
  tells_of_resources_ = says(capabilities, "resources", "subscribe");
  if (!lists_.empty())
    request();
}

void subscription::stop() {
  is_on_ = false;
  lists_ = json::object();
  wanted_ = {};
  asked_ = {};
  exchange_ = exchange_id::none;
  again_at_.reset();
  failures_ = 0;
}

void subscription::follow(followed wanted, timestamp now) {
  if (!is_on_)
    return;
  if (!tells_of_resources_)
    wanted.resources.clear();
  wanted_ = std::move(wanted);
  // Of what is not wanted any more it may tell.
  if (!again_at_ && !covers_all())
    again_at_ = later(now, gathering_time);
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
  asked_ = {};
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

json subscription::filter() const {
  auto out = lists_;
  if (!wanted_.resources.empty())
    out["resourceSubscriptions"] = wanted_.resources;
  if (!wanted_.tasks.empty())
    out["taskIds"] = wanted_.tasks;
  return out;
}

bool subscription::covers_all() const {
  return includes(asked_.tasks, wanted_.tasks)
         && includes(asked_.resources, wanted_.resources);
}

void subscription::request() {
  auto notifications = filter();
  if (notifications.empty())
    return;
  // The new one first, so that nothing falls in between.
  const auto old = std::exchange(
    exchange_, out_.request("subscriptions/listen",
                            {{"notifications", std::move(notifications)}}));
  asked_ = wanted_;
  if (old != exchange_id::none)
    out_.give_up(old, "another one takes its place");
}

} // namespace perdure::runtime::mcp
