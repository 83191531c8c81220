#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace perdure::runtime::mcp {

/// The pages of a list, joined.
class pages {
public:
  /// @param key of the items in each page
  explicit pages(std::string_view key);

  /// @returns what is wrong with the page; empty when nothing is
  std::string add(json page);

  /// Where the next page begins; an empty cursor is one, too. Nothing after
  /// the last.
  [[nodiscard]] const std::optional<std::string>& cursor() const noexcept {
    return cursor_;
  }

  /// The first page, with the items of all.
  json take();

private:
  std::string key_;
  json joined_;
  std::set<std::string> seen_;
  std::optional<std::string> cursor_;
};

} // namespace perdure::runtime::mcp
