// Goal: a person logs in once at an MCP server, and what the login brought
// lasts, is renewed, and shows nowhere.
// Method: the real node and the real client; an MCP server over HTTP that is
// its own authorization server and believes everybody who visits its page.

#define CAF_SUITE integration.mcp_login

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <sys/stat.h>

#include "support/process.hpp"
#include "support/real_node.hpp"
#include "support/terminal.hpp"
#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// `lifetime` in its folder is how long tokens live, in seconds; `iss` replaces
/// what it says of itself in redirections; with `deny` there it lets nobody in,
/// and when there is `revoked` no token counts any more.
/// What it is asked for is in `requests`, one per line.
constexpr std::string_view server_program = R"(#!/usr/bin/env python3
import base64, hashlib, json, os, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

os.chdir(os.environ["PLACE"])
codes, tokens, refreshes, made = {}, {}, set(), [0]

def text_of(name, otherwise):
    return open(name).read().strip() if os.path.exists(name) else otherwise

def grant():
    made[0] += 1
    lifetime = int(text_of("lifetime", "3600"))
    access, refresh = "access-%d" % made[0], "refresh-%d" % made[0]
    tokens[access] = time.time() + lifetime
    refreshes.add(refresh)
    return {"access_token": access, "refresh_token": refresh, "token_type": "Bearer",
            "expires_in": lifetime, "scope": "tools"}

class handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def reply(self, status, value=None, headers={}):
        body = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def do_DELETE(self):
        self.reply(200)

    def do_GET(self):
        place = urlsplit(self.path)
        base = "http://" + self.headers["Host"]
        if place.path == "/.well-known/oauth-protected-resource/mcp":
            return self.reply(200, {"resource": base + "/mcp", "authorization_servers": [base],
                                    "scopes_supported": ["tools"]})
        if place.path == "/.well-known/oauth-authorization-server":
            return self.reply(200, {
                "issuer": base, "authorization_endpoint": base + "/authorize",
                "token_endpoint": base + "/token", "registration_endpoint": base + "/register",
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True})
        if place.path == "/authorize":
            asked = {key: values[0] for key, values in parse_qs(place.query).items()}
            out = {"state": asked["state"], "iss": text_of("iss", base)}
            if os.path.exists("deny"):
                out["error"] = "access_denied"
            else:
                out["code"] = "code-" + asked["state"]
                codes[out["code"]] = asked
            return self.reply(200, {"location": asked["redirect_uri"] + "?" + urlencode(out)})
        self.reply(405 if place.path == "/mcp" else 404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        what = self.path
        if self.path == "/token":
            what += " " + parse_qs(body)["grant_type"][0]
        with open("requests", "a") as log:
            log.write(what + "\n")
        if self.path == "/register":
            return self.reply(201, {"client_id": "dynamic"})
        if self.path == "/token":
            return self.token({key: values[0] for key, values in parse_qs(body).items()})
        if os.path.exists("revoked"):
            os.remove("revoked")
            tokens.clear()
        shown = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if tokens.get(shown, 0) < time.time():
            meta = "http://%s/.well-known/oauth-protected-resource/mcp" % self.headers["Host"]
            return self.reply(401, {}, {"WWW-Authenticate": 'Bearer resource_metadata="%s"' % meta})
        self.message(json.loads(body))

    def token(self, given):
        if given["grant_type"] == "refresh_token":
            if given["refresh_token"] not in refreshes:
                return self.reply(400, {"error": "invalid_grant"})
            refreshes.remove(given["refresh_token"])
            return self.reply(200, grant())
        asked = codes.pop(given["code"], None)
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge \
                or asked["redirect_uri"] != given["redirect_uri"]:
            return self.reply(400, {"error": "invalid_grant"})
        self.reply(200, grant())

    def message(self, asked):
        if "id" not in asked:
            return self.reply(202)
        method, out = asked["method"], {"jsonrpc": "2.0", "id": asked["id"]}
        if method == "initialize":
            out["result"] = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                             "serverInfo": {"name": "vault", "version": "1"}}
        elif method == "tools/list":
            out["result"] = {"tools": [{"name": "open", "inputSchema": {"type": "object"}}]}
        elif method == "tools/call":
            out["result"] = {"content": [{"type": "text", "text": "gold"}]}
        else:
            out["error"] = {"code": -32601, "message": "no " + method}
        self.reply(200, out)

