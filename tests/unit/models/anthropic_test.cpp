#define CAF_SUITE models.anthropic

#include "runtime/models/request_plan.hpp"
#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const std::string provider = "anthropic";

struct talk {
  explicit talk(json settings = nullptr,
                const std::string& model = "claude-sonnet-4-5",
                const std::string& version = "", output_definition output = {},
                const std::string& asked_provider = provider) {
    auto definition = std::make_shared<agent_definition>();
    definition->model_settings = std::move(settings);
    definition->output = std::move(output);
    tool_definition tool;
    tool.name = "look";
    definition->tools.push_back(tool);
    conversation = codec_for("anthropic")
                     ->converse({{asked_provider, "http://x", model},
                                 definition,
                                 true,
                                 profile_of(asked_provider, model),
                                 version});
  }

  json ask(const std::vector<std::string>& instructions = {}) {
    last = conversation->request(instructions);
    return json::parse(whole_body(last));
  }

  void user(json content) {
    model_request request;
    request.parts.push_back(user_prompt_part{std::move(content), {}});
    const auto added = conversation->add(request);
    CAF_REQUIRE(added);
  }

  std::string header(const std::string& name) const {
    for (const auto& [key, value] : last.headers)
      if (key == name)
        return value;
    return {};
  }

  std::unique_ptr<perdure::runtime::conversation> conversation;
  wire_request last;
};

json marked(const json& value) {
  return value.contains("cache_control") ? value.at("cache_control") : json{};
}

output_definition city_output(output_mode mode) {
  output_definition output;
  output.mode = mode;
  output.types.push_back({});
  output.types.back().name = "City";
  output.types.back().json_schema
    = {{"type", "object"}, {"properties", {{"name", {{"type", "string"}}}}}};
  return output;
}

std::string data(const json& event) {
  return "event: " + event.at("type").get<std::string>()
         + "\ndata: " + event.dump() + "\n\n";
}

std::string begin_block(int index, const json& block) {
  return data({{"type", "content_block_start"},
               {"index", index},
               {"content_block", block}});
}

std::string grow_block(int index, const json& delta) {
  return data(
    {{"type", "content_block_delta"}, {"index", index}, {"delta", delta}});
}

std::string end(const std::string& stop_reason) {
  return data({{"type", "message_delta"},
               {"delta", {{"stop_reason", stop_reason}}},
               {"usage", {{"output_tokens", 9}}}})
         + data({{"type", "message_stop"}});
}

const std::string begin = data({{"type", "message_start"},
                                {"message",
                                 {{"id", "msg_1"},
                                  {"model", "claude-x"},
                                  {"usage",
                                   {{"input_tokens", 5},
                                    {"cache_read_input_tokens", 100},
                                    {"cache_creation_input_tokens", 20},
                                    {"output_tokens", 1}}}}}});

observed read(const std::string& body) {
  return read_in(
    "anthropic", "text/event-stream", body, [] { return 7U; }, provider);
}

model_response response_in(const std::string& body) {
  auto seen = read(body);
  CAF_CHECK_EQUAL(seen.wrong, "");
  if (const auto* reason = std::get_if<attempt_failure>(&seen.result))
    CAF_FAIL(reason->message);
  return std::get<model_response>(seen.result);
}

attempt_failure failure_in(const std::string& body) {
  return std::get<attempt_failure>(read(body).result);
}

} // namespace

