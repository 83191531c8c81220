#define CAF_SUITE config.mcp_reader

#include "config/agent_file.hpp"
#include "config/mcp_file.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace perdure;
using namespace perdure::runtime::mcp;
using namespace std::chrono_literals;

namespace {

namespace fs = std::filesystem;

std::optional<std::string> lookup(std::string_view name) {
  if (name == "TOKEN")
    return "t0ken";
  return std::nullopt;
}

runtime::result<config::loaded_agent> try_load(const std::string& list) {
  return config::load_agent_text("model: test\ncapabilities:\n" + list,
                                 config::agent_format::yaml, "agents/desk.yaml",
                                 lookup);
}

config::loaded_agent load(const std::string& list) {
  auto agent = try_load(list);
  if (!agent)
    CAF_FAIL("refused: " << agent.error().message);
  return std::move(*agent);
}

server_options server(const std::string& list) {
  const auto agent = load(list);
  CAF_REQUIRE_EQUAL(agent.definition.mcp_servers.size(), 1u);
  return agent.definition.mcp_servers.front();
}

bool contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("'" << part << "' is not in: " << text);
  return false;
}

bool refuses(const std::string& list, const std::string& part) {
  const auto agent = try_load(list);
  return contains(agent ? "accepted" : agent.error().message, part);
}

config::mcp_file load_file(const std::string& text) {
  auto loaded = config::load_mcp_text(text, "etc/mcp.json", lookup);
  if (!loaded)
    CAF_FAIL("refused: " << loaded.error().message);
  return std::move(*loaded);
}

bool file_refuses(const std::string& text, const std::string& part) {
  const auto loaded = config::load_mcp_text(text, "etc/mcp.json", lookup);
  return contains(loaded ? "accepted" : loaded.error().message, part);
}

/// A file `name` in a fresh folder that is removed at the end.
struct temporary_file {
  temporary_file(const std::string& name, const std::string& text)
    : folder(fs::temp_directory_path()
             / ("perdure-mcp-" + std::to_string(getpid()))),
      path(folder / name) {
    fs::create_directories(folder);
    std::ofstream{path} << text;
  }

  ~temporary_file() {
    fs::remove_all(folder);
  }

  fs::path folder;
  fs::path path;
};

} // namespace

CAF_TEST(a server at a URL) {
  const auto web = server("- MCP: {url: 'https://mcp.example.org:8080/mcp', "
                          "authorization_token: 'Bearer ${TOKEN}', headers: "
                          "{X-Team: a}, allowed_tools: [search, fetch]}");
  CAF_CHECK_EQUAL(web.id, "mcp.example.org-mcp");
  CAF_CHECK(web.transport == transport_kind::http);
  CAF_CHECK_EQUAL(web.prefix, "");
  // Secrets are not stored.
  CAF_CHECK_EQUAL(web.headers.at("Authorization"), "Bearer ${TOKEN}");
  CAF_CHECK_EQUAL(web.headers.at("X-Team"), "a");
  CAF_CHECK_EQUAL(web.allowed_tools->size(), 2u);
  CAF_CHECK(web.include_instructions);
}

CAF_TEST(the transport follows from the URL unless it is said) {
  const auto transport = [](const std::string& rest) {
    return server("- MCP: {id: a, url: " + rest + "}").transport;
  };
  CAF_CHECK(transport("'https://h/sse'") == transport_kind::sse);
  CAF_CHECK(transport("'https://h/sse?a=b'") == transport_kind::sse);
  CAF_CHECK(transport("'https://h/sse', transport: http")
            == transport_kind::http);
  CAF_CHECK(transport("'https://h/mcp', type: sse") == transport_kind::sse);
  CAF_CHECK(transport("'${MCP_URL}'") == transport_kind::http);
}

CAF_TEST(a server that is a program) {
  const auto files
    = server("- MCP: {id: files, command: bin/srv, args: [--root, '${ROOT}'], "
             "env: {KEY: '${KEY}'}, cwd: work}");
  CAF_CHECK(files.transport == transport_kind::stdio);
  const std::vector<std::string> argv{"agents/bin/srv", "--root", "${ROOT}"};
  CAF_CHECK_EQUAL(files.argv, argv);
  CAF_CHECK_EQUAL(files.env.at("KEY"), "${KEY}");
  CAF_CHECK_EQUAL(files.cwd, "agents/work");
  const auto bare = server("- MCP: {id: a, command: npx}");
  CAF_CHECK_EQUAL(bare.argv.front(), "npx");
}

