#define CAF_SUITE integration.wire

#include "integration/recorded_mcp.hpp"
#include "tools/examples/replay/replay_server.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <cctype>
#include <iostream>
#include <optional>
#include <random>
#include <set>

#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

struct wire_case {
  std::string recording;
  /// Prefix of the model string: which provider it is.
  std::string provider;
  /// Of the run; empty for one that completes.
  std::string error{};
  /// Part of the error's message.
  std::string says{};
  int model_retries = 0;
  /// The provider's address comes from the environment, not the node file.
  bool by_environment = false;
  /// The exchanges of one agent among several; 0 for all.
  std::size_t first = 0;
  std::size_t count = 0;
};

const std::vector<wire_case> cases{
  {"durable_simple_agent", "openai-chat", "", "", 0, true},
  {"durable_model_retry", "openai-chat"},
  {"durable_complex_agent", "openai-chat"},
  {"durable_multiple_agents", "openai-chat", "", "", 0, false, 0, 1},
  {"durable_multiple_agents", "openai-chat", "", "", 0, false, 1, 3},
  // With plain commands in place of calls that wait for a person.
  {"durable_approval_and_external_tool", "openai-chat"},
  {"openai_chat_run_stream_sync_streams_real_model", "openai-chat", "", "", 0,
   true},
  {"openai_chat_instructions_with_tool_calls_keep_instructions", "openai-chat"},
  {"openai_chat_compatible_api_with_tool_calls_without_id", "openai-chat"},
  {"openai_chat_tool_output", "openai-chat"},
  {"openai_chat_native_output_multiple", "openai-chat"},
  {"openai_chat_invalid_response", "openai-chat", "model_bad_response",
   "choices"},
  {"openai_responses_stream", "openai"},
  {"openai_responses_thinking_with_tool_calls", "openai-responses"},
  {"openai_responses_model_http_error", "openai-responses", "model_http_error",
   "HTTP 400: Invalid 'temperature'"},
  {"anthropic_multiple_parallel_tool_calls", "anthropic"},
  {"anthropic_tool_with_thinking", "anthropic"},
  {"anthropic_model_thinking_part_stream", "anthropic"},
  {"anthropic_request_stream_fallback_for_high_max_tokens", "anthropic"},
  {"google_model_iter_stream", "google"},
  {"google_model_retry", "google"},
  {"google_streaming_tool_call_thought_signature", "google"},
  {"deepseek_model_thinking_stream", "deepseek"},
  {"groq_tool_use_failed_error_streaming", "groq"},
  {"openrouter_errors_raised", "openrouter", "model_http_error",
   "HTTP 429: Provider returned error", 2},
  {"openrouter_stream_error", "openrouter", "model_http_error",
   "Token limit reached"},
};

/// Its tools are those of an MCP server.
const wire_case with_server{"durable_mcp_streamable_http", "openai-chat"};

constexpr std::string_view retry_suffix = "\n\nFix the errors and try again.";

/// Prints the file of its call; that of its tool and arguments when the call
/// has no known id.
constexpr std::string_view tool_program = R"(#!/bin/sh
cd "$RESULTS" || exit 1
call=$PERDURE_TOOL_CALL_ID
[ -f "$call" ] || call=$1-$(tr -cd A-Za-z0-9)
cat "$call" || exit 1
[ ! -f "$call.retry" ] || exit 75
)";

/// The name of a tool's result by its arguments; see tool_program.
std::string name_by_arguments(const recorded_call& call) {
  auto name = call.name + "-";
  for (const unsigned char sign : call.arguments.dump())
    if (sign < 0x80 && std::isalnum(sign) != 0)
      name += static_cast<char>(sign);
  return name;
}

/// Says what the recorded tools said.
void write_results(const recording& from, const temp_dir& place) {
  for (std::size_t i = 1; i < from.exchanges.size(); ++i) {
    const auto calls = from.response(i - 1).calls;
    for (const auto& result : from.results(i)) {
      auto content = result.content;
      const bool is_retry = content.ends_with(retry_suffix);
      if (is_retry)
        content.resize(content.size() - retry_suffix.size());
      const bool is_made_up = result.call.id.starts_with("pyd_ai_");
      // That client named calls by their items' ids, not by their own.
      const auto id = is_made_up ? name_by_arguments(result.call)
                      : result.call.id.starts_with("fc_") ? calls.front().id
                                                          : result.call.id;
      place.write("results/" + id, content);
      if (is_retry)
        place.write("results/" + id + ".retry", "");
    }
  }
}