CAF_TEST(instructions are blocks and the history opens with a user) {
  talk talk;
  auto body = talk.ask();
  CAF_CHECK(!body.contains("system"));
  CAF_CHECK_EQUAL(body.at("messages").size(), 1u);
  CAF_CHECK_EQUAL(body.at("messages")[0].at("role"), "user");
  CAF_CHECK_EQUAL(body.at("max_tokens"), 4096);
  model_request request;
  request.parts.push_back(system_prompt("S1"));
  request.parts.push_back(user_prompt_part{"hello", {}});
  request.parts.push_back(user_prompt_part{" ", {}});
  request.parts.push_back(system_prompt("S2"));
  CAF_REQUIRE(talk.conversation->add(request));
  body = talk.ask({"I", ""});
  CAF_CHECK_EQUAL(
    body.at("system").dump(),
    R"([{"type":"text","text":"S1"},{"type":"text","text":"I"}])");
  CAF_REQUIRE_EQUAL(body.at("messages").size(), 1u);
  CAF_CHECK_EQUAL(body.at("messages")[0].at("content").dump(),
                  R"([{"type":"text","text":"hello"},)"
                  R"({"type":"text","text":"<system>S2</system>"}])");
  body = talk.ask();
  CAF_CHECK_EQUAL(body.at("system"), "S1");

  struct talk resumed;
  model_response response;
  response.parts.push_back(said("I was saying"));
  CAF_REQUIRE(resumed.conversation->add(response));
  body = resumed.ask();
  CAF_REQUIRE_EQUAL(body.at("messages").size(), 2u);
  CAF_CHECK_EQUAL(body.at("messages")[0].at("role"), "user");
}

CAF_TEST(results come first and say whether they are errors) {
  talk talk;
  model_request request;
  request.parts.push_back(user_prompt_part{"go on", {}});
  request.parts.push_back(returned("look", {{"a", 1}}, "t1"));
  auto failed = returned("look", "no disk", "t2");
  failed.outcome = tool_outcome::failed;
  request.parts.push_back(failed);
  request.parts.push_back(retried("No.", "look", "t3"));
  request.parts.push_back(retried("Again.", {}, "x"));
  CAF_REQUIRE(talk.conversation->add(request));
  const auto content = talk.ask().at("messages").at(0).at("content");
  CAF_REQUIRE_EQUAL(content.size(), 5u);
  CAF_CHECK_EQUAL(content[0].dump(),
                  R"({"type":"tool_result","tool_use_id":"t1",)"
                  R"("content":"{\"a\":1}","is_error":false})");
  CAF_CHECK_EQUAL(content[1].at("content"), "no disk");
  CAF_CHECK_EQUAL(content[1].at("is_error"), true);
  CAF_CHECK_EQUAL(content[2].at("content"),
                  "No.\n\nFix the errors and try again.");
  CAF_CHECK_EQUAL(content[2].at("is_error"), true);
  CAF_CHECK_EQUAL(content[3].at("text"), "go on");
  CAF_CHECK(content[4].at("text").get<std::string>().starts_with("Validation"));
}

CAF_TEST(what a user and a tool show) {
  talk talk;
  talk.user(
    {{{"kind", "image-url"}, {"url", "http://a/b.png"}},
     {{"kind", "document-url"}, {"url", "http://a/b.pdf"}},
     {{"kind", "binary"}, {"data", "_-8="}, {"media_type", "image/png"}},
     {{"kind", "binary"}, {"data", "SGVsbG8="}, {"media_type", "text/csv"}}});
  auto content = talk.ask().at("messages").at(0).at("content");
  CAF_CHECK_EQUAL(
    content.dump(),
    R"([{"type":"image","source":{"type":"url","url":"http://a/b.png"}},)"
    R"({"type":"document","source":{"type":"url","url":"http://a/b.pdf"}},)"
    R"({"type":"image","source":{"type":"base64","media_type":"image/png",)"
    R"("data":"/+8="}},{"type":"document","source":{"type":"text",)"
    R"("media_type":"text/plain","data":"Hello"}}])");
  CAF_CHECK_EQUAL(talk.header("anthropic-beta"), "");
  talk.user(json::array({{{"kind", "uploaded-file"},
                          {"file_id", "file_1"},
                          {"provider_name", "anthropic"}}}));
  talk.ask();
  CAF_CHECK_EQUAL(talk.header("anthropic-beta"), "files-api-2025-04-14");

  const json files{
    {"note", "two"},
    {"file",
     {{"kind", "binary"}, {"data", "SGVsbG8="}, {"media_type", "image/png"}}}};
  model_request request;
  request.parts.push_back(returned("look", files, "t1"));
  struct talk sees;
  CAF_REQUIRE(sees.conversation->add(request));
  content = sees.ask().at("messages").at(0).at("content");
  CAF_REQUIRE_EQUAL(content.size(), 1u);
  CAF_CHECK_EQUAL(content[0].at("content")[0].at("text"),
                  R"({"note":"two","file":"See file f7ff9e."})");
  CAF_CHECK_EQUAL(content[0].at("content")[1].at("type"), "image");
  struct talk other {
    nullptr, "m", "", {}, "house"
  };
  CAF_REQUIRE(other.conversation->add(request));
  content = other.ask().at("messages").at(0).at("content");
  CAF_REQUIRE_EQUAL(content.size(), 3u);
  CAF_CHECK_EQUAL(content[1].at("text"), "This is file f7ff9e:");
  CAF_CHECK_EQUAL(content[2].at("type"), "image");

  model_request sound;
  sound.parts.push_back(user_prompt_part{
    json::array({{{"kind", "audio-url"}, {"url", "http://a/b.mp3"}}}), {}});
  CAF_CHECK(!sees.conversation->add(sound));
}

