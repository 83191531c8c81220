#pragma once

#include "runtime/models/model.hpp"

#include <string>
#include <vector>

/// Bodies of requests as pieces of JSON text.
namespace perdure::runtime {

/// Elements of a JSON array in pieces that are encoded once and shared.
class element_pieces {
public:
  [[nodiscard]] bool empty() const noexcept {
    return pieces_.empty();
  }

  /// One piece for all of `elements`; none for none.
  void add(const std::vector<json>& elements);

  /// Appends the elements to `body`.
  /// @param follows whether the array holds elements already
  void append_to(text_pieces& body, bool follows) const;

private:
  /// All but the first begin with a comma.
  text_pieces pieces_;
};

/// Elements of a JSON array without the brackets.
std::string join_elements(const std::vector<json>& elements);

std::shared_ptr<const std::string> make_piece(std::string text);

/// `text` as a segment of a path.
std::string percent_encoded(std::string_view text);

/// The text of `object` up to its closing brace.
std::string open_object(const json& object);

} // namespace perdure::runtime
