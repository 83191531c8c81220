#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <string>

namespace perdure::runtime {

namespace {

// Writing, copying and comparing recurse; this keeps them within any stack.
constexpr int nesting_max = 500;

bool is_nested_too_deep(std::string_view text) noexcept {
  auto depth = 0;
  auto in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > nesting_max)
        return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

} // namespace

result<json> parse_json(std::string_view text) {
  if (is_nested_too_deep(text))
    return failure{errc::invalid_argument, "JSON is nested more than "
                                             + std::to_string(nesting_max)
                                             + " levels deep"};
  auto value = json::parse(text, nullptr, false);
  if (!value.is_discarded())
    return value;
  // The slow path: parse once more for the position.
  try {
    [[maybe_unused]] auto again = json::parse(text);
  } catch (const json::exception& reason) {
    // Also numbers that are out of range, which are no parse_error. The
    // library's own name for it, `[json.exception...] `, helps nobody.
    const std::string_view reported = reason.what();
    const auto name_end = reported.find("] ");
    const auto from = name_end == std::string_view::npos ? 0 : name_end + 2;
    return failure{errc::invalid_argument, std::string{reported.substr(from)}};
  }
  return failure{errc::invalid_argument, "not JSON"};
}

std::string to_text(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

bool same_json(const json& left, const json& right) {
  if (left.is_object() && right.is_object()) {
    if (left.size() != right.size())
      return false;
    for (const auto& [key, value] : left.items()) {
      const auto found = right.find(key);
      if (found == right.end() || !same_json(value, *found))
        return false;
    }
    return true;
  }
  if (left.is_array() && right.is_array()) {
    if (left.size() != right.size())
      return false;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (!same_json(left[i], right[i]))
        return false;
    return true;
  }
  return left == right;
}

} // namespace perdure::runtime
