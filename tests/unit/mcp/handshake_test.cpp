#define CAF_SUITE mcp.handshake

#include "unit/mcp/driver.hpp"

using namespace perdure::mcp_test;

namespace {

link_failure status(unsigned code, const std::string& body = {}) {
  return {link_failure::kind::http_status, "status", code, body, {}};
}

std::string header(const send& item, std::string_view name) {
  for (const auto& [key, value] : item.headers)
    if (key == name)
      return value;
  return {};
}

const json everything{{"protocolVersion", "2025-11-25"},
                      {"capabilities", {{"logging", json::object()}}},
                      {"serverInfo", {{"name", "mcp-servers/everything"}}},
                      {"instructions", "Be kind."}};

} // namespace

CAF_TEST(a server that answers the probe is modern) {
  driver it{http_options()};
  it.open();
  const auto probe = it.one<send>();
  CAF_CHECK_EQUAL(probe.method, "server/discover");
  CAF_CHECK_EQUAL(header(probe, "MCP-Protocol-Version"), "2026-07-28");
  CAF_CHECK_EQUAL(header(probe, "Mcp-Method"), "server/discover");
  const auto meta = it.sent()["params"]["_meta"];
  CAF_CHECK_EQUAL(meta["io.modelcontextprotocol/protocolVersion"],
                  "2026-07-28");
  CAF_CHECK_EQUAL(meta["io.modelcontextprotocol/clientInfo"]["name"],
                  "perdure");
  CAF_CHECK(meta["io.modelcontextprotocol/clientCapabilities"].is_object());
  it.hear(R"({"result":{"supportedVersions":["2026-07-28"],"capabilities":)"
          R"({"prompts":{}},"instructions":"demo","resultType":)"
          R"("complete","ttlMs":0,"cacheScope":"private","_meta":)"
          R"({"io.modelcontextprotocol/serverInfo":{"name":"modern",)"
          R"("version":"1.0.0"}}},"jsonrpc":"2.0","id":1})",
          probe.exchange);
  const auto open = it.one<ready>();
  CAF_CHECK(open.era == era::modern);
  CAF_CHECK_EQUAL(open.version, "2026-07-28");
  CAF_CHECK_EQUAL(open.server_info["name"], "modern");
  CAF_CHECK_EQUAL(open.instructions, "demo");
  CAF_CHECK(it.none<send>());
}

CAF_TEST(a server that does not know the probe is legacy) {
  driver it{stdio_options()};
  it.open();
  it.reply_error(it.one<send>(), -32601, "Method not found");
  auto first = it.sent();
  CAF_CHECK_EQUAL(first["method"], "initialize");
  CAF_CHECK_EQUAL(first["params"]["protocolVersion"], "2025-11-25");
  CAF_CHECK_EQUAL(to_text(first["params"]["capabilities"]), "{}");
  it.reply(it.one<send>(), everything);
  const auto open = it.one<ready>();
  CAF_CHECK(open.era == era::legacy);
  CAF_CHECK_EQUAL(open.version, "2025-11-25");
  CAF_CHECK_EQUAL(open.instructions, "Be kind.");
  CAF_CHECK_EQUAL(it.sent()["method"], "notifications/initialized");
}

CAF_TEST(silence after the probe means legacy on pipes and outage over HTTP) {
  driver pipes{stdio_options()};
  pipes.open();
  const auto probe = pipes.one<send>();
  CAF_REQUIRE(pipes.subject.next_moment());
  CAF_CHECK(*pipes.subject.next_moment() == pipes.now + 5s);
  pipes.pass(5s);
  const auto first = pipes.one<send>();
  CAF_CHECK_EQUAL(first.method, "initialize");
  pipes.reply(probe, {{"supportedVersions", {"2026-07-28"}}});
  CAF_CHECK(pipes.steps.empty());
  pipes.reply(first, everything);
  CAF_CHECK(pipes.one<ready>().era == era::legacy);

  driver http{http_options()};
  http.open();
  http.pass(5s);
  CAF_CHECK(http.steps.empty());
  http.pass(25s);
  CAF_CHECK(http.one<failed>().reason.kind == call_failure_kind::timed_out);
}

