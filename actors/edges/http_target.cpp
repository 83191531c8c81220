#include "actors/edges/http_target.hpp"

#include <algorithm>

namespace perdure::actors {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

enum class plus { is_plus, is_space };

/// Appends the decoded `text`. @returns false for a broken or a zero byte.
bool decode(std::string_view text, plus meaning, std::string& out) {
  out.reserve(out.size() + text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && meaning == plus::is_space)
      c = ' ';
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
      if (low < 0)
        return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0')
      return false;
    out.push_back(c);
  }
  return true;
}

/// Leaves the path and query of an absolute URL.
std::string_view strip_origin(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (text.starts_with(scheme)) {
      text.remove_prefix(scheme.size());
      const auto end = std::min(text.find_first_of("/?"), text.size());
      text.remove_prefix(end);
      return text.empty() ? "/" : text;
    }
  return text;
}

} // namespace

std::string decode_target(std::string_view text, http_target& target) {
  constexpr auto broken = "is not a valid percent-encoded text";
  text = strip_origin(text);
  const auto mark = std::min(text.find('?'), text.size());
  auto path = text.substr(0, mark);
  if (path.empty())
    path = "/";
  if (path != "*" && path.front() != '/')
    return "the target of the request must begin with a slash";
  if (text.find('#') != std::string_view::npos)
    return "the target of a request cannot have a fragment";
  if (!decode(path, plus::is_plus, target.path))
    return std::string{"the path of the request "} + broken;
  auto query = mark < text.size() ? text.substr(mark + 1) : std::string_view{};
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty())
      continue;
    const auto equals = std::min(pair.find('='), pair.size());
    const auto value = pair.substr(std::min(equals + 1, pair.size()));
    auto& [key, decoded] = target.query.emplace_back();
    if (!decode(pair.substr(0, equals), plus::is_space, key)
        || !decode(value, plus::is_space, decoded))
      return std::string{"the query of the request "} + broken;
  }
  return {};
}

} // namespace perdure::actors
