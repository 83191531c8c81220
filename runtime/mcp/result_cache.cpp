#include "runtime/mcp/result_cache.hpp"

#include "runtime/mcp/outbox.hpp"
#include "runtime/policy/canonical_text.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime::mcp {

namespace {

constexpr std::size_t entries_max = 256;

constexpr auto kept = std::to_array<std::string_view>(
  {"tools/list", "prompts/list", "resources/list", "resources/templates/list",
   "resources/read"});

std::string key_of(std::string_view method, std::string_view rest) {
  return std::string{method} + '\n' + std::string{rest};
}

/// @returns nothing when there is none
std::optional<std::chrono::milliseconds> time_to_live(const json& result) {
  const auto found = result.find("ttlMs");
  if (found == result.end() || !found->is_number())
    return std::nullopt;
  constexpr auto days_max = 30.0;
  constexpr auto day_ms = 86'400'000.0;
  const auto value = std::clamp(found->get<double>(), 0.0, days_max * day_ms);
  return std::chrono::milliseconds{static_cast<std::int64_t>(value)};
}

} // namespace

std::optional<result_cache::slot>
result_cache::slot_for(std::string_view method, const json& params,
                       bool all_pages) const {
  if (std::find(kept.begin(), kept.end(), method) == kept.end())
    return std::nullopt;
  // The resource's name comes first, so that it can be found by it.
  auto key = key_of(method, text_at(params, "uri")) + '\n';
  add_canonical(key, params);
  if (all_pages)
    key += "\nall pages";
  return slot{std::move(key), generation_};
}

const json* result_cache::find(const slot& at, timestamp now) const {
  const auto found = entries_.find(at.key);
  if (found == entries_.end()
      || (found->second.expires && *found->second.expires <= now))
    return nullptr;
  return &found->second.result;
}

void result_cache::keep(const slot& at, era spoken, const json& result,
                        timestamp now) {
  if (at.generation != generation_)
    return;
  entry fresh{result, std::nullopt};
  if (spoken == era::modern) {
    const auto ttl = time_to_live(result);
    if (!ttl || ttl->count() == 0)
      return;
    fresh.expires = later(now, *ttl);
  } else if (at.key.starts_with("resources/read\n")) {
    return;
  }
  if (entries_.size() >= entries_max && !entries_.contains(at.key))
    entries_.clear();
  entries_.insert_or_assign(at.key, std::move(fresh));
}

std::set<std::string> result_cache::resources(timestamp now) const {
  const auto start = key_of("resources/read", {});
  std::set<std::string> out;
  for (auto at = entries_.lower_bound(start);
       at != entries_.end() && at->first.starts_with(start); ++at)
    if (!at->second.expires || *at->second.expires > now)
      out.insert(at->first.substr(
        start.size(), at->first.find('\n', start.size()) - start.size()));
  return out;
}

void result_cache::forget(changed_kind what, std::string_view uri) {
  ++generation_;
  switch (what) {
    case changed_kind::tools:
      return erase(key_of("tools/list", {}));
    case changed_kind::prompts:
      return erase(key_of("prompts/list", {}));
    case changed_kind::resources:
      erase(key_of("resources/list", {}));
      return erase(key_of("resources/templates/list", {}));
    case changed_kind::resource:
      return erase(key_of("resources/read", uri) + '\n');
  }
}

void result_cache::clear() {
  ++generation_;
  entries_.clear();
}

void result_cache::erase(std::string_view prefix) {
  auto at = entries_.lower_bound(prefix);
  while (at != entries_.end() && at->first.starts_with(prefix))
    at = entries_.erase(at);
}

} // namespace perdure::runtime::mcp
