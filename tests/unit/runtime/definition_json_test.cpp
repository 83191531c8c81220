#define CAF_SUITE runtime.definition_json

#include "runtime/agent/definition_json.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;

using namespace std::chrono_literals;

namespace {

class accept_all : public schema {
public:
  std::vector<schema_error> validate(const json&) const override {
    return {};
  }

  const std::vector<std::string>& unenforced() const noexcept override {
    static const std::vector<std::string> none;
    return none;
  }
};

result<schema_ptr> compile(const json& text) {
  if (text.contains("bad"))
    return failure{errc::unsupported_schema, "#/bad: not supported"};
  return schema_ptr{std::make_shared<accept_all>()};
}

agent_definition everything() {
  agent_definition result;
  result.name = "desk";
  result.description = "Helps.";
  result.model = "openai:gpt-x";
  result.instructions = {{"Be brief.", false}, {"Hello {{name}}", true}};
  result.model_settings = *parse_json(R"({"temperature":0.5,"a":1})");
  tool_definition tool;
  tool.name = "run";
  tool.description = "Runs.";
  tool.kind = tool_kind::command;
  tool.parameters = *parse_json(R"({"type":"object","properties":{}})");
  tool.sequential = true;
  tool.timeout = 1500ms;
  tool.max_retries = 0;
  tool.metadata = json::object();
  tool.command.argv = {"/bin/run", "--json"};
  tool.command.env = {{"TOKEN", "${TOKEN}"}, {"A", ""}};
  tool.command.cwd = "/tmp";
  tool.command.max_output_bytes = 5;
  tool.policy.retries = 2;
  tool.policy.retry_delays = {1s, 2500ms};
  tool.policy.delay_max = 60s;
  tool.policy.timeout = 9s;
  tool.policy.on_interrupt = on_interrupt::ask;
  tool.is_task = false;
  result.tools.push_back(std::move(tool));
  result.tools.emplace_back().name = "plain";
  result.native_tools.push_back({"web_fetch", true, {{"max_uses", 2}}});
  result.tool_retries = 0;
  result.output_retries = 5;
  result.limits.request_limit = std::nullopt;
  result.limits.time_limit = 3600s;
  result.model_policy = default_model_policy();
  result.model_policy.retries = 0;
  result.metadata = *parse_json(R"({"team":"x"})");
  return result;
}

agent_definition minimal() {
  agent_definition result;
  result.name = "a";
  result.model = "test:m";
  result.model_policy = default_model_policy();
  return result;
}

definition_ptr load(const json& value) {
  auto definition = definition_from_json(value, compile);
  if (!definition)
    CAF_FAIL(definition.error().message);
  return *definition;
}

std::string problem(const char* text) {
  auto definition = definition_from_json(*parse_json(text), compile);
  CAF_REQUIRE(!definition);
  CAF_CHECK(definition.error().code == errc::storage_corrupt);
  return definition.error().message;
}

} // namespace

CAF_TEST(defaults are left out) {
  CAF_CHECK_EQUAL(to_text(to_json(minimal())),
                  R"({"name":"a","model":"test:m"})");
  auto definition = minimal();
  definition.tools.emplace_back().name = "t";
  CAF_CHECK_EQUAL(to_text(to_json(definition)),
                  R"({"name":"a","model":"test:m","tools":[{"name":"t"}]})");
}

CAF_TEST(the text has a fixed order) {
  CAF_CHECK_EQUAL(
    to_text(to_json(everything())),
    R"({"name":"desk","description":"Helps.","model":"openai:gpt-x",)"
    R"("instructions":["Be brief.",{"template":"Hello {{name}}"}],)"
    R"("model_settings":{"temperature":0.5,"a":1},"tools":[{"name":"run",)"
    R"("description":"Runs.","kind":"command","parameters":)"
    R"({"type":"object","properties":{}},"sequential":true,)"
    R"("timeout_seconds":1.5,"max_retries":0,"metadata":{},"command":)"
    R"({"argv":["/bin/run","--json"],"env":{"A":"","TOKEN":"${TOKEN}"},)"
    R"("cwd":"/tmp","max_output_bytes":5},"policy":{"retries":2,)"
    R"("retry_delay_seconds":[1,2.5],"retry_delay_max_seconds":60,)"
    R"("timeout_seconds":9,"on_interrupt":"ask"},"is_task":false},)"
    R"({"name":"plain"}],"native_tools":[{"kind":"web_fetch",)"
    R"("optional":true,"max_uses":2}],"tool_retries":0,"output_retries":5,)"
    R"("limits":)"
    R"({"request_limit":null,"time_limit_seconds":3600},"model_policy":)"
    R"({"retries":0},"metadata":{"team":"x"}})");
}

CAF_TEST(a definition survives the way through JSON) {
  const auto value = to_json(everything());
  const auto again = load(*parse_json(to_text(value)));
  CAF_CHECK_EQUAL(to_text(to_json(*again)), to_text(value));
  CAF_CHECK_EQUAL(again->instructions.size(), 2u);
  CAF_CHECK(again->instructions[1].is_template);
  CAF_CHECK(!again->limits.request_limit);
  CAF_CHECK(again->limits.time_limit == 3600s);
  CAF_REQUIRE(again->tool("run") != nullptr);
  const auto& tool = *again->tool("run");
  CAF_CHECK(tool.kind == tool_kind::command && tool.timeout == 1500ms);
  CAF_CHECK(tool.command.env.at("TOKEN") == "${TOKEN}");
  CAF_CHECK(tool.policy.retry_delays[1] == 2500ms);
  CAF_CHECK(tool.policy.on_interrupt == on_interrupt::ask);
  CAF_CHECK(tool.schema != nullptr);
  CAF_CHECK(again->tool("walk") == nullptr);
  const auto small = load(to_json(minimal()));
  CAF_CHECK_EQUAL(small->model_policy.retries, 3u);
  CAF_CHECK_EQUAL(small->tool_retries, 1u);
  CAF_CHECK(small->limits.request_limit == 50);
}