server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
with open("port.new", "w") as file:
    file.write(str(server.server_port))
os.rename("port.new", "port")
server.serve_forever()
)";

struct fixture {
  fixture() {
    process_setup setup;
    setup.argv = {folder.write("server.py", server_program, true).string()};
    setup.environment = {"PLACE=" + folder.path().string()};
    setup.output = folder.path() / "output";
    server.emplace(setup);
    if (!wait_until([this] { return !read_text(file("port")).empty(); }))
      CAF_FAIL("no server: " << read_text(setup.output));
    port = static_cast<std::uint16_t>(std::stoi(read_text(file("port"))));
    const auto script = node.place().write("script.json", R"({"responses": [
      {"tool_calls": [{"tool": "open", "args": {}}]}, {"text": "Done."}]})");
    const json entry{
      {"id", "vault"},
      {"url", "http://127.0.0.1:" + std::to_string(port) + "/mcp"},
      {"auth", "oauth"}};
    const json agent{{"model", "script:" + script.string()},
                     {"capabilities", json::array({{{"MCP", entry}}})}};
    node.write_agent("desk.json", runtime::to_text(agent));
    node.start();
  }

  std::filesystem::path file(const std::string& name) const {
    return folder.path() / name;
  }

  /// How often the server was asked for this.
  std::size_t asked(const std::string& what) const {
    const auto all = '\n' + read_text(file("requests"));
    std::size_t out = 0;
    for (auto at = all.find('\n' + what + '\n'); at != std::string::npos;
         at = all.find('\n' + what + '\n', at + 1))
      ++out;
    return out;
  }

  json begin() const {
    const auto answer = node.api().post("/v1/mcp/vault/login", "");
    if (answer.status != 200)
      CAF_FAIL("no login: " << answer.body);
    return answer.value();
  }

  /// Visits the page. @returns where it leads to
  std::string visit(const std::string& url) const {
    const api_client browser{port, "none"};
    const auto answer
      = browser.call("GET", url.substr(url.find("/authorize")), "", {});
    CAF_REQUIRE_EQUAL(answer.status, 200);
    return answer.value()["location"];
  }

  api_answer finish(const json& login, const std::string& redirect) const {
    return node.api().post("/v1/mcp/vault/login/"
                             + login["login"].get<std::string>(),
                           runtime::to_text({{"redirected_to", redirect}}));
  }

  void log_in() const {
    const auto login = begin();
    const auto done = finish(login, visit(login["url"]));
    if (done.status != 200)
      CAF_FAIL("not logged in: " << done.body);
  }

  json run() const {
    auto out = node.api().run({{"agent", "desk"}, {"prompt", "Open it."}});
    CAF_REQUIRE(out.is_object());
    return out;
  }

  std::string state_of_run() const {
    return run()["state"];
  }

  std::string login_state() const {
    return node.api().get("/v1/mcp").value()["servers"][0]["login"];
  }

  static std::vector<std::string> perdure(std::vector<std::string> words) {
    words.insert(words.begin(), PERDURE_BINARY_DIR "/bin/perdure");
    return words;
  }

  std::vector<std::string> environment() const {
    return {"TERM=xterm",
            "PERDURE_URL=http://127.0.0.1:" + std::to_string(node.api().port()),
            "PERDURE_DATA_DIR=" + node.data_dir().string()};
  }

  finished client(const std::vector<std::string>& words) const {
    return run_program(perdure(words), environment());
  }

  /// The URL that somebody at the client is to visit.
  static std::string page_on(const terminal& screen) {
    const auto& text = screen.screen();
    const auto at = text.rfind("http://", text.find("/authorize?"));
    CAF_REQUIRE(at != std::string::npos);
    return text.substr(at, text.find_first_of(" \r\n", at) - at);
  }

  temp_dir folder;
  std::optional<process> server;
  std::uint16_t port = 0;
  real_node node;
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string
replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  CAF_REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(mcp_login_tests, fixture)

