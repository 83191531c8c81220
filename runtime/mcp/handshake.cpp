#include "runtime/mcp/handshake.hpp"

#include "runtime/mcp/failure_reader.hpp"
#include "runtime/mcp/version.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime::mcp {

namespace {

constexpr int tries_max = 4;

bool is_modern_error(std::int64_t code) noexcept {
  return code == rpc_code::header_mismatch
         || code == rpc_code::missing_capability
         || code == rpc_code::unsupported_version;
}

/// Whether a server that answers so may just not know the question. Of 401,
/// 403 and what asks for patience nothing follows.
bool is_legacy_status(unsigned status) noexcept {
  constexpr auto others
    = std::to_array<unsigned>({401, 403, 407, 408, 425, 429});
  return status >= 400 && status < 500
         && std::find(others.begin(), others.end(), status) == others.end();
}

const json& offered_in(const rpc_error& error) {
  static const json none;
  if (!error.data.is_object())
    return none;
  const auto found = error.data.find("supported");
  return found == error.data.end() ? none : *found;
}

call_failure bad_answer(std::string message) {
  return {.kind = call_failure_kind::bad_answer,
          .message = std::move(message),
          .data = {},
          .challenge = {}};
}

ready describe(era spoken, const std::string& version, const json& result) {
  ready out{spoken, version, {}, json::object(), {}};
  if (const auto* given = object_at(result, "capabilities"))
    out.capabilities = *given;
  out.instructions = text_at(result, "instructions");
  const auto* info = object_at(result, "serverInfo");
  if (info == nullptr)
    if (const auto* meta = object_at(result, "_meta"))
      info = object_at(*meta, "io.modelcontextprotocol/serverInfo");
  if (info != nullptr)
    out.server_info = *info;
  return out;
}

} // namespace

handshake::handshake(const session_options& options, outbox& out)
  : options_(options), out_(out), remembered_(options.remembered) {
  // nop
}

handshake::news handshake::begin(timestamp now) {
  tries_ = 0;
  deadline_ = later(now, options_.init_timeout);
  const auto wanted = era_of(options_.version);
  if (!options_.version.empty() && wanted == era::unknown)
    return fail({.kind = call_failure_kind::not_sent,
                 .message = "version " + options_.version
                            + " of MCP is not known here; there are "
                            + known_versions(),
                 .data = {},
                 .challenge = {}});
  const auto is_legacy = wanted == era::legacy
                         || (wanted == era::unknown
                             && (remembered_ == era::legacy
                                 || options_.transport == transport_kind::sse));
  const auto first = is_legacy ? era::legacy : era::modern;
  auto version = options_.version.empty() ? std::string{newest_version(first)}
                                          : options_.version;
  return is_legacy ? initialize(std::move(version))
                   : ask(std::move(version), now);
}

handshake::news handshake::answered(const rpc_outcome& outcome, timestamp now) {
  waiting_ = exchange_id::none;
  const auto was_asking = phase_ == phase::asking;
  if (const auto* result = std::get_if<json>(&outcome))
    return was_asking ? on_discovered(*result, now) : on_initialized(*result);
  const auto& error = std::get<rpc_error>(outcome);
  return was_asking ? on_asked_error(error, now)
                    : on_initialize_error(error, now);
}

handshake::news handshake::lost(const link_failure& reason, timestamp now) {
  waiting_ = exchange_id::none;
  const auto is_refusal = reason.what == link_failure::kind::http_status;
  if (is_refusal && phase_ == phase::asking
      && is_legacy_status(reason.http_status)) {
    if (const auto error = error_in_body(reason))
      return on_asked_error(*error, now);
    if (may_be_legacy())
      return initialize(std::string{newest_version(era::legacy)});
  }
  if (is_refusal && phase_ == phase::initializing)
    if (const auto error = error_in_body(reason);
        error && !offered_in(*error).is_null())
      return on_initialize_error(*error, now);
  auto failure = to_call_failure(reason);
  if (failure.kind == call_failure_kind::lost)
    failure.kind = call_failure_kind::not_sent;
  return fail(std::move(failure));
}

handshake::news handshake::down(const link_failure& reason) {
  if (phase_ == phase::asking && !out_.is_http() && may_be_legacy()) {
    remembered_ = era::legacy;
    phase_ = phase::idle;
    waiting_ = exchange_id::none;
    asked_until_.reset();
    return reopen{"the server ended when it was asked for its era"};
  }
  auto failure = to_call_failure(reason);
  if (failure.kind == call_failure_kind::lost)
    failure.kind = call_failure_kind::not_sent;
  return fail(std::move(failure));
}

