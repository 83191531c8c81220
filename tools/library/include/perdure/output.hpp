#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <perdure/binary_image.hpp>
#include <perdure/detail/callable.hpp>
#include <perdure/json.hpp>
#include <perdure/tool.hpp>
#include <string>
#include <utility>
#include <variant>

namespace perdure {

/// How a structured output is asked for.
enum class output_mode {
  /// As suits the model.
  automatic,
  /// By a tool that the model calls to answer.
  tool,
  /// By the provider's own response format.
  native,
  /// By a schema in the instructions.
  prompted,
};

struct output_options {
  output_mode mode = output_mode::automatic;
  /// Replaces the words around the schema in prompted mode; `{schema}` stands
  /// for it.
  std::string prompt_template = {};
  /// Whether the provider is to hold the model to the schema; absent: as the
  /// provider's rules have it.
  std::optional<bool> strict = {};
};

/// What the program makes of an output: a value, or what the model is told
/// before it tries again.
class output_reply {
public:
  using content_type = std::variant<json, retry>;

  template <class T>
  requires(value_type<T> || detail::is_text<T>) output_reply(const T& value)
    : content_(std::in_place_type<json>, encode(value)) {}
  output_reply(retry content) : content_(std::move(content)) {}

  [[nodiscard]] content_type& content() noexcept {
    return content_;
  }

private:
  content_type content_;
};

namespace detail {

/// One type that the output may have, as the agent keeps it.
struct output_form {
  /// Empty for text and for null.
  std::string name = {};
  std::string description = {};
  json schema = {};
  bool is_text = false;
  bool is_null = false;
  bool is_image = false;
};

/// The name that tells outputs of this type from others; empty for text.
template <class T>
std::string output_name() {
  if constexpr (std::same_as<T, binary_image>)
    return "BinaryImage";
  else if constexpr (is_described_struct<
                       T> || is_described_enum<T> || has_own_schema<T>)
    return std::string{type_name<T>()};
  else if constexpr (std::same_as<T, std::string>)
    return {};
  else
    return schema_of<T>().value("type", "any");
}

template <class T>
output_form output_form_of() {
  if constexpr (std::same_as<T, std::string>) {
    return {.is_text = true};
  } else if constexpr (std::same_as<T, std::nullptr_t>) {
    return {.is_null = true};
  } else if constexpr (std::same_as<T, binary_image>) {
    return {.is_image = true};
  } else {
    return {.name = output_name<T>(),
            .description = docs_of<T>().description,
            .schema = schema_of<T>()};
  }
}

/// @param type name of the output's type; empty for text
using output_function = std::function<output_reply(
  const run_context&, const std::string& type, const json& value)>;

template <class Function>
output_function erase_output(Function function) {
  using given_type = value_of<Function>;
  static_assert(!std::is_void_v<given_type>,
                "take the output: (const value&) or (const run_context&, const "
                "value&)");
  return [function = std::move(function)](
           const run_context& context, const std::string& type,
           const json& value) mutable -> output_reply {
    if (!std::same_as<given_type, json> && type != output_name<given_type>())
      return value; // of another type
    return reply_of<output_reply>(function, context, decode<given_type>(value));
  };
}

} // namespace detail

} // namespace perdure
