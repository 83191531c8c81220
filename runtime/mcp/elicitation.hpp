#pragma once

#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Questions of a server to a person (`elicitation/create`).
namespace perdure::runtime::mcp {

/// How a field of a form is filled in.
enum class field_kind : std::uint8_t {
  text,
  number,
  integer,
  boolean,
  /// One of `choices`.
  choice,
  /// Some of `choices`.
  choices,
};

struct form_choice {
  std::string value;
  /// For people; the value when there is no other.
  std::string title;
};

struct form_field {
  std::string name;
  std::string title;
  std::string description;
  field_kind kind = field_kind::text;
  bool is_required = false;
  std::vector<form_choice> choices;
  /// Null when there is none.
  json default_value;
  /// `email`, `uri`, `date` or `date-time`; empty: any text.
  std::string format;
  /// Of the number, the characters, or the choices made.
  std::optional<double> min;
  std::optional<double> max;
};

struct elicitation {
  std::string message;
  /// A form, unless there is a `url`.
  std::vector<form_field> fields;
  std::string url;
  std::string elicitation_id;

  [[nodiscard]] bool is_form() const noexcept {
    return url.empty();
  }
};

/// Reads what a server asks. Errors: errc::unsupported_schema for a form that
/// is no flat list of plain fields; errc::invalid_argument for a URL that is
/// not http(s).
result<elicitation> read_elicitation(const json& params);

/// `https://host:port` of a URL, for a person to look at before it is opened.
std::string host_of(std::string_view url);

/// The person has agreed: `{"action": "accept", "content"}`. Fields that are
/// absent get their defaults.
/// Errors: errc::invalid_argument naming every field that is wrong.
result<json> accept(const elicitation& asked, json content);

/// The person does not want to.
json decline();
/// Nobody decided.
json dismiss();

} // namespace perdure::runtime::mcp
