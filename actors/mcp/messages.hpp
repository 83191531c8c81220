#pragma once

#include "runtime/mcp/call.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/time.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_actor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

// What travels between those who call MCP servers and the connections to them.
// These messages never leave the process.

namespace perdure::actors {

class server_exchange;

struct mcp_call;
struct mcp_call_ended;
struct mcp_call_noted;
struct mcp_call_progressed;
struct mcp_elicited;
struct mcp_login_begun;
struct mcp_login_redirected;
struct mcp_logout;
struct mcp_question;
struct mcp_question_closed;
struct mcp_reply;
struct mcp_run_left;
struct mcp_work;

} // namespace perdure::actors

CAF_BEGIN_TYPE_ID_BLOCK(perdure_mcp_messages, caf::first_custom_type_id + 200)

  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_call))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_call_ended))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_call_noted))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_call_progressed))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_elicited))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_question))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_question_closed))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_reply))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_run_left))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_work))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_login_begun))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_login_redirected))
  CAF_ADD_TYPE_ID(perdure_mcp_messages, (perdure::actors::mcp_logout))

  CAF_ADD_ATOM(perdure_mcp_messages, perdure::actors, forgive_atom, "forgive")
  CAF_ADD_ATOM(perdure_mcp_messages, perdure::actors, timer_atom, "timer")

CAF_END_TYPE_ID_BLOCK(perdure_mcp_messages)

namespace perdure::actors {

// -- from a connection to a caller --------------------------------------------
// `token` is the caller's own name of the call.

/// Nothing follows about this call.
struct mcp_call_ended {
  std::uint64_t token = 0;
  runtime::mcp::call_outcome outcome;
  /// Another attempt before this moment would fail as well.
  std::optional<runtime::timestamp> retry_at;
  /// What the server has to say to models, and what it has; with lists of
  /// tools.
  std::string instructions = {};
  runtime::json capabilities = {};
};

/// The server works on the call as a task of its own (`call_request::note`).
struct mcp_call_noted {
  std::uint64_t token = 0;
  runtime::json note;
};

struct mcp_call_progressed {
  std::uint64_t token = 0;
  double progress = 0;
  std::optional<double> total;
  std::string message;
};

/// The server asks in the middle of the call, and holds it until it is told.
struct mcp_question {
  std::uint64_t token = 0;
  runtime::mcp::question_id question{};
  /// `elicitation/create` or `sampling/createMessage`.
  std::string method;
  runtime::json params;
};

/// The answer is not wanted any more.
struct mcp_question_closed {
  std::uint64_t token = 0;
  runtime::mcp::question_id question{};
};

/// The server says that a person has done what a URL asked for; to all who
/// call it.
struct mcp_elicited {
  std::string elicitation_id;
};

using mcp_caller = caf::typed_actor<
  caf::reacts_to<mcp_call_ended>, caf::reacts_to<mcp_call_noted>,
  caf::reacts_to<mcp_call_progressed>, caf::reacts_to<mcp_question>,
  caf::reacts_to<mcp_question_closed>, caf::reacts_to<mcp_elicited>>;

// -- from a caller to a connection, by way of the hub -------------------------

using mcp_server_ptr = std::shared_ptr<const runtime::mcp::server_options>;

/// Which connection is meant.
struct mcp_address {
  mcp_server_ptr server;
  /// Of the run that calls; matters for servers of scope `per_run`.
  std::string run_id;
};

/// A call, which is cancelled when its caller goes away before its end.
struct mcp_call {
  mcp_address to;
  runtime::mcp::call_request request;
  mcp_caller caller;
  std::uint64_t token = 0;
};

/// To a question; the second one is ignored.
struct mcp_reply {
  mcp_address to;
  runtime::mcp::question_id question{};
  /// Absent to refuse, for the reason that follows.
  std::optional<runtime::json> result;
  std::int64_t code = 0;
  std::string message;
};

/// A run needs its own connections no more.
struct mcp_run_left {
  std::string run_id;
};

// -- from the API to the logins -----------------------------------------------

/// A person wants to log in at a server.
struct mcp_login_begun {
  mcp_server_ptr server;
  std::shared_ptr<server_exchange> exchange;
};

/// The person was redirected to `url`.
struct mcp_login_redirected {
  mcp_server_ptr server;
  /// Names the login.
  std::string login;
  std::string url;
  std::shared_ptr<server_exchange> exchange;
};

/// What was granted for the server is to be forgotten.
struct mcp_logout {
  mcp_server_ptr server;
  std::shared_ptr<server_exchange> exchange;
};

/// INTERNAL: work of a link, for the actor whose link it is.
struct mcp_work {
  std::function<void()> run;
};

} // namespace perdure::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_call_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_call_noted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_call_progressed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_elicited)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_login_begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_login_redirected)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_logout)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_question_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_run_left)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(perdure::actors::mcp_work)
