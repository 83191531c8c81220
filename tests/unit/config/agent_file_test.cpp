#define CAF_SUITE config.agent_file

#include "config/agent_file.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <random>

using namespace perdure;
using namespace std::chrono_literals;
using config::agent_format;

namespace {

namespace fs = std::filesystem;

std::optional<std::string> lookup(std::string_view name) {
  if (name == "KEY")
    return "k1";
  if (name == "MODEL")
    return "openai:gpt-5";
  return std::nullopt;
}

runtime::result<config::loaded_agent>
try_load(const std::string& text, agent_format format = agent_format::yaml) {
  return config::load_agent_text(text, format, "agents/desk.yaml", lookup);
}

config::loaded_agent load(const std::string& text) {
  auto agent = try_load(text);
  if (!agent)
    CAF_FAIL("refused: " << agent.error().message);
  return std::move(*agent);
}

/// Loads a file that has `text` below a valid model.
config::loaded_agent load_rest(const std::string& text) {
  return load("model: test\n" + text);
}

std::string
problems(const std::string& text, agent_format format = agent_format::yaml) {
  const auto agent = try_load(text, format);
  if (agent)
    return "";
  CAF_CHECK(agent.error().code == runtime::errc::invalid_agent_file);
  return agent.error().message;
}

bool contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("'" << part << "' is not in: " << text);
  return false;
}

bool refuses(const std::string& rest, const std::string& part) {
  return contains(problems("model: test\n" + rest), part);
}

const std::string command = "capabilities:\n  - Command:\n      name: a\n"
                            "      argv: [run]\n";

/// A fresh folder that is removed at the end.
struct temporary_folder {
  temporary_folder()
    : path(fs::temp_directory_path()
           / ("perdure_agents_" + std::to_string(std::random_device{}()))) {
    fs::create_directories(path);
  }

  ~temporary_folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{path / name} << text;
  }

  fs::path path;
};

} // namespace

CAF_TEST(a small file has the defaults) {
  const auto agent = load("model: openai:gpt-5\n");
  const auto& definition = agent.definition;
  CAF_CHECK_EQUAL(definition.name, "desk");
  CAF_CHECK_EQUAL(definition.model, "openai:gpt-5");
  CAF_CHECK(definition.instructions.empty());
  CAF_CHECK(definition.tools.empty());
  CAF_CHECK(definition.model_settings.is_null());
  CAF_CHECK(definition.metadata.is_null());
  CAF_CHECK_EQUAL(definition.tool_retries, 1u);
  CAF_CHECK_EQUAL(definition.output_retries, 1u);
  CAF_CHECK_EQUAL(definition.model_policy.retries, 3u);
  CAF_CHECK(definition.limits.request_limit == 50);
  CAF_CHECK_EQUAL(agent.file, "agents/desk.yaml");
  CAF_CHECK(agent.warnings.empty());
}

