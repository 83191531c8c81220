#pragma once

#include "runtime/models/model.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// One block of a message's content.
struct content_block {
  json value;
  /// What was said up to here is worth keeping in the provider's cache: the
  /// value of `cache_control`. Null for no mark.
  json mark;
};

/// Messages made of blocks, in pieces that are encoded once and shared. Cache
/// marks are pieces of their own, since a provider takes only so many: which
/// ones are sent is decided for each request.
class marked_pieces {
public:
  [[nodiscard]] bool empty() const noexcept {
    return pieces_.empty();
  }

  /// Whether the first message is of `role`.
  [[nodiscard]] bool begins_with(std::string_view role) const noexcept {
    return first_role_ == role;
  }

  /// Adds a message. @pre `!blocks.empty()`
  void add(std::string_view role, const std::vector<content_block>& blocks);

  /// Appends the messages as elements of a JSON array.
  /// @param marks_max the newest marks are sent, up to so many
  /// @param last_mark a mark for the last block; null for none
  void append_to(text_pieces& body, std::size_t marks_max,
                 const json& last_mark) const;

private:
  struct piece {
    std::shared_ptr<const std::string> text;
    bool is_mark = false;
  };

  std::vector<piece> pieces_;
  std::size_t mark_count_ = 0;
  bool has_last_mark_ = false;
  std::string first_role_;
};

} // namespace perdure::runtime
