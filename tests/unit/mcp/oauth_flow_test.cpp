#define CAF_SUITE mcp.oauth_flow

#include "runtime/mcp/oauth/flow.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;
using namespace perdure::runtime::mcp::oauth;
using namespace std::chrono_literals;

namespace {

const std::string server = "https://mcp.example/app/mcp";
const std::string issuer = "https://login.example/tenant";

flow_services services() {
  flow_services out;
  out.sha256 = [](std::string_view) { return std::string(32, '\xAB'); };
  out.random_text
    = [count = 0]() mutable { return "random" + std::to_string(++count); };
  out.sign = [](std::string_view) -> result<std::string> {
    return std::string{"sig"};
  };
  out.sign_algorithm = "ES256";
  return out;
}

flow_options login() {
  flow_options out;
  out.server_url = server;
  out.auth.kind = auth_kind::login;
  return out;
}

/// A web of documents that a flow finds its way through.
class web {
public:
  explicit web(flow_options options = login())
    : flow_(std::move(options), services()) {
    // nop
  }

  /// The metadata of a server that has everything.
  void fill() {
    documents["https://mcp.example/.well-known/oauth-protected-resource"
              "/app/mcp"]
      = {{"resource", server},
         {"authorization_servers", json::array({issuer})},
         {"scopes_supported", {"read", "write"}}};
    documents["https://login.example/.well-known/oauth-authorization-server"
              "/tenant"]
      = metadata();
  }

  static json metadata() {
    return {{"issuer", issuer},
            {"authorization_endpoint", issuer + "/authorize"},
            {"token_endpoint", issuer + "/token"},
            {"registration_endpoint", issuer + "/register"},
            {"code_challenge_methods_supported", json::array({"S256"})}};
  }

  json& server_metadata() {
    return documents["https://login.example/.well-known"
                     "/oauth-authorization-server/tenant"];
  }

  /// Runs until a person, or an end.
  void run(const challenge& refusal = {}) {
    follow(flow_.begin(refusal, now));
  }

  /// The person comes back with these fields.
  void come_back(const std::string& fields) {
    follow(flow_.redirected("http://127.0.0.1:7438/callback?" + fields));
  }

  void log_in() {
    come_back("code=c1&state=random2");
  }

  /// The fields that the person brings along.
  const std::map<std::string, std::string>& visited() {
    const auto* place = std::get_if<visit>(&last);
    if (place == nullptr)
      CAF_FAIL("nobody has to visit anything");
    visited_ = decode_query(place->url);
    return visited_;
  }

  const granted& granted_now() const {
    const auto* out = std::get_if<granted>(&last);
    if (out == nullptr)
      CAF_FAIL("denied: " << std::get<denied>(last).reason.message);
    return *out;
  }

  std::string denied_with() const {
    const auto* out = std::get_if<denied>(&last);
    if (out == nullptr)
      CAF_FAIL("not denied");
    return out->reason.message;
  }

  std::map<std::string, json> documents;
  json token{{"access_token", "a1"}, {"token_type", "Bearer"}};
  json registered{{"client_id", "dyn"}};
  std::vector<http_request> requests;
  step last;
  timestamp now{1'800'000'000s};

private:
  void follow(step next) {
    last = std::move(next);
    while (const auto* wanted = std::get_if<fetch>(&last)) {
      requests.push_back(wanted->request);
      CAF_REQUIRE(requests.size() < 50);
      last = flow_.answered(answer(requests.back()), now);
    }
  }

  http_answer answer(const http_request& request) const {
    if (request.url.ends_with("/token"))
      return {token.contains("error") ? 400u : 200u, to_text(token)};
    if (request.url.ends_with("/register"))
      return {201, to_text(registered)};
    const auto found = documents.find(request.url);
    if (found == documents.end())
      return {404, "not here"};
    return {200, to_text(found->second)};
  }

  flow flow_;
  std::map<std::string, std::string> visited_;
};

std::string header(const http_request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers)
    if (key == name)
      return value;
  return {};
}

std::string urls(const web& it) {
  std::string out;
  for (const auto& request : it.requests)
    out += request.url + "\n";
  return out;
}

} // namespace