CAF_TEST(all fields) {
  const auto agent = load(R"(
$schema: ./x_schema.json
model: ${MODEL}
name: support-1.b
description: Helps.
instructions: [Be short., "Hello {{user.name}}"]
deps_schema:
  type: object
  properties: {user: {type: object, properties: {name: {type: string}}}}
model_settings:
  {max_tokens: 5, tool_choice: auto, extra_headers: {X-Key: "${KEY}"}}
retries: {tools: 4, output: 0}
tool_timeout: 2.5
metadata: {team: desk}
capabilities:
  - Command:
      name: look_up
      description: Looks up.
      parameters: {type: object, properties: {q: {type: string}}, required: [q]}
      argv: [./bin/look, "--key=${KEY}", "$${KEY}"]
      env: {TOKEN: "${SECRET}", PLAIN: x}
      cwd: work
      timeout: 10
      max_output_bytes: 100
      sequential: true
      retries: 7
  - Command: {name: other, argv: [other]}
)");
  const auto& definition = agent.definition;
  CAF_CHECK_EQUAL(definition.name, "support-1.b");
  CAF_CHECK_EQUAL(definition.model, "openai:gpt-5");
  CAF_CHECK_EQUAL(definition.description, "Helps.");
  CAF_REQUIRE_EQUAL(definition.instructions.size(), 2u);
  CAF_CHECK(!definition.instructions[0].is_template);
  CAF_CHECK(definition.instructions[1].is_template);
  CAF_CHECK_EQUAL(definition.model_settings["extra_headers"]["X-Key"], "k1");
  CAF_CHECK_EQUAL(definition.model_settings["max_tokens"], 5);
  CAF_CHECK_EQUAL(definition.tool_retries, 4u);
  CAF_CHECK_EQUAL(definition.output_retries, 0u);
  CAF_CHECK_EQUAL(definition.metadata["team"], "desk");
  CAF_REQUIRE_EQUAL(definition.tools.size(), 2u);
  const auto& tool = definition.tools[0];
  CAF_CHECK(tool.kind == runtime::tool_kind::command);
  CAF_CHECK_EQUAL(tool.name, "look_up");
  CAF_CHECK_EQUAL(tool.command.argv[0], "agents/bin/look");
  CAF_CHECK_EQUAL(tool.command.argv[1], "--key=k1");
  CAF_CHECK_EQUAL(tool.command.argv[2], "${KEY}");
  CAF_CHECK_EQUAL(tool.command.env.at("TOKEN"), "${SECRET}");
  CAF_CHECK_EQUAL(tool.command.cwd, "agents/work");
  CAF_CHECK(tool.timeout == 10s);
  CAF_CHECK_EQUAL(tool.command.max_output_bytes, 100u);
  CAF_CHECK(tool.sequential);
  CAF_CHECK(tool.max_retries == 7u);
  CAF_CHECK(!tool.schema->validate(runtime::json::object()).empty());
  const auto& other = definition.tools[1];
  CAF_CHECK_EQUAL(other.command.argv[0], "other");
  CAF_CHECK_EQUAL(other.command.cwd, "");
  CAF_CHECK(other.timeout == 2500ms);
  CAF_CHECK(!other.max_retries);
  CAF_CHECK(other.schema->validate(runtime::json::object()).empty());
  CAF_CHECK(!other.schema->validate(5).empty());
  CAF_CHECK(agent.warnings.empty());
}

CAF_TEST(retries and instructions in their short forms) {
  const auto agent = load_rest("retries: 3\ninstructions: One.\n");
  CAF_CHECK_EQUAL(agent.definition.tool_retries, 3u);
  CAF_CHECK_EQUAL(agent.definition.output_retries, 3u);
  CAF_CHECK_EQUAL(agent.definition.instructions.size(), 1u);
  const auto nulls = load_rest("retries: null\ninstructions: ~\nname:\n"
                               "capabilities:\nmetadata:\n");
  CAF_CHECK_EQUAL(nulls.definition.tool_retries, 1u);
  CAF_CHECK_EQUAL(nulls.definition.name, "desk");
}

CAF_TEST(all forms of a capability) {
  const auto thinking = [](const std::string& entry) {
    return runtime::to_text(load_rest("capabilities:\n  - " + entry + "\n")
                              .definition.model_settings);
  };
  CAF_CHECK_EQUAL(thinking("Thinking"), R"({"thinking":true})");
  CAF_CHECK_EQUAL(thinking("Thinking:"), R"({"thinking":true})");
  CAF_CHECK_EQUAL(thinking("Thinking: high"), R"({"thinking":"high"})");
  CAF_CHECK_EQUAL(thinking("Thinking: false"), R"({"thinking":false})");
  CAF_CHECK_EQUAL(thinking("Thinking: {effort: low}"), R"({"thinking":"low"})");
  CAF_CHECK_EQUAL(thinking("Thinking: {}"), R"({"thinking":true})");
  CAF_CHECK_EQUAL(thinking("{name: Thinking}"), R"({"thinking":true})");
  CAF_CHECK_EQUAL(thinking("{name: Thinking, arguments: null}"),
                  R"({"thinking":true})");
  CAF_CHECK_EQUAL(thinking("{name: Thinking, arguments: [xhigh]}"),
                  R"({"thinking":"xhigh"})");
  CAF_CHECK_EQUAL(thinking("{name: Thinking, arguments: {effort: minimal}}"),
                  R"({"thinking":"minimal"})");
}

