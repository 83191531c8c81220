#pragma once

#include "runtime/mcp/call.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/mcp/steps.hpp"
#include "runtime/time.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime::mcp {

/// What the client can do when a server asks; only this is declared.
struct client_abilities {
  bool elicitation_form = false;
  bool elicitation_url = false;
  bool sampling = false;
  /// Tools in what the server wants sampled.
  bool sampling_tools = false;
  /// Waits for tasks of the server.
  bool tasks = true;
};

struct session_options {
  /// For messages to people.
  std::string server_id;
  transport_kind transport = transport_kind::stdio;
  /// What `ready` said the last time, so that nothing is tried out again.
  era remembered = era::unknown;
  /// Only this version; empty: the newest that both sides know.
  std::string version;
  std::string client_name = "perdure";
  std::string client_version;
  client_abilities abilities;
  /// URIs.
  std::vector<std::string> roots;
  /// Empty: no log messages are wanted.
  std::string log_level;
  bool caches_lists = true;
  /// Asks a modern server to tell when its lists change.
  bool subscribes = true;
  std::chrono::milliseconds init_timeout{30'000};
  /// How long a server that was asked for its era may be silent before it
  /// counts as legacy.
  std::chrono::milliseconds probe_timeout{5'000};
};

/// What `server` says about its sessions.
session_options session_options_for(const server_options& server);

/// Why a link, or one exchange on it, is over.
struct link_failure {
  enum class kind : std::uint8_t {
    /// Anything that may be better later.
    broken,
    /// The server does not know the session any more (404, or 400, on a session
    /// that was known). Of an exchange: the request was not carried out.
    session_lost,
    /// The server answered with `http_status`, which is no success.
    http_status,
    /// The answer is over its limit, or not of the protocol.
    bad_answer,
    /// What was to be opened is not there, and will not be the next time.
    unusable,
  };

  kind what = kind::broken;
  std::string message;
  unsigned http_status = 0;
  /// Of the answer, as far as it was read.
  std::string body;
  /// `WWW-Authenticate`; of 401 and 403.
  std::string challenge;
};

/// The client's side of one MCP connection, in either era.
///
///            opened            answer to the probe, or to initialize
///   closed ---------> opening -------------------------------------> ready
///     ^                  |                                             |
///     +------------------+---------------------------------------------+
///            down, close, or the handshake failed
///
/// Calls may be made in any state: while the session is closed or opening they
/// wait, and their time runs. In `opening` the session finds out the era of the
/// server: it asks for `server/discover`, and takes any answer but those of the
/// modern era as that of a legacy server.
///
/// Time:    comes with each input and never goes back; `tick` is due at
///          `next_moment`
/// Steps:   every input may bring steps; `take` them after each
/// Errors:  whatever the server sends ends in a step and never in an exception
/// Threads: one owner
/// Source:  docs/decisions/0013-mcp-session.md
class session {
public:
  explicit session(session_options options);
  ~session();
  session(session&&) noexcept;
  session& operator=(session&&) noexcept;

  // -- from the link ----------------------------------------------------------

  /// A new link is open. What was in flight on an older one is lost.
  void opened(timestamp now);

  /// @param exchange with whose answer the text came; none when it came by
  /// itself, or over a link that does not know
  void received(std::string_view text, exchange_id exchange, timestamp now);

  /// The exchange ended. Nothing happens when it has been answered, so a link
  /// may tell of every end. A call whose exchange ended with `session_lost`
  /// waits for the next link.
  void lost(exchange_id exchange, const link_failure& reason, timestamp now);

  /// The link ended: exchanges in flight are lost. Calls that wait, or whose
  /// task of the server goes on, stay, unless no link will ever open
  /// (`unusable`). The session asks to `reopen` when it can go on by itself;
  /// otherwise somebody has to decide on another link.
  void down(const link_failure& reason, timestamp now);

  // -- from callers -----------------------------------------------------------

  call_id call(call_request request, timestamp now);

  /// Ends the call with `cancelled`, and tells the server.
  void cancel(call_id call, std::string_view reason, timestamp now);

  /// The result of what was `asked`. Ignored when it was withdrawn.
  void answer(question_id question, const json& result, timestamp now);
  void refuse(question_id question, std::int64_t code, std::string_view message,
              timestamp now);

  /// Other folders than before. URIs.
  void set_roots(std::vector<std::string> uris, timestamp now);

  /// Fails all calls. The link may be closed after.
  void close(timestamp now);

  // -- time and steps ---------------------------------------------------------

  void tick(timestamp now);

  /// @returns nothing when there is nothing to wait for
  [[nodiscard]] std::optional<timestamp> next_moment() const;

  /// The steps since the last time, in order.
  [[nodiscard]] std::vector<step> take();

  // -- state ------------------------------------------------------------------

  [[nodiscard]] bool is_ready() const noexcept;
  /// Calls that have not ended.
  [[nodiscard]] std::size_t calls() const noexcept;

private:
  class implementation;
  std::unique_ptr<implementation> impl_;
};

} // namespace perdure::runtime::mcp