handshake::news handshake::tick(timestamp now) {
  if (phase_ == phase::idle)
    return {};
  if (deadline_ && now >= *deadline_)
    return fail({.kind = call_failure_kind::timed_out,
                 .message
                 = "the server did not open a session in time; "
                   "init_timeout bounds it, and `perdure mcp logs` shows "
                   "what a program said",
                 .data = {},
                 .challenge = {}});
  if (phase_ == phase::asking && asked_until_ && now >= *asked_until_)
    return initialize(std::string{newest_version(era::legacy)});
  return {};
}

bool handshake::waits_for(exchange_id exchange) const noexcept {
  return phase_ != phase::idle && exchange == waiting_;
}

std::optional<timestamp> handshake::next_moment() const {
  if (phase_ == phase::idle)
    return std::nullopt;
  return asked_until_ ? std::min(asked_until_, deadline_) : deadline_;
}

handshake::news handshake::ask(std::string version, timestamp now) {
  if (++tries_ > tries_max)
    return fail(bad_answer("the server does not settle on a version"));
  phase_ = phase::asking;
  out_.speak(era::modern, std::move(version));
  waiting_ = out_.request("server/discover", {});
  // Over HTTP silence is an outage; on pipes it is a server that waits for
  // something that it knows.
  if (!out_.is_http() && may_be_legacy())
    asked_until_ = later(now, options_.probe_timeout);
  return {};
}

handshake::news handshake::initialize(std::string version) {
  if (++tries_ > tries_max)
    return fail(bad_answer("the server does not settle on a version"));
  phase_ = phase::initializing;
  asked_until_.reset();
  out_.speak(era::unknown, {});
  waiting_ = out_.request("initialize",
                          {{"protocolVersion", std::move(version)},
                           {"capabilities", out_.capabilities(era::legacy)},
                           {"clientInfo", out_.client_info()}});
  return {};
}

handshake::news handshake::on_discovered(const json& result, timestamp now) {
  const auto offered
    = result.is_object() ? result.find("supportedVersions") : result.end();
  if (!result.is_object() || offered == result.end() || !offered->is_array()) {
    if (may_be_legacy())
      return initialize(std::string{newest_version(era::legacy)});
    return fail(bad_answer("server/discover named no versions"));
  }
  const auto is_offered
    = std::find(offered->begin(), offered->end(), out_.version())
      != offered->end();
  if (!is_offered)
    return choose(*offered, now);
  phase_ = phase::idle;
  asked_until_.reset();
  remembered_ = era::modern;
  return describe(era::modern, out_.version(), result);
}

handshake::news
handshake::on_asked_error(const rpc_error& error, timestamp now) {
  if (error.code == rpc_code::unsupported_version)
    return choose(offered_in(error), now);
  if (!is_modern_error(error.code) && may_be_legacy())
    return initialize(std::string{newest_version(era::legacy)});
  if (!is_modern_error(error.code))
    return fail(to_call_failure(error));
  // A modern server that does not want to be discovered can still be called.
  phase_ = phase::idle;
  asked_until_.reset();
  remembered_ = era::modern;
  return describe(era::modern, out_.version(), {});
}

handshake::news handshake::on_initialized(const json& result) {
  const auto version = text_at(result, "protocolVersion");
  const auto is_wanted
    = options_.version.empty() || version == options_.version;
  if (era_of(version) != era::legacy || !is_wanted)
    return fail(bad_answer(
      "the server speaks version '" + version + "' of MCP; wanted is "
      + (options_.version.empty() ? known_versions() : options_.version)));
  phase_ = phase::idle;
  remembered_ = era::legacy;
  out_.speak(era::legacy, version);
  out_.notify("notifications/initialized");
  auto out = describe(era::legacy, version, result);
  if (!options_.log_level.empty() && out.capabilities.contains("logging"))
    out_.request("logging/setLevel", {{"level", options_.log_level}});
  if (options_.transport == transport_kind::http)
    out_.put(listen{});
  return out;
}

handshake::news
handshake::on_initialize_error(const rpc_error& error, timestamp now) {
  if (const auto& offered = offered_in(error); offered.is_array())
    return choose(offered, now);
  return fail(to_call_failure(error));
}

handshake::news handshake::choose(const json& offered, timestamp now) {
  auto version = choose_version(offered, options_.version);
  if (!version.empty())
    return era_of(version) == era::modern ? ask(std::move(version), now)
                                          : initialize(std::move(version));
  return fail(bad_answer("the server speaks versions " + to_text(offered)
                         + " of MCP; known here are " + known_versions()));
}

handshake::news handshake::fail(call_failure reason) {
  phase_ = phase::idle;
  waiting_ = exchange_id::none;
  asked_until_.reset();
  // It may not be what it was; the next time it is asked again.
  if (remembered_ == era::modern)
    remembered_ = era::unknown;
  reason.message = "no session: " + reason.message;
  return reason;
}

bool handshake::may_be_legacy() const {
  return options_.version.empty() && remembered_ != era::modern;
}

} // namespace perdure::runtime::mcp
