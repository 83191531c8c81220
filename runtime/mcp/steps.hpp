#pragma once

#include "runtime/mcp/call.hpp"
#include "runtime/mcp/rpc.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

/// What a session wants done and tells, in order.
namespace perdure::runtime::mcp {

/// The two families of the protocol. Append only, never renumber.
enum class era : std::uint8_t {
  unknown = 0,
  /// 2024-10-07 to 2025-11-25: `initialize` first, then a session.
  legacy = 1,
  /// From 2026-07-28: every request stands for itself.
  modern = 2,
};

std::string_view to_string(era value) noexcept;

// -- for the link -------------------------------------------------------------

struct send {
  std::string text;
  /// Of a request; none for notifications and answers.
  exchange_id exchange = exchange_id::none;
  std::string method;
  /// All that the protocol wants, for HTTP: `MCP-Protocol-Version`, and in the
  /// modern era `Mcp-Method`, `Mcp-Name`, `Mcp-Param-*`. The link adds what is
  /// the transport's: `Accept`, `Content-Type`, `MCP-Session-Id`,
  /// `Authorization`.
  header_list headers;
};

/// Nobody waits for the answer of this exchange any more. Over HTTP: close its
/// response stream, and do not resume it. Nothing to do for lines.
struct abandon {
  exchange_id exchange = exchange_id::none;
};

/// Legacy era over HTTP: open the stream for what the server says by itself.
/// That it has none is fine.
struct listen {};

/// Close the link and open another, then call `opened`. `down` need not be
/// told of the old one.
struct reopen {
  std::string why;
};

// -- for the caller -----------------------------------------------------------

struct done {
  call_id call{};
  call_outcome outcome;
};

/// The server works on the call as a task of its own. Whoever keeps `note` can
/// go on with the call after a crash (`call_request::note`).
struct noted {
  call_id call{};
  json note;
};

/// Legacy era: the server asks, and holds the call until it is told.
struct asked {
  question_id question{};
  call_id call{};
  /// `elicitation/create` or `sampling/createMessage`.
  std::string method;
  json params;
};

/// The answer is not wanted any more.
struct withdrawn {
  question_id question{};
};

struct progressed {
  call_id call{};
  double progress = 0;
  std::optional<double> total;
  std::string message;
};

/// The server says that a person has done what a URL asked for.
struct elicited {
  std::string elicitation_id;
};

struct logged {
  /// Absent when it is about no call in particular.
  std::optional<call_id> call;
  std::string level;
  std::string logger;
  /// Anything.
  json data;
};

enum class changed_kind : std::uint8_t { tools, prompts, resources, resource };

struct changed {
  changed_kind what = changed_kind::tools;
  /// Of `resource`.
  std::string uri;
};

/// The server can be called.
struct ready {
  mcp::era era = mcp::era::unknown;
  std::string version;
  /// `{name, version, ...}`; null when the server did not say.
  json server_info;
  json capabilities;
  std::string instructions;
};

/// The handshake failed; calls that waited for it have failed. The session
/// stays closed until `opened`.
struct failed {
  call_failure reason;
};

/// What the server sent and nobody can use. For the log.
struct ignored {
  std::string reason;
};

using step
  = std::variant<send, abandon, listen, reopen, done, noted, asked, withdrawn,
                 progressed, elicited, logged, changed, ready, failed, ignored>;

} // namespace perdure::runtime::mcp