CAF_TEST(thinking goes before the model settings) {
  const auto agent = load_rest("model_settings: {thinking: low, seed: 1}\n"
                               "capabilities: [{Thinking: high}]\n");
  CAF_CHECK_EQUAL(agent.definition.model_settings["thinking"], "high");
  CAF_CHECK_EQUAL(agent.definition.model_settings["seed"], 1);
}

CAF_TEST(durability merges task settings) {
  // Before the commands that it speaks of, on purpose.
  const auto agent = load_rest(R"(capabilities:
  - Durability:
      model: {retries: 9, timeout_seconds: 60}
      tools: {retries: 2, retry_delay_seconds: [1, 2], on_interrupt: fail}
      tools_by_name:
        b: {retries: 5, on_interrupt: ask, cache_policy: inputs,
            cache_exclude: [deps, /a/b], cache_expiration: 1.5,
            cache_scope: agent}
        c: false
  - Command: {name: a, argv: [run]}
  - Command: {name: b, argv: [run]}
  - Command: {name: c, argv: [run]}
)");
  const auto& definition = agent.definition;
  CAF_CHECK_EQUAL(definition.model_policy.retries, 9u);
  CAF_CHECK(definition.model_policy.timeout == 60s);
  const auto* a = definition.tool("a");
  CAF_CHECK_EQUAL(a->policy.retries, 2u);
  CAF_CHECK_EQUAL(a->policy.retry_delays.size(), 2u);
  CAF_CHECK(a->policy.on_interrupt == runtime::on_interrupt::fail);
  CAF_CHECK(a->is_task);
  const auto* b = definition.tool("b");
  CAF_CHECK_EQUAL(b->policy.retries, 5u);
  CAF_CHECK_EQUAL(b->policy.retry_delays.size(), 2u);
  CAF_CHECK(b->policy.on_interrupt == runtime::on_interrupt::ask);
  CAF_CHECK(a->policy.cache.mode == runtime::cache_mode::none);
  CAF_CHECK(b->policy.cache.mode == runtime::cache_mode::inputs);
  CAF_CHECK(b->policy.cache.scope == runtime::cache_scope::agent);
  CAF_CHECK(b->policy.cache.expiration == 1500ms);
  CAF_REQUIRE_EQUAL(b->policy.cache.exclude.size(), 2u);
  CAF_CHECK_EQUAL(b->policy.cache.exclude[1], "/a/b");
  CAF_CHECK(!definition.tool("c")->is_task);
}

CAF_TEST(limits) {
  const auto agent
    = load_rest("capabilities:\n  - Limits: {request_limit: null,"
                " tool_calls_limit: 7, time_limit_seconds: 1.5}\n");
  CAF_CHECK(!agent.definition.limits.request_limit);
  CAF_CHECK(agent.definition.limits.tool_calls_limit == 7);
  CAF_CHECK(agent.definition.limits.time_limit == 1500ms);
}

CAF_TEST(tool metadata goes to the selected tools) {
  const auto agent = load_rest(R"(capabilities:
  - SetToolMetadata: {tools: [a], kind: {safe: true, level: 2}}
  - SetToolMetadata: {tools: {kind: {safe: true}}, chosen: yes}
  - SetToolMetadata: {all: 1}
  - Command: {name: a, argv: [run]}
  - Command: {name: b, argv: [run]}
)");
  CAF_CHECK_EQUAL(runtime::to_text(agent.definition.tool("a")->metadata),
                  R"({"kind":{"safe":true,"level":2},"chosen":"yes","all":1})");
  CAF_CHECK_EQUAL(runtime::to_text(agent.definition.tool("b")->metadata),
                  R"({"all":1})");
}

