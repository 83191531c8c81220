#pragma once

#include "runtime/error.hpp"
#include "runtime/json.hpp"
#include "runtime/mcp/header_params.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a client asks of a session, and how it ends.
namespace perdure::runtime::mcp {

/// One call of one client, however many requests it takes.
enum class call_id : std::uint64_t {};

/// One request and what belongs to it: over HTTP, one POST and its answer.
enum class exchange_id : std::uint64_t { none = 0 };

/// Something that the server asks in the middle of a call.
enum class question_id : std::uint64_t {};

struct call_request {
  /// `tools/call`, `tools/list`, `resources/read`, ...
  std::string method;
  json params = json::object();

  /// Longest silence; progress begins it anew. Zero: none.
  std::chrono::milliseconds timeout{300'000};
  /// Of the whole call. Zero: none.
  std::chrono::milliseconds hard_timeout{0};

  /// Asks for notifications of progress.
  bool wants_progress = false;
  /// The same for each attempt at the same work (D4); goes into `_meta`. Empty
  /// for none.
  std::string idempotency_key;
  /// Of the tool that is called; HTTP of 2026-07-28 shows them in headers.
  std::vector<header_param> header_params;
  /// Runs as a task of the server, if it can (2025-11-25).
  bool as_task = false;
  /// Lists: all pages as one result.
  bool all_pages = false;
  /// Asks the server even when the cache has an answer.
  bool is_fresh = false;

  /// What `noted` said when this work was begun: the session asks how far the
  /// task of the server is and does not begin it again. Null for none.
  json note;
  /// Answers to `needs_input`, by key. Null for none.
  json input_responses;
  /// As `needs_input` had it.
  std::optional<std::string> request_state;
};

// -- outcomes -----------------------------------------------------------------

/// The result, as the server sent it.
struct completed {
  json result;
};

/// The server needs something before it goes on. The same call is to be made
/// again, with `input_responses` and the same `request_state` and `note`; it
/// does not matter when, nor on which connection.
struct needs_input {
  /// `{key: {method, params}}`: elicitation/create, sampling/createMessage.
  json requests;
  /// What the session has answered by itself (roots), by key: belongs to the
  /// `input_responses` too.
  json responses = json::object();
  std::optional<std::string> request_state;
  /// Null unless a task of the server waits.
  json note;
};

/// Why there is no result. Append only, never renumber.
enum class call_failure_kind : std::uint8_t {
  /// The server answered with an error.
  refused = 0,
  /// The connection ended first; whether the server did the work is unknown.
  lost = 1,
  /// The request was never sent.
  not_sent = 2,
  timed_out = 3,
  cancelled = 4,
  /// The server wants other credentials.
  unauthorized = 5,
  /// The server's answer is none that the protocol knows.
  bad_answer = 6,
  /// What the server's entry says leads nowhere, and would the next time.
  unusable = 7,
};

struct call_failure {
  call_failure_kind kind = call_failure_kind::refused;
  std::string message;
  /// Of the JSON-RPC error; 0 when there was none.
  std::int64_t code = 0;
  /// Of the JSON-RPC error. Null when absent.
  json data;
  /// 0 when there was none.
  unsigned http_status = 0;
  /// `WWW-Authenticate`, for `unauthorized`.
  std::string challenge;

  /// The same call may succeed later.
  [[nodiscard]] bool is_retryable() const noexcept;
  [[nodiscard]] errc code_of_error() const noexcept;
};

using call_outcome = std::variant<completed, needs_input, call_failure>;

/// The server does not know the method.
bool is_unknown_method(const call_outcome& outcome) noexcept;

} // namespace perdure::runtime::mcp