CAF_TEST(settings of a server) {
  const auto all = server(R"(
- MCP:
    id: a
    command: x
    tool_error_behavior: failed
    max_retries: 4
    include_instructions: false
    resources: true
    prompts: true
    prefer_tasks: false
    sampling_model: "openai:gpt-4o-mini"
    cache_tools: false
    log_level: warning
    connection: per_run
    protocol_version: 2025-11-25
    init_timeout: 5
    read_timeout: 6
    idle_timeout: 7
    call_timeout: 8.5
    max_message_bytes: 4096
    roots: ["file:///a"]
)");
  CAF_CHECK(all.on_tool_error == tool_error_behavior::failed);
  CAF_CHECK(all.max_retries == 4u);
  CAF_CHECK(!all.include_instructions);
  CAF_CHECK(all.resources);
  CAF_CHECK(all.prompts);
  CAF_CHECK(!all.prefer_tasks);
  CAF_CHECK(all.sampling);
  CAF_CHECK_EQUAL(all.sampling_model, "openai:gpt-4o-mini");
  CAF_CHECK(!all.cache_lists);
  CAF_CHECK_EQUAL(all.log_level, "warning");
  CAF_CHECK(all.scope == connection_scope::per_run);
  CAF_CHECK_EQUAL(all.version, "2025-11-25");
  CAF_CHECK(all.init_timeout == 5s);
  CAF_CHECK(all.read_timeout == 6s);
  CAF_CHECK(all.idle_timeout == 7s);
  CAF_CHECK(all.call_timeout == 8500ms);
  CAF_CHECK_EQUAL(all.message_bytes_max, 4096u);
  CAF_CHECK_EQUAL(all.roots.size(), 1u);
}

CAF_TEST(ways to get a token) {
  const auto auth = [](const std::string& text) {
    return server("- MCP: {url: 'https://h/mcp', auth: " + text + "}").auth;
  };
  CAF_CHECK(auth("oauth").kind == auth_kind::login);
  CAF_CHECK(auth("{scope: a b}").kind == auth_kind::login);
  const auto own = auth("{type: client_credentials, client_id: me, "
                        "client_secret: '${SECRET}', scope: a}");
  CAF_CHECK(own.kind == auth_kind::client_credentials);
  CAF_CHECK_EQUAL(own.client_secret, "${SECRET}");
  CAF_CHECK_EQUAL(auth("{type: client_credentials, client_id: me, "
                       "private_key_file: key.pem}")
                    .private_key_file,
                  "agents/key.pem");
  CAF_CHECK(refuses("- MCP: {url: 'https://h', auth: {type: "
                    "client_credentials, client_id: me}}",
                    "needs a client_id, and a client_secret"));
}

CAF_TEST(what is wrong with a server is told at its place) {
  CAF_CHECK(refuses("- MCP: {url: 'ftp://h'}",
                    "capabilities[0].MCP.url: must start with http"));
  CAF_CHECK(refuses("- MCP: {id: a}", "needs a 'command' or a 'url'"));
  CAF_CHECK(refuses("- MCP: {command: x}", "'id' is missing"));
  CAF_CHECK(refuses("- MCP: {url: '${U}'}", "'id' is missing"));
  CAF_CHECK(refuses("- MCP: {id: a b, command: x}", "the id 'a b'"));
  CAF_CHECK(
    refuses("- MCP: {id: a, command: x, headers: {A: b}}", "belongs to a url"));
  CAF_CHECK(
    refuses("- MCP: {url: 'http://h', args: [a]}", "belongs to a command"));
  CAF_CHECK(
    refuses("- MCP: {id: a, command: x, transport: http}", "must be stdio"));
  CAF_CHECK(
    refuses("- MCP: {id: a, command: x, env: {A: 1}}", "must be a string"));
  CAF_CHECK(refuses("- MCP: {url: 'http://h', native: true}",
                    "is not supported by this version"));
  CAF_CHECK(refuses("- MCP: {url: 'http://h', alowed_tools: [a]}",
                    "did you mean allowed_tools?"));
  CAF_CHECK(refuses("- MCP: {id: a, command: x}\n- MCP: {id: a, command: y}",
                    "another MCP server has the id 'a'"));
  CAF_CHECK(refuses("- MCP: {url: 'http://h/${'}", "${"));
}

CAF_TEST(prefixes are put before tools of any kind) {
  const auto agent = load(R"(
- PrefixTools: {prefix: wiki, capability: {MCP: {url: "https://w/sse"}}}
- PrefixTools:
    prefix: a
    capability: {PrefixTools: {prefix: b, capability: {External: {name: c}}}}
- External: {name: c}
)");
  CAF_CHECK_EQUAL(agent.definition.mcp_servers.front().prefix, "wiki");
  CAF_CHECK(agent.definition.tool("a_b_c") != nullptr);
  CAF_CHECK(agent.definition.tool("c") != nullptr);
  CAF_CHECK(refuses("- PrefixTools: {prefix: a, capability: Thinking}",
                    "Thinking brings no tools"));
  CAF_CHECK(refuses("- PrefixTools: {prefix: a}", "'capability' is missing"));
  CAF_CHECK(refuses("- PrefixTools: {prefix: a, capability: {Nothing: {}}}",
                    "unknown capability 'Nothing'"));
}