CAF_TEST(event handlers are endpoints and programs) {
  const auto agent = load_rest(R"(capabilities:
  - Durability: {events: {retries: 7}}
  - EventHandler:
      url: https://hooks.test/${PATH_OF_IT}
      secret: ${HOOK_SECRET}
      headers: {X-Team: "${TEAM}"}
      events: [run_state, part_delta]
      holds_run: true
  - EventHandler: {name: audit, argv: [audit, -v], env: {KEY: "${KEY}"}}
)");
  const auto& handlers = agent.definition.handlers;
  CAF_REQUIRE_EQUAL(handlers.size(), 2u);
  CAF_CHECK_EQUAL(handlers[0].name, "handler_1");
  CAF_CHECK(handlers[0].kind == runtime::handler_kind::http);
  // What a variable stands for is never stored.
  CAF_CHECK_EQUAL(handlers[0].url, "https://hooks.test/${PATH_OF_IT}");
  CAF_CHECK_EQUAL(handlers[0].secret, "${HOOK_SECRET}");
  CAF_CHECK_EQUAL(handlers[0].headers.at("X-Team"), "${TEAM}");
  CAF_CHECK(handlers[0].holds_run);
  CAF_CHECK(handlers[0].wants_deltas());
  CAF_CHECK(!handlers[0].wants("part_end"));
  CAF_CHECK_EQUAL(handlers[0].policy.retries, 7u);
  CAF_CHECK_EQUAL(handlers[1].name, "audit");
  CAF_CHECK(handlers[1].kind == runtime::handler_kind::command);
  CAF_CHECK_EQUAL(handlers[1].command.argv.size(), 2u);
  CAF_CHECK_EQUAL(handlers[1].command.env.at("KEY"), "${KEY}");
  CAF_CHECK(!handlers[1].holds_run);
  CAF_CHECK(!handlers[1].wants_deltas());
  CAF_CHECK_EQUAL(handlers[1].policy.retries, 7u);
}

CAF_TEST(event handlers that cannot work are refused) {
  const auto one = [](const std::string& arguments) {
    return "capabilities:\n  - EventHandler: " + arguments + "\n";
  };
  CAF_CHECK(refuses(one("{name: a}"), "needs a 'url' or an 'argv'"));
  CAF_CHECK(refuses(one("{url: ftp://x}"), "must start with http://"));
  CAF_CHECK(refuses(one("{url: http://x, argv: [a]}"), "has a url"));
  CAF_CHECK(refuses(one("{argv: [a], secret: s}"), "is a program"));
  CAF_CHECK(refuses(one("{argv: [a], name: 'a b'}"), "64 letters"));
  CAF_CHECK(
    refuses(one("{argv: [a], events: [part_strat]}"), "no event 'part_strat'"));
  CAF_CHECK(refuses("capabilities:\n  - EventHandler: {argv: [a], name: x}\n"
                    "  - EventHandler: {argv: [b], name: x}\n",
                    "another event handler is called 'x'"));
}

CAF_TEST(what has no effect is a warning) {
  const auto agent = load_rest(R"(capabilities:
  - Command:
      name: a
      argv: [run]
      parameters:
        type: object
        properties: {m: {type: string, format: email}}
  - Durability: {mcp: {retries: 1}, events: {retries: 1}}
  - SetToolMetadata: {prefect: {retries: 3}}
)");
  CAF_REQUIRE_EQUAL(agent.warnings.size(), 4u);
  CAF_CHECK(contains(agent.warnings[0], "tool 'a': /properties/m/format"));
  CAF_CHECK(contains(agent.warnings[0], ":7:9: "));
  CAF_CHECK(contains(agent.warnings[1], "Durability.mcp"));
  CAF_CHECK(contains(agent.warnings[2], "Durability.events"));
  CAF_CHECK(contains(agent.warnings[3], "tools_by_name"));
}

