#define CAF_SUITE config.shipped_files

#include "config/agent_file.hpp"
#include "config/document.hpp"
#include "config/field_reader.hpp"
#include "config/node_file.hpp"
#include "config/schema_compiler.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace perdure;
using config::document_format;

namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path{PERDURE_SOURCE_DIR} / "config";

std::string read(const fs::path& file) {
  std::ifstream input{file};
  std::stringstream text;
  text << input.rdbuf();
  return text.str();
}

runtime::schema_ptr schema(const char* name) {
  const auto text = runtime::parse_json(
    read(folder / "schemas" / (std::string{name} + ".schema.json")));
  CAF_REQUIRE(text);
  auto compiled = config::compile_schema(*text);
  if (!compiled)
    CAF_FAIL(compiled.error().message);
  return *compiled;
}

/// The content of a file as an editor sees it: nothing filled in.
runtime::json to_value(const std::string& text, document_format format) {
  const auto parsed = config::parse_document(text, format);
  CAF_REQUIRE(std::holds_alternative<config::document>(parsed));
  config::file_problems problems{"file"};
  const config::environment keep
    = [](std::string_view name) { return "${" + std::string{name} + "}"; };
  return config::to_json({&std::get<config::document>(parsed), ""},
                         {problems, keep});
}

std::optional<std::string> lookup(std::string_view) {
  return std::nullopt;
}

bool schema_accepts(const runtime::schema_ptr& rules, const std::string& text,
                    document_format format) {
  const auto errors = rules->validate(to_value(text, format));
  for (const auto& error : errors)
    CAF_MESSAGE(error.location.dump() << " " << error.message);
  return errors.empty();
}

} // namespace

CAF_TEST(the schemas enforce all that they say) {
  CAF_CHECK(schema("agent")->unenforced().empty());
  CAF_CHECK(schema("node")->unenforced().empty());
}

CAF_TEST(the sample agents load and fit the schema) {
  const auto agents
    = config::load_agents({folder / "samples" / "agents"}, lookup);
  if (!agents)
    CAF_FAIL(agents.error().message);
  CAF_REQUIRE_EQUAL(agents->size(), 3u);
  const auto rules = schema("agent");
  for (const auto& agent : *agents) {
    CAF_CHECK(agent.warnings.empty());
    const auto format = agent.file.ends_with(".json") ? document_format::json
                                                      : document_format::yaml;
    CAF_CHECK(schema_accepts(rules, read(agent.file), format));
    for (const auto& tool : agent.definition.tools)
      if (tool.command.argv[0].find('/') != std::string::npos)
        CAF_CHECK(fs::exists(tool.command.argv[0]));
  }
  const auto& desk = (*agents)[1].definition;
  CAF_CHECK_EQUAL(desk.name, "order_desk");
  CAF_REQUIRE_EQUAL(desk.tools.size(), 2u);
  CAF_CHECK(desk.tool("cancel_order")->policy.on_interrupt
            == runtime::on_interrupt::ask);
  CAF_CHECK_EQUAL(desk.tool("find_order")->command.env.at("ORDERS_TOKEN"),
                  "${ORDERS_TOKEN}");
}

CAF_TEST(the sample node file loads and fits the schema) {
  const auto file = folder / "samples" / "node.json";
  CAF_CHECK(config::load_node_file(file, lookup));
  CAF_CHECK(schema_accepts(schema("node"), read(file),
                           document_format::json_with_comments));
}

