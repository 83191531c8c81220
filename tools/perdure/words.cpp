#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <charconv>
#include <cstdio>

namespace perdure::client {

using namespace std::chrono_literals;
using runtime::json;
using runtime::timestamp;

namespace {

using days = std::chrono::duration<std::int64_t, std::ratio<86'400>>;

/// A big unit, and a small one unless there is none of it.
std::string two_units(std::int64_t big, std::string_view big_unit,
                      std::int64_t small, std::string_view small_unit) {
  auto out = std::to_string(big) + " " + std::string{big_unit};
  if (small != 0)
    out += " " + std::to_string(small) + " " + std::string{small_unit};
  return out;
}

/// One unit only: what is far away needs no seconds.
std::string rough_text(std::chrono::microseconds value) {
  if (value < 1min)
    return std::to_string(value / 1s) + " s";
  if (value < 1h)
    return std::to_string(value / 1min) + " min";
  if (value < 48h)
    return std::to_string(value / 1h) + " h";
  return std::to_string(value / days{1}) + " d";
}

} // namespace

std::string duration_text(std::chrono::microseconds value) {
  if (value < 0us)
    value = 0us;
  if (value < 1s)
    return std::to_string(value / 1ms) + " ms";
  if (value < 1min) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f s",
                  static_cast<double>(value / 100ms) / 10.0);
    return text;
  }
  if (value < 1h)
    return two_units(value / 1min, "min", value % 1min / 1s, "s");
  if (value < 24h)
    return two_units(value / 1h, "h", value % 1h / 1min, "min");
  return two_units(value / days{1}, "d", value % days{1} / 1h, "h");
}

std::string relative_time(timestamp time, timestamp now) {
  // Clocks of two machines differ a little.
  const auto passed = now - time;
  if (passed >= 0s)
    return passed < 2s ? "just now" : rough_text(passed) + " ago";
  return passed > -1s ? "now" : "in " + rough_text(-passed + 500ms);
}

std::string relative_time(const json& time, timestamp now) {
  if (!time.is_string())
    return "-";
  const auto moment = runtime::from_iso(time.get_ref<const std::string&>());
  return moment ? relative_time(*moment, now) : time.get<std::string>();
}

std::string counted(std::int64_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string{noun}
         + (count == 1 ? "" : "s");
}

std::string usage_text(const json& usage) {
  auto out = counted(count_of(usage, "requests"), "request");
  if (const auto calls = count_of(usage, "tool_calls"); calls != 0)
    out += ", " + counted(calls, "tool call");
  const auto in = count_of(usage, "input_tokens");
  const auto said = count_of(usage, "output_tokens");
  out += ", " + counted(in + said, "token");
  if (in + said != 0)
    out += " (" + std::to_string(in) + " in, " + std::to_string(said) + " out)";
  if (const auto cost = text_of(usage, "cost"); !cost.empty())
    out += ", cost " + cost;
  return out;
}

std::optional<timestamp> moment_from(std::string_view text, timestamp now) {
  if (auto time = runtime::from_iso(text))
    return time;
  std::uint32_t count = 0;
  const auto* const end = text.data() + text.size();
  const auto [at, code] = std::from_chars(text.data(), end, count);
  if (code != std::errc{} || at + 1 != end)
    return std::nullopt;
  switch (*at) {
    case 's':
      return now - count * 1s;
    case 'm':
      return now - count * 1min;
    case 'h':
      return now - count * 1h;
    case 'd':
      return now - count * days{1};
    default:
      return std::nullopt;
  }
}

std::string text_of(const json& object, const char* key) {
  const auto& value = field_of(object, key);
  return value.is_string() ? value.get<std::string>() : std::string{};
}

std::int64_t count_of(const json& object, const char* key) {
  const auto& value = field_of(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

const json& field_of(const json& object, const char* key) {
  static const json nothing;
  if (!object.is_object())
    return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

std::string plain_text(const json& value) {
  return value.is_string() ? value.get<std::string>() : runtime::to_text(value);
}

std::string pretty_text(const json& value) {
  return value.dump(2, ' ', false, json::error_handler_t::replace);
}

std::string size_text(std::int64_t size_bytes) {
  constexpr double kibibyte = 1024;
  if (size_bytes < 1024)
    return counted(size_bytes, "byte");
  auto size = static_cast<double>(size_bytes) / kibibyte;
  const auto is_large = size >= kibibyte;
  if (is_large)
    size /= kibibyte;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f %s", size,
                is_large ? "MiB" : "KiB");
  return text.data();
}

bool is_image(const json& output) {
  return text_of(output, "kind") == "binary"
         && text_of(output, "media_type").starts_with("image/")
         && field_of(output, "size_bytes").is_number();
}

std::string image_text(const json& output) {
  return "[" + text_of(output, "media_type") + ", "
         + size_text(count_of(output, "size_bytes")) + "]";
}

std::string
save_command(const std::string& run_id, const std::string& repeat_options) {
  return "save it:  perdure output" + repeat_options + " " + run_id + " > FILE";
}

} // namespace perdure::client
