#include "runtime/policy/canonical_text.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

namespace perdure::runtime {

namespace {

constexpr double two_to_63 = 9'223'372'036'854'775'808.0;

/// A number that is whole reads as such, however it was written.
void add_number(std::string& out, double value) {
  if (std::trunc(value) == value && value >= -two_to_63 && value < two_to_63) {
    out += std::to_string(static_cast<std::int64_t>(value));
  } else if (std::trunc(value) == value && value >= two_to_63
             && value < 2 * two_to_63) {
    out += std::to_string(static_cast<std::uint64_t>(value));
  } else {
    std::array<char, 40> text;
    const auto end
      = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    out.append(text.data(), end);
  }
}

void add_object(std::string& out, const json& value) {
  std::vector<std::pair<const std::string*, const json*>> members;
  members.reserve(value.size());
  for (const auto& [key, member] : value.items())
    members.emplace_back(&key, &member);
  std::sort(members.begin(), members.end(),
            [](const auto& x, const auto& y) { return *x.first < *y.first; });
  out += 'o';
  out += std::to_string(members.size()) + ':';
  for (const auto& [key, member] : members) {
    add_canonical(out, std::string_view{*key});
    add_canonical(out, *member);
  }
}

} // namespace

void add_canonical(std::string& out, std::string_view text) {
  // With its length: no text can be mistaken for what follows it.
  out += 's';
  out += std::to_string(text.size()) + ':';
  out += text;
}

void add_canonical(std::string& out, const json& value) {
  switch (value.type()) {
    case json::value_t::object:
      return add_object(out, value);
    case json::value_t::array:
      out += 'a';
      out += std::to_string(value.size()) + ':';
      for (const auto& item : value)
        add_canonical(out, item);
      return;
    case json::value_t::string:
      return add_canonical(
        out, std::string_view{value.get_ref<const std::string&>()});
    case json::value_t::boolean:
      out += value.get<bool>() ? 't' : 'f';
      return;
    case json::value_t::number_integer:
      out += 'n' + std::to_string(value.get<std::int64_t>()) + ';';
      return;
    case json::value_t::number_unsigned:
      out += 'n' + std::to_string(value.get<std::uint64_t>()) + ';';
      return;
    case json::value_t::number_float:
      out += 'n';
      add_number(out, value.get<double>());
      out += ';';
      return;
    default:
      out += '0';
      return;
  }
}

} // namespace perdure::runtime