/// As a value of the project, for files and requests.
json json_of(const plain& value) {
  return json::parse(value.dump());
}

/// The types that the response format of a request is made of.
json output_types(const plain& request) {
  json types;
  for (const auto& variant : request.at("response_format")
                               .at("json_schema")
                               .at("schema")
                               .at("properties")
                               .at("result")
                               .at("anyOf"))
    types.push_back(
      {{"name",
        variant.at("properties").at("kind").at("const").get<std::string>()},
       {"description", variant.at("description").get<std::string>()},
       {"schema", json_of(variant.at("properties").at("data"))}});
  return types;
}

json agent_of(const recording& from, const wire_case& what,
              const temp_dir& place, const std::string& mcp_url) {
  const auto& wire = from.wire();
  const auto tool = place.write("tool", tool_program, true).string();
  json agent{{"model", what.provider + ":" + from.model()},
             {"instructions", from.instructions()},
             {"model_settings", json_of(wire.settings(from.request(0)))}};
  auto& capabilities = agent["capabilities"];
  capabilities.push_back(
    {{"Durability",
      {{"model",
        {{"retries", what.model_retries}, {"retry_delay_seconds", 0.01}}}}}});
  if (!mcp_url.empty()) {
    capabilities.push_back({{"MCP",
                             {{"id", "recorded"},
                              {"url", mcp_url},
                              {"include_instructions", false}}}});
    return agent;
  }
  for (const auto& function : wire.tools(from.request(0))) {
    const auto name = function.at("name").get<std::string>();
    if (name == "final_result") {
      agent["output_schema"] = json_of(function.at("parameters"));
      continue;
    }
    capabilities.push_back(
      {{"Command",
        {{"name", name},
         {"description", function.at("description").get<std::string>()},
         {"parameters", json_of(function.at("parameters"))},
         {"argv", {tool, name}},
         {"env", {{"RESULTS", (place.path() / "results").string()}}}}}});
  }
  if (from.request(0).contains("response_format"))
    capabilities.push_back(
      {{"Output",
        {{"mode", "native"}, {"types", output_types(from.request(0))}}}});
  return agent;
}

/// What ids and messages of a client's own stand for.
plain comparable(plain messages) {
  for (auto& item : messages)
    if (item.value("role", "") == "tool") {
      const auto text = item.at("content").get<std::string>();
      // Each validator has its own words; that it failed is what counts.
      if (text.find(" validation error") != std::string::npos
          && text.ends_with(retry_suffix))
        item["content"] = "validation errors";
    }
  return messages;
}

/// An MCP server's tools have no order here but that of their names.
plain sorted_by_name(plain tools) {
  std::sort(tools.begin(), tools.end(), [](const plain& a, const plain& b) {
    return a.at("name") < b.at("name");
  });
  return tools;
}

void check_request(const actors::server_request& asked, const recording& from,
                   std::size_t index) {
  const auto& wire = from.wire();
  CAF_CHECK_EQUAL(asked.method, "POST");
  CAF_CHECK_EQUAL(asked.path, from.path(index));
  std::string query;
  for (const auto& [name, value] : asked.query)
    query += (query.empty() ? "" : "&") + name + "=" + value;
  CAF_CHECK_EQUAL(query, from.query(index));
  const auto [header, shown] = wire.auth();
  CAF_CHECK_EQUAL(asked.header(header), shown);
  CAF_CHECK_EQUAL(asked.header("content-type"), "application/json");
  const auto ours = plain::parse(asked.body);
  const auto& theirs = from.request(index);
  auto expected_rest = wire.rest(theirs);
  auto rest = wire.rest(ours);
  // Not all clients ask for the usage of a stream.
  if (!expected_rest.contains("stream_options"))
    rest.erase("stream_options");
  CAF_CHECK_EQUAL(rest, expected_rest);
  CAF_CHECK_EQUAL(ours.value("instructions", ""),
                  theirs.value("instructions", ""));
  const auto tools = wire.tools(theirs);
  CAF_CHECK_EQUAL(wire.tools(ours),
                  from.mcp.empty() ? tools : sorted_by_name(tools));
  const auto mine = comparable(wire.messages(ours));
  auto expected = comparable(wire.messages(theirs));
  CAF_REQUIRE_EQUAL(mine.size(), expected.size());
  for (std::size_t i = 0; i < mine.size(); ++i) {
    // See write_results.
    if (expected[i].value("call_id", "").starts_with("fc_"))
      expected[i]["call_id"] = from.response(index - 1).calls.front().id;
    CAF_CHECK_EQUAL(mine[i], expected[i]);
  }
}

