#include "tools/perdure/table.hpp"

#include "tools/perdure/text.hpp"

#include <algorithm>
#include <cassert>

namespace perdure::client {

namespace {

constexpr std::size_t gap = 2;
/// The last column keeps this much, however narrow the screen is.
constexpr std::size_t last_width_min = 12;

} // namespace

table::table(std::vector<std::string> headings) {
  rows_.push_back(std::move(headings));
}

void table::add(std::vector<std::string> cells) {
  assert(cells.size() == rows_.front().size());
  for (auto& cell : cells)
    cell = one_line(cell);
  rows_.push_back(std::move(cells));
}

std::string table::text(std::size_t width) const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], display_width(row[i]));
  std::size_t before_last = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i)
    before_last += widths[i] + gap;
  std::size_t last = 0;
  if (width != 0)
    last
      = std::max(last_width_min, width > before_last ? width - before_last : 0);
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i + 1 < row.size(); ++i)
      line
        += row[i] + std::string(widths[i] - display_width(row[i]) + gap, ' ');
    line += clip(row.back(), last);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

} // namespace perdure::client
