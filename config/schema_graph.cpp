#include "config/schema_graph.hpp"

#include <algorithm>
#include <cstdint>

namespace perdure::config {

namespace {

/// Schemas that apply one after the other to the same value.
constexpr std::size_t chain_max = 32;

/// Schemas within schemas; what reads them recurses.
constexpr std::size_t depth_max = 150;

runtime::failure refuse(const std::string& pointer, const std::string& reason) {
  return {runtime::errc::unsupported_schema, "at '" + pointer + "': " + reason};
}

enum class progress : std::uint8_t { unseen, open, done };

/// A node on the way down, and which of its edges comes next.
struct step {
  std::size_t node = 0;
  std::size_t edge = 0;
};

} // namespace

void schema_graph::add(std::string pointer) {
  nodes_.push_back({std::move(pointer), {}, {}});
}

void schema_graph::connect(std::size_t from, std::size_t to, bool in_place) {
  nodes_[from].all.push_back(to);
  if (in_place)
    nodes_[from].in_place.push_back(to);
}

runtime::result<runtime::unit> schema_graph::check() const {
  std::vector<progress> seen(nodes_.size(), progress::unseen);
  std::vector<std::size_t> chain(nodes_.size(), 1);
  // Explicit stacks: the point is to find what would exhaust the real one.
  for (std::size_t start = 0; start < nodes_.size(); ++start) {
    std::vector<step> path;
    if (seen[start] == progress::unseen)
      path.push_back({start, 0});
    while (!path.empty()) {
      auto& top = path.back();
      const auto& edges = nodes_[top.node].in_place;
      seen[top.node] = progress::open;
      if (top.edge == edges.size()) {
        for (const auto next : edges)
          chain[top.node] = std::max(chain[top.node], chain[next] + 1);
        seen[top.node] = progress::done;
        path.pop_back();
        continue;
      }
      const auto next = edges[top.edge++];
      if (seen[next] == progress::open)
        return refuse(nodes_[next].pointer,
                      "the schema leads back to itself without going deeper "
                      "into the value");
      if (seen[next] == progress::unseen)
        path.push_back({next, 0});
    }
    if (chain[start] > chain_max)
      return refuse(nodes_[start].pointer,
                    "more than " + std::to_string(chain_max)
                      + " schemas apply one within the other to one value");
  }
  std::fill(seen.begin(), seen.end(), progress::unseen);
  std::vector<step> path{{0, 0}};
  while (!path.empty()) {
    auto& top = path.back();
    const auto& edges = nodes_[top.node].all;
    seen[top.node] = progress::open;
    if (path.size() > depth_max)
      return refuse(nodes_[top.node].pointer, "schemas nest deeper than "
                                                + std::to_string(depth_max)
                                                + " levels");
    if (top.edge == edges.size()) {
      path.pop_back();
      continue;
    }
    const auto next = edges[top.edge++];
    if (seen[next] == progress::unseen)
      path.push_back({next, 0});
  }
  return runtime::ok();
}

} // namespace perdure::config
