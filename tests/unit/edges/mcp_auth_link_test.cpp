#define CAF_SUITE edges.mcp_auth_link

#include "actors/edges/mcp_auth_link.hpp"
#include "actors/edges/token_signer.hpp"
#include "runtime/json.hpp"
#include "unit/edges/collector.hpp"
#include "unit/edges/link_probe.hpp"

#include <caf/test/unit_test.hpp>

#include "support/hostile_server.hpp"

using namespace perdure::actors;
using namespace perdure::tests;
namespace mcp = perdure::runtime::mcp;
using perdure::runtime::json;
using perdure::runtime::timestamp;

namespace {

constexpr auto first = exchange_id{1};
constexpr auto second = exchange_id{2};
const std::string json_type = "application/json";
const std::string answer = R"({"jsonrpc":"2.0","id":1,"result":{}})";

/// A server that is its own authorization server.
struct stage {
  hostile_server server;
  std::shared_ptr<http_client> http = make_curl_http_client();
  std::shared_ptr<mcp_credentials> credentials
    = std::make_shared<mcp_credentials_in_memory>();
  std::atomic<std::int64_t> now_seconds{1'000'000};
  mcp::auth_options auth;
  mcp_visitor visitor;
  std::unique_ptr<link_probe> link;

  stage() {
    auth.kind = mcp::auth_kind::client_credentials;
    auth.client_id = "node";
    auth.client_secret = "a secret";
  }

  ~stage() {
    link.reset();
  }

  void play(std::vector<reaction> reactions) {
    server.play(std::move(reactions));
    mcp_http_options options;
    options.http = http;
    options.url = server.url() + "/mcp";
    mcp_auth_options given;
    given.flow.server_url = options.url;
    given.flow.auth = auth;
    given.services.sha256 = sha256_bytes;
    given.services.random_text = [] { return std::string(43, 'r'); };
    given.credentials = credentials;
    given.key = "key";
    given.now = [this] { return timestamp{std::chrono::seconds{now_seconds}}; };
    given.visitor = visitor;
    link = std::make_unique<link_probe>([&](mcp_link_context context) {
      return make_mcp_auth_link(context, options, given);
    });
    CAF_REQUIRE(link->wait_for_open());
  }

  void call(exchange_id exchange) {
    link->send(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})", exchange,
               "tools/list", {{"Mcp-Method", "tools/list"}});
  }

  [[nodiscard]] reaction refusal() const {
    return whole(401, "text/plain", "who?",
                 {{"WWW-Authenticate",
                   "Bearer resource_metadata=\"" + server.url() + "/meta\""}});
  }

  /// What leads from a refusal to `token`.
  [[nodiscard]] std::vector<reaction>
  way_to(const std::string& token, json more = json::object()) const {
    const json resource{{"resource", server.url() + "/mcp"},
                        {"authorization_servers", json::array({server.url()})}};
    const json issuer{
      {"issuer", server.url()},
      {"token_endpoint", server.url() + "/token"},
      {"authorization_endpoint", server.url() + "/login"},
      {"registration_endpoint", server.url() + "/register"},
      {"code_challenge_methods_supported", json::array({"S256"})}};
    more["access_token"] = token;
    more["token_type"] = "Bearer";
    return {whole(200, json_type, resource.dump()),
            whole(200, json_type, issuer.dump()),
            whole(200, json_type, more.dump())};
  }

  std::string asked(std::size_t n) {
    CAF_REQUIRE(eventually([&] { return server.requests().size() > n; }));
    return server.requests()[n];
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::vector<reaction>
sequence(std::vector<reaction> parts, const std::vector<reaction>& more,
         const std::vector<reaction>& last = {}) {
  parts.insert(parts.end(), more.begin(), more.end());
  parts.insert(parts.end(), last.begin(), last.end());
  return parts;
}

} // namespace

CAF_TEST(a request that was refused is sent again with a token) {
  stage with;
  with.play(
    sequence({with.refusal()}, with.way_to("t1"),
             {whole(200, json_type, answer), whole(200, json_type, answer)}));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  CAF_CHECK(!has(with.asked(0), "Authorization"));
  CAF_CHECK(has(with.asked(1), "GET /meta "));
  CAF_CHECK(has(with.asked(3), "POST /token "));
  CAF_CHECK(has(with.asked(3), "grant_type=client_credentials"));
  CAF_CHECK(has(with.asked(4), "Authorization: Bearer t1\r\n"));
  with.call(second);
  CAF_REQUIRE(with.link->wait_for_messages(2));
  CAF_CHECK(has(with.asked(5), "Authorization: Bearer t1\r\n"));
  CAF_CHECK(with.link->look([](auto& probe) {
    return probe.losses.empty() && probe.messages[0].exchange == first;
  }));
}

