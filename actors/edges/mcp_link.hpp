#pragma once

#include "actors/edges/work_queue.hpp"
#include "runtime/mcp/session.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace perdure::actors {

/// Gets what comes over a link, on its queue.
class mcp_link_receiver {
public:
  virtual ~mcp_link_receiver() = default;

  /// The link can be used.
  virtual void on_open() = 0;

  /// One message, or a batch of them.
  virtual void
  on_message(std::string_view text, runtime::mcp::exchange_id exchange)
    = 0;

  /// An exchange is over, perhaps without its answer.
  virtual void
  on_lost(runtime::mcp::exchange_id exchange, runtime::mcp::link_failure reason)
    = 0;

  /// The link is over; nothing follows.
  virtual void on_down(runtime::mcp::link_failure reason) = 0;

  /// A line for people: what a server prints besides its messages, and what is
  /// odd about the transport.
  virtual void on_log(std::string line) = 0;
};

/// A transport to one MCP server: carries texts, knows nothing of what they
/// mean. Opens as soon as it is made.
///
/// Threads: made, used, called back and destroyed on its queue only; never
///          calls back from inside of a call. Destroying it ends it at once;
///          from inside of a callback, `close` goes before
class mcp_link {
public:
  virtual ~mcp_link() = default;

  virtual void send(runtime::mcp::send message) = 0;
  virtual void abandon(runtime::mcp::exchange_id exchange) = 0;
  virtual void listen() = 0;

  /// Says good-bye as the transport has it. No callback follows; the server
  /// gets its time even when the link is destroyed meanwhile.
  virtual void close() = 0;
};

/// "is larger than ...": what is said of a message over its limit.
inline std::string over_limit(std::uint64_t limit_bytes) {
  return "is larger than " + std::to_string(limit_bytes)
         + " bytes, the limit of a message; max_message_bytes of the server's "
           "entry sets it.";
}

/// Where a link lives. All of it outlives the link.
struct mcp_link_context {
  std::shared_ptr<work_queue> queue;
  mcp_link_receiver* receiver = nullptr;
};

} // namespace perdure::actors
