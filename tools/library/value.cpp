#include "perdure/value.hpp"

#include <cmath>

namespace perdure::detail {

namespace {

[[noreturn]] void
expected(const char* what, const json& found, const place& at) {
  refuse(at, std::string{"must be "} + what + ", not " + found.type_name());
}

/// Models write whole numbers as 3.0 now and then, which JSON Schema allows.
bool is_whole(const json& value) {
  return value.is_number_float() && std::trunc(value.get<double>()) == value;
}

} // namespace

std::string place::text() const {
  if (outer == nullptr)
    return {};
  auto path = outer->text();
  if (!path.empty())
    path += '.';
  return path
         + (key.data() == nullptr ? std::to_string(position)
                                  : std::string{key});
}

void refuse(const place& at, const std::string& problem) {
  throw invalid_value{at.text(), problem};
}

bool read_bool(const json& from, const place& at) {
  if (!from.is_boolean())
    expected("true or false", from, at);
  return from.get<bool>();
}

std::int64_t read_signed(const json& from, std::int64_t min, std::int64_t max,
                         const place& at) {
  const auto check = [&](bool fits) {
    if (!fits)
      refuse(at, "must be from " + std::to_string(min) + " to "
                   + std::to_string(max));
  };
  if (from.is_number_unsigned()) {
    check(from.get<std::uint64_t>() <= static_cast<std::uint64_t>(max));
  } else if (from.is_number_integer()) {
    check(from.get<std::int64_t>() >= min && from.get<std::int64_t>() <= max);
  } else if (is_whole(from)) {
    // 2^63 and up do not fit; everything below that is whole does.
    const auto number = from.get<double>();
    check(number >= -0x1p63 && number < 0x1p63
          && static_cast<std::int64_t>(number) >= min
          && static_cast<std::int64_t>(number) <= max);
  } else {
    expected("a whole number", from, at);
  }
  return from.get<std::int64_t>();
}

std::uint64_t
read_unsigned(const json& from, std::uint64_t max, const place& at) {
  const auto check = [&](bool fits) {
    if (!fits)
      refuse(at, "must be from 0 to " + std::to_string(max));
  };
  if (from.is_number_unsigned()) {
    check(from.get<std::uint64_t>() <= max);
  } else if (from.is_number_integer()) {
    check(from.get<std::int64_t>() >= 0 && from.get<std::uint64_t>() <= max);
  } else if (is_whole(from)) {
    const auto number = from.get<double>();
    check(number >= 0 && number < 0x1p64
          && static_cast<std::uint64_t>(number) <= max);
  } else {
    expected("a whole number", from, at);
  }
  return from.get<std::uint64_t>();
}

double read_number(const json& from, const place& at) {
  if (!from.is_number())
    expected("a number", from, at);
  return from.get<double>();
}

const std::string& read_text(const json& from, const place& at) {
  if (!from.is_string())
    expected("a string", from, at);
  return from.get_ref<const std::string&>();
}

const json& read_array(const json& from, const place& at) {
  if (!from.is_array())
    expected("an array", from, at);
  return from;
}

const json& read_object(const json& from, const place& at) {
  if (!from.is_object())
    expected("an object", from, at);
  return from;
}

const json* read_field(const json& from, std::string_view name,
                       bool is_required, const place& at) {
  const auto found = from.find(name);
  if (found != from.end())
    return &*found;
  if (is_required)
    refuse(place{&at, name}, "is missing");
  return nullptr;
}

} // namespace perdure::detail
