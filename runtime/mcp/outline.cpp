#include "runtime/mcp/outline.hpp"

namespace perdure::runtime::mcp {

namespace {

/// Longer ones are nobody's; longer keys are none that matter.
constexpr std::size_t id_size_max = 256;
constexpr std::size_t key_size_max = 8;

bool is_blank(char byte) {
  return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

} // namespace

void outline::feed(std::string_view piece) {
  while (!piece.empty()) {
    // Most of a large message is deep inside, or inside of a string.
    if (in_string_ && !escaped_ && (depth_ > 1 || place_ == place::in_value)) {
      const auto end = piece.find_first_of("\"\\");
      if (end == std::string_view::npos)
        return;
      piece.remove_prefix(end);
    }
    take(piece.front());
    piece.remove_prefix(1);
  }
}

void outline::take(char byte) {
  const bool at_top = depth_ == 1;
  if (in_string_) {
    const bool ends = byte == '"' && !escaped_;
    escaped_ = byte == '\\' && !escaped_;
    in_string_ = !ends;
    if (at_top && place_ == place::in_id && id_.size() < id_size_max)
      id_ += byte;
    if (at_top && place_ == place::in_key) {
      if (ends)
        end_key();
      else if (key_.size() < key_size_max)
        key_ += byte;
    }
    return;
  }
  if (is_blank(byte))
    return;
  if (byte == '{' || byte == '[') {
    ++depth_;
    return;
  }
  if (byte == '}' || byte == ']') {
    if (depth_ > 0)
      --depth_;
    return;
  }
  in_string_ = byte == '"';
  if (!at_top)
    return;
  if (byte == ',') {
    place_ = place::before_key;
  } else if (byte == ':') {
    place_ = key_ == "id" ? place::in_id : place::in_value;
  } else if (place_ == place::before_key && in_string_) {
    place_ = place::in_key;
    key_.clear();
  } else if (place_ == place::in_id && id_.size() < id_size_max) {
    id_ += byte;
  }
}

void outline::end_key() {
  place_ = place::before_value;
  has_method_ = has_method_ || key_ == "method";
}

} // namespace perdure::runtime::mcp