CAF_TEST(the next link has the token from the beginning) {
  stage with;
  with.play(sequence({with.refusal()}, with.way_to("t1"),
                     {whole(200, json_type, answer)}));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  with.play({whole(200, json_type, answer)});
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  CAF_CHECK(has(with.asked(0), "Authorization: Bearer t1\r\n"));
}

CAF_TEST(a token that is over is replaced before it is shown) {
  stage with;
  with.play(sequence({with.refusal()}, with.way_to("t1", {{"expires_in", 60}}),
                     {whole(200, json_type, answer)}));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  with.now_seconds += 55;
  with.play(sequence({}, with.way_to("t2", {{"expires_in", 60}}),
                     {whole(200, json_type, answer)}));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  CAF_CHECK(has(with.asked(3), "Authorization: Bearer t2\r\n"));
}

CAF_TEST(a token that hardly lives is shown once) {
  stage with;
  with.play(sequence({with.refusal()}, with.way_to("t1", {{"expires_in", 5}}),
                     {whole(200, json_type, answer)}));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  CAF_CHECK(has(with.asked(4), "Authorization: Bearer t1\r\n"));
}

CAF_TEST(a denial answers what was refused) {
  stage with;
  auto way = with.way_to("t1");
  way.back() = whole(400, json_type, R"({"error":"invalid_client"})");
  with.play(sequence({with.refusal()}, way));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_losses(1));
  const auto loss
    = with.link->look([](auto& probe) { return probe.losses.front(); });
  CAF_CHECK(loss.exchange == first);
  CAF_CHECK_EQUAL(loss.reason.http_status, 401u);
  CAF_CHECK(has(loss.reason.message, "invalid_client"));
}

CAF_TEST(an authorization server that is down may be better later) {
  stage with;
  auto way = with.way_to("t1");
  way.back() = whole(503, "text/plain", "");
  with.play(sequence({with.refusal()}, way));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_losses(1));
  CAF_CHECK(with.link->look([](auto& probe) {
    return probe.losses[0].reason.what == link_failure::kind::broken;
  }));
}

CAF_TEST(a server that always refuses is left) {
  stage with;
  std::vector<reaction> all;
  for (int i = 0; i < 8; ++i)
    all = sequence(std::move(all), {with.refusal()}, with.way_to("t"));
  with.play(std::move(all));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_losses(1));
  CAF_CHECK(with.server.connections() < 24);
}

CAF_TEST(a login elsewhere counts at once and so does a logout) {
  stage with;
  with.auth.kind = mcp::auth_kind::login;
  with.play({with.refusal(), whole(200, json_type, answer), with.refusal()});
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_losses(1));
  CAF_CHECK(!has(with.asked(0), "Authorization"));
  CAF_REQUIRE(with.credentials->save(
    "key", {mcp::oauth::grant{"t1", {}, {}, {}, {}, 0}, {}}));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  CAF_CHECK(has(with.asked(1), "Authorization: Bearer t1\r\n"));
  CAF_REQUIRE(with.credentials->forget("key"));
  with.call(second);
  CAF_REQUIRE(with.link->wait_for_losses(2));
  CAF_CHECK(!has(with.asked(2), "Authorization"));
}

CAF_TEST(a server that wants more says so to the next login) {
  stage with;
  with.auth.kind = mcp::auth_kind::login;
  CAF_REQUIRE(with.credentials->save(
    "key", {mcp::oauth::grant{"t1", "r1", {}, "read", {}, 0}, {}}));
  with.play({whole(403, "text/plain", "no",
                   {{"WWW-Authenticate", "Bearer error=\"insufficient_scope\", "
                                         "scope=\"write\""}})});
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_losses(1));
  CAF_CHECK(with.link->look([](auto& probe) {
    return has(probe.losses[0].reason.message, "log in again");
  }));
  const auto kept = with.credentials->load("key");
  CAF_CHECK_EQUAL(kept.wanted_scope, "read write");
  CAF_CHECK_EQUAL(kept.grant->access_token, "t1");
}

CAF_TEST(a login needs a person) {
  stage with;
  with.auth.kind = mcp::auth_kind::login;
  with.play({with.refusal()});
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_losses(1));
  CAF_CHECK(with.link->look([](auto& probe) {
    return has(probe.losses[0].reason.message, "a person has to log in");
  }));
  std::string visited;
  with.visitor = [&](std::string url, std::function<void(std::string)> done) {
    visited = std::move(url);
    done("http://127.0.0.1:7438/callback?code=c1&state="
         + std::string(43, 'r'));
  };
  with.play(sequence({with.refusal()}, with.way_to("t1"),
                     {whole(200, json_type, answer)}));
  with.call(first);
  CAF_REQUIRE(with.link->wait_for_messages(1));
  CAF_CHECK(has(visited, with.server.url() + "/login?"));
  CAF_CHECK(has(with.asked(3), "code=c1"));
  CAF_CHECK(has(with.asked(4), "Authorization: Bearer t1\r\n"));
}