CAF_TEST(a login from nothing to a token) {
  web it;
  it.fill();
  it.run();
  const auto query = it.visited();
  CAF_CHECK_EQUAL(query.at("response_type"), "code");
  CAF_CHECK_EQUAL(query.at("client_id"), "dyn");
  CAF_CHECK_EQUAL(query.at("resource"), server);
  CAF_CHECK_EQUAL(query.at("scope"), "read write");
  CAF_CHECK_EQUAL(query.at("code_challenge_method"), "S256");
  CAF_CHECK_EQUAL(query.at("code_challenge"),
                  "q6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s");
  CAF_CHECK_EQUAL(query.at("state"), "random2");
  const auto registration = parse_json(it.requests.back().body);
  CAF_REQUIRE(registration);
  CAF_CHECK_EQUAL((*registration)["application_type"], "native");
  CAF_CHECK_EQUAL((*registration)["token_endpoint_auth_method"], "none");
  it.token["refresh_token"] = "r1";
  it.token["expires_in"] = 60;
  it.log_in();
  const auto body = decode_query(it.requests.back().body);
  CAF_CHECK_EQUAL(body.at("grant_type"), "authorization_code");
  CAF_CHECK_EQUAL(body.at("code"), "c1");
  CAF_CHECK_EQUAL(body.at("code_verifier"), "random1");
  CAF_CHECK_EQUAL(body.at("resource"), server);
  CAF_CHECK_EQUAL(body.at("client_id"), "dyn");
  const auto& result = it.granted_now();
  CAF_CHECK_EQUAL(result.grant.access_token, "a1");
  CAF_CHECK_EQUAL(result.grant.refresh_token, "r1");
  CAF_CHECK_EQUAL(result.grant.scope, "read write");
  CAF_CHECK_EQUAL(result.grant.issuer, issuer);
  CAF_CHECK(result.grant.expires == it.now + 60s);
  CAF_CHECK_EQUAL(result.clients.at(issuer).id, "dyn");
}

CAF_TEST(metadata is looked for in the right order) {
  web it;
  it.run({"https://mcp.example/meta", {}, {}});
  CAF_CHECK_EQUAL(
    urls(it),
    "https://mcp.example/meta\n"
    "https://mcp.example/.well-known/oauth-protected-resource/app/mcp\n"
    "https://mcp.example/.well-known/oauth-protected-resource\n"
    "https://mcp.example/.well-known/oauth-authorization-server\n"
    "https://mcp.example/.well-known/openid-configuration\n"
    "https://mcp.example/register\n");
  web other;
  other.fill();
  other.documents.erase("https://login.example/.well-known"
                        "/oauth-authorization-server/tenant");
  other.run();
  CAF_CHECK_EQUAL(
    urls(other),
    "https://mcp.example/.well-known/oauth-protected-resource/app/mcp\n"
    "https://login.example/.well-known/oauth-authorization-server/tenant\n"
    "https://login.example/.well-known/openid-configuration/tenant\n"
    "https://login.example/tenant/.well-known/openid-configuration\n");
  CAF_CHECK(other.denied_with().find("has no metadata") != std::string::npos);
}

CAF_TEST(a server of 2025 - 03 - 26 has its endpoints at the root) {
  web it;
  it.run();
  CAF_CHECK(
    std::get<visit>(it.last).url.starts_with("https://mcp.example/authorize?"));
  CAF_CHECK(!it.visited().contains("resource"));
  CAF_CHECK(!it.visited().contains("scope"));
  it.log_in();
  CAF_CHECK_EQUAL(it.requests.back().url, "https://mcp.example/token");
  it.granted_now();

  web with_metadata;
  with_metadata.documents["https://mcp.example/.well-known"
                          "/oauth-authorization-server"]
    = {{"issuer", "https://mcp.example"},
       {"authorization_endpoint", "https://mcp.example/oauth/go"},
       {"token_endpoint", "https://mcp.example/oauth/token"},
       {"registration_endpoint", "https://mcp.example/oauth/register"},
       {"code_challenge_methods_supported", json::array({"S256"})}};
  with_metadata.run();
  CAF_CHECK(std::get<visit>(with_metadata.last)
              .url.starts_with("https://mcp.example/oauth/go?"));
}

CAF_TEST(metadata of others is not believed) {
  web resource;
  resource.fill();
  for (auto& [url, document] : resource.documents)
    if (document.contains("resource"))
      document["resource"] = "https://evil.example/mcp";
  resource.run();
  CAF_CHECK(resource.denied_with().find("another resource")
            != std::string::npos);
  for (const auto* wrong : {"https://login.example", "https://evil.example",
                            "https://login.example/tenant/"}) {
    web it;
    it.fill();
    it.server_metadata()["issuer"] = wrong;
    it.run();
    CAF_CHECK(it.denied_with().find("another one") != std::string::npos);
  }
}