/// The calls of a conversation, as the API shows it.
std::vector<recorded_call> calls_in(const json& messages) {
  std::vector<recorded_call> out;
  for (const auto& message : messages)
    for (const auto& part : message["parts"]) {
      if (part["part_kind"] != "tool-call")
        continue;
      const auto& args = part["args"];
      const auto text
        = args.is_string() ? args.get<std::string>() : runtime::to_text(args);
      out.push_back({part["tool_name"],
                     text.empty() ? plain::object() : plain::parse(text),
                     part["tool_call_id"]});
    }
  return out;
}

void check_calls(std::vector<recorded_call> ours, const recording& from) {
  std::vector<recorded_call> theirs;
  for (std::size_t i = 0; i < from.exchanges.size(); ++i)
    for (auto& call : from.response(i).calls)
      theirs.push_back(std::move(call));
  CAF_REQUIRE_EQUAL(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAF_CHECK(!ours[i].id.empty());
    if (theirs[i].id.empty())
      ours[i].id.clear();
    CAF_CHECK_EQUAL(ours[i].name, theirs[i].name);
    CAF_CHECK_EQUAL(ours[i].arguments, theirs[i].arguments);
    CAF_CHECK_EQUAL(ours[i].id, theirs[i].id);
  }
}

void check_completed(const json& run, const json& messages,
                     const recording& from) {
  CAF_REQUIRE_EQUAL(run["state"], "completed");
  CAF_CHECK(run["error"].is_null());
  CAF_CHECK_EQUAL(plain::parse(run["output"].dump()), from.output());
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  for (std::size_t i = 0; i < from.exchanges.size(); ++i) {
    input_tokens += from.response(i).input_tokens;
    output_tokens += from.response(i).output_tokens;
  }
  CAF_CHECK(input_tokens > 0);
  const auto& usage = run["usage"];
  CAF_CHECK_EQUAL(usage.value("input_tokens", 0), input_tokens);
  CAF_CHECK_EQUAL(usage.value("output_tokens", 0), output_tokens);
  CAF_CHECK_EQUAL(usage.value("requests", std::size_t{0}),
                  from.exchanges.size());
  check_calls(calls_in(messages), from);
}

void check_failed(const json& run, const wire_case& what) {
  CAF_REQUIRE_EQUAL(run["state"], "failed");
  CAF_CHECK_EQUAL(run["error"]["type"], what.error);
  const auto message = run["error"]["message"].get<std::string>();
  if (message.find(what.says) == std::string::npos)
    CAF_ERROR(message << " does not say: " << what.says);
}

/// The address of the provider, in the node file or in the environment.
std::vector<std::string>
environment_of(const wire_case& what, const std::string& url) {
  if (!what.by_environment)
    return {};
  return {"OPENAI_BASE_URL=" + url, "OPENAI_API_KEY=a-key"};
}

json node_file_of(const wire_case& what, const recording& from,
                  const std::string& url) {
  json provider{{"stream", from.is_streamed()}};
  if (!what.by_environment) {
    provider["base_url"] = url;
    provider["api_key"] = "a-key";
  }
  return {{"providers", {{what.provider, std::move(provider)}}}};
}

std::vector<replay::answer>
answers_of(const wire_case& what, const recording& from) {
  const auto answers = replay::load_recording(
    PERDURE_SOURCE_DIR "/tests/data/wire/" + what.recording + ".json");
  CAF_REQUIRE(answers);
  std::vector<replay::answer> out;
  for (const auto at : from.positions)
    out.push_back(answers->at(at));
  return out;
}

/// What matters of the messages to an MCP server.
std::vector<plain> meant(const std::vector<plain>& messages) {
  std::vector<plain> out;
  for (const auto& message : messages) {
    auto next = selected(message, {"method", "params"});
    if (next["method"] == "initialize")
      next["params"] = selected(next["params"], {"protocolVersion"});
    else if (next.contains("params"))
      next["params"].erase("_meta");
    // Without a cursor they mean the same.
    if (next.contains("params") && next["params"].empty())
      next.erase("params");
    out.push_back(std::move(next));
  }
  return out;
}