CAF_TEST(all problems are told at once in the order of the file) {
  const auto text = problems("modle: test\nretries: -1\ntool_timeout: 0\n"
                             "capabilities:\n  - ToolSearch\n  - Comand: {}\n");
  const std::string all{
    "AnthropicCompaction, Approval, Command, DeferredTools, Durability, "
    "EventHandler, External, Fallback, ImageGeneration, "
    "IncludeToolReturnSchemas, Limits, MCP, NativeTool, OpenAICompaction, "
    "Output, PrefixTools, RaiseContentFilterError, ReinjectSystemPrompt, "
    "SetToolMetadata, Thinking, WebFetch, WebSearch, XSearch"};
  CAF_CHECK_EQUAL(
    text,
    "agents/desk.yaml:1:1: unknown key 'modle'; did you mean model? valid: "
    "$schema, model, name, description, instructions, deps_schema, "
    "output_schema, model_settings, retries, end_strategy, tool_timeout, "
    "metadata, capabilities\n"
    "agents/desk.yaml:1:1: 'model' is missing\n"
    "agents/desk.yaml:2:10: retries: must be a whole number, from 0 to 1000\n"
    "agents/desk.yaml:3:15: tool_timeout: must be a number of seconds, at "
    "least "
    "0.001\n"
    "agents/desk.yaml:5:5: capabilities[0]: the capability ToolSearch is not "
    "supported by this version; supported: "
      + all
      + "\nagents/desk.yaml:6:5: capabilities[1]: unknown capability 'Comand'; "
        "did you mean Command? valid: "
      + all);
}

CAF_TEST(wrong fields are refused) {
  CAF_CHECK(contains(problems("[]"), "must be an object, is a list"));
  CAF_CHECK(contains(problems("text"), "must be an object, is a string"));
  CAF_CHECK(contains(problems(""), "the file is empty"));
  CAF_CHECK(contains(problems("model: ''"), "must not be empty"));
  CAF_CHECK(contains(problems("model: gpt"), "must be provider:model"));
  CAF_CHECK(contains(problems("model: ':x'"), "must be provider:model"));
  CAF_CHECK(contains(problems("model: 'x:'"), "must be provider:model"));
  CAF_CHECK(contains(problems("model: 5"), "must be a string, is a number"));
  CAF_CHECK(
    contains(problems("model: ${GONE}"), "1:8: model: the environment"));
  CAF_CHECK(refuses("name: a b", "the name 'a b' must have"));
  CAF_CHECK(refuses("name: ''", "must have 1 to 64"));
  CAF_CHECK(refuses("name: ../x", "must have 1 to 64"));
  CAF_CHECK(refuses("name: .x", "not start with"));
  CAF_CHECK(refuses("name: " + std::string(65, 'a'), "must have 1 to 64"));
  CAF_CHECK(refuses("name: yes\nname: no", "is there twice"));
  CAF_CHECK(refuses("description: [a]", "must be a string, is a list"));
  CAF_CHECK(refuses("instructions: [a, 5]", "2:19: instructions[1]: must be"));
  CAF_CHECK(refuses("instructions: {a: b}", "must be a string"));
  CAF_CHECK(refuses("deps_schema: 5", "must be an object"));
  CAF_CHECK(refuses("model_settings: []", "must be an object"));
  CAF_CHECK(refuses("model_settings: {tool_choice: required}", "tool_choice"));
  CAF_CHECK(refuses("model_settings: {tool_choice: [a]}", "tool_choice"));
  CAF_CHECK(refuses("model_settings: {a: {b: '${GONE}'}}",
                    "2:25: model_settings.a.b: the environment variable GONE"));
  CAF_CHECK(refuses("retries: 1.5", "whole number"));
  CAF_CHECK(refuses("retries: yes", "whole number"));
  CAF_CHECK(refuses("retries: 18446744073709551615", "whole number"));
  CAF_CHECK(refuses("retries: {tool: 1}", "did you mean tools?"));
  CAF_CHECK(refuses("retries: {tools: -1}", "retries.tools: must be"));
  CAF_CHECK(refuses("end_strategy: late", "unknown value 'late'"));
  CAF_CHECK(refuses("tool_timeout: -1", "number of seconds"));
  CAF_CHECK(refuses("tool_timeout: '5'", "number of seconds"));
  CAF_CHECK(refuses("tool_timeout: 1e300", "number of seconds"));
  CAF_CHECK(refuses("metadata: x", "must be an object"));
  CAF_CHECK(refuses("instrument: true", "unknown key 'instrument'"));
}

