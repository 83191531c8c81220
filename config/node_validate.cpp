#include "config/field_reader.hpp"
#include "config/node_file.hpp"
#include "runtime/models/model.hpp"
#include "runtime/models/provider_table.hpp"

#include <algorithm>
#include <charconv>

namespace perdure::config {

namespace {

using problems = std::vector<node_problem>;

const std::vector<std::string> log_formats{"text", "json"};
const std::vector<std::string> log_levels{"trace", "debug", "info", "warning",
                                          "error"};
const std::vector<std::string> wires{runtime::wire_names.begin(),
                                     runtime::wire_names.end()};

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && stop == end;
}

/// `host:port`, `1.2.3.4:port` or `[::1]:port`.
bool is_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1)))
    return false;
  const auto host = text.substr(0, colon);
  const auto is_bracketed
    = host.size() > 2 && host.starts_with('[') && host.ends_with(']');
  constexpr std::string_view forbidden = ":/[] \t\r\n@?#";
  const auto name = is_bracketed ? host.substr(1, host.size() - 2) : host;
  return !name.empty()
         && std::none_of(name.begin(), name.end(), [&](char sign) {
              return forbidden.find(sign) != std::string_view::npos
                     && !(is_bracketed && sign == ':');
            });
}

bool is_url(std::string_view text) {
  for (const auto* scheme : {"http://", "https://"})
    if (text.starts_with(scheme)) {
      text.remove_prefix(std::string_view{scheme}.size());
      return !text.empty() && text.front() != '/'
             && std::none_of(text.begin(), text.end(), [](char sign) {
                  return static_cast<unsigned char>(sign) <= ' ' || sign == '?'
                         || sign == '#' || sign == '\x7f';
                });
    }
  return false;
}

bool is_header_name(std::string_view text) {
  constexpr std::string_view signs = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char sign) {
    return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z')
           || (sign >= '0' && sign <= '9')
           || signs.find(sign) != std::string_view::npos;
  });
}

/// Whether `text` may be the value of an HTTP header.
bool is_header_value(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char sign) {
    const auto byte = static_cast<unsigned char>(sign);
    return (byte < 0x20 && sign != '\t') || byte == 0x7f;
  });
}

bool is_prefix(std::string_view text) {
  constexpr std::size_t size_limit = 32;
  return !text.empty() && text.size() <= size_limit && text != "test"
         && text != "script"
         && std::all_of(text.begin(), text.end(), [](char sign) {
              return (sign >= 'a' && sign <= 'z')
                     || (sign >= '0' && sign <= '9') || sign == '-';
            });
}

bool is_version(std::string_view text) {
  constexpr std::size_t size_limit = 32;
  return !text.empty() && text.size() <= size_limit
         && std::all_of(text.begin(), text.end(), [](char sign) {
              return (sign >= 'a' && sign <= 'z')
                     || (sign >= 'A' && sign <= 'Z')
                     || (sign >= '0' && sign <= '9') || sign == '-'
                     || sign == '.';
            });
}

void check_choice(const std::string& value,
                  const std::vector<std::string>& valid,
                  const std::vector<std::string>& path, problems& found) {
  if (std::find(valid.begin(), valid.end(), value) == valid.end())
    found.push_back(
      {path, "unknown value '" + value + "'; " + name_hint(value, valid)});
}

void check_range(std::uint64_t value, std::uint64_t min, std::uint64_t max,
                 const char* key, problems& found) {
  if (value < min || value > max)
    found.push_back(
      {{"limits", key},
       "must be from " + std::to_string(min) + " to " + std::to_string(max)});
}

void check_own_provider(const std::string& prefix,
                        const provider_options& options, problems& found) {
  std::vector<std::string> known;
  for (const auto& entry : runtime::provider_table())
    known.emplace_back(entry.prefix);
  if (!is_prefix(prefix))
    found.push_back({{"providers", prefix},
                     "the prefix '" + prefix
                       + "' must have 1 to 32 small letters, digits or '-', "
                         "and not be test or script"});
  else if (!options.wire || !options.base_url)
    found.push_back({{"providers", prefix},
                     "'" + prefix
                       + "' is not a known provider; one of your own needs "
                         "wire and base_url; "
                       + name_hint(prefix, known)});
}

void check_provider(const std::string& prefix, const provider_options& options,
                    problems& found) {
  if (runtime::find_provider(prefix) == nullptr)
    check_own_provider(prefix, options, found);
  if (options.wire)
    check_choice(*options.wire, wires, {"providers", prefix, "wire"}, found);
  if (options.base_url && !is_url(*options.base_url))
    found.push_back({{"providers", prefix, "base_url"},
                     "must be an http:// or https:// URL without '?' or '#'"});
  if (options.api_key && !is_header_value(*options.api_key))
    found.push_back({{"providers", prefix, "api_key"},
                     "must not contain line breaks or control characters"});
  if (options.auth && !is_header_name(*options.auth))
    found.push_back({{"providers", prefix, "auth"},
                     "must be bearer, or the name of the header that shows the "
                     "key"});
  if (options.api_version && !is_version(*options.api_version))
    found.push_back({{"providers", prefix, "api_version"},
                     "must have 1 to 32 letters, digits, '-' or '.'"});
  for (const auto& [name, value] : options.headers)
    if (!is_header_name(name) || !is_header_value(value))
      found.push_back(
        {{"providers", prefix, "headers", name}, "is not a valid HTTP header"});
}

} // namespace

std::vector<node_problem> validate(const node_file& node) {
  problems found;
  if (!is_listen_address(node.listen))
    found.push_back({{"listen"},
                     "'" + node.listen
                       + "' must be host:port, such as 127.0.0.1:7437 or "
                         "[::1]:7437"});
  if (node.data_dir.empty())
    found.push_back({{"data_dir"}, "must not be empty"});
  for (std::size_t i = 0; i < node.agents.size(); ++i)
    if (node.agents[i].empty())
      found.push_back({{"agents", std::to_string(i)}, "must not be empty"});
  check_choice(node.log.format, log_formats, {"log", "format"}, found);
  check_choice(node.log.level, log_levels, {"log", "level"}, found);
  for (const auto& [prefix, options] : node.providers)
    check_provider(prefix, options, found);
  constexpr std::uint64_t mebibyte = 1 << 20;
  constexpr std::uint64_t count_max = 10'000'000;
  constexpr std::uint64_t size_max = std::uint64_t{1} << 53;
  const auto& limits = node.limits;
  check_range(limits.active_runs_max, 1, count_max, "active_runs_max", found);
  check_range(limits.queued_runs_max, 0, count_max, "queued_runs_max", found);
  check_range(limits.request_body_max_bytes, 1024, 1024 * mebibyte,
              "request_body_max_bytes", found);
  check_range(limits.journal_bytes_max, mebibyte, size_max, "journal_bytes_max",
              found);
  if (limits.park_after < std::chrono::milliseconds{1})
    found.push_back({{"limits", "park_after_seconds"},
                     "must be a number of seconds, at least 0.001"});
  return found;
}

} // namespace perdure::config