CAF_TEST(the resource may be wider than the server) {
  for (const auto& [resource, is_fine] :
       std::vector<std::pair<std::string, bool>>{
         {"https://mcp.example", true},
         {"https://mcp.example/", true},
         {"https://MCP.example/app", true},
         {"https://mcp.example/ap", false},
         {"https://mcp.example/app/mcp/x", false},
         {"http://mcp.example/app/mcp", false},
         {"", false}}) {
    web it;
    it.fill();
    it.documents["https://mcp.example/.well-known/oauth-protected-resource"
                 "/app/mcp"]["resource"]
      = resource;
    it.run();
    CAF_CHECK_EQUAL(std::holds_alternative<visit>(it.last), is_fine);
  }
}

CAF_TEST(scopes come from the refusal before the metadata) {
  web it;
  it.fill();
  it.run({{}, "special", {}});
  CAF_CHECK_EQUAL(it.visited().at("scope"), "special");
  web none;
  none.fill();
  none
    .documents["https://mcp.example/.well-known/oauth-protected-resource"
               "/app/mcp"]
    .erase("scopes_supported");
  none.run();
  CAF_CHECK(!none.visited().contains("scope"));
  web offline;
  offline.fill();
  offline.server_metadata()["scopes_supported"] = {"x", "offline_access"};
  offline.run();
  CAF_CHECK_EQUAL(offline.visited().at("scope"), "read write offline_access");
}

CAF_TEST(more scopes are asked for on top of those before and not for ever) {
  auto options = login();
  options.clients[issuer] = {"dyn", {}, {}};
  options.previous = grant{"a0", "r0", {}, "read", issuer, 0};
  unsigned rounds = 0;
  for (; rounds < 10; ++rounds) {
    web it{options};
    it.fill();
    it.run({{}, "admin", "insufficient_scope"});
    if (std::holds_alternative<denied>(it.last))
      break;
    CAF_CHECK_EQUAL(it.visited().at("scope"), "read admin");
    it.log_in();
    options.previous = it.granted_now().grant;
  }
  CAF_CHECK_EQUAL(rounds, 3u);
}

CAF_TEST(clients show who they are as the server says) {
  const auto method = [](json methods, json registered) {
    web it;
    it.fill();
    if (!methods.is_null())
      it.server_metadata()["token_endpoint_auth_methods_supported"] = methods;
    it.registered = std::move(registered);
    it.run();
    it.log_in();
    it.granted_now();
    const auto& request = it.requests.back();
    if (!header(request, "Authorization").empty())
      return header(request, "Authorization");
    const auto body = decode_query(request.body);
    return body.at("client_id")
           + (body.contains("client_secret") ? body.at("client_secret") : "");
  };
  const json secret{{"client_id", "dyn"}, {"client_secret", "s:1"}};
  const json open{{"client_id", "dyn"}};
  CAF_CHECK_EQUAL(method(nullptr, open), "dyn");
  CAF_CHECK_EQUAL(method({"none"}, open), "dyn");
  // base64 of dyn:s%3A1
  CAF_CHECK_EQUAL(method(nullptr, secret), "Basic ZHluOnMlM0Ex");
  CAF_CHECK_EQUAL(method(json::array({"client_secret_basic"}), secret),
                  "Basic ZHluOnMlM0Ex");
  CAF_CHECK_EQUAL(method(json::array({"client_secret_post"}), secret),
                  "dyns:1");
}

CAF_TEST(clients that are known are not registered again) {
  auto options = login();
  options.auth.client_id = "pre";
  options.auth.client_secret = "s";
  web pre{options};
  pre.fill();
  pre.run();
  CAF_CHECK_EQUAL(pre.visited().at("client_id"), "pre");

  auto stored = login();
  stored.clients[issuer] = {"old", {}, {}};
  stored.clients["https://other.example"] = {"wrong", {}, {}};
  web again{stored};
  again.fill();
  again.run();
  CAF_CHECK_EQUAL(again.visited().at("client_id"), "old");

  auto document = login();
  document.auth.client_metadata_url = "https://me.example/client.json";
  web cimd{document};
  cimd.fill();
  cimd.server_metadata()["client_id_metadata_document_supported"] = true;
  cimd.run();
  CAF_CHECK_EQUAL(cimd.visited().at("client_id"),
                  "https://me.example/client.json");
  web unsupported{document};
  unsupported.fill();
  unsupported.run();
  CAF_CHECK_EQUAL(unsupported.visited().at("client_id"), "dyn");
}