CAF_TEST(templates are checked against the deps schema) {
  const std::string schema
    = "deps_schema: {type: object, properties: {user: {type: object, "
      "properties: {name: {}}}, open: {type: object}, map: {type: object, "
      "properties: {}, additionalProperties: true}}}\n";
  CAF_CHECK_EQUAL(problems("model: test\n" + schema
                           + "instructions: '{{user.name}} {{open.x}} "
                             "{{map.y}} {{#each open}}{{z}}{{/each}}'"),
                  "");
  CAF_CHECK(refuses(schema + "instructions: '{{usr}}'",
                    "3:15: instructions: the template names 'usr'"));
  CAF_CHECK(refuses(schema + "instructions: ['a', '{{user.nme}}']",
                    "instructions[1]: the template names 'user.nme', which "
                    "deps_schema does not have; did you mean name?"));
  CAF_CHECK(refuses(schema + "description: '{{usr}}'", "description: the"));
  CAF_CHECK(refuses("instructions: '{{> x}}'", "not supported"));
  CAF_CHECK(refuses("instructions: '{{#if a}}'", "never closed"));
  CAF_CHECK_EQUAL(problems("model: test\ninstructions: '{{any}}'"), "");
}

CAF_TEST(wrong capabilities are refused) {
  const auto entry
    = [](const std::string& text) { return "capabilities:\n  - " + text; };
  CAF_CHECK(refuses("capabilities: Thinking", "must be a list"));
  CAF_CHECK(refuses(entry("5"), "a capability is a name"));
  CAF_CHECK(refuses(entry("{}"), "a capability is a name"));
  CAF_CHECK(refuses(entry("[Thinking]"), "a capability is a name"));
  CAF_CHECK(refuses(entry("{Thinking: high, Limits: {}}"), "a capability is"));
  CAF_CHECK(
    refuses(entry("{name: Thinking, args: [x]}"), "unknown key 'args'"));
  CAF_CHECK(refuses(entry("{name: Thinking, arguments: [a, b]}"), "one value"));
  CAF_CHECK(refuses(entry("{name: Thinking, arguments: high}"), "one value"));
  CAF_CHECK(refuses(entry("{name: 5}"), "must be a string"));
  CAF_CHECK(refuses(entry("Thinking: much"), "must be true, false, minimal"));
  CAF_CHECK(refuses(entry("Thinking: {efort: low}"), "did you mean effort?"));
  CAF_CHECK(refuses(entry("Thinking: [high]"), "must be true, false, minimal"));
  CAF_CHECK(refuses(entry("Thinking\n  - Thinking: low"), "there twice"));
  CAF_CHECK(refuses(entry("Limits: 5"), "takes named arguments"));
  CAF_CHECK(refuses(entry("Limits: {request_limt: 5}"), "request_limt"));
  CAF_CHECK(refuses(entry("Limits: {request_limit: -5}"),
                    "3:14: capabilities[0].Limits.request_limit: must be"));
  CAF_CHECK(refuses(entry("Hooks"), "needs code"));
  CAF_CHECK(refuses(entry("ToolSearch: {}"), "ToolSearch is not supported"));
  CAF_CHECK(refuses(entry("Durability: {model: 5}"), "must be an object"));
  CAF_CHECK(refuses(entry("Durability: {model: {retry: 5}}"), "retry"));
  CAF_CHECK(refuses(entry("Durability: {model: {retries: -5}}"),
                    "3:26: capabilities[0].Durability.model.retries: must"));
  CAF_CHECK(refuses(entry("Durability: {modle: {}}"), "did you mean model?"));
  CAF_CHECK(
    refuses(entry("Durability: {tools_by_name: []}"), "must be an obj"));
  CAF_CHECK(refuses(entry("Durability: {tools_by_name: {x: false}}"),
                    "unknown tool 'x'; valid: none"));
  CAF_CHECK(refuses(command + "  - Durability: {tools_by_name: {a: true}}",
                    "must be an object of task settings"));
  CAF_CHECK(refuses(command + "  - SetToolMetadata: {tools: [b], x: 1}",
                    "unknown tool 'b'; valid: a"));
  CAF_CHECK(refuses(command + "  - SetToolMetadata: {tools: some, x: 1}",
                    "must be all, a list"));
}