CAF_TEST(a run that needs a login says which command it takes) {
  const auto failed = run();
  CAF_CHECK_EQUAL(failed["state"], "failed");
  CAF_CHECK_EQUAL(failed["error"]["type"], "mcp_unauthorized");
  CAF_CHECK(has(failed["error"]["message"], "perdure mcp login vault"));
  const auto called = node.api().post("/v1/mcp/vault/tools", "");
  CAF_CHECK_EQUAL(called.error_type(), "mcp_unauthorized");
  CAF_CHECK(has(called.body, "perdure mcp login vault"));
  CAF_CHECK_EQUAL(login_state(), "needed");
  // Nobody registers for a login that nobody wants.
  CAF_CHECK_EQUAL(asked("/register"), 0u);
}

CAF_TEST(a login lasts and is renewed) {
  log_in();
  CAF_CHECK_EQUAL(login_state(), "done");
  CAF_CHECK_EQUAL(state_of_run(), "completed");
  CAF_CHECK_EQUAL(asked("/token refresh_token"), 0u);
  struct stat info {};
  const auto kept = node.data_dir() / "mcp-credentials.json";
  CAF_REQUIRE_EQUAL(::stat(kept.c_str(), &info), 0);
  CAF_CHECK_EQUAL(info.st_mode & 0777, 0600u);
  node.kill9();
  folder.write("revoked", "");
  node.start();
  CAF_CHECK_EQUAL(login_state(), "done");
  CAF_CHECK_EQUAL(state_of_run(), "completed");
  CAF_CHECK_EQUAL(asked("/token refresh_token"), 1u);
  CAF_CHECK_EQUAL(asked("/token authorization_code"), 1u);
  CAF_CHECK_EQUAL(asked("/register"), 1u);
  // The new refresh token lasts, too.
  CAF_CHECK(has(read_text(kept), "refresh-2"));
  CAF_CHECK(!has(read_text(kept), "refresh-1"));
}

CAF_TEST(a token that is over is renewed before it is shown) {
  // Over as soon as it is there: ten seconds are left to spare.
  folder.write("lifetime", "9");
  log_in();
  node.kill9();
  node.start();
  CAF_CHECK_EQUAL(state_of_run(), "completed");
  CAF_CHECK(asked("/token refresh_token") > 0);
  CAF_CHECK_EQUAL(asked("/token authorization_code"), 1u);
}

CAF_TEST(secrets are in their file and nowhere else) {
  const auto login = begin();
  const auto redirect = visit(login["url"]);
  CAF_CHECK_EQUAL(finish(login, redirect).status, 200);
  const auto done = run();
  CAF_CHECK_EQUAL(done["state"], "completed");
  const auto id = done["id"].get<std::string>();
  auto shown = node.log();
  for (const auto* path : {"/v1/mcp", "/v1/mcp/vault", "/v1/agents/desk"})
    shown += node.api().get(path).body;
  for (const auto* part : {"", "/journal", "/tasks", "/messages"})
    shown += node.api().get("/v1/runs/" + id + part).body;
  CAF_REQUIRE_EQUAL(node.terminate(), 0);
  shown += read_text(node.data_dir() / "data.mdb");
  for (const auto* secret : {"access-1", "refresh-1", "code-", "state="})
    CAF_CHECK(!has(shown, secret));
  CAF_CHECK(
    has(read_text(node.data_dir() / "mcp-credentials.json"), "refresh-1"));
}