CAF_TEST(credentials are never shown to another server) {
  auto options = login();
  options.clients["https://old.example"] = {"old", "s", {}};
  options.previous = grant{"a0", "r0", {}, "read", "https://old.example", 0};
  web it{options};
  it.fill();
  it.run();
  CAF_CHECK_EQUAL(it.visited().at("client_id"), "dyn");
  for (const auto& request : it.requests)
    CAF_CHECK(request.body.find("r0") == std::string::npos);
  options.auth.client_id = "pre";
  web pre{options};
  pre.fill();
  pre.run();
  CAF_CHECK(pre.denied_with().find("another authorization server")
            != std::string::npos);
}

CAF_TEST(the answer names its server exactly) {
  struct row {
    bool is_advertised;
    const char* fields;
    bool is_fine;
  };
  const std::string own = "&iss=" + encode(issuer);
  const std::string slash = "&iss=" + encode(issuer + "/");
  const std::string upper = "&iss=HTTPS%3A%2F%2Flogin.example%2Ftenant";
  for (const auto& [is_advertised, fields, is_fine] :
       {row{true, own.c_str(), true}, row{true, "", false},
        row{true, "&iss=https%3A%2F%2Fevil.example", false},
        row{true, slash.c_str(), false}, row{true, upper.c_str(), false},
        row{false, "", true}, row{false, own.c_str(), true},
        row{false, "&iss=https%3A%2F%2Fevil.example", false}}) {
    web it;
    it.fill();
    it.server_metadata()["authorization_response_iss_parameter_supported"]
      = is_advertised;
    it.run();
    it.come_back("code=c1&state=random2" + std::string{fields});
    CAF_CHECK_EQUAL(std::holds_alternative<granted>(it.last), is_fine);
  }
}

CAF_TEST(answers to other logins and refusals give no token) {
  const auto after = [](const std::string& fields) {
    web it;
    it.fill();
    it.run();
    const auto before = it.requests.size();
    it.come_back(fields);
    CAF_CHECK_EQUAL(it.requests.size(), before);
    return it.denied_with();
  };
  CAF_CHECK(after("code=c1&state=x").find("another login")
            != std::string::npos);
  CAF_CHECK(after("code=c1").find("another login") != std::string::npos);
  CAF_CHECK(after("state=random2").find("no code") != std::string::npos);
  CAF_CHECK(after("error=access_denied&state=random2").find("access_denied")
            != std::string::npos);
  // What a stranger says is not repeated.
  CAF_CHECK(after("error=boo&state=random2&iss=https%3A%2F%2Fevil").find("boo")
            == std::string::npos);
}

CAF_TEST(a server that checks no challenges gets no code) {
  for (const json& methods : {json{}, json::array({"plain"})}) {
    web it;
    it.fill();
    it.server_metadata()["code_challenge_methods_supported"] = methods;
    it.run();
    CAF_CHECK(it.denied_with().find("S256") != std::string::npos);
  }
}

CAF_TEST(tokens travel safely or not at all) {
  for (const auto* key : {"token_endpoint", "authorization_endpoint"}) {
    web it;
    it.fill();
    it.server_metadata()[key] = "http://login.example/x";
    it.run();
    CAF_CHECK(it.denied_with().find("https") != std::string::npos);
  }
  CAF_CHECK(is_safe("http://127.0.0.1:80/x"));
  CAF_CHECK(is_safe("http://localhost/x"));
  CAF_CHECK(is_safe("http://[::1]:80/x"));
  CAF_CHECK(!is_safe("http://localhost.evil.example/"));
  CAF_CHECK(!is_safe("http://127.0.0.1@evil.example/"));
  CAF_CHECK(!is_safe("ftp://h"));
}

CAF_TEST(a refresh token saves the login) {
  auto options = login();
  options.clients[issuer] = {"dyn", {}, {}};
  options.previous = grant{"a0", "r0", {}, "read", issuer, 0};
  web it{options};
  it.fill();
  it.run({{}, {}, "invalid_token"});
  const auto body = decode_query(it.requests.back().body);
  CAF_CHECK_EQUAL(body.at("grant_type"), "refresh_token");
  CAF_CHECK_EQUAL(body.at("refresh_token"), "r0");
  CAF_CHECK_EQUAL(it.granted_now().grant.refresh_token, "r0");
  web spent{options};
  spent.fill();
  spent.token = {{"error", "invalid_grant"}};
  spent.run({{}, {}, "invalid_token"});
  CAF_CHECK(std::holds_alternative<visit>(spent.last));
}