CAF_TEST(every setting that is not the default is in the text) {
  const auto normal = to_text(to_json(minimal()));
  const auto changed = [&](auto change) {
    auto definition = minimal();
    change(definition);
    const auto text = to_text(to_json(definition));
    CAF_CHECK(text != normal);
    CAF_CHECK_EQUAL(to_text(to_json(*load(*parse_json(text)))), text);
  };
  changed([](auto& x) { x.model_policy.retries = 4; });
  changed([](auto& x) { x.model_policy.retry_delays = {0ms}; });
  changed([](auto& x) { x.model_policy.delay_max = 1ms; });
  changed([](auto& x) { x.model_policy.timeout = 1ms; });
  changed([](auto& x) { x.model_policy.on_interrupt = on_interrupt::fail; });
  changed([](auto& x) { x.model_policy.cache.mode = cache_mode::inputs; });
  changed([](auto& x) { x.model_policy.cache.exclude = {"seed"}; });
  changed([](auto& x) { x.model_policy.cache.expiration = 1ms; });
  changed([](auto& x) { x.model_policy.cache.scope = cache_scope::all; });
  changed([](auto& x) { x.limits.request_limit = 0; });
  changed([](auto& x) { x.limits.tool_calls_limit = 0; });
  changed([](auto& x) { x.limits.per_request_input_tokens_limit = 50; });
  changed([](auto& x) { x.tools.emplace_back().metadata = 0; });
  changed([](auto& x) { x.tools.emplace_back().parameters = true; });
  changed([](auto& x) { x.native_tools.push_back({"web_search"}); });
  changed([](auto& x) { x.native_tools.push_back({"web_search", true}); });
  changed([](auto& x) {
    x.native_tools.push_back({"web_search", false, {{"max_uses", 1}}});
  });
  changed([](auto& x) { x.instructions.emplace_back().is_template = true; });
  changed([](auto& x) { x.output.allow_image = true; });
  changed([](auto& x) { x.fails_when_filtered = true; });
  changed([](auto& x) { x.drops_system_prompts = true; });
  changed([](auto& x) { x.tools.emplace_back().return_schema = true; });
  changed([](auto& x) { x.tools.emplace_back().tells_return_schema = true; });
  changed(
    [](auto& x) { x.tool_rules.emplace_back().tells_return_schema = true; });
}

CAF_TEST(keys of a newer version are ignored) {
  const auto definition = load(*parse_json(
    R"({"name":"a","model":"m","colour":"red","limits":{"cost_limit":"1",
        "tool_calls_limit":4},"model_policy":{"mood":1,"retries":2},
        "tools":[{"name":"t","shape":[],"command":{"user":"x"}}]})"));
  CAF_CHECK(definition->limits.tool_calls_limit == 4);
  CAF_CHECK_EQUAL(definition->model_policy.retries, 2u);
  CAF_CHECK(definition->tool("t") != nullptr);
}

CAF_TEST(wrong types are corruption and named) {
  CAF_CHECK_EQUAL(problem("[]"), "definition: must be an object");
  CAF_CHECK_EQUAL(problem("{}"), "definition.name: missing");
  CAF_CHECK_EQUAL(problem(R"({"name":"a"})"), "definition.model: missing");
  const auto with = [](const std::string& rest) {
    return problem((R"({"name":"a","model":"m",)" + rest + '}').c_str());
  };
  CAF_CHECK_EQUAL(with(R"("tools":{})"), "definition.tools: must be an array");
  CAF_CHECK_EQUAL(with(R"("tools":[5])"),
                  "definition.tools[0]: must be an object");
  CAF_CHECK_EQUAL(with(R"("tools":[{"name":"t"},{}])"),
                  "definition.tools[1].name: missing");
  CAF_CHECK_EQUAL(with(R"("tools":[{"name":"t","kind":"magic"}])"),
                  "definition.tools[0].kind: must be one of function, "
                  "command, external, not \"magic\"");
  CAF_CHECK_EQUAL(with(R"("tools":[{"name":"t","command":{"argv":[1]}}])"),
                  "definition.tools[0].command.argv: must hold strings");
  CAF_CHECK_EQUAL(
    with(R"("tools":[{"name":"t","policy":{"retries":"2"}}])").substr(0, 36),
    "definition.tools[0].policy: retries:");
  CAF_CHECK_EQUAL(with(R"("tool_retries":4294967296)"),
                  "definition.tool_retries: is too large");
  CAF_CHECK(with(R"("limits":{"request_limit":-1})").find("request_limit")
            != std::string::npos);
  CAF_CHECK_EQUAL(with(R"("instructions":[{"text":"x"}])"),
                  "definition.instructions: must hold strings and templates");
  CAF_CHECK_EQUAL(with(R"("model_settings":[])"),
                  "definition.model_settings: must be an object");
}

CAF_TEST(a schema that does not compile names its tool) {
  const auto value = *parse_json(
    R"({"name":"a","model":"m","tools":[{"name":"t","parameters":
        {"bad":1}}]})");
  const auto refused = definition_from_json(value, compile);
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.error().code == errc::unsupported_schema);
  CAF_CHECK_EQUAL(refused.error().message, "tool \"t\": #/bad: not supported");
  const auto uncompiled = definition_from_json(value, {});
  CAF_REQUIRE(static_cast<bool>(uncompiled));
  CAF_CHECK((*uncompiled)->tools[0].schema == nullptr);
}
