#include "runtime/field_reader.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace perdure::runtime {

namespace {

// A hundred years: far from the overflow of any duration type.
constexpr double seconds_max = 3'155'760'000.0;

std::string join(std::initializer_list<std::string_view> names) {
  std::string result;
  for (const auto name : names) {
    if (!result.empty())
      result += ", ";
    result += name;
  }
  return result;
}

} // namespace

field_reader::field_reader(const json& object, std::string place,
                           std::string& problem)
  : object_(object), place_(std::move(place)), problem_(problem) {
  if (!object_.is_object() && problem_.empty())
    problem_ = place_ + ": must be an object";
}

const json* field_reader::find(std::string_view key) const {
  asked_.push_back(key);
  if (!object_.is_object())
    return nullptr;
  const auto found = object_.find(std::string{key});
  if (found == object_.end() || found->is_null())
    return nullptr;
  return &*found;
}

std::string field_reader::required_text(std::string_view key) {
  if (find(key) == nullptr)
    fail(key, "missing");
  return text(key);
}

std::string field_reader::text(std::string_view key) {
  return optional_text(key).value_or(std::string{});
}

std::optional<std::string> field_reader::optional_text(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr)
    return std::nullopt;
  if (value->is_string())
    return value->get<std::string>();
  fail(key, "must be a string");
  return std::nullopt;
}

json field_reader::any(std::string_view key) const {
  const auto* value = find(key);
  return value == nullptr ? json{} : *value;
}

json field_reader::object(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr)
    return {};
  if (!value->is_object()) {
    fail(key, "must be an object");
    return {};
  }
  return *value;
}

const json* field_reader::array(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr || value->is_array())
    return value;
  fail(key, "must be an array");
  return nullptr;
}

std::vector<std::string> field_reader::texts(std::string_view key) {
  std::vector<std::string> out;
  const auto* items = array(key);
  if (items == nullptr)
    return out;
  for (const auto& item : *items) {
    if (item.is_string())
      out.push_back(item.get<std::string>());
    else
      fail(key, "must hold strings");
  }
  return out;
}

std::map<std::string, std::string>
field_reader::text_map(std::string_view key) {
  std::map<std::string, std::string> out;
  const auto value = object(key);
  for (const auto& [name, item] : value.items()) {
    if (item.is_string())
      out[name] = item.get<std::string>();
    else
      fail(key, "must hold strings");
  }
  return out;
}

bool field_reader::flag(std::string_view key, bool fallback) {
  const auto* value = find(key);
  if (value == nullptr)
    return fallback;
  if (!value->is_boolean()) {
    fail(key, "must be true or false");
    return fallback;
  }
  return value->get<bool>();
}

std::optional<std::int64_t> field_reader::count(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr)
    return std::nullopt;
  const auto number = to_integer(*value);
  if (number && *number >= 0)
    return number;
  fail(key, "must be a whole number that is not negative");
  return std::nullopt;
}

std::optional<timestamp> field_reader::time(std::string_view key) {
  const auto text = optional_text(key);
  if (!text)
    return std::nullopt;
  auto result = from_iso(*text);
  if (!result)
    fail(key, "must be a time in ISO-8601 with Z or an offset");
  return result;
}

std::optional<std::chrono::milliseconds>
field_reader::duration(std::string_view key) {
  const auto* value = find(key);
  if (value == nullptr)
    return std::nullopt;
  auto result = to_milliseconds(*value);
  if (result && result->count() > 0)
    return result;
  fail(key, "must be a number of seconds above 0");
  return std::nullopt;
}

std::size_t
field_reader::choice(std::string_view key,
                     std::initializer_list<std::string_view> names) {
  const auto text = optional_text(key);
  if (!text)
    return 0;
  const auto* const found = std::find(names.begin(), names.end(), *text);
  if (found == names.end()) {
    fail(key, "must be one of " + join(names) + ", not \"" + *text + "\"");
    return 0;
  }
  return static_cast<std::size_t>(found - names.begin());
}

json field_reader::rest() const {
  json result;
  if (!object_.is_object())
    return result;
  for (const auto& [key, value] : object_.items())
    if (std::find(asked_.begin(), asked_.end(), key) == asked_.end())
      result[key] = value;
  return result;
}

void field_reader::only(std::initializer_list<std::string_view> keys) {
  if (!object_.is_object())
    return;
  for (const auto& [key, value] : object_.items())
    if (std::find(keys.begin(), keys.end(), key) == keys.end())
      fail(key, "unknown key; valid keys are " + join(keys));
}

void field_reader::fail(std::string_view key, std::string_view reason) {
  if (problem_.empty())
    problem_ = place(key) + ": " + std::string{reason};
}

std::string field_reader::place(std::string_view key) const {
  return place_.empty() ? std::string{key} : place_ + '.' + std::string{key};
}

std::optional<std::int64_t> to_integer(const json& value) {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(max))
      return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer())
    return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    if (std::abs(number) <= 9e15 && std::trunc(number) == number)
      return static_cast<std::int64_t>(number);
  }
  return std::nullopt;
}

std::optional<std::chrono::milliseconds> to_milliseconds(const json& value) {
  if (!value.is_number())
    return std::nullopt;
  const auto number = value.get<double>();
  if (!(number >= 0.0 && number <= seconds_max))
    return std::nullopt;
  return std::chrono::milliseconds{std::llround(number * 1000.0)};
}

json to_seconds(std::chrono::milliseconds value) {
  if (value.count() % 1000 == 0)
    return value.count() / 1000;
  return static_cast<double>(value.count()) / 1000.0;
}

} // namespace perdure::runtime
