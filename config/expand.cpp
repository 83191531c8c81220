#include "config/expand.hpp"

#include <algorithm>
#include <cstdlib>

namespace perdure::config {

namespace {

bool is_name(std::string_view text) noexcept {
  const auto is_letter = [](char sign) {
    return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z')
           || sign == '_';
  };
  return !text.empty() && is_letter(text.front())
         && std::all_of(text.begin(), text.end(), [&](char sign) {
              return is_letter(sign) || (sign >= '0' && sign <= '9');
            });
}

runtime::failure invalid(std::string message) {
  return {runtime::errc::invalid_argument, std::move(message)};
}

/// The value of what stands between the braces.
runtime::result<std::string>
value_of(std::string_view inner, const environment& lookup) {
  const auto mark = inner.find(":-");
  const auto name = inner.substr(0, mark);
  if (!is_name(name))
    return invalid("'${" + std::string{inner}
                   + "}' is not a variable; write ${NAME}, ${NAME:-default}, "
                     "or $${ for a literal ${");
  auto value = lookup(name);
  if (mark == std::string_view::npos) {
    if (!value)
      return invalid("the environment variable " + std::string{name}
                     + " is not set; set it, or write ${" + std::string{name}
                     + ":-default}");
    return std::move(*value);
  }
  if (value && !value->empty())
    return std::move(*value);
  return std::string{inner.substr(mark + 2)};
}

} // namespace

environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const auto* value = std::getenv(std::string{name}.c_str());
    if (value == nullptr)
      return std::nullopt;
    return std::string{value};
  };
}

runtime::result<std::string>
expand(std::string_view text, const environment& lookup) {
  std::string expanded;
  while (!text.empty()) {
    if (text.starts_with("$${")) {
      expanded += "${";
      text.remove_prefix(3);
    } else if (text.starts_with("${")) {
      const auto end = text.find('}');
      if (end == std::string_view::npos)
        return invalid("'" + std::string{text.substr(0, 40)}
                       + "' has no closing brace; write $${ for a literal ${");
      auto value = value_of(text.substr(2, end - 2), lookup);
      if (!value)
        return value;
      expanded += *value;
      text.remove_prefix(end + 1);
    } else {
      const auto end = std::min(text.find('$', 1), text.size());
      expanded += text.substr(0, end);
      text.remove_prefix(end);
    }
  }
  return expanded;
}

} // namespace perdure::config
