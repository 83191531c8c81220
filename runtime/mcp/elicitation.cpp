#include "runtime/mcp/elicitation.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/mcp/outbox.hpp"
#include "runtime/time.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace perdure::runtime::mcp {

namespace {

constexpr std::size_t fields_max = 200;

failure unsupported(const std::string& field, std::string_view reason) {
  return {errc::unsupported_schema,
          "the form's field '" + field + "' " + std::string{reason}};
}

std::optional<double> number_at(const json& value, const char* key) {
  const auto found = value.find(key);
  if (found == value.end() || !found->is_number())
    return std::nullopt;
  return found->get<double>();
}

/// `enum` with or without `enumNames`, or `oneOf` / `anyOf` of `const` and
/// `title`. @returns whether there are any
bool read_choices(const json& schema, std::vector<form_choice>& out) {
  const auto values = schema.find("enum");
  if (values != schema.end() && values->is_array()) {
    const auto titles = schema.find("enumNames");
    for (std::size_t i = 0; i < values->size(); ++i) {
      if (!(*values)[i].is_string())
        return false;
      form_choice choice;
      choice.value = (*values)[i].get<std::string>();
      choice.title = choice.value;
      if (titles != schema.end() && titles->is_array() && i < titles->size()
          && (*titles)[i].is_string())
        choice.title = (*titles)[i].get<std::string>();
      out.push_back(std::move(choice));
    }
    return !out.empty();
  }
  for (const auto* key : {"oneOf", "anyOf"}) {
    const auto options = schema.find(key);
    if (options == schema.end() || !options->is_array())
      continue;
    for (const auto& option : *options) {
      form_choice choice;
      choice.value = text_at(option, "const");
      choice.title = text_at(option, "title");
      if (!option.is_object() || !option.contains("const")
          || !option["const"].is_string())
        return false;
      if (choice.title.empty())
        choice.title = choice.value;
      out.push_back(std::move(choice));
    }
  }
  return !out.empty();
}

/// Sets kind, choices and bounds. @returns whether the type is one of a form
bool read_type(const json& schema, form_field& field) {
  const auto type = text_at(schema, "type");
  const auto bound = [&](const char* min, const char* max) {
    field.min = number_at(schema, min);
    field.max = number_at(schema, max);
    return true;
  };
  if (type == "boolean") {
    field.kind = field_kind::boolean;
    return true;
  }
  if (type == "number" || type == "integer") {
    field.kind = type == "number" ? field_kind::number : field_kind::integer;
    return bound("minimum", "maximum");
  }
  if (type == "array") {
    field.kind = field_kind::choices;
    const auto* items = object_at(schema, "items");
    return items != nullptr && read_choices(*items, field.choices)
           && bound("minItems", "maxItems");
  }
  if (type != "string")
    return false;
  if (schema.contains("enum") || schema.contains("oneOf")) {
    field.kind = field_kind::choice;
    return read_choices(schema, field.choices);
  }
  field.format = text_at(schema, "format");
  return bound("minLength", "maxLength");
}

bool is_choice(const form_field& field, const json& value) {
  return value.is_string()
         && std::any_of(
           field.choices.begin(), field.choices.end(),
           [&](const auto& choice) { return value == choice.value; });
}

std::size_t length_of(std::string_view utf8) {
  return static_cast<std::size_t>(
    std::count_if(utf8.begin(), utf8.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

/// @returns what is wrong; empty when nothing is
std::string
check_bounds(const form_field& field, double value, std::string_view of_what) {
  const auto number = [](const json& bound) {
    const auto whole = to_integer(bound);
    return whole ? std::to_string(*whole) : to_text(bound);
  };
  if (field.min && value < *field.min)
    return "must be at least " + number(*field.min) + std::string{of_what};
  if (field.max && value > *field.max)
    return "must be at most " + number(*field.max) + std::string{of_what};
  return {};
}

std::string check_format(const form_field& field, const std::string& text) {
  const auto has = [&](std::string_view part) {
    return text.find(part) != std::string::npos;
  };
  if (field.format == "email" && (!has("@") || has(" ")))
    return "must be an email address";
  if (field.format == "uri" && (!has(":") || has(" ")))
    return "must be a URI";
  if (field.format == "date-time" && !from_iso(text))
    return "must be a date and time, as 2026-01-02T03:04:05Z";
  if (field.format == "date"
      && (text.size() != 10 || !from_iso(text + "T00:00:00Z")))
    return "must be a date, as 2026-01-02";
  return {};
}

std::string check_choices(const form_field& field, const json& value) {
  if (!value.is_array()
      || !std::all_of(value.begin(), value.end(),
                      [&](const auto& item) { return is_choice(field, item); }))
    return "must be a list of its choices";
  return check_bounds(field, static_cast<double>(value.size()), " choices");
}

std::string check_value(const form_field& field, const json& value) {
  switch (field.kind) {
    case field_kind::boolean:
      return value.is_boolean() ? "" : "must be true or false";
    case field_kind::choice:
      return is_choice(field, value) ? "" : "must be one of its choices";
    case field_kind::choices:
      return check_choices(field, value);
    case field_kind::integer:
      if (!to_integer(value))
        return "must be a whole number";
      return check_bounds(field, value.get<double>(), "");
    case field_kind::number:
      if (!value.is_number())
        return "must be a number";
      return check_bounds(field, value.get<double>(), "");
    case field_kind::text:
      break;
  }
  if (!value.is_string())
    return "must be a text";
  const auto& text = value.get_ref<const std::string&>();
  auto problem
    = check_bounds(field, static_cast<double>(length_of(text)), " characters");
  return problem.empty() ? check_format(field, text) : problem;
}

result<std::vector<form_field>> read_form(const json& schema) {
  std::vector<form_field> out;
  const auto* properties = object_at(schema, "properties");
  if (properties == nullptr)
    return out;
  if (properties->size() > fields_max)
    return failure{errc::unsupported_schema, "the form has more than "
                                               + std::to_string(fields_max)
                                               + " fields"};
  const auto required = schema.find("required");
  for (const auto& [name, described] : properties->items()) {
    if (!described.is_object())
      return unsupported(name, "is not described");
    form_field field;
    field.name = name;
    field.title = text_at(described, "title");
    field.description = text_at(described, "description");
    if (!read_type(described, field))
      return unsupported(name, "is no text, number, choice, or yes and no");
    if (const auto found = described.find("default"); found != described.end())
      field.default_value = *found;
    // A default that the server itself would refuse is none.
    if (!field.default_value.is_null()
        && !check_value(field, field.default_value).empty())
      field.default_value = nullptr;
    field.is_required = required != schema.end() && required->is_array()
                        && std::find(required->begin(), required->end(), name)
                             != required->end();
    out.push_back(std::move(field));
  }
  return out;
}

} // namespace

result<elicitation> read_elicitation(const json& params) {
  elicitation out;
  out.message = text_at(params, "message");
  if (text_at(params, "mode") == "url") {
    out.url = text_at(params, "url");
    out.elicitation_id = text_at(params, "elicitationId");
    if (host_of(out.url).empty())
      return failure{errc::invalid_argument,
                     "the server wants a URL to be visited that is not "
                     "http(s): "
                       + out.url};
    return out;
  }
  const auto* schema = object_at(params, "requestedSchema");
  if (schema == nullptr)
    return out;
  auto fields = read_form(*schema);
  if (!fields)
    return fields.error();
  out.fields = std::move(*fields);
  return out;
}

std::string host_of(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (!url.starts_with(scheme))
      continue;
    const auto rest = url.substr(scheme.size());
    auto host = rest.substr(0, rest.find_first_of("/?#\\"));
    // What stands before an @ is there to deceive.
    if (const auto at = host.rfind('@'); at != host.npos)
      host = host.substr(at + 1);
    if (!host.empty())
      return std::string{scheme} + std::string{host};
  }
  return {};
}

result<json> accept(const elicitation& asked, json content) {
  if (!asked.is_form())
    return json{{"action", "accept"}};
  if (content.is_null())
    content = json::object();
  if (!content.is_object())
    return failure{errc::invalid_argument,
                   "the answer to a form must be an object"};
  std::string problems;
  const auto add = [&](const std::string& name, std::string_view reason) {
    problems
      += (problems.empty() ? "" : "; ") + name + ' ' + std::string{reason};
  };
  for (const auto& [name, value] : content.items())
    if (std::none_of(
          asked.fields.begin(), asked.fields.end(),
          [&, &key = name](const auto& field) { return field.name == key; }))
      add(name, "is no field of the form");
  auto filled = json::object();
  for (const auto& field : asked.fields) {
    const auto given = content.find(field.name);
    const auto is_given = given != content.end() && !given->is_null();
    const auto& value = is_given ? *given : field.default_value;
    if (value.is_null()) {
      if (field.is_required)
        add(field.name, "is missing");
      continue;
    }
    if (const auto reason = check_value(field, value); !reason.empty())
      add(field.name, reason);
    filled[field.name] = value;
  }
  if (!problems.empty())
    return failure{errc::invalid_argument, std::move(problems)};
  return json{{"action", "accept"}, {"content", std::move(filled)}};
}

json decline() {
  return json{{"action", "decline"}};
}

json dismiss() {
  return json{{"action", "cancel"}};
}

} // namespace perdure::runtime::mcp
