#pragma once

#include <cstdint>
#include <limits>
#include <perdure/detail/kinds.hpp>
#include <perdure/docs.hpp>
#include <perdure/error.hpp>
#include <perdure/json.hpp>
#include <perdure/schema.hpp>
#include <string>
#include <string_view>
#include <utility>

/// C++ values as JSON, and JSON as C++ values.
///
/// Types with a form in JSON: bool, numbers, std::string, `json`; enums that
/// are described with BOOST_DESCRIBE_ENUM (as the name of the enumerator) and
/// structs that are with BOOST_DESCRIBE_STRUCT; std::optional, std::vector and
/// std::map<std::string, ...> of these; and types with `to_json`, `from_json`
/// and `perdure_schema`.
namespace perdure {

namespace detail {

/// Where in a value a reader is: a list from the inside out, on the stack.
struct place {
  const place* outer = nullptr;
  std::string_view key = {};
  std::size_t position = 0;

  [[nodiscard]] std::string text() const;
};

[[noreturn]] void refuse(const place& at, const std::string& problem);

bool read_bool(const json& from, const place& at);
std::int64_t read_signed(const json& from, std::int64_t min, std::int64_t max,
                         const place& at);
std::uint64_t
read_unsigned(const json& from, std::uint64_t max, const place& at);
double read_number(const json& from, const place& at);
const std::string& read_text(const json& from, const place& at);
const json& read_array(const json& from, const place& at);
const json& read_object(const json& from, const place& at);
/// The field of that name; null when it is absent and may be.
const json* read_field(const json& from, std::string_view name,
                       bool is_required, const place& at);

template <class T>
void read(const json& from, T& into, const place& at);

template <class T>
void read_members(const json& from, T& into, const place& at) {
  read_object(from, at);
  for_each_member<T>([&](auto member) {
    using member_type = std::decay_t<decltype(into.*member.pointer)>;
    const bool is_required
      = !is_optional<member_type> && !has_default(docs_of<T>(), member.name);
    if (const auto* field = read_field(from, member.name, is_required, at))
      read(*field, into.*member.pointer, place{&at, member.name});
  });
}

template <class T>
void read_enumerator(const json& from, T& into, const place& at) {
  const std::string_view text = read_text(from, at);
  std::string names;
  bool is_known = false;
  for_each_enumerator<T>([&](auto enumerator) {
    if (text == enumerator.name) {
      into = enumerator.value;
      is_known = true;
    }
    names += (names.empty() ? "" : ", ") + std::string{enumerator.name};
  });
  if (!is_known)
    refuse(at, "must be one of: " + names);
}

template <class T>
void read_own(const json& from, T& into, const place& at) {
  try {
    from.get_to(into);
  } catch (const json::exception& reason) {
    refuse(at, reason.what());
  }
}

template <class T>
void read(const json& from, T& into, const place& at) {
  static_assert(value_type<T>, "describe the type with BOOST_DESCRIBE_STRUCT "
                               "or BOOST_DESCRIBE_ENUM");
  using limits = std::numeric_limits<T>;
  if constexpr (std::same_as<T, json>) {
    into = from;
  } else if constexpr (has_own_schema<T>) {
    read_own(from, into, at);
  } else if constexpr (std::same_as<T, bool>) {
    into = read_bool(from, at);
  } else if constexpr (std::signed_integral<T>) {
    into = static_cast<T>(read_signed(from, limits::min(), limits::max(), at));
  } else if constexpr (std::unsigned_integral<T>) {
    into = static_cast<T>(read_unsigned(from, limits::max(), at));
  } else if constexpr (std::floating_point<T>) {
    into = static_cast<T>(read_number(from, at));
  } else if constexpr (std::same_as<T, std::string>) {
    into = read_text(from, at);
  } else if constexpr (is_optional<T>) {
    into.reset();
    if (!from.is_null())
      read(from, into.emplace(), at);
  } else if constexpr (is_vector<T>) {
    into.clear();
    for (const auto& item : read_array(from, at)) {
      typename T::value_type next{};
      read(item, next, place{&at, {}, into.size()});
      into.push_back(std::move(next));
    }
  } else if constexpr (is_string_map<T>) {
    into.clear();
    for (const auto& [key, item] : read_object(from, at).items())
      read(item, into[key], place{&at, key});
  } else if constexpr (is_described_enum<T>) {
    read_enumerator(from, into, at);
  } else {
    read_members(from, into, at);
  }
}

} // namespace detail

/// Reads `from` as a `T`. Keys that a struct does not have are passed over.
/// Throws `invalid_value`, which names the place.
template <class T>
[[nodiscard]] T decode(const json& from) {
  T out{};
  detail::read(from, out, detail::place{});
  return out;
}

/// The form of `value` in JSON. An absent optional is null.
template <class T>
[[nodiscard]] json encode(const T& value) {
  if constexpr (std::same_as<T, json>) {
    return value;
  } else if constexpr (detail::is_text<T>) {
    return std::string_view{value};
  } else if constexpr (detail::is_optional<T>) {
    return value ? encode(*value) : json{};
  } else if constexpr (detail::is_vector<T>) {
    auto out = json::array();
    for (const auto& item : value)
      out.push_back(encode(item));
    return out;
  } else if constexpr (detail::is_string_map<T>) {
    auto out = json::object();
    for (const auto& [key, item] : value)
      out[key] = encode(item);
    return out;
  } else if constexpr (detail::is_described_enum<T>) {
    json out;
    detail::for_each_enumerator<T>([&](auto enumerator) {
      if (value == enumerator.value)
        out = enumerator.name;
    });
    if (out.is_null())
      detail::refuse({}, "the enum has no name for the value");
    return out;
  } else if constexpr (detail::is_described_struct<T>) {
    auto out = json::object();
    detail::for_each_member<T>(
      [&](auto member) { out[member.name] = encode(value.*member.pointer); });
    return out;
  } else {
    static_assert(value_type<T>, "describe the type with BOOST_DESCRIBE_STRUCT "
                                 "or BOOST_DESCRIBE_ENUM");
    return json(value);
  }
}

} // namespace perdure
