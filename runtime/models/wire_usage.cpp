#include "runtime/models/wire_usage.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/models/json_read.hpp"

#include <array>
#include <charconv>

namespace perdure::runtime {

namespace {

std::optional<std::int64_t> count_of(const json& value) {
  const auto number = to_integer(value);
  return number && *number >= 0 ? number : std::nullopt;
}

std::int64_t count_in(const json& value, const char* key) {
  const auto* found = find_value(value, key);
  return found == nullptr ? 0 : count_of(*found).value_or(0);
}

/// A price as decimal text without an exponent.
optional_text decimal_of(const json& value) {
  if (!value.is_number())
    return std::nullopt;
  const auto number = value.get<double>();
  if (!(number >= 0 && number < 1e9))
    return std::nullopt;
  std::array<char, 64> text{};
  const auto [end, error] = std::to_chars(
    text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{})
    return std::nullopt;
  return std::string{text.data(), end};
}

} // namespace

usage usage_of(const json& value, const usage_names& names) {
  usage counts;
  counts.input_tokens = count_in(value, names.input);
  counts.output_tokens = count_in(value, names.output);
  if (const auto* details = find_object(value, names.input_details)) {
    counts.cache_read_tokens = count_in(*details, "cached_tokens");
    counts.cache_write_tokens = count_in(*details, "cache_write_tokens");
    counts.input_audio_tokens = count_in(*details, "audio_tokens");
  }
  if (!value.is_object())
    return counts;
  for (const auto& [key, count] : value.items())
    if (key != names.input && key != names.output && key != "total_tokens"
        && key != "cost")
      if (const auto number = count_of(count))
        counts.details[key] = *number;
  if (const auto* details = find_object(value, names.output_details)) {
    counts.output_audio_tokens = count_in(*details, "audio_tokens");
    for (const auto& [key, count] : details->items())
      if (const auto number = count_of(count))
        counts.details[key] = *number;
  }
  if (const auto* cost = find_value(value, "cost"))
    counts.cost = decimal_of(*cost);
  return counts;
}

} // namespace perdure::runtime