CAF_TEST(thinking goes back to the one that signed it) {
  model_response response;
  response.parts.push_back(thinking_part{"a", "sig", {{}, provider, {}}});
  response.parts.push_back(
    thinking_part{"", "secret", {"redacted_thinking", provider, {}}});
  response.parts.push_back(thinking_part{"b", {}, {{}, provider, {}}});
  response.parts.push_back(called("look", "{\"x\": 1}", "t1"));
  response.parts.push_back(called("look", "{oops", "t2"));
  const auto content_for = [&](const std::string& name) {
    talk talk{nullptr, "claude-sonnet-4-5", "", {}, name};
    talk.user("go");
    CAF_REQUIRE(talk.conversation->add(response));
    return talk.ask().at("messages").at(1).at("content");
  };
  const auto same = content_for(provider);
  CAF_REQUIRE_EQUAL(same.size(), 5u);
  CAF_CHECK_EQUAL(same[0].dump(),
                  R"({"type":"thinking","thinking":"a","signature":"sig"})");
  CAF_CHECK_EQUAL(same[1].dump(),
                  R"({"type":"redacted_thinking","data":"secret"})");
  CAF_CHECK_EQUAL(same[2].at("text"), "<thinking>\nb\n</thinking>");
  CAF_CHECK_EQUAL(
    same[3].dump(),
    R"({"type":"tool_use","id":"t1","name":"look","input":{"x":1}})");
  CAF_CHECK_EQUAL(same[4].at("input").at("INVALID_JSON"), "{oops");
  const auto other = content_for("house");
  CAF_REQUIRE_EQUAL(other.size(), 4u);
  CAF_CHECK_EQUAL(other[0].at("text"), "<thinking>\na\n</thinking>");
}

