#include "actors/mcp/board.hpp"

#include <utility>

namespace perdure::actors {

std::string_view to_string(mcp_state state) noexcept {
  switch (state) {
    case mcp_state::idle:
      return "idle";
    case mcp_state::waiting:
      return "waiting";
    case mcp_state::opening:
      return "opening";
    case mcp_state::ready:
      return "ready";
    case mcp_state::quarantined:
      return "quarantined";
  }
  return "idle";
}

mcp_board::key mcp_board::add() {
  const std::lock_guard guard{mutex_};
  const auto added = next_++;
  entries_.try_emplace(added);
  return added;
}

void mcp_board::log(key connection, mcp_log_line line) {
  const std::lock_guard guard{mutex_};
  const auto found = entries_.find(connection);
  if (found == entries_.end())
    return;
  auto& lines = found->second.log;
  lines.push_back(std::move(line));
  if (lines.size() > lines_max)
    lines.pop_front();
}

void mcp_board::remove(key connection) {
  const std::lock_guard guard{mutex_};
  entries_.erase(connection);
}

std::vector<mcp_board::entry> mcp_board::all() const {
  const std::lock_guard guard{mutex_};
  std::vector<entry> out;
  out.reserve(entries_.size());
  for (const auto& [key, entry] : entries_)
    out.push_back(entry);
  return out;
}

} // namespace perdure::actors
