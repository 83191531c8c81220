#pragma once

#include "runtime/json.hpp"
#include "runtime/time.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// The message history of a run: what was said to the model and what it said.
///
/// Shape:   JSON-compatible with Pydantic AI's `ModelMessage` list, see
///          `history_json.hpp`
/// Source:  docs/formats.md, "Message history"
///
/// `extra` holds the further keys of a JSON object: fields of a newer version
/// of the format. They are written back as they came. Null when there are none.
namespace perdure::runtime {

using optional_text = std::optional<std::string>;

// -- parts of a request -------------------------------------------------------

struct system_prompt_part {
  std::string content;
  timestamp time{};
  optional_text dynamic_ref;
  json extra{};
};

struct user_prompt_part {
  /// A string, or an array of strings and content items (`{"kind": ...}`).
  json content;
  timestamp time{};
  json extra{};
};

/// How a tool call ended. Append only, never renumber.
enum class tool_outcome : std::uint8_t {
  success = 0,
  failed = 1,
  denied = 2,
  interrupted = 3,
  /// The call has to be made again; the content says why.
  retried = 4,
};

struct tool_return_part {
  std::string tool_name;
  json content;
  std::string tool_call_id;
  optional_text tool_kind;
  /// Application data; never sent to a model. Null when absent.
  json metadata;
  timestamp time{};
  tool_outcome outcome = tool_outcome::success;
  json extra{};
};

struct retry_prompt_part {
  /// A string, or an array of `{type, loc, msg, input, ctx?}`.
  json content;
  optional_text tool_name;
  std::string tool_call_id;
  timestamp time{};
  json extra{};
};

struct tool_availability_part {
  std::vector<std::string> tools_added;
  optional_text tool_call_id;
  json extra{};
};

/// A part of a kind this version does not act on (`speech`, or one that is
/// newer than the program): kept and written back exactly as it came.
struct opaque_part {
  json value;
};

using request_part
  = std::variant<system_prompt_part, user_prompt_part, tool_return_part,
                 retry_prompt_part, tool_availability_part, opaque_part>;

// -- parts of a response ------------------------------------------------------

/// What a provider attaches to a part of its own.
struct provider_data {
  optional_text id;
  optional_text provider_name;
  /// Null when absent.
  json provider_details;
};

struct text_part {
  std::string content;
  provider_data provider;
  json extra{};
};

struct thinking_part {
  std::string content;
  optional_text signature;
  provider_data provider;
  json extra{};
};

struct tool_call_part {
  std::string tool_name;
  /// A string of JSON, an object, or null; kept in the form it came in.
  json args;
  std::string tool_call_id;
  optional_text tool_kind;
  provider_data provider;
  /// Run by the provider (`builtin-tool-call`), not by the node.
  bool builtin = false;
  json extra{};
};

struct builtin_tool_return_part {
  std::string tool_name;
  json content;
  std::string tool_call_id;
  optional_text tool_kind;
  json metadata;
  timestamp time{};
  tool_outcome outcome = tool_outcome::success;
  /// `id` is not used.
  provider_data provider;
  json extra{};
};

struct file_part {
  /// A `binary` content item.
  json content;
  provider_data provider;
  json extra{};
};

struct compaction_part {
  optional_text content;
  provider_data provider;
  json extra{};
};

using response_part = std::variant<text_part, thinking_part, tool_call_part,
                                   builtin_tool_return_part, file_part,
                                   compaction_part, opaque_part>;

// -- usage --------------------------------------------------------------------

/// Tokens of one response. Inclusive: `input_tokens` contains cached and audio.
struct usage {
  std::int64_t input_tokens = 0;
  std::int64_t cache_write_tokens = 0;
  std::int64_t cache_read_tokens = 0;
  std::int64_t output_tokens = 0;
  std::int64_t input_audio_tokens = 0;
  std::int64_t cache_audio_read_tokens = 0;
  std::int64_t output_audio_tokens = 0;
  /// `{name: count}`, provider specific. Null when empty.
  json details;
  /// Decimal text.
  optional_text cost;
  json extra{};
};

/// Sum of a whole run.
struct run_usage : usage {
  std::int64_t requests = 0;
  /// Successful executions of function tools.
  std::int64_t tool_calls = 0;
};

/// Adds tokens, details and cost of `more` to `sum`.
void add(usage& sum, const usage& more);

// -- messages -----------------------------------------------------------------

/// Append only, never renumber.
enum class finish_reason : std::uint8_t {
  none = 0,
  stop = 1,
  length = 2,
  content_filter = 3,
  tool_call = 4,
  error = 5,
};

/// Append only, never renumber.
enum class message_state : std::uint8_t {
  complete = 0,
  interrupted = 1,
  incomplete = 2,
  suspended = 3,
};

struct model_request {
  std::vector<request_part> parts;
  std::optional<timestamp> time;
  /// The instructions that were in force for this request, joined.
  optional_text instructions;
  optional_text run_id;
  optional_text conversation_id;
  json metadata;
  message_state state = message_state::complete;
  json extra{};
};

struct model_response {
  std::vector<response_part> parts;
  runtime::usage usage;
  optional_text model_name;
  optional_text provider_name;
  optional_text provider_url;
  timestamp time{};
  json provider_details;
  optional_text provider_response_id;
  runtime::finish_reason finish_reason = runtime::finish_reason::none;
  optional_text run_id;
  optional_text conversation_id;
  json metadata;
  message_state state = message_state::complete;
  json extra{};
};

using message = std::variant<model_request, model_response>;

/// Messages are immutable once made and shared between a run's state, its
/// encoder and its watchers.
using message_ptr = std::shared_ptr<const message>;
using message_history = std::vector<message_ptr>;

/// The calls of `response` that the node runs, in emission order.
std::vector<const tool_call_part*>
function_calls(const model_response& response);

} // namespace perdure::runtime