CAF_TEST(a server that dies of the probe is started again without it) {
  driver it{stdio_options()};
  it.open();
  const auto call = it.call("tools/list");
  it.lose_link();
  it.one<reopen>();
  CAF_CHECK(it.none<done>());
  it.open();
  CAF_CHECK_EQUAL(it.one<send>().method, "initialize");
  it.reply(it.one<send>(), everything);
  const auto sent = it.all<send>();
  CAF_REQUIRE_EQUAL(sent.size(), 2u);
  CAF_CHECK_EQUAL(sent[1].method, "tools/list");
  it.reply(sent[1], {{"tools", json::array()}});
  CAF_CHECK(it.one<done>().call == call);
}

CAF_TEST(a server that dies again has failed) {
  driver it{stdio_options()};
  it.open();
  it.lose_link();
  it.open();
  it.call("tools/list");
  it.lose_link();
  CAF_CHECK(it.one<failed>().reason.kind == call_failure_kind::not_sent);
  CAF_CHECK(failure_of(it).is_retryable());
}

CAF_TEST(statuses tell legacy servers from outages) {
  const std::string not_initialized
    = R"({"jsonrpc":"2.0","error":{"code":-32000,)"
      R"("message":"Bad Request: Server not initialized"},"id":null})";
  for (const auto code : {400u, 404u, 405u}) {
    driver it{http_options()};
    it.open();
    it.lose(it.one<send>().exchange,
            status(code, code == 400 ? not_initialized : "<html>"));
    CAF_CHECK_EQUAL(it.one<send>().method, "initialize");
  }
  for (const auto code : {500u, 503u, 429u}) {
    driver it{http_options()};
    it.open();
    it.lose(it.one<send>().exchange, status(code));
    const auto reason = it.one<failed>().reason;
    CAF_CHECK(reason.kind == call_failure_kind::refused);
    CAF_CHECK(reason.is_retryable());
  }
}

CAF_TEST(a server that wants a login says nothing about its era) {
  driver it{http_options()};
  it.open();
  auto refusal = status(401);
  refusal.challenge = "Bearer resource_metadata=\"https://h/x\"";
  it.lose(it.one<send>().exchange, refusal);
  const auto reason = it.one<failed>().reason;
  CAF_CHECK(reason.kind == call_failure_kind::unauthorized);
  CAF_CHECK_EQUAL(reason.challenge, refusal.challenge);
  it.open();
  CAF_CHECK_EQUAL(it.one<send>().method, "server/discover");
}

CAF_TEST(errors of the modern era keep it) {
  driver headers{http_options()};
  headers.open();
  headers.lose(
    headers.one<send>().exchange,
    status(400, R"({"jsonrpc":"2.0","id":1,"error":{"code":-32020}})"));
  CAF_CHECK(headers.one<ready>().era == era::modern);

  driver versions{http_options()};
  versions.open();
  versions.lose(versions.one<send>().exchange,
                status(400, R"({"jsonrpc":"2.0","id":1,"error":{"code":-32022,)"
                            R"("data":{"supported":["2025-06-18"]}}})"));
  CAF_CHECK_EQUAL(versions.sent()["params"]["protocolVersion"], "2025-06-18");
}

CAF_TEST(versions that nobody shares are named) {
  driver it{http_options()};
  it.open();
  it.reply_error(it.one<send>(), -32022, "no", {{"supported", {"2030-01-01"}}});
  const auto message = it.one<failed>().reason.message;
  CAF_CHECK(message.find("2030-01-01") != std::string::npos);
  CAF_CHECK(message.find("2026-07-28") != std::string::npos);

  driver legacy{stdio_options()};
  legacy.open();
  legacy.reply_error(legacy.one<send>(), -32601, "no");
  legacy.reply(legacy.one<send>(), {{"protocolVersion", "1999-01-01"}});
  CAF_CHECK(legacy.one<failed>().reason.kind == call_failure_kind::bad_answer);
}

CAF_TEST(a server cannot keep the client busy with versions) {
  driver it{http_options()};
  it.open();
  for (int i = 0; i < 10 && it.none<failed>(); ++i)
    it.reply_error(it.one<send>(), -32022, "no",
                   {{"supported", {"2026-07-28"}}});
  it.one<failed>();
}