CAF_TEST(wrong commands are refused) {
  const auto with
    = [](const std::string& line) { return command + "      " + line; };
  CAF_CHECK(refuses("capabilities: [Command]", "'name' is missing"));
  CAF_CHECK(refuses("capabilities: [Command]", "'argv' is missing"));
  CAF_CHECK(refuses(command + "  - Command: {name: a, argv: [x]}",
                    "the tool 'a' is already at line 4"));
  for (const auto* name : {"a b", "ä", "a.b", "''"})
    CAF_CHECK(refuses("capabilities: [{Command: {name: " + std::string{name}
                        + ", argv: [x]}}]",
                      "capabilities[0].Command.name"));
  CAF_CHECK(refuses("capabilities: [{Command: {name: a, argv: []}}]",
                    "must start with the program"));
  CAF_CHECK(refuses("capabilities: [{Command: {name: a, argv: run}}]",
                    "must be a list of strings"));
  CAF_CHECK(refuses("capabilities: [{Command: {name: a, argv: [run, 5]}}]",
                    "Command.argv[1]: must be a string, is a number"));
  CAF_CHECK(refuses("capabilities: [{Command: {name: a, argv: [\"a\\0b\"]}}]",
                    "zero byte"));
  CAF_CHECK(refuses(with("parameters: {}"), "with type: object"));
  CAF_CHECK(refuses(with("parameters: {type: string}"), "with type: object"));
  CAF_CHECK(
    refuses(with("parameters: {type: object, required: a}"), "/required"));
  CAF_CHECK(refuses(with("parameters: {type: object, properties: {a: {$ref: "
                         "'http://example.org/x'}}}"),
                    "$ref"));
  CAF_CHECK(refuses(with("env: [A]"), "must be an object of strings"));
  CAF_CHECK(refuses(with("env: {A: 5}"), "write it in quotes"));
  CAF_CHECK(refuses(with("env: {1A: x}"), "name of a variable"));
  CAF_CHECK(refuses(with("env: {A: '${'}"), "no closing brace"));
  CAF_CHECK(refuses(with("cwd: 5"), "must be a string"));
  CAF_CHECK(refuses(with("timeout: 0"), "number of seconds"));
  CAF_CHECK(refuses(with("max_output_bytes: 0"), "whole number"));
  CAF_CHECK(refuses(with("sequential: yes"), "true or false, is a string"));
  CAF_CHECK(refuses(with("retries: -1"), "whole number"));
  CAF_CHECK(refuses(with("arguments: [x]"), "unknown key 'arguments'"));
}

