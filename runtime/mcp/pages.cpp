#include "runtime/mcp/pages.hpp"

#include <algorithm>
#include <utility>

namespace perdure::runtime::mcp {

namespace {

constexpr std::size_t pages_max = 1'000;
constexpr std::size_t items_max = 100'000;

} // namespace

pages::pages(std::string_view key) : key_(key) {
  // nop
}

std::string pages::add(json page) {
  const auto items = page.is_object() ? page.find(key_) : page.end();
  if (!page.is_object() || items == page.end() || !items->is_array())
    return "a page of the list has no '" + key_ + "'";
  cursor_.reset();
  if (const auto next = page.find("nextCursor");
      next != page.end() && next->is_string())
    cursor_ = next->get<std::string>();
  if (cursor_ && !seen_.insert(*cursor_).second)
    return "the pages of the list go in a circle";
  if (joined_.is_null()) {
    joined_ = std::move(page);
  } else {
    auto& all = joined_[key_];
    for (auto& item : *items)
      all.push_back(std::move(item));
    // The whole is as fresh as its oldest part.
    const auto ttl = page.find("ttlMs");
    if (ttl == page.end())
      joined_.erase("ttlMs");
    else if (ttl->is_number() && joined_.contains("ttlMs")
             && joined_["ttlMs"].is_number())
      joined_["ttlMs"]
        = std::min(joined_["ttlMs"].get<double>(), ttl->get<double>());
  }
  if (seen_.size() > pages_max || joined_[key_].size() > items_max)
    return "the list is too long; read are " + std::to_string(pages_max)
           + " pages and " + std::to_string(items_max) + " items";
  return {};
}

json pages::take() {
  joined_.erase("nextCursor");
  return std::exchange(joined_, {});
}

} // namespace perdure::runtime::mcp
