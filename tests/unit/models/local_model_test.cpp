#define CAF_SUITE models.local_model

#include "runtime/models/local_model.hpp"
#include "runtime/models/model.hpp"
#include "runtime/models/provider_table.hpp"
#include "runtime/models/sample_value.hpp"
#include "unit/models/make_parts.hpp"

#include <caf/test/unit_test.hpp>

#include <set>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

json sample(std::string_view schema) {
  return sample_value(json::parse(schema));
}

agent_definition definition_with(const std::vector<std::string>& tools) {
  agent_definition definition;
  for (const auto& name : tools) {
    tool_definition tool;
    tool.name = name;
    tool.parameters = json::parse(
      R"({"type":"object","properties":{"city":{"type":"string"}},)"
      R"("required":["city"]})");
    definition.tools.push_back(tool);
  }
  return definition;
}

template <class... Parts>
void add_request(message_history& history, Parts... parts) {
  model_request request;
  (request.parts.push_back(std::move(parts)), ...);
  history.push_back(std::make_shared<const message>(std::move(request)));
}

local_answer ask(const local_model& model, const message_history& history,
                 const agent_definition& definition, std::size_t index,
                 std::uint32_t attempt = 1) {
  const auto said = model.answer({history, definition, index, attempt});
  if (const auto* reason = std::get_if<attempt_failure>(&said))
    CAF_FAIL(reason->message);
  return std::get<local_answer>(said);
}

std::string error_of(std::string_view script) {
  const auto model = make_script_model(script);
  return model ? "none" : model.error().message;
}

} // namespace

