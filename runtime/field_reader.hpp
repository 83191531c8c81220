#pragma once

#include "runtime/json.hpp"
#include "runtime/time.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// Reads the fields of one JSON object that comes from outside. What is wrong
/// goes to `problem`, which keeps the first one, as `place.key: reason`;
/// reading goes on with defaults, so that a caller checks once at the end. A
/// null is an absent field.
class field_reader {
public:
  /// @pre `object` and `problem` outlive the reader, and so do all keys
  field_reader(const json& object, std::string place, std::string& problem);

  /// @returns nullptr when the field is absent or null
  const json* find(std::string_view key) const;

  std::string required_text(std::string_view key);
  std::string text(std::string_view key);
  std::optional<std::string> optional_text(std::string_view key);

  /// Anything; null when absent.
  json any(std::string_view key) const;

  /// An object; null when absent.
  json object(std::string_view key);

  /// An array; nullptr when absent.
  const json* array(std::string_view key);

  /// Strings; empty when absent.
  std::vector<std::string> texts(std::string_view key);

  /// An object of strings; empty when absent.
  std::map<std::string, std::string> text_map(std::string_view key);

  bool flag(std::string_view key, bool fallback);

  /// A whole number that is not negative.
  std::optional<std::int64_t> count(std::string_view key);

  /// A time in ISO-8601.
  std::optional<timestamp> time(std::string_view key);

  /// A number of seconds above zero, and at least a millisecond.
  std::optional<std::chrono::milliseconds> duration(std::string_view key);

  /// Position in `names`; 0 when absent.
  std::size_t
  choice(std::string_view key, std::initializer_list<std::string_view> names);

  /// The fields that nobody asked for, as they are; null when there are none.
  json rest() const;

  /// Refuses every other key.
  void only(std::initializer_list<std::string_view> keys);

  void fail(std::string_view key, std::string_view reason);

  /// Where the field is, e.g. `messages[3].parts`.
  std::string place(std::string_view key) const;

private:
  const json& object_;
  std::string place_;
  std::string& problem_;
  mutable std::vector<std::string_view> asked_;
};

/// A whole number, also when it was written as `5.0`.
std::optional<std::int64_t> to_integer(const json& value);

/// Seconds, to the nearest millisecond; nothing unless it is a number from 0 to
/// a hundred years.
std::optional<std::chrono::milliseconds> to_milliseconds(const json& value);

/// The inverse: an integer when there is no fraction.
json to_seconds(std::chrono::milliseconds value);

} // namespace perdure::runtime
