#include "config/schema_leaf.hpp"

#include "config/pattern.hpp"
#include "config/schema_format.hpp"
#include "config/utf8.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

namespace perdure::config {

namespace {

using runtime::json;
using maybe_problem = std::optional<std::string>;

runtime::failure refuse(std::string message) {
  return {runtime::errc::unsupported_schema, std::move(message)};
}

bool is_whole(double value) noexcept {
  return std::isfinite(value) && std::floor(value) == value;
}

std::string_view kind_of(const schema_value& value) {
  if (value.isNull())
    return "null";
  if (value.isBool())
    return "boolean";
  if (value.isInteger() || (value.isDouble() && is_whole(value.getDouble())))
    return "integer";
  if (value.isNumber())
    return "number";
  if (value.isString())
    return "string";
  return value.isArray() ? "array" : "object";
}

double number_of(const schema_value& value) {
  return value.isInteger() ? static_cast<double>(value.getInteger())
                           : value.getDouble();
}

void write(std::string& text, const schema_value& value);

void write_array(std::string& text, const schema_value& value) {
  text += '[';
  value.applyToArray([&](const schema_value& item) {
    write(text, item);
    text += ',';
    return true;
  });
  text += ']';
}

void write_object(std::string& text, const schema_value& value) {
  text += '{';
  value.applyToObject([&](const std::string& key, const schema_value& item) {
    text += runtime::to_text(json(key)) + ':';
    write(text, item);
    text += ',';
    return true;
  });
  text += '}';
}

/// Equal values have equal texts: members come sorted by key.
void write(std::string& text, const schema_value& value) {
  if (value.isString())
    text += runtime::to_text(json(value.getString()));
  else if (value.isArray())
    write_array(text, value);
  else if (value.isObject())
    write_object(text, value);
  else if (value.isInteger())
    text += std::to_string(value.getInteger());
  else if (value.isDouble())
    text += runtime::to_text(json(value.getDouble()));
  else if (value.isBool())
    text += value.getBool() ? "true" : "false";
  else
    text += "null";
}

std::string text_of(const schema_value& value) {
  std::string text;
  write(text, value);
  return text;
}

runtime::result<std::string> text_of(const json& value) {
  const auto plain = to_plain(value, 100);
  if (!plain)
    return refuse("nests too deeply");
  return text_of(valijson::adapters::NlohmannJsonAdapter{*plain});
}

runtime::result<leaf_check> type_check(const json& argument) {
  static const std::set<std::string, std::less<>> known{
    "array", "boolean", "integer", "null", "number", "object", "string"};
  const auto list = argument.is_array() ? argument : json::array({argument});
  std::set<std::string, std::less<>> allowed;
  std::string names;
  for (const auto& item : list) {
    if (!item.is_string() || !known.contains(item.get<std::string>()))
      return refuse("has " + runtime::to_text(item)
                    + "; valid: array, boolean, integer, null, number, object, "
                      "string");
    allowed.insert(item.get<std::string>());
    names += (names.empty() ? "" : " or ") + item.get<std::string>();
  }
  if (allowed.empty())
    return refuse("is empty");
  return leaf_check{[=](const schema_value& value) -> maybe_problem {
    const auto kind = kind_of(value);
    if (allowed.contains(kind)
        || (kind == "integer" && allowed.contains("number")))
      return std::nullopt;
    return "must be " + names + ", is " + std::string{kind};
  }};
}

runtime::result<leaf_check> enum_check(const json& argument) {
  constexpr std::size_t shown_max = 400;
  if (!argument.is_array())
    return refuse("must be an array");
  std::set<std::string> allowed;
  std::string shown;
  for (const auto& item : argument) {
    auto text = text_of(item);
    if (!text)
      return text.error();
    allowed.insert(*text);
    if (shown.size() < shown_max)
      shown += (shown.empty() ? "" : ", ") + runtime::to_text(item);
  }
  if (shown.size() >= shown_max)
    shown += ", ...";
  return leaf_check{[=](const schema_value& value) -> maybe_problem {
    if (allowed.contains(text_of(value)))
      return std::nullopt;
    return "must be one of: " + shown;
  }};
}

runtime::result<leaf_check> const_check(const json& argument) {
  auto text = text_of(argument);
  if (!text)
    return text.error();
  return leaf_check{[expected = *text, shown = runtime::to_text(argument)](
                      const schema_value& value) -> maybe_problem {
    if (text_of(value) == expected)
      return std::nullopt;
    return "must be " + shown;
  }};
}

runtime::result<leaf_check> pattern_check(const json& argument) {
  if (!argument.is_string())
    return refuse("must be a string");
  auto compiled = pattern::compile(argument.get_ref<const std::string&>());
  if (!compiled)
    return compiled.error();
  return leaf_check{
    [expression = *compiled, text = argument.get<std::string>()](
      const schema_value& value) -> maybe_problem {
      if (!value.isString() || expression.matches(value.getString()))
        return std::nullopt;
      return "must match the pattern " + text;
    }};
}

runtime::result<leaf_check> format_check(const json& argument) {
  if (!argument.is_string())
    return refuse("must be a string");
  const auto name = argument.get<std::string>();
  const auto matches = find_format(name);
  if (!matches)
    return leaf_check{};
  return leaf_check{[=](const schema_value& value) -> maybe_problem {
    if (!value.isString() || matches(value.getString()))
      return std::nullopt;
    return "must be a valid " + name;
  }};
}

/// @returns -1, 0, 1; exact for two integers
int compare(const schema_value& value, const json& bound) {
  if (value.isInteger() && bound.is_number_integer()
      && !(bound.is_number_unsigned()
           && bound.get<std::uint64_t>()
                > std::numeric_limits<std::int64_t>::max())) {
    const auto left = value.getInteger();
    const auto right = bound.get<std::int64_t>();
    return left < right ? -1 : left > right ? 1 : 0;
  }
  const auto left = number_of(value);
  const auto right = bound.get<double>();
  return left < right ? -1 : left > right ? 1 : 0;
}

runtime::result<leaf_check>
bound_check(std::string_view keyword, const json& argument) {
  if (!argument.is_number())
    return refuse("must be a number");
  const auto is_minimum = keyword.ends_with("inimum");
  const auto is_exclusive = keyword.starts_with("exclusive");
  std::string words = is_minimum ? "at least " : "at most ";
  if (is_exclusive)
    words = is_minimum ? "greater than " : "less than ";
  return leaf_check{[=](const schema_value& value) -> maybe_problem {
    if (!value.isNumber())
      return std::nullopt;
    const auto order = compare(value, argument) * (is_minimum ? 1 : -1);
    if (order > 0 || (order == 0 && !is_exclusive))
      return std::nullopt;
    return "must be " + words + runtime::to_text(argument);
  }};
}

bool is_multiple(double value, double divisor) {
  const auto rest = std::abs(std::remainder(value, divisor));
  // Decimal fractions are not exact in binary; forgive what rounding may have
  // done, as long as it is far smaller than the divisor.
  auto tolerance = 1e-9 * divisor;
  const auto rounding
    = 4 * std::numeric_limits<double>::epsilon() * std::abs(value);
  if (rounding < divisor / 4)
    tolerance = std::max(tolerance, rounding);
  return rest <= tolerance;
}

runtime::result<leaf_check> multiple_check(const json& argument) {
  if (!argument.is_number() || !(argument.get<double>() > 0))
    return refuse("must be a number greater than 0");
  const auto divisor = argument.get<double>();
  return leaf_check{[=](const schema_value& value) -> maybe_problem {
    if (!value.isNumber())
      return std::nullopt;
    const auto exact = value.isInteger() && is_whole(divisor) && divisor < 9e18;
    const auto fits
      = exact ? value.getInteger() % static_cast<std::int64_t>(divisor) == 0
              : is_multiple(number_of(value), divisor);
    if (fits)
      return std::nullopt;
    return "must be a multiple of " + runtime::to_text(argument);
  }};
}

runtime::result<leaf_check>
length_check(std::string_view keyword, const json& argument) {
  if (!argument.is_number() || argument.get<double>() < 0
      || !is_whole(argument.get<double>()))
    return refuse("must be a whole number, at least 0");
  const auto bound = argument.get<double>();
  const auto is_minimum = keyword == "minLength";
  return leaf_check{[=](const schema_value& value) -> maybe_problem {
    if (!value.isString())
      return std::nullopt;
    const auto size = static_cast<double>(count_code_points(value.getString()));
    if (is_minimum ? size >= bound : size <= bound)
      return std::nullopt;
    return std::string{"must have at "} + (is_minimum ? "least " : "most ")
           + runtime::to_text(argument) + " characters";
  }};
}

runtime::result<leaf_check> unique_check(const json& argument) {
  if (!argument.is_boolean())
    return refuse("must be true or false");
  if (!argument.get<bool>())
    return leaf_check{};
  return leaf_check{[](const schema_value& value) -> maybe_problem {
    if (!value.isArray())
      return std::nullopt;
    std::set<std::string> seen;
    const auto is_unique = value.applyToArray([&](const schema_value& item) {
      return seen.insert(text_of(item)).second;
    });
    if (is_unique)
      return std::nullopt;
    return "must not contain the same item twice";
  }};
}

/// Whether `value` can be an integer for valijson without a loss.
std::optional<std::int64_t> as_integer(const json& value) {
  constexpr auto limit = 9223372036854775808.0; // 2^63
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number <= std::numeric_limits<std::int64_t>::max())
      return static_cast<std::int64_t>(number);
    return std::nullopt;
  }
  if (value.is_number_integer())
    return value.get<std::int64_t>();
  const auto number = value.get<double>();
  if (is_whole(number) && number >= -limit && number < limit)
    return static_cast<std::int64_t>(number);
  return std::nullopt;
}

} // namespace

