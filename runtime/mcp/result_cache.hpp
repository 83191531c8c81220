#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/steps.hpp"
#include "runtime/time.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace perdure::runtime::mcp {

/// Results of one connection that may be used again: what a modern server gave
/// a time to live (`ttlMs`), and lists of a legacy server until it says that
/// they changed.
class result_cache {
public:
  /// What a result belongs to. A result that was asked for before its list
  /// changed is not kept.
  struct slot {
    std::string key;
    std::uint64_t generation = 0;
  };

  /// @returns nothing when results of this method are never kept
  [[nodiscard]] std::optional<slot>
  slot_for(std::string_view method, const json& params, bool all_pages) const;

  [[nodiscard]] const json* find(const slot& at, timestamp now) const;

  void keep(const slot& at, era spoken, const json& result, timestamp now);

  /// URIs of the resources that are kept.
  [[nodiscard]] std::set<std::string> resources(timestamp now) const;

  void forget(changed_kind what, std::string_view uri);
  void clear();

private:
  struct entry {
    json result;
    std::optional<timestamp> expires;
  };

  void erase(std::string_view prefix);

  std::map<std::string, entry, std::less<>> entries_;
  std::uint64_t generation_ = 0;
};

} // namespace perdure::runtime::mcp
