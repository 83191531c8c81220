#pragma once

#include "runtime/json.hpp"
#include "runtime/time.hpp"
#include "tools/perdure/connection_settings.hpp"
#include "tools/perdure/http_connection.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <functional>
#include <string>

namespace perdure::client {

/// Time as the client sees it; passed in, so that tests need not wait.
struct clockwork {
  std::function<runtime::timestamp()> now;
  /// @returns false when Ctrl-C cut the wait short
  std::function<bool(std::chrono::milliseconds)> wait;
};

struct created_run {
  runtime::json run;
  /// The idempotency key was used before: this is the run of that time.
  bool existed = false;
};

/// The HTTP API of one node.
///
/// Errors:  what the node refuses, under its own code; errc::unavailable when
///          it cannot be reached, and after Ctrl-C errc::cancelled. Messages
///          end with what to do about it, on lines of their own.
class api {
public:
  /// @pre `connection` outlives this
  api(http_connection& connection, connection_settings settings,
      clockwork clock);

  runtime::result<runtime::json> get(const std::string& target);
  /// The body of the reply, whatever it is.
  runtime::result<std::string> bytes(const std::string& target);
  runtime::result<runtime::json>
  post(const std::string& target, const runtime::json& body);

  runtime::result<runtime::json> remove(const std::string& target);

  /// `POST /v1/runs`. What may have been lost on the way is sent again under
  /// the same key, so that it makes one run, for about half a minute.
  runtime::result<created_run>
  create(const runtime::json& body, const std::string& key);

  /// Opens an event stream, which `sink` gets the bytes of.
  http_reply stream(const std::string& target, const std::string& last_id,
                    const body_sink& sink);

  /// The failure that a reply stands for. @pre the reply is none of 2xx
  [[nodiscard]] runtime::failure failure_of(const http_reply& reply) const;

  [[nodiscard]] const connection_settings& settings() const noexcept {
    return settings_;
  }

  [[nodiscard]] const clockwork& clock() const noexcept {
    return clock_;
  }

private:
  runtime::result<runtime::json> read(const http_reply& reply) const;

  http_connection& connection_;
  connection_settings settings_;
  clockwork clock_;
};

/// `text` as one piece of a path or a query.
std::string url_escape(std::string_view text);

/// The exit code that tells a program what went wrong.
int exit_code_of(runtime::errc code) noexcept;

} // namespace perdure::client