CAF_TEST(paths start from the folder of the file) {
  CAF_CHECK_EQUAL(load("model: script:a/b.json").definition.model,
                  "script:agents/a/b.json");
  CAF_CHECK_EQUAL(load("model: script:/a/../b.json").definition.model,
                  "script:/b.json");
  const auto local = config::load_agent_text(
    "model: script:x.json", agent_format::yaml, "solo.yaml", lookup);
  CAF_CHECK_EQUAL(local->definition.model, "script:x.json");
}

CAF_TEST(json files) {
  CAF_CHECK_EQUAL(
    problems(R"({"model": "test", "retries": 2})", agent_format::json), "");
  CAF_CHECK(contains(
    problems("{\n \"model\": \"test\",\n \"nam\": \"x\"}", agent_format::json),
    "agents/desk.yaml:3:2: unknown key 'nam'"));
  CAF_CHECK(
    contains(problems("model: test", agent_format::json), "1:1: 'model"));
}

CAF_TEST(folders are read in order) {
  const temporary_folder folder;
  folder.write("b.yaml", "model: test\n");
  folder.write("a.json", R"({"model": "test"})");
  folder.write("c.yml", "model: test\nname: own\n");
  folder.write("a_schema.json", "{}");
  folder.write("notes.txt", "not an agent");
  fs::create_directories(folder.path / "sub.yaml");
  const auto agents = config::load_agents({folder.path}, lookup);
  CAF_REQUIRE(agents);
  CAF_REQUIRE_EQUAL(agents->size(), 3u);
  CAF_CHECK_EQUAL((*agents)[0].definition.name, "a");
  CAF_CHECK_EQUAL((*agents)[1].definition.name, "b");
  CAF_CHECK_EQUAL((*agents)[2].definition.name, "own");
  CAF_CHECK_EQUAL((*agents)[1].file, (folder.path / "b.yaml").string());
}

CAF_TEST(problems of all files are told at once) {
  const temporary_folder folder;
  folder.write("a.yaml", "model: test\nname: same\n");
  folder.write("b.yaml", "model: test\nname: same\n");
  folder.write("c.yaml", "model: 5\n");
  const auto agents = config::load_agents(
    {folder.path, folder.path / "gone.yaml", folder.path / "x.txt"}, lookup);
  CAF_REQUIRE(!agents);
  const auto& text = agents.error().message;
  CAF_CHECK(contains(text, "b.yaml: the agent 'same' is already in "));
  CAF_CHECK(contains(text, "c.yaml:1:8: model: must be a string"));
  CAF_CHECK(contains(text, "gone.yaml: cannot be read: No such file"));
  CAF_CHECK(contains(text, "x.txt: an agent file ends in"));
  CAF_CHECK(config::load_agents({}, lookup)->empty());
}

// Goal: no agent file crashes the loader, and what loads has its schemas.
CAF_TEST(mutated agent files never crash) {
  const std::string base = R"(model: openai:gpt-5
instructions: [a, "{{user.name}}"]
deps_schema: {properties: {user: {properties: {name: {}}}}}
retries: {tools: 2}
capabilities:
  - Thinking: high
  - Command: {name: a, argv: [x], env: {A: "${B}"}, parameters: {type: object}}
  - Durability: {tools_by_name: {a: {retries: 1}}}
  - {name: Limits, arguments: {request_limit: 5}}
  - SetToolMetadata: {tools: [a], x: 1}
)";
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed: " << seed);
  std::mt19937 random{seed};
  std::size_t loaded_count = 0;
  for (auto round = 0; round < 4'000; ++round) {
    auto text = base;
    for (auto i = 0; i < 1 + round % 4; ++i)
      text[random() % text.size()] = "{}[]:,-\"' \n$#5ax"[random() % 16];
    const auto agent = try_load(text);
    if (!agent)
      continue;
    ++loaded_count;
    for (const auto& tool : agent->definition.tools)
      CAF_REQUIRE(tool.schema != nullptr);
  }
  CAF_CHECK(loaded_count > 0);
}
