#include "runtime/agent/value_check.hpp"

namespace perdure::runtime {

namespace {

json error_item(std::string_view type, json location, std::string_view message,
                json input) {
  return {{"type", type},
          {"loc", std::move(location)},
          {"msg", message},
          {"input", std::move(input)}};
}

/// The value at `location`, or null.
json input_at(const json& value, const json& location) {
  const auto* at = &value;
  for (const auto& step : location) {
    if (step.is_string() && at->is_object()
        && at->contains(step.get_ref<const std::string&>()))
      at = &(*at)[step.get_ref<const std::string&>()];
    else if (step.is_number_integer() && at->is_array()
             && step.get<std::size_t>() < at->size())
      at = &(*at)[step.get<std::size_t>()];
    else
      return {};
  }
  return *at;
}

} // namespace

json one_error(std::string_view type, std::string_view message, json input) {
  return json::array(
    {error_item(type, json::array(), message, std::move(input))});
}

std::variant<json, invalid_value> read_arguments(const json& args) {
  auto value = json::object();
  if (!args.is_string()) {
    if (!args.is_null())
      value = args;
  } else if (const auto& text = args.get_ref<const std::string&>();
             !text.empty()) {
    auto parsed = parse_json(text);
    if (!parsed)
      return invalid_value{one_error(
        "json_invalid", "Invalid JSON: " + parsed.error().message, text)};
    value = std::move(*parsed);
  }
  if (!value.is_object())
    return invalid_value{
      one_error("dict_type", "Input should be an object", std::move(value))};
  return value;
}

json errors_of(const schema& schema, const json& value, const json& below) {
  auto errors = json::array();
  for (const auto& error : schema.validate(value)) {
    auto input = error.location.is_array() ? input_at(value, error.location)
                                           : json(value);
    auto location = below;
    if (error.location.is_array())
      for (const auto& step : error.location)
        location.push_back(step);
    errors.push_back(error_item("schema", std::move(location), error.message,
                                std::move(input)));
  }
  return errors;
}

} // namespace perdure::runtime