CAF_TEST(schema and loader agree on agent files) {
  const auto rules = schema("agent");
  const char* good[]{
    "model: test",
    "model: openai:gpt-5\nname: a.b-c_1\nretries: {tools: 0}\nmetadata: {}",
    "model: test\ninstructions: [a, b]\ncapabilities: [Thinking, Limits]",
    "model: test\ncapabilities: [{Thinking: }, {Limits: {request_limit: ~}}]",
    "model: test\ncapabilities: [{name: Thinking, arguments: [low]}]",
    "model: test\ncapabilities: [{name: Command, arguments: {name: a, argv: "
    "[x]}}]",
    "model: test\ncapabilities: [{Durability: {tools: {retry_delay_seconds: "
    "[1, 2], timeout_seconds: 5}}}]",
    "model: test\nend_strategy: early\ntool_timeout: 0.5",
    "model: test\noutput_schema: {type: object}\ncapabilities: [{Output: "
    "{mode: "
    "native}}]",
    "model: test\ncapabilities: [{Output: {types: [{name: A, schema: {type: "
    "integer}}], allow_text: true}}]",
    "model: test\ncapabilities: [{External: {name: a}}, Approval]",
    "model: test\ncapabilities: [{External: {name: a}}, {Approval: {tools: "
    "[a], expires_after_seconds: 60, on_expiry: fail}}]",
    "model: test\ncapabilities: [{External: {name: a, parameters: {type: "
    "object}, expires_after_seconds: 0.5}}, {name: Approval, arguments: "
    "{tools: {risk: high}}}]",
    "model: test\ncapabilities: [{External: {name: a, on_expiry: ~}}, "
    "{Approval: {expires_after_seconds: ~, on_expiry: ~}}]",
    "model: test\ncapabilities: [{DeferredTools: ends}]",
    "model: test\ncapabilities: [{DeferredTools: {run: waits}}]",
    "model: test\ncapabilities: [{name: DeferredTools, arguments: [ends]}]",
    "model: test\ncapabilities: [{Fallback: {models: [test, openai:gpt-5]}}]",
    "model: test\ncapabilities: [{MCP: {url: 'https://h/mcp', native: false}}]",
    "model: test\ncapabilities: [{MCP: {id: a, command: npx, args: [srv], env: "
    "{A: '1'}, cwd: x, log_level: info, roots: ['file:///a']}}]",
    "model: test\ncapabilities: [{name: MCP, arguments: {url: 'http://h', "
    "headers: {A: b}, allowed_tools: [a], connection: per_run, "
    "tool_error_behavior: failed, call_timeout: 5, auth: oauth}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', auth: {type: "
    "client_credentials, client_id: a, client_secret: b}}}]",
    "model: test\ncapabilities: [{PrefixTools: {prefix: p, capability: {MCP: "
    "{url: 'http://h/sse'}}}}]",
    "model: test\ncapabilities: [{PrefixTools: {prefix: p, capability: "
    "{PrefixTools: {prefix: q, capability: {External: {name: a}}}}}}]",
    "model: test\nmodel_settings: {thinking: low, stop_sequences: [a], "
    "anthropic_cache: 1h, mistral_safe_prompt: true, seed: ~}",
    "model: test\ncapabilities: [WebSearch, {WebFetch: {max_uses: 1}}]",
    "model: test\ncapabilities: [{NativeTool: {kind: code_execution}}, {name: "
    "NativeTool, arguments: {tool: {kind: web_search, optional: true}}}]",
    "model: test\ncapabilities: [{ImageGeneration: {size: 1K}}]",
    "model: test\ncapabilities: [{Output: {allow_image: true}}]",
    "model: test\ncapabilities: [XSearch, {NativeTool: {kind: "
    "code_execution}}]",
    "model: test\ncapabilities: [{XSearch: {from_date: '2026-01-01'}}]",
    "model: test\ncapabilities: [RaiseContentFilterError, "
    "{ReinjectSystemPrompt: true}]",
    "model: test\ncapabilities: [{ReinjectSystemPrompt: {replace_existing: "
    "true}}, {name: RaiseContentFilterError}]",
    "model: test\ncapabilities: [{Command: {name: a, argv: [x], return_schema: "
    "{type: integer}}}, IncludeToolReturnSchemas]",
    "model: test\ncapabilities: [{External: {name: a}}, "
    "{IncludeToolReturnSchemas: [a]}, {IncludeToolReturnSchemas: {tools: "
    "all}}, "
    "{name: IncludeToolReturnSchemas, arguments: [all]}]",
    "model: anthropic:claude-sonnet-4-5\ncapabilities: [{AnthropicCompaction: "
    "{token_threshold: 60000, instructions: Be brief.}}]",
    "model: openai:gpt-5\ncapabilities: [{OpenAICompaction: "
    "{token_threshold: 1000}}]",
    "model: test\nmodel_settings: {first_event_timeout: 2.5}",
  };
  for (const auto* text : good) {
    CAF_CHECK(schema_accepts(rules, text, document_format::yaml));
    const auto agent = config::load_agent_text(text, config::agent_format::yaml,
                                               "agent.yaml", lookup);
    if (!agent)
      CAF_ERROR(agent.error().message);
  }
  const char* bad[]{
    "{}",
    "[]",
    "model: gpt",
    "model: 5",
    "model: test\nmodle: test",
    "model: test\nname: a b",
    "model: test\ninstructions: [5]",
    "model: test\noutput_schema: {type: array}",
    "model: test\ncapabilities: [{Output: {types: []}}]",
    "model: test\ncapabilities: [{Output: {types: [{name: A}]}}]",
    "model: test\noutput_schema: {type: object}\ncapabilities: [{Output: "
    "{mode: "
    "loud}}]",
    "model: test\nmodel_settings: {tool_choice: required}",
    "model: test\nretries: -1",
    "model: test\nretries: {both: 1}",
    "model: test\nend_strategy: late",
    "model: test\ntool_timeout: 0",
    "model: test\ncapabilities: Thinking",
    "model: test\ncapabilities: [ToolSearch]",
    "model: test\ncapabilities: [{XSearch: {handles: [a]}}]",
    "model: test\ncapabilities: [{RaiseContentFilterError: {when: never}}]",
    "model: test\ncapabilities: [{ReinjectSystemPrompt: {replace_existing: "
    "1}}]",
    "model: test\ncapabilities: [{IncludeToolReturnSchemas: {tools: 5}}]",
    "model: test\ncapabilities: [{AnthropicCompaction: {token_threshold: 1}}]",
    "model: test\ncapabilities: [{AnthropicCompaction: "
    "{pause_after_compaction: true}}]",
    "model: test\ncapabilities: [{OpenAICompaction: {stateless: true}}]",
    "model: test\ncapabilities: [{Output: {allow_image: 1}}]",
    "model: test\nmodel_settings: {temprature: 1}",
    "model: test\nmodel_settings: {max_tokens: many}",
    "model: test\ncapabilities: [NativeTool]",
    "model: test\ncapabilities: [{NativeTool: {kind: telepathy}}]",
    "model: test\ncapabilities: [{NativeTool: {kind: file_search}}]",
    "model: test\ncapabilities: [{WebSearch: {depth: 1}}]",
    "model: test\ncapabilities: [{WebSearch: {native: false}}]",
    "model: test\ncapabilities: [{Thinking: much}]",
    "model: test\ncapabilities: [{Thinking: low, Limits: {}}]",
    "model: test\ncapabilities: [{name: Thinking, arguments: [a, b]}]",
    "model: test\ncapabilities: [{name: Command}]",
    "model: test\ncapabilities: [Command]",
    "model: test\ncapabilities: [{Command: {name: a b, argv: [x]}}]",
    "model: test\ncapabilities: [{Command: {name: a}}]",
    "model: test\ncapabilities: [{Command: {name: a, argv: []}}]",
    "model: test\ncapabilities: [{Command: {name: a, argv: ['']}}]",
    "model: test\ncapabilities: [{Command: {name: a, argv: [x], env: {1: a}}}]",
    "model: test\ncapabilities: [{Command: {name: a, argv: [x], env: {A: 1}}}]",
    "model: test\ncapabilities: [{Command: {name: a, argv: [x], parameters: "
    "{type: array}}}]",
    "model: test\ncapabilities: [{Command: {name: a, argv: [x], sequential: "
    "yes}}]",
    "model: test\ncapabilities: [{Limits: {request_limit: -1}}]",
    "model: test\ncapabilities: [{Limits: {requests: 1}}]",
    "model: test\ncapabilities: [{Limits: 5}]",
    "model: test\ncapabilities: [{Limits: {cost_limit: 1}}]",
    "model: test\ncapabilities: [{Limits: {count_tokens_before_request: "
    "true}}]",
    "model: test\ncapabilities: [Hooks]",
    "model: test\ncapabilities: [{Durability: {model: {log_prints: true}}}]",
    "model: test\ncapabilities: [{Durability: {model: {retry_condition_fn: "
    "f}}}]",
    "model: test\ncapabilities: [{Durability: {model: {retries: -1}}}]",
    "model: test\ncapabilities: [{Durability: {model: {retries: 1001}}}]",
    "model: test\ncapabilities: [{Durability: {model: {on_interrupt: stop}}}]",
    "model: test\ncapabilities: [{Durability: {model: {timeout_seconds: 0}}}]",
    "model: test\ncapabilities: [{Durability: {model: {cache_policy: yes}}}]",
    "model: test\ncapabilities: [{Durability: {model: {cache_scope: world}}}]",
    "model: test\ncapabilities: [{Durability: {model: {cache_expiration: 0}}}]",
    "model: test\ncapabilities: [{Durability: {model: {cache_exclude: deps}}}]",
    "model: test\ncapabilities: [{Durability: {model: {cache_exclude: ['']}}}]",
    "model: test\ncapabilities: [{Durability: {tool: {}}}]",
    "model: test\ncapabilities: [{SetToolMetadata: {tools: some}}]",
    "model: test\ncapabilities: [{Approval: all}]",
    "model: test\ncapabilities: [{Approval: {tools: some}}]",
    "model: test\ncapabilities: [{Approval: {tool: a}}]",
    "model: test\ncapabilities: [{Approval: {on_expiry: fail}}]",
    "model: test\ncapabilities: [{Approval: {expires_after_seconds: ~, "
    "on_expiry: fail}}]",
    "model: test\ncapabilities: [{Approval: {expires_after_seconds: 0}}]",
    "model: test\ncapabilities: [{Approval: {expires_after_seconds: 1, "
    "on_expiry: approve}}]",
    "model: test\ncapabilities: [External]",
    "model: test\ncapabilities: [{External: {name: a b}}]",
    "model: test\ncapabilities: [{External: {name: a, argv: [x]}}]",
    "model: test\ncapabilities: [{External: {name: a, on_expiry: deny}}]",
    "model: test\ncapabilities: [{External: {name: a, parameters: {type: "
    "array}}}]",
    "model: test\ncapabilities: [DeferredTools]",
    "model: test\ncapabilities: [{DeferredTools: later}]",
    "model: test\ncapabilities: [{DeferredTools: {end: true}}]",
    "model: test\ncapabilities: [Fallback]",
    "model: test\ncapabilities: [MCP]",
    "model: test\ncapabilities: [{MCP: {command: npx}}]",
    "model: test\ncapabilities: [{MCP: {id: a, command: npx, url: "
    "'http://h'}}]",
    "model: test\ncapabilities: [{MCP: {url: 'ftp://h'}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', native: true}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', local: false}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', args: [a]}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', servers: [a]}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', transport: udp}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', roots: [/a]}}]",
    "model: test\ncapabilities: [{MCP: {url: 'http://h', tools: [a]}}]",
    "model: test\ncapabilities: [{MCP: {id: a b, command: x}}]",
    "model: test\ncapabilities: [{MCP: {file: mcp.json, id: a}}]",
    "model: test\ncapabilities: [{PrefixTools: {prefix: p}}]",
    "model: test\ncapabilities: [{PrefixTools: {prefix: '', capability: {MCP: "
    "{url: 'http://h'}}}}]",
    "model: test\ncapabilities: [{Fallback: {models: []}}]",
    "model: test\ncapabilities: [{Fallback: {models: test}}]",
    "model: test\ncapabilities: [{Fallback: {models: [gpt]}}]",
  };
  for (const auto* text : bad) {
    if (rules->validate(to_value(text, document_format::yaml)).empty())
      CAF_ERROR("the schema accepts " << text);
    if (config::load_agent_text(text, config::agent_format::yaml, "agent.yaml",
                                lookup))
      CAF_ERROR("the loader accepts " << text);
  }
  CAF_CHECK(std::size(bad) > 30);
}

