#pragma once

#include "runtime/agent/schema.hpp"
#include "runtime/agent/value_check.hpp"
#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a run's result is, how the model is asked for it, and how what the
/// model says is read.
///
/// Source:  docs/agent-files.md, "Output"
namespace perdure::runtime {

/// How a structured output is asked for. Append only, never renumber.
enum class output_mode : std::uint8_t {
  /// As the model's profile says.
  automatic = 0,
  /// By tools that the model calls to answer.
  tool = 1,
  /// By the provider's own response format.
  native = 2,
  /// By a schema in the instructions.
  prompted = 3,
};

std::string_view to_string(output_mode mode) noexcept;

/// What happens to the other calls of a response that holds an output. Append
/// only, never renumber.
enum class end_strategy : std::uint8_t {
  /// In order; functions still run, and one that asks for a retry goes first.
  graceful = 0,
  /// Outputs first; the first good one ends the run.
  early = 1,
  /// Everything runs; the first good output wins.
  exhaustive = 2,
};

std::string_view to_string(end_strategy strategy) noexcept;

/// One form that the output may have.
struct output_type {
  /// E.g. `Ticket`.
  std::string name;
  std::string description;
  /// As its author wrote it.
  json json_schema = json::object();
  /// Compiled from `json_schema`; never null once the agent is loaded.
  schema_ptr schema;
  std::optional<bool> strict;
  /// Whether the host program has a function that makes the output of what the
  /// model gives.
  bool has_function = false;

  /// The schema is not that of an object, so the model is asked for
  /// `{"response": value}`.
  [[nodiscard]] bool is_wrapped() const;
};

struct output_definition {
  output_mode mode = output_mode::automatic;
  /// None: the output is text, or what `allow_image` says.
  std::vector<output_type> types;
  /// Text is an output besides `types` and images.
  bool allow_text = false;
  /// An image that the model makes is an output; the only one, unless there
  /// are `types` or text is allowed.
  bool allow_image = false;
  /// An answer that holds nothing is the output null.
  bool allow_null = false;
  /// Replaces the words around the schema in prompted mode; `{schema}` stands
  /// for it.
  std::string prompt_template;
  /// The host program checks every output.
  bool has_validator = false;

  [[nodiscard]] bool is_structured() const noexcept {
    return !types.empty();
  }

  /// The host program has to look at outputs of some kind.
  [[nodiscard]] bool asks_host() const noexcept;

  /// Text is an output as it stands, and not for the JSON in it.
  [[nodiscard]] bool takes_text() const noexcept {
    return allow_text || (types.empty() && !allow_image);
  }
};

/// A tool that the model calls to answer.
struct output_tool {
  std::string name;
  std::string description;
  /// Schema of an object.
  json parameters;
  std::optional<bool> strict;
};

/// One for each type, in order: `final_result`, or `final_result_{type}` when
/// there are several.
std::vector<output_tool> output_tools(const output_definition& output);

/// Position of the type whose output tool has this name.
std::optional<std::size_t>
output_tool_index(const output_definition& output, std::string_view tool_name);

/// What a model is asked for in native and prompted mode.
struct output_format {
  std::string name;
  std::string description;
  /// Schema of an object: that of the only type, or of
  /// `{"result": {"kind": NAME, "data": VALUE}}`.
  json schema;
  std::optional<bool> strict;
};

/// @pre `output.is_structured()`
output_format format_of(const output_definition& output);

/// The words that ask for JSON of `schema`.
std::string output_instructions(const output_definition& output);

/// What a model gave as output, checked.
struct output_value {
  json value;
  /// Position in `output_definition::types`.
  std::size_t type = 0;
};

/// Reads the arguments of an output tool.
/// @param args text of JSON, an object, or null
std::variant<output_value, invalid_value>
read_output_call(const output_definition& output, std::size_t type,
                 const json& args);

/// Reads the text of an answer in native or prompted mode; the fences of a
/// code block around it do not matter.
std::variant<output_value, invalid_value>
read_output_text(const output_definition& output, std::string_view text);

} // namespace perdure::runtime
