#include "runtime/value_types.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

bool is_strings(const json& value) {
  return value.is_array()
         && std::all_of(value.begin(), value.end(),
                        [](const json& item) { return item.is_string(); });
}

bool is_one(const json& value, std::string_view type) {
  if (type == "number")
    return value.is_number();
  if (type == "integer")
    return value.is_number_integer();
  if (type == "boolean")
    return value.is_boolean();
  if (type == "string")
    return value.is_string();
  if (type == "strings")
    return is_strings(value);
  if (type == "list")
    return value.is_array();
  if (type == "object")
    return value.is_object();
  return value.is_string() && value.get_ref<const std::string&>() == type;
}

} // namespace

bool fits(const json& value, std::string_view types) {
  while (!types.empty()) {
    const auto end = std::min(types.find('|'), types.size());
    if (is_one(value, types.substr(0, end)))
      return true;
    types.remove_prefix(std::min(end + 1, types.size()));
  }
  return false;
}

std::string in_words(std::string_view types) {
  std::string text;
  while (!types.empty()) {
    const auto end = std::min(types.find('|'), types.size());
    const auto is_last = end == types.size();
    if (!text.empty())
      text += is_last ? " or " : ", ";
    text += types.substr(0, end);
    types.remove_prefix(std::min(end + 1, types.size()));
  }
  return text;
}

} // namespace perdure::runtime