CAF_TEST(schema and loader agree on node files) {
  const auto rules = schema("node");
  const char* good[]{
    "{}",
    R"({"listen": "[::1]:0", "log": {"level": "error"}})",
    R"({"providers": {"openai": {"base_url": "https://x", "stream": false}}})",
    R"({"limits": {"queued_runs_max": 0, "park_after_seconds": 0.5}})",
  };
  for (const auto* text : good) {
    CAF_CHECK(schema_accepts(rules, text, document_format::json));
    CAF_CHECK(config::parse_node_file(text, "node.json", lookup));
  }
  const char* bad[]{
    "[]",
    R"({"port": 5})",
    R"({"listen": "here"})",
    R"({"listen": 5})",
    R"({"data_dir": ""})",
    R"({"agents": "a"})",
    R"({"agents": [""]})",
    R"({"log": {"format": "xml"}})",
    R"({"log": {"level": "loud"}})",
    R"({"providers": {"A B": {}}})",
    R"({"providers": {"openai": {"base_url": "x"}}})",
    R"({"providers": {"openai": {"key": "x"}}})",
    R"({"providers": {"openai": {"stream": "x"}}})",
    R"({"providers": {"openai": {"headers": {"a": 5}}}})",
    R"({"providers": {"openai": {"wire": "soap"}}})",
    R"({"limits": {"active_runs_max": 0}})",
    R"({"limits": {"active_runs_max": 1.5}})",
    R"({"limits": {"request_body_max_bytes": 1}})",
    R"({"limits": {"journal_bytes_max": 1}})",
    R"({"limits": {"park_after_seconds": 0}})",
  };
  for (const auto* text : bad) {
    if (rules->validate(to_value(text, document_format::json)).empty())
      CAF_ERROR("the schema accepts " << text);
    if (config::parse_node_file(text, "node.json", lookup))
      CAF_ERROR("the loader accepts " << text);
  }
  CAF_CHECK(std::size(bad) > 15);
}