runtime::result<leaf_check>
make_leaf_check(std::string_view keyword, const json& argument) {
  if (keyword == "type")
    return type_check(argument);
  if (keyword == "enum")
    return enum_check(argument);
  if (keyword == "const")
    return const_check(argument);
  if (keyword == "pattern")
    return pattern_check(argument);
  if (keyword == "format")
    return format_check(argument);
  if (keyword == "minimum" || keyword == "maximum"
      || keyword == "exclusiveMinimum" || keyword == "exclusiveMaximum")
    return bound_check(keyword, argument);
  if (keyword == "multipleOf")
    return multiple_check(argument);
  if (keyword == "minLength" || keyword == "maxLength")
    return length_check(keyword, argument);
  if (keyword == "uniqueItems")
    return unique_check(argument);
  return leaf_check{};
}

leaf_check never_check() {
  return [](const schema_value&) -> maybe_problem { return "is not allowed"; };
}

std::optional<nlohmann::json>
to_plain(const json& value, std::size_t depth_max) {
  if (value.is_structured() && depth_max == 0)
    return std::nullopt;
  if (value.is_object()) {
    auto object = nlohmann::json::object();
    for (const auto& [key, item] : value.items()) {
      auto plain = to_plain(item, depth_max - 1);
      if (!plain)
        return std::nullopt;
      object.emplace(key, std::move(*plain));
    }
    return object;
  }
  if (value.is_array()) {
    auto array = nlohmann::json::array();
    for (const auto& item : value) {
      auto plain = to_plain(item, depth_max - 1);
      if (!plain)
        return std::nullopt;
      array.push_back(std::move(*plain));
    }
    return array;
  }
  if (value.is_string())
    return nlohmann::json(value.get_ref<const std::string&>());
  if (value.is_boolean())
    return nlohmann::json(value.get<bool>());
  if (!value.is_number())
    return nlohmann::json(nullptr);
  if (const auto number = as_integer(value))
    return nlohmann::json(*number);
  return nlohmann::json(value.get<double>());
}

} // namespace perdure::config
