#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace perdure::actors {

/// Cuts bytes into lines of a bounded length.
///
/// A line that is longer than the bound is handed out in pieces: `cut` says so,
/// and `is_end` marks its last one.
class line_cutter {
public:
  explicit line_cutter(std::size_t size_max) : size_max_(size_max) {
    // nop
  }

  /// Calls `take(piece, cut, is_end)` for each line that ends in `bytes`, and
  /// each piece of one that is too long.
  template <class Take>
  void feed(std::string_view bytes, Take&& take) {
    while (!bytes.empty()) {
      const auto end = bytes.find('\n');
      const bool is_end = end != std::string_view::npos;
      const auto piece = bytes.substr(0, end);
      bytes.remove_prefix(is_end ? end + 1 : bytes.size());
      if (line_.empty() && is_end && !is_long_ && piece.size() <= size_max_) {
        take(piece, false, true);
        continue;
      }
      line_ += piece;
      is_long_ = is_long_ || line_.size() > size_max_;
      if (is_end || is_long_)
        hand_out(take, is_end);
    }
  }

  /// Hands out what has no end.
  template <class Take>
  void finish(Take&& take) {
    if (!line_.empty() || is_long_)
      hand_out(take, true);
  }

private:
  template <class Take>
  void hand_out(Take& take, bool is_end) {
    const auto piece = std::move(line_);
    line_.clear();
    const bool cut = is_long_;
    is_long_ = is_long_ && !is_end;
    take(std::string_view{piece}, cut, is_end);
  }

  std::size_t size_max_;
  std::string line_;
  bool is_long_ = false;
};

} // namespace perdure::actors