/// One connection serves all runs: after the question of its era it begins once
/// and lists once, for the server would tell of changes.
void check_asked(const recorded_mcp_server& server, const recording& from,
                 int rounds) {
  std::vector<plain> recorded;
  for (const auto& exchange : from.mcp)
    recorded.push_back(exchange.at("request").at("body"));
  const auto theirs = meant(recorded);
  std::vector<plain> expected{
    {{"method", "server/discover"}}, theirs.at(0), theirs.at(1), theirs.at(2)};
  expected.insert(expected.end(), static_cast<std::size_t>(rounds),
                  theirs.at(5));
  const auto ours = meant(server.asked());
  CAF_CHECK_EQUAL(plain(ours), plain(expected));
}

void play(const wire_case& what, std::uint64_t seed, int rounds) {
  CAF_MESSAGE(what.recording);
  const recording from{what.recording, what.first, what.count};
  const auto answers = answers_of(what, from);
  auto server = replay::replay_server::start({}, {});
  CAF_REQUIRE(server);
  const auto url = (*server)->url() + from.base_path();
  std::optional<recorded_mcp_server> mcp;
  if (!from.mcp.empty())
    mcp.emplace(from.mcp, seed);
  real_node node{environment_of(what, url)};
  node.write_node_file(node_file_of(what, from, url));
  node.write_agent("teller.json",
                   runtime::to_text(agent_of(from, what, node.place(),
                                             mcp ? mcp->url() : "")));
  write_results(from, node.place());
  node.start();
  for (int round = 0; round < rounds; ++round) {
    (*server)->play(answers, seed + static_cast<std::uint64_t>(round));
    const auto run
      = node.api().run({{"agent", "teller"}, {"prompt", from.prompt()}});
    CAF_REQUIRE(run.is_object());
    const auto about = "/v1/runs/" + run["id"].get<std::string>();
    const auto messages = node.api().get(about + "/messages").value();
    if (what.error.empty())
      check_completed(run, messages, from);
    else
      check_failed(run, what);
    const auto asked = (*server)->asked();
    CAF_REQUIRE_EQUAL(asked.size(), from.exchanges.size());
    std::set<std::string_view> keys;
    for (std::size_t i = 0; i < asked.size(); ++i) {
      check_request(asked[i], from, i);
      keys.insert(asked[i].header("idempotency-key"));
    }
    CAF_CHECK(!keys.contains(""));
    // Attempts of one task share its key; tasks do not.
    CAF_CHECK_EQUAL(keys.size(), what.model_retries > 0 ? 1u : asked.size());
  }
  if (mcp)
    check_asked(*mcp, from, rounds);
  CAF_CHECK_EQUAL(node.terminate(), 0);
}

bool is_streamed(const wire_case& what) {
  const recording from{what.recording, what.first, what.count};
  return answers_of(what, from).front().is_stream();
}

} // namespace

CAF_TEST(every recording is played) {
  std::set<std::string> known{with_server.recording};
  for (const auto& what : cases)
    known.insert(what.recording);
  std::set<std::string> there;
  for (const auto& file : std::filesystem::directory_iterator{
         PERDURE_SOURCE_DIR "/tests/data/wire"})
    if (file.path().extension() == ".json")
      there.insert(file.path().stem());
  CAF_CHECK(known == there);
}

CAF_TEST(whole responses give what was recorded) {
  int played = 0;
  for (const auto& what : cases)
    if (!is_streamed(what)) {
      play(what, 0, 1);
      ++played;
    }
  CAF_CHECK_EQUAL(played, 15);
}

// Goal: the same outcome wherever the bytes of a stream are cut.
// Method: several rounds on one node, each with a seed of its own.
CAF_TEST(streamed responses give what was recorded however they are cut) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  int played = 0;
  for (const auto& what : cases)
    if (is_streamed(what)) {
      play(what, seed, 5);
      ++played;
    }
  CAF_CHECK_EQUAL(played, 11);
}

CAF_TEST(a recorded MCP server is a toolset however its answers are cut) {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  play(with_server, seed, 5);
}
