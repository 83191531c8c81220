#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/messages/message.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// Outputs that a response gives without a call.
namespace perdure::runtime {

/// Name of the type of an output that is an image.
inline constexpr std::string_view image_type_name = "BinaryImage";

enum class answer_kind : std::uint8_t { text, structured, image };

struct answer {
  answer_kind kind = answer_kind::text;
  /// A string, what fits the schema of a type, or an image as a `binary` item.
  json value;
  /// Name of its type; empty for text.
  std::string type;
  /// The host program has to look at it before it is the output.
  bool needs_host = false;
};

/// How an answer that would do is told from one that would not.
using answer_reading = std::variant<std::monostate, answer, invalid_value>;

/// What `response` gives as the output: an image goes before text.
/// @param mode in which the model was asked for a structured output
/// @returns nothing when it holds nothing of a kind that is an output
answer_reading read_answer(const agent_definition& definition, output_mode mode,
                           const model_response& response);

// -- images -------------------------------------------------------------------

/// The first image among the files of a response, as a `binary` item with all
/// of its fields.
std::optional<json> image_in(const model_response& response);

/// `output` as it is shown: for an image `{kind, media_type, identifier,
/// size_bytes}`, without its bytes; anything else as it is.
json shown_output(const agent_definition& definition, const json& output);

/// An output as a file holds it.
struct output_content {
  std::string media_type;
  std::string bytes;
};

/// Text as it is, the bytes of an image, and anything else as JSON.
output_content
output_content_of(const agent_definition& definition, const json& output);

/// Whether an output of an agent of this definition is an image.
bool is_image_output(const agent_definition& definition, const json& output);

} // namespace perdure::runtime