CAF_TEST(values made from schemas) {
  const std::vector<std::pair<std::string_view, std::string_view>> samples{
    {R"({"const":null})", "null"},
    {R"({"const":{"a":1},"type":"string"})", R"({"a":1})"},
    {R"({"enum":["b","a"]})", R"("b")"},
    {R"({"type":"string","examples":["x"]})", R"("x")"},
    {R"({"type":"string"})", R"("a")"},
    {R"({"type":"string","minLength":3})", R"("aaa")"},
    {R"({"type":"string","maxLength":0})", R"("")"},
    {R"({"type":"string","format":"date"})", R"("2024-01-01")"},
    {R"({"type":"integer"})", "0"},
    {R"({"type":"integer","minimum":3})", "3"},
    {R"({"type":"integer","minimum":2.5})", "3"},
    {R"({"type":"integer","exclusiveMinimum":3})", "4"},
    {R"({"type":"integer","maximum":-2})", "-2"},
    {R"({"type":"integer","exclusiveMaximum":-2})", "-3"},
    {R"({"type":"integer","minimum":4,"multipleOf":5})", "5"},
    {R"({"type":"number","exclusiveMinimum":0,"exclusiveMaximum":1})", "0.5"},
    {R"({"type":"boolean"})", "false"},
    {R"({"type":["null","integer"]})", "0"},
    {R"({"type":"null"})", "null"},
    {R"({"type":"array","items":{"type":"integer"}})", "[]"},
    {R"({"type":"array","items":{"type":"integer"},"minItems":2})", "[0,0]"},
    {R"({"type":"array","prefixItems":[{"type":"string"}],"minItems":2,)"
     R"("items":{"type":"boolean"}})",
     R"(["a",false])"},
    {R"({"type":"object"})", "{}"},
    {R"({"properties":{"a":{"type":"integer"},"b":{"type":"string"}},)"
     R"("required":["b","c"]})",
     R"({"b":"a","c":"a"})"},
    {R"({"anyOf":[{"type":"integer"},{"type":"null"}]})", "0"},
    {R"({"oneOf":[{"type":"boolean"}]})", "false"},
    {R"({"allOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},)"
     R"({"properties":{"b":{"type":"null"}},"required":["b"]}]})",
     R"({"a":0,"b":null})"},
    {R"({"$ref":"#/$defs/x","$defs":{"x":{"type":"integer"}}})", "0"},
    {R"({"$ref":"#/missing"})", "null"},
    {R"({"$ref":"elsewhere.json"})", "null"},
    {R"({"$ref":"#bad"})", "null"},
    {R"({"type":"unheard-of"})", "null"},
    {"true", "null"},
  };
  for (const auto& [schema, expected] : samples) {
    CAF_MESSAGE(schema);
    CAF_CHECK_EQUAL(sample(schema).dump(), expected);
  }
}

CAF_TEST(schemas that refer to themselves or ask for too much) {
  CAF_CHECK(!sample(R"({"$ref":"#"})").is_object());
  const auto nested = sample(
    R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})");
  CAF_CHECK(nested.is_object());
  const auto wide
    = sample(R"({"type":"array","minItems":1000000,"items":{"$ref":"#"}})");
  CAF_CHECK(to_text(wide).size() < 1'000'000);
  CAF_CHECK(to_text(sample(R"({"type":"string","minLength":99999999})")).size()
            < 200'000);
}

CAF_TEST(the test model calls every tool and tells what came back) {
  const auto model = make_test_model();
  const auto definition = definition_with({"look", "ask"});
  message_history history;
  add_request(history, user_prompt_part{"What is the weather?", {}});
  auto said = ask(*model, history, definition, 0).response;
  CAF_REQUIRE_EQUAL(said.parts.size(), 2u);
  const auto& call = std::get<tool_call_part>(said.parts[0]);
  CAF_CHECK_EQUAL(call.tool_name, "look");
  CAF_CHECK_EQUAL(call.args, R"({"city":"a"})");
  CAF_CHECK_EQUAL(call.tool_call_id, "pyd_ai_tool_call_id__look");
  CAF_CHECK(said.finish_reason == finish_reason::tool_call);
  CAF_CHECK_EQUAL(said.usage.input_tokens, 4);

  history.push_back(std::make_shared<const message>(said));
  add_request(history, retried("No.", "look", "pyd_ai_tool_call_id__look"),
              returned("ask", "yes", "pyd_ai_tool_call_id__ask"));
  said = ask(*model, history, definition, 1).response;
  CAF_REQUIRE_EQUAL(said.parts.size(), 1u);
  CAF_CHECK_EQUAL(std::get<tool_call_part>(said.parts[0]).tool_call_id,
                  "pyd_ai_tool_call_id__look_1");

  history.push_back(std::make_shared<const message>(said));
  add_request(history,
              returned("look", {{"c", 3}}, "pyd_ai_tool_call_id__look_1"));
  said = ask(*model, history, definition, 2).response;
  CAF_REQUIRE_EQUAL(said.parts.size(), 1u);
  CAF_CHECK_EQUAL(std::get<text_part>(said.parts[0]).content,
                  R"({"ask":"yes","look":{"c":3}})");
  CAF_CHECK(said.finish_reason == finish_reason::stop);
}

CAF_TEST(the test model leaves earlier runs alone) {
  const auto model = make_test_model();
  message_history history;
  add_request(history, user_prompt_part{"a", {}});
  history.push_back(std::make_shared<const message>(model_response{}));
  add_request(history, returned("old", 1, "x"));
  history.push_back(std::make_shared<const message>(model_response{}));
  add_request(history, user_prompt_part{"b", {}});
  auto said = ask(*model, history, {}, 0).response;
  CAF_CHECK_EQUAL(std::get<text_part>(said.parts.at(0)).content,
                  "success (no tool calls)");
  history.push_back(std::make_shared<const message>(said));
  add_request(history, retried("Again.", {}, "y"));
  said = ask(*model, history, {}, 1).response;
  CAF_CHECK_EQUAL(std::get<text_part>(said.parts.at(0)).content,
                  "success (no tool calls)");
  CAF_CHECK(!ask(*model, {}, {}, 0).response.parts.empty());
  CAF_CHECK(!ask(*model, {}, {}, 7).response.parts.empty());
}

CAF_TEST(the test model gives an output of the form that is asked for) {
  const auto model = make_test_model();
  auto definition = definition_with({});
  output_type city;
  city.name = "city";
  city.json_schema
    = json::parse(R"({"type":"object","properties":{"name":{"type":"string"}},)"
                  R"("required":["name"]})");
  definition.output.types.push_back(city);
  message_history history;
  add_request(history, user_prompt_part{"go", {}});
  const auto answer = [&](std::size_t index) {
    return ask(*model, history, definition, index).response;
  };
  const auto first = answer(0);
  CAF_CHECK(first.finish_reason == finish_reason::tool_call);
  const auto& call = std::get<tool_call_part>(first.parts.at(0));
  CAF_CHECK_EQUAL(call.tool_name, "final_result");
  CAF_CHECK_EQUAL(call.args, R"({"name":"a"})");
  // Asked again, it is another call.
  const auto second = answer(1);
  CAF_CHECK_NOT_EQUAL(std::get<tool_call_part>(second.parts.at(0)).tool_call_id,
                      call.tool_call_id);
  definition.output.mode = output_mode::prompted;
  const auto prompted = answer(0);
  CAF_CHECK_EQUAL(std::get<text_part>(prompted.parts.at(0)).content,
                  R"({"name":"a"})");
  definition.output.allow_text = true;
  const auto text = answer(0);
  CAF_CHECK_EQUAL(std::get<text_part>(text.parts.at(0)).content,
                  "success (no tool calls)");
}

CAF_TEST(a script answers request by request) {
  const auto made = make_script_model(R"({"responses": [
    {"thinking": "hm", "text": "Let me look.", "delay_ms": 20,
     "tool_calls": [{"tool": "look", "args": {"city": "Oslo"}},
                    {"tool": "look", "args": "{oops", "id": "mine"},
                    {"tool": "look"}]},
    {"text": "It is cold.", "word_delay_ms": 5,
     "usage": {"input_tokens": 9, "output_tokens": 4}}]})");
  CAF_REQUIRE(made);
  const auto& model = **made;
  message_history history;
  add_request(history, user_prompt_part{"one two", {}});
  auto answer = ask(model, history, {}, 0);
  CAF_CHECK(answer.delay == std::chrono::milliseconds{20});
  CAF_CHECK(answer.word_delay == std::chrono::milliseconds{0});
  const auto& parts = answer.response.parts;
  CAF_REQUIRE_EQUAL(parts.size(), 5u);
  CAF_CHECK_EQUAL(std::get<thinking_part>(parts[0]).content, "hm");
  CAF_CHECK_EQUAL(std::get<text_part>(parts[1]).content, "Let me look.");
  const auto call = [&](std::size_t i) {
    const auto& part = std::get<tool_call_part>(parts[i]);
    return part.args.get<std::string>() + " " + part.tool_call_id;
  };
  CAF_CHECK_EQUAL(call(2), R"({"city":"Oslo"} call_0_0)");
  CAF_CHECK_EQUAL(call(3), "{oops mine");
  CAF_CHECK_EQUAL(call(4), "{} call_0_1");
  CAF_CHECK(answer.response.finish_reason == finish_reason::tool_call);
  CAF_CHECK_EQUAL(answer.response.usage.input_tokens, 2);
  CAF_CHECK(answer.response.usage.output_tokens > 4);

  answer = ask(model, history, {}, 1);
  CAF_CHECK(answer.word_delay == std::chrono::milliseconds{5});
  CAF_CHECK_EQUAL(answer.response.usage.input_tokens, 9);
  CAF_CHECK_EQUAL(answer.response.usage.output_tokens, 4);
  CAF_CHECK(answer.response.finish_reason == finish_reason::stop);

  const agent_definition definition;
  const auto late = model.answer({history, definition, 2});
  const auto& reason = std::get<attempt_failure>(late);
  CAF_CHECK(!reason.retryable);
  CAF_CHECK(reason.message.find("2 answers") != std::string::npos);
}

CAF_TEST(a script that repeats has fresh ids) {
  const auto made = make_script_model(
    R"({"repeat": true, "responses": [{"tool_calls": [{"tool": "t"}]}]})");
  CAF_REQUIRE(made);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < 50; ++i)
    ids.insert(
      std::get<tool_call_part>(ask(**made, {}, {}, i).response.parts.at(0))
        .tool_call_id);
  CAF_CHECK_EQUAL(ids.size(), 50u);
}

CAF_TEST(errors of a script are for the attempts at a request) {
  const auto made = make_script_model(R"({"responses": [
    {"error": {"status": 429, "message": "slow", "retry_after_seconds": 1.5}},
    {"error": {"status": 0}},
    {"text": "a"},
    {"text": "b"},
    {"error": {"status": 400, "message": "bad"}}]})");
  CAF_REQUIRE(made);
  const agent_definition definition;
  const message_history history;
  const auto fail = [&](std::size_t index, std::uint32_t attempt) {
    const auto said = (*made)->answer({history, definition, index, attempt});
    CAF_REQUIRE(std::holds_alternative<attempt_failure>(said));
    return std::get<attempt_failure>(said);
  };
  auto reason = fail(0, 1);
  CAF_CHECK_EQUAL(reason.status, 429u);
  CAF_CHECK(reason.retryable);
  CAF_CHECK(reason.retry_after == std::chrono::milliseconds{1500});
  CAF_CHECK_EQUAL(reason.message, "script: HTTP 429: slow");
  reason = fail(0, 2);
  CAF_CHECK(reason.code == errc::model_network_error);
  CAF_CHECK(reason.retryable);
  const auto text = [&](std::size_t index, std::uint32_t attempt) {
    return std::get<text_part>(
             ask(**made, {}, {}, index, attempt).response.parts.at(0))
      .content;
  };
  CAF_CHECK_EQUAL(text(0, 3), "a");
  CAF_CHECK_EQUAL(text(1, 1), "b");
  CAF_CHECK_EQUAL(fail(2, 1).status, 400u);
  CAF_CHECK(!fail(2, 9).retryable);
  CAF_CHECK(fail(3, 1).message.find("request 4") != std::string::npos);
}