CAF_TEST(cache marks) {
  const json mark_5m{{"type", "ephemeral"}, {"ttl", "5m"}};
  const json mark_1h{{"type", "ephemeral"}, {"ttl", "1h"}};
  const auto point = [](const char* ttl) {
    return json{{"kind", "cache-point"}, {"ttl", ttl}};
  };
  talk talk{{{"anthropic_cache_tool_definitions", true},
             {"anthropic_cache_instructions", "1h"}}};
  for (int i = 0; i < 3; ++i)
    talk.user({"a", point("5m"), "b"});
  auto body = talk.ask({"I"});
  CAF_CHECK_EQUAL(marked(body.at("tools").back()), mark_5m);
  CAF_CHECK_EQUAL(marked(body.at("system").back()), mark_1h);
  // Two places are left, for the newest.
  CAF_CHECK(marked(body.at("messages")[0].at("content")[0]).is_null());
  CAF_CHECK_EQUAL(marked(body.at("messages")[1].at("content")[0]), mark_5m);
  CAF_CHECK_EQUAL(marked(body.at("messages")[2].at("content")[0]), mark_5m);
  // Without instructions there is one more.
  body = talk.ask();
  CAF_CHECK_EQUAL(marked(body.at("messages")[0].at("content")[0]), mark_5m);

  struct talk rolling {
    {
      { "anthropic_cache_messages", true }
    }
  };
  rolling.user({"a", point("1h")});
  body = rolling.ask();
  CAF_CHECK_EQUAL(marked(body.at("messages")[0].at("content")[0]), mark_1h);
  rolling.user("b");
  body = rolling.ask();
  CAF_CHECK_EQUAL(marked(body.at("messages")[0].at("content")[0]), mark_1h);
  CAF_CHECK_EQUAL(marked(body.at("messages")[1].at("content")[0]), mark_5m);
  rolling.user("c");
  body = rolling.ask();
  CAF_CHECK(marked(body.at("messages")[1].at("content")[0]).is_null());
  CAF_CHECK_EQUAL(marked(body.at("messages")[2].at("content")[0]), mark_5m);

  struct talk automatic {
    {
      { "anthropic_cache", true }
    }
  };
  for (int i = 0; i < 4; ++i)
    automatic.user({"a", point("5m")});
  body = automatic.ask();
  CAF_CHECK_EQUAL(body.at("cache_control"), mark_5m);
  CAF_CHECK(marked(body.at("messages")[0].at("content")[0]).is_null());
  CAF_CHECK_EQUAL(marked(body.at("messages")[1].at("content")[0]), mark_5m);

  model_request lost;
  lost.parts.push_back(user_prompt_part{json::array({point("5m")}), {}});
  CAF_CHECK(!automatic.conversation->add(lost));
}

// Goal: a request costs what is new, marks that move included.
CAF_TEST(what was encoded once is shared by all later requests) {
  talk talk{{{"anthropic_cache_messages", true}}};
  std::set<const std::string*> known;
  std::vector<text_pieces> kept;
  std::size_t most = 0;
  for (int step = 0; step < 100; ++step) {
    talk.user({std::string(100, 'x'), {{"kind", "cache-point"}}, "y"});
    talk.ask({"I"});
    std::size_t fresh = 0;
    for (const auto& piece : talk.last.body)
      if (known.insert(piece.get()).second)
        fresh += piece->size();
    kept.push_back(talk.last.body);
    if (step > 0)
      most = std::max(most, fresh);
  }
  CAF_CHECK(most > 100);
  CAF_CHECK(most < 500);
}

CAF_TEST(versions differ in what they take) {
  const json settings{{"temperature", 0.5},
                      {"top_p", 0.9},
                      {"top_k", 3},
                      {"extra_headers", {{"anthropic-beta", "b, a"}}},
                      {"anthropic_betas", {"c"}}};
  talk old{settings};
  auto body = old.ask();
  CAF_CHECK_EQUAL(body.at("temperature"), 0.5);
  CAF_CHECK_EQUAL(body.at("top_p"), 0.9);
  CAF_CHECK_EQUAL(body.at("top_k"), 3);
  CAF_CHECK_EQUAL(old.header("anthropic-version"), "2023-06-01");
  CAF_CHECK_EQUAL(old.header("anthropic-beta"), "a,b,c");
  for (const auto& [version, model] :
       std::vector<std::pair<std::string, std::string>>{
         {"2026-10-21", "claude-sonnet-4-5"}, {"", "claude-opus-4-8"}}) {
    talk talk{settings, model, version};
    body = talk.ask();
    for (const auto* key : {"temperature", "top_p", "top_k"})
      CAF_CHECK(!body.contains(key));
    CAF_CHECK_EQUAL(talk.header("anthropic-version"),
                    version.empty() ? "2023-06-01" : version);
  }
  talk thinks{{{"temperature", 0.5}, {"thinking", true}}};
  CAF_CHECK(!thinks.ask().contains("temperature"));
}