CAF_TEST(without a person nothing is asked for a login) {
  auto options = login();
  options.has_person = false;
  options.login_command = "perdure mcp login files";
  web it{options};
  it.fill();
  it.run();
  CAF_CHECK(it.requests.empty());
  CAF_CHECK_EQUAL(it.denied_with(), "a person has to log in first: perdure mcp "
                                    "login files");
  CAF_CHECK(std::get<denied>(it.last).reason.code == errc::mcp_unauthorized);
}

CAF_TEST(without a person a token is refreshed and nothing else) {
  auto options = login();
  options.has_person = false;
  options.previous = grant{"a0", "r0", {}, "read", issuer, 0};
  options.clients[issuer] = {"dyn", "", "none"};
  web it{options};
  it.fill();
  it.run({{}, {}, "invalid_token"});
  CAF_CHECK_EQUAL(it.granted_now().grant.access_token, "a1");
  web spent{options};
  spent.fill();
  spent.token = {{"error", "invalid_grant"}};
  spent.run({{}, {}, "invalid_token"});
  CAF_CHECK_EQUAL(spent.denied_with(), "a person has to log in first");
  // Nobody registers for a login that will not come.
  options.clients.clear();
  web unknown{options};
  unknown.fill();
  unknown.run();
  CAF_CHECK_EQUAL(unknown.denied_with(), "a person has to log in first");
  CAF_CHECK(urls(unknown).find("/register") == std::string::npos);
  // A refreshed token would not have more scopes.
  web wider{options};
  wider.fill();
  wider.run({{}, "write", "insufficient_scope"});
  CAF_CHECK(wider.requests.empty());
  CAF_CHECK(wider.denied_with().find("(write)") != std::string::npos);
}

CAF_TEST(credentials of the node itself need no person) {
  auto options = login();
  options.auth.kind = auth_kind::client_credentials;
  options.auth.client_id = "me";
  options.auth.client_secret = "s";
  web it{options};
  it.fill();
  it.run();
  auto body = decode_query(it.requests.back().body);
  CAF_CHECK_EQUAL(body.at("grant_type"), "client_credentials");
  CAF_CHECK_EQUAL(body.at("resource"), server);
  CAF_CHECK_EQUAL(body.at("scope"), "read write");
  CAF_CHECK_EQUAL(header(it.requests.back(), "Authorization"),
                  "Basic bWU6cw==");
  it.granted_now();

  options.auth.client_secret.clear();
  options.auth.private_key_file = "key.pem";
  web key{options};
  key.fill();
  key.run();
  body = decode_query(key.requests.back().body);
  CAF_CHECK_EQUAL(body.at("client_assertion_type"),
                  "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  CAF_CHECK(body.at("client_assertion").ends_with(".c2ln"));
  CAF_CHECK(!body.contains("client_secret"));
}

CAF_TEST(outages are told from refusals) {
  web it;
  it.fill();
  flow subject{login(), services()};
  subject.begin({}, it.now);
  const auto down = subject.answered({503, {}}, it.now);
  CAF_CHECK(std::get<denied>(down).reason.code == errc::mcp_unavailable);
  web refused;
  refused.fill();
  refused.registered = {{"error", "invalid_redirect_uri"}};
  refused.run();
  CAF_CHECK(refused.denied_with().find("invalid_redirect_uri")
            != std::string::npos);
}

CAF_TEST(challenges are read) {
  const auto all
    = read_challenge("Basic realm=\"x\", Bearer error=\"insufficient_scope\", "
                     "scope=\"a b\", resource_metadata=\"https://h/m?a=b,c\"");
  CAF_CHECK_EQUAL(all.error, "insufficient_scope");
  CAF_CHECK_EQUAL(all.scope, "a b");
  CAF_CHECK_EQUAL(all.resource_metadata, "https://h/m?a=b,c");
  CAF_CHECK_EQUAL(read_challenge("bearer scope=x").scope, "x");
  CAF_CHECK_EQUAL(read_challenge("Bearer").scope, "");
  CAF_CHECK_EQUAL(read_challenge("Bearer scope=\"a\\\"b").scope, "a\"b");
  CAF_CHECK_EQUAL(read_challenge("Basic scope=x").scope, "");
  CAF_CHECK_EQUAL(read_challenge("").scope, "");
}
