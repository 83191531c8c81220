#define CAF_SUITE mcp.tool_rules

#include "runtime/agent/definition_json.hpp"
#include "runtime/mcp/tool_rules.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace std::chrono_literals;

namespace {

tool_definition tool(const std::string& name, json metadata = json::object()) {
  tool_definition out;
  out.name = name;
  out.metadata = std::move(metadata);
  return out;
}

tool_rule rule(json selector) {
  tool_rule out;
  out.selector = std::move(selector);
  return out;
}

} // namespace

CAF_TEST(selectors mean all or some or what metadata includes) {
  const auto wipe
    = tool("wipe", {{"annotations", {{"destructiveHint", true}, {"x", 1}}}});
  CAF_CHECK(mcp::selects("all", wipe));
  CAF_CHECK(mcp::selects({"look", "wipe"}, wipe));
  CAF_CHECK(!mcp::selects(json::array({"look"}), wipe));
  CAF_CHECK(mcp::selects({{"annotations", {{"destructiveHint", true}}}}, wipe));
  CAF_CHECK(
    !mcp::selects({{"annotations", {{"destructiveHint", false}}}}, wipe));
  CAF_CHECK(!mcp::selects({{"risk", "high"}}, tool("a", nullptr)));
  CAF_CHECK(!mcp::selects("some", wipe));
}

CAF_TEST(rules are applied in order) {
  auto mark = rule({"wipe"});
  mark.selector = json::array({"wipe"});
  mark.metadata = {{"risk", "high"}};
  auto ask = rule({{"risk", "high"}});
  ask.requires_approval = true;
  ask.expires_after = 60s;
  ask.on_expiry = on_expiry::fail;
  auto settings = rule(json::array({"wipe"}));
  settings.policy = {{"retries", 2}, {"on_interrupt", "ask"}};
  const std::vector<tool_rule> rules{mark, ask, settings};
  auto wipe = tool("wipe");
  wipe.policy.retries = 1;
  wipe.policy.timeout = 5s;
  mcp::apply(rules, wipe);
  CAF_CHECK(wipe.requires_approval);
  CAF_CHECK(wipe.expires_after == 60s);
  CAF_CHECK(wipe.on_expiry == on_expiry::fail);
  CAF_CHECK_EQUAL(wipe.policy.retries, 2u);
  CAF_CHECK(wipe.policy.timeout == 5s);
  CAF_CHECK(wipe.policy.on_interrupt == on_interrupt::ask);
  auto look = tool("look");
  mcp::apply(rules, look);
  CAF_CHECK(!look.requires_approval);
}

CAF_TEST(servers and rules are part of a definition) {
  agent_definition agent;
  agent.name = "a";
  agent.model = "test";
  mcp::server_options web;
  web.id = "web";
  web.transport = mcp::transport_kind::http;
  web.url = "https://h/mcp";
  web.headers = {{"Authorization", "Bearer ${KEY}"}};
  web.auth
    = {mcp::auth_kind::client_credentials, "id", "${SECRET}", {}, "s", {}};
  web.scope = mcp::connection_scope::per_run;
  web.prefix = "p";
  web.allowed_tools = std::vector<std::string>{};
  web.on_tool_error = mcp::tool_error_behavior::failed;
  web.max_retries = 3;
  web.include_instructions = true;
  web.prefer_tasks = false;
  web.sampling = true;
  web.sampling_model = "test";
  web.cache_lists = false;
  web.init_timeout = 1500ms;
  web.call_timeout = 90s;
  web.message_bytes_max = 1024;
  web.log_level = "info";
  web.roots = {"file:///a"};
  mcp::server_options files;
  files.id = "files";
  files.argv = {"npx", "srv"};
  files.env = {{"A", "1"}};
  files.cwd = "/x";
  agent.mcp_servers = {web, files};
  auto approval = rule({{"risk", "high"}});
  approval.requires_approval = true;
  approval.policy = {{"retries", 1}};
  agent.tool_rules = {approval};
  agent.mcp_policy.retries = 4;

  const auto text = to_text(to_json(agent));
  const auto value = parse_json(text);
  CAF_REQUIRE(value);
  const auto again = definition_from_json(*value, {});
  if (!again)
    CAF_FAIL(again.error().message);
  CAF_CHECK_EQUAL(to_text(to_json(**again)), text);
  const auto& back = (*again)->mcp_servers.at(0);
  CAF_CHECK(back.auth.kind == mcp::auth_kind::client_credentials);
  CAF_CHECK(back.scope == mcp::connection_scope::per_run);
  CAF_CHECK(back.allowed_tools && back.allowed_tools->empty());
  CAF_CHECK(back.init_timeout == 1500ms);
  CAF_CHECK(back.sampling);
  CAF_CHECK_EQUAL(back.sampling_model, "test");
  CAF_CHECK((*again)->mcp_servers.at(1).argv == files.argv);
  CAF_CHECK((*again)->tool_rules.at(0).requires_approval);
  CAF_CHECK_EQUAL((*again)->mcp_policy.retries, 4u);
}
