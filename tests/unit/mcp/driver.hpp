#pragma once

#include "runtime/mcp/session.hpp"

#include <caf/test/unit_test.hpp>

#include <string>
#include <vector>

/// Plays link, callers and clock for one session.
namespace perdure::mcp_test {

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;
using namespace std::chrono_literals;

class driver {
public:
  explicit driver(session_options options) : subject(std::move(options)) {
    // nop
  }

  /// Takes the steps that came since the last time.
  void look() {
    steps = subject.take();
  }

  void open() {
    subject.opened(now);
    look();
  }

  void hear(const std::string& text, exchange_id from = exchange_id::none) {
    subject.received(text, from, now);
    look();
  }

  void pass(std::chrono::milliseconds time) {
    now += time;
    subject.tick(now);
    look();
  }

  call_id call(call_request request) {
    const auto id = subject.call(std::move(request), now);
    look();
    return id;
  }

  call_id call(const std::string& method, json params = json::object()) {
    call_request request;
    request.method = method;
    request.params = std::move(params);
    return call(std::move(request));
  }

  void lose(exchange_id exchange, link_failure reason) {
    subject.lost(exchange, std::move(reason), now);
    look();
  }

  void lose_link(link_failure::kind what = link_failure::kind::broken) {
    subject.down({what, "the pipe is closed", 0, {}, {}}, now);
    look();
  }

  /// All steps of one kind.
  template <class Step>
  std::vector<Step> all() const {
    std::vector<Step> out;
    for (const auto& item : steps)
      if (const auto* found = std::get_if<Step>(&item))
        out.push_back(*found);
    return out;
  }

  /// The only step of one kind; valid until the next input.
  template <class Step>
  const Step& one() const {
    const Step* only = nullptr;
    for (const auto& item : steps)
      if (const auto* found = std::get_if<Step>(&item)) {
        if (only != nullptr)
          CAF_FAIL("expected one such step, got several");
        only = found;
      }
    if (only == nullptr)
      CAF_FAIL("expected such a step among " << steps.size() << " steps");
    return *only;
  }

  template <class Step>
  bool none() const {
    return all<Step>().empty();
  }

  /// The message of the only `send`; valid until it is asked for again.
  json& sent() {
    sent_ = message_of(one<send>());
    return sent_;
  }

  static json message_of(const send& item) {
    auto value = parse_json(item.text);
    CAF_REQUIRE(value);
    return *value;
  }

  /// Answers the request `item` as a server does.
  void reply(const send& item, const json& result) {
    hear(answer_text(static_cast<std::int64_t>(item.exchange), result),
         item.exchange);
  }

  void reply_error(const send& item, std::int64_t code,
                   const std::string& message, json data = {}) {
    hear(error_text(static_cast<std::int64_t>(item.exchange),
                    {code, message, std::move(data)}),
         item.exchange);
  }

  /// Opens a session of 2025-11-25 with these capabilities.
  void open_legacy(json capabilities = {{"tools", json::object()}}) {
    open();
    auto first = one<send>();
    if (first.method == "server/discover") {
      reply_error(first, -32601, "Method not found");
      first = one<send>();
    }
    CAF_REQUIRE_EQUAL(first.method, "initialize");
    reply(first, {{"protocolVersion", "2025-11-25"},
                  {"capabilities", std::move(capabilities)},
                  {"serverInfo", {{"name", "s"}, {"version", "1"}}}});
    CAF_REQUIRE(subject.is_ready());
  }

  /// Opens a session of 2026-07-28.
  void open_modern(json capabilities = {{"tools", json::object()}}) {
    open();
    reply(one<send>(), {{"supportedVersions", {"2026-07-28"}},
                        {"capabilities", std::move(capabilities)},
                        {"resultType", "complete"}});
    CAF_REQUIRE(subject.is_ready());
  }

  session subject;
  timestamp now{1'800'000'000s};
  std::vector<step> steps;

private:
  json sent_;
};

inline session_options stdio_options() {
  session_options out;
  out.server_id = "files";
  out.client_version = "1.0";
  return out;
}

inline session_options http_options() {
  auto out = stdio_options();
  out.transport = transport_kind::http;
  return out;
}

inline json text_result(const std::string& text) {
  return {{"content", {{{"type", "text"}, {"text", text}}}}};
}

inline call_request
tool_call(const std::string& name, json arguments = json::object()) {
  call_request out;
  out.method = "tools/call";
  out.params = {{"name", name}, {"arguments", std::move(arguments)}};
  return out;
}

/// Why the only `done` has no result; valid until the next input.
inline const call_failure& failure_of(const driver& with) {
  const auto* reason = std::get_if<call_failure>(&with.one<done>().outcome);
  if (reason == nullptr)
    CAF_FAIL("the call did not fail");
  return *reason;
}

/// The result of the only `done`; valid until the next input.
inline const json& result_of(const driver& with) {
  const auto* whole = std::get_if<completed>(&with.one<done>().outcome);
  if (whole == nullptr)
    CAF_FAIL("the call has no result");
  return whole->result;
}

} // namespace perdure::mcp_test