CAF_TEST(older legacy versions are taken as they come) {
  driver it{http_options()};
  it.open();
  it.reply_error(it.one<send>(), -32601, "no");
  it.reply(it.one<send>(), {{"protocolVersion", "2025-03-26"}});
  CAF_CHECK_EQUAL(it.one<ready>().version, "2025-03-26");
  CAF_CHECK(it.one<send>().headers.empty());
  it.one<listen>();
}

CAF_TEST(the negotiated version is in the headers) {
  driver it{http_options()};
  it.open_legacy();
  it.call("tools/list");
  CAF_CHECK_EQUAL(header(it.one<send>(), "MCP-Protocol-Version"), "2025-11-25");
  CAF_CHECK_EQUAL(header(it.one<send>(), "Mcp-Method"), "");
}

CAF_TEST(what is remembered saves the probe) {
  auto options = stdio_options();
  options.remembered = era::legacy;
  driver it{options};
  it.open();
  CAF_CHECK_EQUAL(it.one<send>().method, "initialize");
  // It has become a modern server meanwhile.
  it.reply_error(it.one<send>(), -32022, "no", {{"supported", {"2026-07-28"}}});
  CAF_CHECK_EQUAL(it.one<send>().method, "server/discover");
}

CAF_TEST(a remembered verdict that fails is forgotten) {
  auto options = http_options();
  options.remembered = era::modern;
  driver it{options};
  it.open();
  it.lose(it.one<send>().exchange, status(404));
  it.one<failed>();
  it.open();
  it.lose(it.one<send>().exchange, status(404));
  CAF_CHECK_EQUAL(it.one<send>().method, "initialize");
}

CAF_TEST(a wanted version is the only one) {
  auto options = http_options();
  options.version = "2025-11-25";
  driver it{options};
  it.open();
  CAF_CHECK_EQUAL(it.sent()["params"]["protocolVersion"], "2025-11-25");
  it.reply(it.one<send>(), {{"protocolVersion", "2025-06-18"}});
  it.one<failed>();

  options.version = "1.0";
  driver other{options};
  other.open();
  CAF_CHECK(other.one<failed>().reason.message.find("1.0")
            != std::string::npos);
}

CAF_TEST(abilities and the log level are declared) {
  auto options = stdio_options();
  options.abilities.elicitation_form = true;
  options.abilities.elicitation_url = true;
  options.abilities.sampling = true;
  options.roots = {"file:///tmp"};
  options.log_level = "warning";
  driver it{options};
  it.open();
  const auto meta = it.sent()["params"]["_meta"];
  CAF_CHECK_EQUAL(
    to_text(meta["io.modelcontextprotocol/clientCapabilities"]),
    R"({"roots":{},"sampling":{},"elicitation":{"form":{},"url":{}},)"
    R"("extensions":{"io.modelcontextprotocol/tasks":{}}})");
  CAF_CHECK_EQUAL(meta["io.modelcontextprotocol/logLevel"], "warning");
  it.reply_error(it.one<send>(), -32601, "no");
  CAF_CHECK_EQUAL(to_text(it.sent()["params"]["capabilities"]),
                  R"({"roots":{"listChanged":true},"sampling":{},)"
                  R"("elicitation":{"form":{},"url":{}}})");
  it.reply(it.one<send>(), everything);
  const auto sent = it.all<send>();
  CAF_REQUIRE_EQUAL(sent.size(), 2u);
  CAF_CHECK_EQUAL(to_text(driver::message_of(sent[1])["params"]),
                  R"({"level":"warning"})");
}

CAF_TEST(initialize is bounded and never cancelled) {
  driver it{stdio_options()};
  it.open();
  it.reply_error(it.one<send>(), -32601, "no");
  it.call("tools/list");
  it.pass(30s);
  CAF_CHECK(it.one<failed>().reason.kind == call_failure_kind::timed_out);
  CAF_CHECK(it.none<send>());
  CAF_CHECK(failure_of(it).kind == call_failure_kind::timed_out);
}
