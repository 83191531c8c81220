#include "runtime/mcp/oauth/web.hpp"

#include <algorithm>
#include <utility>

namespace perdure::runtime::mcp::oauth {

namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (auto& c : out)
    c = lower(c);
  return out;
}

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
         || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_'
         || c == '~';
}

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9')
    return c - '0';
  const auto letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto has_code = text[i] == '%' && i + 2 < text.size()
                          && hex_digit(text[i + 1]) >= 0
                          && hex_digit(text[i + 2]) >= 0;
    if (has_code) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16
                               + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

/// Reads `name=value` pairs of one challenge.
class pair_reader {
public:
  explicit pair_reader(std::string_view text) : rest_(text) {
    // nop
  }

  /// @returns whether there was another pair
  bool next(std::string& name, std::string& value) {
    skip(" \t,");
    const auto equals = rest_.find('=');
    if (equals == rest_.npos)
      return false;
    name = lower(rest_.substr(0, equals));
    // Another scheme begins with a word and a space.
    if (name.find(' ') != std::string::npos)
      return false;
    rest_.remove_prefix(equals + 1);
    value.clear();
    if (!rest_.starts_with('"')) {
      const auto end = std::min(rest_.find_first_of(", \t"), rest_.size());
      value = rest_.substr(0, end);
      rest_.remove_prefix(end);
      return true;
    }
    rest_.remove_prefix(1);
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\' && rest_.size() > 1)
        rest_.remove_prefix(1);
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    if (!rest_.empty())
      rest_.remove_prefix(1);
    return true;
  }

private:
  void skip(std::string_view signs) {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(signs), rest_.size()));
  }

  std::string_view rest_;
};

} // namespace

std::optional<split_url> split(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == url.npos)
    return std::nullopt;
  const auto scheme = lower(url.substr(0, scheme_end));
  if (scheme != "https" && scheme != "http")
    return std::nullopt;
  auto rest = url.substr(scheme_end + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  const auto slash = std::min(rest.find('/'), rest.size());
  const auto host = lower(rest.substr(0, slash));
  if (host.empty() || host.find('@') != std::string::npos)
    return std::nullopt;
  auto path = rest.substr(slash);
  while (path.ends_with('/'))
    path.remove_suffix(1);
  return split_url{scheme + "://" + host, std::string{path}};
}

bool is_safe(std::string_view url) {
  const auto parts = split(url);
  if (!parts)
    return false;
  if (parts->origin.starts_with("https://"))
    return true;
  auto host = std::string_view{parts->origin}.substr(7);
  if (host.starts_with('['))
    return host.starts_with("[::1]");
  host = host.substr(0, host.find(':'));
  return host == "localhost" || host == "127.0.0.1";
}

std::string encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const auto c : text) {
    if (is_unreserved(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

std::string encode(const form& fields) {
  std::string out;
  for (const auto& [name, value] : fields)
    if (!value.empty())
      out += (out.empty() ? "" : "&") + encode(name) + '=' + encode(value);
  return out;
}

namespace {

/// What is before and after the first `mark`.
std::pair<std::string_view, std::string_view>
split(std::string_view text, char mark) {
  const auto at = text.find(mark);
  if (at == std::string_view::npos)
    return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

} // namespace

std::map<std::string, std::string> decode_query(std::string_view url) {
  if (const auto query = split(url, '?').second; !query.empty())
    url = query;
  auto rest = split(url, '#').first;
  std::map<std::string, std::string> out;
  while (!rest.empty()) {
    const auto [field, others] = split(rest, '&');
    const auto [name, value] = split(field, '=');
    // The first one counts: a second is somebody's trick.
    out.emplace(decode(name), decode(value));
    rest = others;
  }
  return out;
}

challenge read_challenge(std::string_view header) {
  challenge out;
  const auto at = lower(header).find("bearer");
  if (at == std::string::npos)
    return out;
  pair_reader pairs{header.substr(at + 6)};
  std::string name;
  std::string value;
  while (pairs.next(name, value)) {
    if (name == "resource_metadata")
      out.resource_metadata = value;
    else if (name == "scope")
      out.scope = value;
    else if (name == "error")
      out.error = value;
  }
  return out;
}

} // namespace perdure::runtime::mcp::oauth