CAF_TEST(what is said of tools that are not known yet becomes rules) {
  const auto agent = load(R"(
- Approval: {tools: {annotations: {destructiveHint: true}}, expires_after_seconds: 60}
- SetToolMetadata: {tools: [search], risk: low}
- MCP: {url: "https://h/mcp"}
- Durability:
    mcp: {retries: 2}
    tools_by_name:
      search: {on_interrupt: ask}
)");
  const auto& definition = agent.definition;
  CAF_CHECK_EQUAL(definition.mcp_policy.retries, 2u);
  CAF_REQUIRE_EQUAL(definition.tool_rules.size(), 3u);
  CAF_CHECK_EQUAL(runtime::to_text(definition.tool_rules[0].selector),
                  R"(["search"])");
  CAF_CHECK_EQUAL(runtime::to_text(definition.tool_rules[0].metadata),
                  R"({"risk":"low"})");
  CAF_CHECK_EQUAL(runtime::to_text(definition.tool_rules[1].policy),
                  R"({"on_interrupt":"ask"})");
  CAF_CHECK(definition.tool_rules[2].requires_approval);
  CAF_CHECK(definition.tool_rules[2].expires_after == 60s);
  CAF_CHECK(refuses("- MCP: {url: 'https://h/mcp'}\n- Durability: "
                    "{tools_by_name: {a: {retries: -1}}}",
                    "retries"));
  CAF_CHECK(refuses("- MCP: {url: 'https://h/mcp'}\n- Durability: "
                    "{tools_by_name: {fetch: false}}",
                    "is always a task"));
  // Without servers such tools do not exist.
  CAF_CHECK(refuses("- Approval: {tools: [search]}", "unknown tool 'search'"));
}

CAF_TEST(servers may come from a file) {
  const temporary_file file{"mcp.json", R"({"mcpServers": {
    "files": {"command": "uvx", "args": ["srv"], "env": {"T": "${TOKEN}"}},
    "web": {"url": "https://h/mcp"}}})"};
  const auto agent
    = load("- MCP: {file: '" + file.path.string() + "', servers: [web]}");
  CAF_REQUIRE_EQUAL(agent.definition.mcp_servers.size(), 1u);
  CAF_CHECK_EQUAL(agent.definition.mcp_servers[0].id, "web");
  CAF_CHECK_EQUAL(agent.definition.mcp_servers[0].prefix, "web");
  const auto all = load("- PrefixTools: {prefix: p, capability: {MCP: {file: '"
                        + file.path.string() + "'}}}");
  CAF_REQUIRE_EQUAL(all.definition.mcp_servers.size(), 2u);
  CAF_CHECK_EQUAL(all.definition.mcp_servers[0].prefix, "p_files");
  CAF_CHECK(
    refuses("- MCP: {file: '" + file.path.string() + "', servers: [wed]}",
            "the file has no server 'wed'"));
  CAF_CHECK(refuses("- MCP: {file: '" + file.path.string() + "', id: a}",
                    "belongs into the file"));
  CAF_CHECK(refuses("- MCP: {file: nowhere.json}", "nowhere.json"));
}

CAF_TEST(files of other clients are read) {
  const auto file = load_file(R"({"mcpServers": {
    "files": {"type": "stdio", "command": "./srv", "args": ["-v"],
              "env": {"TOKEN": "${TOKEN}"}, "cwd": "x", "autoApprove": ["a"]},
    "off": {"command": "x", "disabled": true},
    "web": {"url": "https://h/mcp", "type": "streamable-http",
            "headers": {"Authorization": "Bearer ${KEY:-none}"}}}})");
  CAF_REQUIRE_EQUAL(file.servers.size(), 2u);
  const auto& files = file.servers[0];
  CAF_CHECK_EQUAL(files.id, "files");
  CAF_CHECK_EQUAL(files.prefix, "files");
  CAF_CHECK_EQUAL(files.argv.front(), "etc/srv");
  CAF_CHECK_EQUAL(files.cwd, "etc/x");
  CAF_CHECK_EQUAL(files.env.at("TOKEN"), "${TOKEN}");
  CAF_CHECK(!files.include_instructions);
  CAF_CHECK_EQUAL(file.servers[1].headers.at("Authorization"),
                  "Bearer ${KEY:-none}");
  CAF_REQUIRE_EQUAL(file.warnings.size(), 1u);
  CAF_CHECK(
    contains(file.warnings[0], "mcpServers.files.autoApprove: is not read"));
}

CAF_TEST(what is wrong in a file is told with its place) {
  CAF_CHECK(file_refuses("[]", "must be an object with an object"));
  CAF_CHECK(file_refuses("{", "etc/mcp.json:1:"));
  CAF_CHECK(file_refuses(R"({"mcpServers": {"a": 7}})", "must be an object"));
  CAF_CHECK(file_refuses(R"({"mcpServers": {"a": {}}})",
                         "needs a 'command' or a 'url'"));
  // A variable without a value would only be missed much later.
  CAF_CHECK(file_refuses(
    R"({"mcpServers": {"a": {"url": "https://h/${UNSET}"}}})", "UNSET"));
  CAF_CHECK(file_refuses(
    R"({"mcpServers": {"a": {"command": "x", "args": ["${UNSET}"]}}})",
    "mcpServers.a.args[0]"));
}
