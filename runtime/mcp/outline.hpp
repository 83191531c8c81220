#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace perdure::runtime::mcp {

/// What a JSON-RPC message is, told from its text without reading it in: so a
/// message that is too large to keep can still be told apart.
///
/// Takes pieces of any size and keeps no more than the id. Text that is no JSON
/// gives an outline of nothing.
class outline {
public:
  outline() = default;

  explicit outline(std::string_view text) {
    feed(text);
  }

  void feed(std::string_view piece);

  /// The `id` as it is written, quotes included; empty without one.
  [[nodiscard]] const std::string& id() const noexcept {
    return id_;
  }

  /// Whether it answers a request.
  [[nodiscard]] bool is_answer() const noexcept {
    return !id_.empty() && !has_method_;
  }

private:
  /// Of the object that is the message.
  enum class place { before_key, in_key, before_value, in_id, in_value };

  void take(char byte);
  void end_key();

  place place_ = place::before_key;
  std::size_t depth_ = 0;
  bool in_string_ = false;
  bool escaped_ = false;
  bool has_method_ = false;
  std::string key_;
  std::string id_;
};

} // namespace perdure::runtime::mcp