CAF_TEST(mistakes in a script are named with their place) {
  const std::vector<std::pair<std::string_view, std::string_view>> samples{
    {"{", "script: "},
    {"[]", "script: must be an object"},
    {"{}", "script.responses: must be an array that is not empty"},
    {R"({"responses": []})", "script.responses: "},
    {R"({"responses": [{"text": "a"}], "again": 1})", "script.again: unknown"},
    {R"({"responses": [{"text": "a"}], "repeat": 1})", "script.repeat: must"},
    {R"({"responses": [{"text": "a"}, 7]})", "responses[1]: must be an"},
    {R"({"responses": [{}]})", "responses[0].text: an answer needs"},
    {R"({"responses": [{"text": 1}]})", "responses[0].text: must be"},
    {R"({"responses": [{"txt": "a"}]})", "responses[0].txt: unknown key"},
    {R"({"responses": [{"text": "a", "delay_ms": -1}]})",
     "responses[0].delay_ms: must"},
    {R"({"responses": [{"text": "a", "delay_ms": 1e12}]})",
     "responses[0].delay_ms: must be at most a day"},
    {R"({"responses": [{"tool_calls": [{"args": {}}]}]})",
     "responses[0].tool_calls[0].tool: missing"},
    {R"({"responses": [{"tool_calls": [{"tool": "t", "args": 1}]}]})",
     "responses[0].tool_calls[0].args: must be"},
    {R"({"responses": [{"text": "a", "usage": {"tokens": 1}}]})",
     "responses[0].usage.tokens: unknown key"},
    {R"({"responses": [{"error": {"status": 200}}]})",
     "responses[0].error.status: must be"},
    {R"({"responses": [{"error": {}}]})", "responses[0].error.status: must"},
    {R"({"responses": [{"error": {"status": 429}, "text": "a"}]})",
     "responses[0].text: unknown key"},
  };
  for (const auto& [script, expected] : samples) {
    const auto message = error_of(script);
    if (!message.starts_with(expected))
      CAF_ERROR(message << " does not begin with " << expected);
    CAF_CHECK(message.starts_with(expected));
  }
}

CAF_TEST(every provider has a codec and its own prefix) {
  std::set<std::string_view> prefixes;
  for (const auto& entry : provider_table()) {
    CAF_CHECK(prefixes.insert(entry.prefix).second);
    CAF_CHECK(codec_for(entry.wire) != nullptr);
    CAF_CHECK(!entry.base_url.ends_with('/'));
    CAF_CHECK(!entry.base_url.empty() || !entry.base_url_variable.empty());
    CAF_CHECK(!entry.provider_name.empty());
  }
  CAF_REQUIRE(find_provider("openai") != nullptr);
  CAF_CHECK_EQUAL(find_provider("openai")->wire, "openai-responses");
  CAF_CHECK_EQUAL(find_provider("openai-chat")->provider_name, "openai");
  CAF_CHECK(find_provider("of-tomorrow") == nullptr);
  CAF_CHECK(find_provider("") == nullptr);
}