CAF_TEST(a redirect that is not of this login is refused) {
  const auto refused = [this](const std::string& from, const std::string& to) {
    const auto login = begin();
    const auto answer = finish(login, replaced(visit(login["url"]), from, to));
    CAF_CHECK_EQUAL(answer.error_type(), "mcp_unauthorized");
    // It is over, and its redirect is of no use any more.
    CAF_CHECK_EQUAL(finish(login, visit(login["url"])).status, 404);
    return answer.body;
  };
  CAF_CHECK(has(refused("?state=", "?state=other"), "another login"));
  CAF_CHECK(
    has(refused("iss=http", "iss=https"), "another authorization server"));
  CAF_CHECK(has(refused("&iss=", "&not="), "which authorization server"));
  CAF_CHECK(has(refused("&code=code-", "&code=no-"), "invalid_grant"));
  CAF_CHECK_EQUAL(asked("/token authorization_code"), 1u);
  CAF_CHECK_EQUAL(login_state(), "needed");
}

CAF_TEST(a person who is not let in) {
  folder.write("deny", "");
  const auto login = begin();
  const auto answer = finish(login, visit(login["url"]));
  CAF_CHECK_EQUAL(answer.error_type(), "mcp_unauthorized");
  CAF_CHECK(has(answer.body, "access_denied"));
  CAF_CHECK_EQUAL(login_state(), "needed");
}

CAF_TEST(what is no login is told) {
  auto& api = node.api();
  CAF_CHECK_EQUAL(api.post("/v1/mcp/nobody/login", "").status, 404);
  CAF_CHECK_EQUAL(
    api.post("/v1/mcp/vault/login/none", R"({"redirected_to": "x"})").status,
    404);
  const auto login = begin();
  CAF_CHECK_EQUAL(
    api
      .post("/v1/mcp/vault/login/" + login["login"].get<std::string>(),
            R"({"url": "x"})")
      .status,
    400);
  // Logins do not outlive the node that they were begun at.
  node.kill9();
  node.start();
  CAF_CHECK_EQUAL(finish(login, visit(login["url"])).status, 404);
  CAF_CHECK_EQUAL(login_state(), "needed");
}

CAF_TEST(people log in and out with the client) {
  const auto out = client({"mcp", "logout", "vault"});
  CAF_CHECK(out.exit_code == 0);
  CAF_CHECK(has(out.output, "nobody was logged in at vault"));
  log_in();
  CAF_CHECK_EQUAL(state_of_run(), "completed");
  CAF_CHECK(has(client({"mcp", "logout", "vault"}).output, "logged out of"));
  // At once, for a connection that is open as well.
  const auto failed = run();
  CAF_CHECK_EQUAL(failed["error"]["type"], "mcp_unauthorized");
  CAF_CHECK(has(client({"mcp"}).output, "login needed"));
  CAF_CHECK(
    !has(read_text(node.data_dir() / "mcp-credentials.json"), "refresh"));
}

CAF_TEST(an address is pasted where there is no browser) {
  terminal screen{perdure({"mcp", "login", "vault", "--paste"}), environment()};
  CAF_REQUIRE(screen.sees("Then paste the address"));
  screen.types(visit(page_on(screen)) + '\n');
  CAF_CHECK(screen.sees("logged in at vault"));
  CAF_CHECK(screen.ends() == 0);
  CAF_CHECK_EQUAL(state_of_run(), "completed");
}

CAF_TEST(the browser comes back to the client) {
  // Another test of this machine may have the port for a while.
  std::unique_ptr<terminal> screen;
  CAF_REQUIRE(wait_until([&] {
    screen = std::make_unique<terminal>(perdure({"mcp", "login", "vault"}),
                                        environment());
    return screen->sees("/authorize?") && !has(screen->screen(), "--paste");
  }));
  CAF_REQUIRE(screen->sees("\n"));
  const auto redirect = visit(page_on(*screen));
  const std::string origin = "http://127.0.0.1:7438";
  CAF_REQUIRE(redirect.starts_with(origin + "/callback?"));
  const api_client browser{7438, "none"};
  const auto page = browser.call("GET", redirect.substr(origin.size()), "", {});
  CAF_CHECK(has(page.body, "You can close this page"));
  CAF_CHECK(screen->sees("logged in at vault"));
  CAF_CHECK(screen->ends() == 0);
  CAF_CHECK_EQUAL(login_state(), "done");
}

CAF_TEST_FIXTURE_SCOPE_END()