CAF_TEST(forms of thinking) {
  struct sample {
    std::string model;
    json settings;
    json thinking;
    json effort;
    int max_tokens;
  };
  const auto budget = [](int tokens) {
    return json{{"type", "enabled"}, {"budget_tokens", tokens}};
  };
  const json adaptive{{"type", "adaptive"}};
  const json disabled{{"type", "disabled"}};
  const std::vector<sample> samples{
    {"claude-sonnet-4-0", {{"thinking", true}}, budget(10'000), {}, 14'096},
    {"claude-sonnet-4-0", {{"thinking", "minimal"}}, budget(1024), {}, 4096},
    {"claude-sonnet-4-0", {{"thinking", "low"}}, budget(2048), {}, 4096},
    {"claude-sonnet-4-0", {{"thinking", "medium"}}, budget(10'000), {}, 14'096},
    {"claude-sonnet-4-0", {{"thinking", "high"}}, budget(16'384), {}, 20'480},
    {"claude-sonnet-4-0", {{"thinking", "xhigh"}}, budget(32'768), {}, 36'864},
    {"claude-sonnet-4-0", {{"thinking", false}}, disabled, {}, 4096},
    {"claude-sonnet-4-0", {}, {}, {}, 4096},
    {"claude-3-5-haiku", {{"thinking", true}}, {}, {}, 4096},
    {"claude-sonnet-4-0",
     {{"thinking", "high"}, {"max_tokens", 5}},
     budget(16'384),
     {},
     5},
    {"claude-sonnet-4-0",
     {{"thinking", "high"}, {"anthropic_thinking", budget(3000)}},
     budget(3000),
     {},
     4096},
    {"claude-opus-4-5", {{"thinking", "xhigh"}}, budget(32'768), "max", 36'864},
    {"claude-opus-4-6", {{"thinking", "xhigh"}}, adaptive, "max", 4096},
    {"claude-opus-4-6", {{"thinking", true}}, adaptive, {}, 4096},
    {"claude-opus-4-7", {{"thinking", "minimal"}}, adaptive, "low", 4096},
    {"claude-opus-4-7", {{"thinking", "xhigh"}}, adaptive, "xhigh", 4096},
    {"claude-fable-5", {{"thinking", false}}, {}, {}, 4096},
    {"claude-opus-4-7", {{"anthropic_effort", "max"}}, {}, "max", 4096},
  };
  for (const auto& [model, settings, thinking, effort, max_tokens] : samples) {
    talk talk{settings, model};
    const auto body = talk.ask();
    CAF_MESSAGE(model << " " << settings.dump());
    CAF_CHECK_EQUAL(body.value("thinking", json{}), thinking);
    CAF_CHECK_EQUAL(
      body.value("output_config", json::object()).value("effort", json{}),
      effort);
    CAF_CHECK_EQUAL(body.at("max_tokens"), max_tokens);
  }
}

CAF_TEST(outputs by tool unless the model thinks) {
  const auto body_of = [](const std::string& model, json settings,
                          output_mode mode = output_mode::automatic) {
    return talk{std::move(settings), model, "", city_output(mode)}.ask();
  };
  auto body = body_of("claude-sonnet-4-5", nullptr);
  CAF_CHECK_EQUAL(body.at("tool_choice").dump(), R"({"type":"any"})");
  CAF_CHECK_EQUAL(body.at("tools").back().at("name"), "final_result");
  CAF_CHECK(!body.contains("output_config"));
  body = body_of("claude-sonnet-4-5", {{"parallel_tool_calls", false}});
  CAF_CHECK_EQUAL(body.at("tool_choice").dump(),
                  R"({"type":"any","disable_parallel_tool_use":true})");
  // A tool cannot be forced on a model that thinks within a budget.
  body = body_of("claude-sonnet-4-5", {{"thinking", true}});
  CAF_CHECK_EQUAL(body.at("tool_choice").dump(), R"({"type":"auto"})");
  CAF_CHECK_EQUAL(body.at("tools").size(), 1u);
  CAF_CHECK_EQUAL(body.at("output_config").at("format").at("type"),
                  "json_schema");
  body = body_of("claude-sonnet-4-0", {{"thinking", true}});
  CAF_CHECK_EQUAL(body.at("tools").size(), 1u);
  CAF_CHECK(!body.contains("output_config"));
  CAF_CHECK(body.at("system").get<std::string>().find("JSON object")
            != std::string::npos);
  body = body_of("claude-sonnet-4-5", {{"thinking", true}}, output_mode::tool);
  CAF_CHECK_EQUAL(body.at("tool_choice").dump(), R"({"type":"auto"})");
  body = body_of("claude-opus-4-6", {{"thinking", true}});
  CAF_CHECK_EQUAL(body.at("tool_choice").dump(), R"({"type":"any"})");
  body = body_of(
    "claude-opus-4-6",
    {{"anthropic_thinking", {{"type", "enabled"}, {"budget_tokens", 1024}}}});
  CAF_CHECK_EQUAL(body.at("tool_choice").dump(), R"({"type":"auto"})");
  body = body_of("claude-fable-5", nullptr);
  CAF_CHECK_EQUAL(body.at("tool_choice").dump(), R"({"type":"auto"})");

  agent_definition definition;
  definition.output = city_output(output_mode::native);
  const auto fits = [&](const std::string& model) {
    return check_output(definition, profile_of(provider, model), model);
  };
  CAF_CHECK(fits("claude-sonnet-4-5"));
  CAF_CHECK(!fits("claude-sonnet-4-0"));
  CAF_CHECK(fits("claude-sonnet-4-0").error().message.find("native")
            != std::string::npos);
}

CAF_TEST(a stream of every kind of block) {
  const auto response = response_in(
    begin + data({{"type", "ping"}})
    + begin_block(0, {{"type", "thinking"}, {"thinking", ""}})
    + grow_block(0, {{"type", "thinking_delta"}, {"thinking", "hm"}})
    + grow_block(0, {{"type", "signature_delta"}, {"signature", "sig"}})
    + data({{"type", "content_block_stop"}, {"index", 0}})
    + begin_block(1, {{"type", "redacted_thinking"}, {"data", "secret"}})
    + begin_block(2, {{"type", "tool_use"},
                      {"id", "t1"},
                      {"name", "look"},
                      {"input", json::object()}})
    + grow_block(2, {{"type", "input_json_delta"}, {"partial_json", ""}})
    + grow_block(2, {{"type", "input_json_delta"}, {"partial_json", "{\"a\":"}})
    + grow_block(2, {{"type", "input_json_delta"}, {"partial_json", "1}"}})
    + begin_block(3, {{"type", "server_tool_use"},
                      {"id", "s1"},
                      {"name", "web_search"},
                      {"input", json::object()}})
    + grow_block(3, {{"type", "input_json_delta"}, {"partial_json", "{}"}})
    + begin_block(4, {{"type", "web_search_tool_result"},
                      {"tool_use_id", "s1"},
                      {"content", {{{"type", "web_search_result"}}}}})
    + begin_block(5, {{"type", "compaction"}})
    + grow_block(5, {{"type", "compaction_delta"}, {"content", "so far"}})
    + begin_block(6, {{"type", "of_tomorrow"}})
    + grow_block(9, {{"type", "input_json_delta"}, {"partial_json", "x"}})
    + end("tool_use"));
  CAF_REQUIRE_EQUAL(response.parts.size(), 6u);
  const auto& thought = std::get<thinking_part>(response.parts[0]);
  CAF_CHECK_EQUAL(thought.content, "hm");
  CAF_CHECK_EQUAL(*thought.signature, "sig");
  const auto& redacted = std::get<thinking_part>(response.parts[1]);
  CAF_CHECK_EQUAL(*redacted.provider.id, "redacted_thinking");
  CAF_CHECK_EQUAL(*redacted.signature, "secret");
  const auto& call = std::get<tool_call_part>(response.parts[2]);
  CAF_CHECK_EQUAL(call.args, "{\"a\":1}");
  CAF_CHECK(!call.builtin);
  const auto& search = std::get<tool_call_part>(response.parts[3]);
  CAF_CHECK(search.builtin);
  CAF_CHECK_EQUAL(search.tool_name, "web_search");
  const auto& found = std::get<builtin_tool_return_part>(response.parts[4]);
  CAF_CHECK_EQUAL(found.tool_name, "web_search");
  CAF_CHECK_EQUAL(found.tool_call_id, "s1");
  CAF_CHECK_EQUAL(*std::get<compaction_part>(response.parts[5]).content,
                  "so far");
  CAF_CHECK(response.finish_reason == finish_reason::tool_call);
  // Inclusive of what was cached.
  CAF_CHECK_EQUAL(response.usage.input_tokens, 125);
  CAF_CHECK_EQUAL(response.usage.cache_read_tokens, 100);
  CAF_CHECK_EQUAL(response.usage.cache_write_tokens, 20);
  CAF_CHECK_EQUAL(response.usage.output_tokens, 9);

  // All of it goes back as it came.
  talk talk;
  talk.user("go");
  CAF_REQUIRE(talk.conversation->add(response));
  const auto content = talk.ask().at("messages").at(1).at("content");
  CAF_REQUIRE_EQUAL(content.size(), 6u);
  CAF_CHECK_EQUAL(content[3].at("type"), "server_tool_use");
  CAF_CHECK_EQUAL(content[4].at("type"), "web_search_tool_result");
  CAF_CHECK_EQUAL(content[5].at("content"), "so far");
}

CAF_TEST(reasons to stop) {
  const std::vector<std::pair<std::string, finish_reason>> reasons{
    {"end_turn", finish_reason::stop},
    {"stop_sequence", finish_reason::stop},
    {"compaction", finish_reason::stop},
    {"max_tokens", finish_reason::length},
    {"model_context_window_exceeded", finish_reason::length},
    {"tool_use", finish_reason::tool_call},
    {"refusal", finish_reason::content_filter},
    {"pause_turn", finish_reason::none},
    {"of_tomorrow", finish_reason::none},
  };
  for (const auto& [raw, meaning] : reasons) {
    const auto response = response_in(begin + end(raw));
    CAF_CHECK(response.finish_reason == meaning);
    CAF_CHECK_EQUAL(response.provider_details.at("finish_reason"), raw);
    CAF_CHECK((response.state == message_state::suspended)
              == (raw == "pause_turn"));
  }
}

CAF_TEST(errors in a stream and in place of one) {
  const auto error = [](const char* type) {
    return data({{"type", "error"},
                 {"error", {{"type", type}, {"message", "Overloaded"}}}});
  };
  auto reason = failure_in(begin + error("overloaded_error"));
  CAF_CHECK(reason.code == errc::model_http_error);
  CAF_CHECK(reason.retryable);
  CAF_CHECK_EQUAL(reason.message, "asked: Overloaded");
  CAF_CHECK(!failure_in(begin + error("invalid_request_error")).retryable);
  CAF_CHECK(failure_in(begin).retryable);
  CAF_CHECK(failure_in("").retryable);

  const auto now = std::chrono::system_clock::time_point{};
  const auto body = R"({"type":"error","error":{"type":"overloaded_error",)"
                    R"("message":"Overloaded"},"request_id":"req_1"})";
  reason = failure_of_status(529, body, "7", "claude", now);
  CAF_CHECK(reason.retryable);
  CAF_CHECK_EQUAL(reason.status, 529u);
  CAF_CHECK(reason.retry_after == std::chrono::seconds{7});
  reason = failure_of_status(
    401, R"({"type":"error","error":{"type":"authentication_error"}})", "",
    "claude", now);
  CAF_CHECK(!reason.retryable);

  const auto whole
    = read_whole("anthropic", "application/json", R"({"id":"x"})", provider);
  reason = std::get<attempt_failure>(whole.result);
  CAF_CHECK(reason.code == errc::model_bad_response);
  CAF_CHECK(!reason.retryable);
  CAF_CHECK(reason.message.find("`content`") != std::string::npos);
}
