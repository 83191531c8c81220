#define CAF_SUITE models.google

#include "runtime/models/request_plan.hpp"
#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const std::string provider = "google";

struct talk {
  explicit talk(json settings = nullptr,
                const std::string& model = "gemini-2.5-flash",
                output_definition output = {}, bool with_tool = true,
                const std::string& version = "", bool stream = true) {
    auto definition = std::make_shared<agent_definition>();
    definition->model_settings = std::move(settings);
    definition->output = std::move(output);
    if (with_tool) {
      tool_definition tool;
      tool.name = "look";
      definition->tools.push_back(tool);
    }
    conversation = codec_for("google")->converse({{provider, "http://x", model},
                                                  definition,
                                                  stream,
                                                  profile_of(provider, model),
                                                  version});
  }

  json ask(const std::vector<std::string>& instructions = {}) {
    last = conversation->request(instructions);
    return json::parse(whole_body(last));
  }

  json contents() {
    return ask().at("contents");
  }

  void add(std::vector<request_part> parts) {
    model_request request;
    request.parts = std::move(parts);
    const auto added = conversation->add(request);
    CAF_REQUIRE(added);
  }

  std::unique_ptr<perdure::runtime::conversation> conversation;
  wire_request last;
};

output_definition city_output(output_mode mode) {
  output_definition output;
  output.mode = mode;
  output.types.push_back({});
  output.types.back().name = "City";
  output.types.back().json_schema
    = {{"type", "object"}, {"properties", {{"name", {{"type", "string"}}}}}};
  return output;
}

model_response from_google(std::vector<response_part> parts) {
  model_response response;
  response.parts = std::move(parts);
  response.provider_name = provider;
  return response;
}

provider_data signed_with(const char* signature) {
  return {{}, provider, {{"thought_signature", signature}}};
}

std::string chunk(const json& parts, const char* finish = nullptr) {
  json candidate{{"content", {{"parts", parts}}}};
  if (finish != nullptr)
    candidate["finishReason"] = finish;
  return "data: " + json{{"candidates", {candidate}}}.dump() + "\r\n\r\n";
}

observed read(const std::string& body) {
  return read_in(
    "google", "text/event-stream", body, [] { return 7U; }, provider);
}

model_response response_in(const std::string& body) {
  auto seen = read(body);
  CAF_CHECK_EQUAL(seen.wrong, "");
  if (const auto* reason = std::get_if<attempt_failure>(&seen.result))
    CAF_FAIL(reason->message);
  return std::get<model_response>(seen.result);
}

} // namespace

CAF_TEST(where requests go) {
  talk streamed;
  streamed.ask();
  CAF_CHECK_EQUAL(
    streamed.last.path,
    "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse");
  talk whole{nullptr, "tunedModels/a b", {}, true, "v1", false};
  whole.ask();
  CAF_CHECK_EQUAL(whole.last.path, "/v1/tunedModels/a%20b:generateContent");
}

CAF_TEST(contents begin with a user and results are apart) {
  talk talk;
  auto body = talk.ask({"I1", "", "I2"});
  CAF_CHECK_EQUAL(body.at("contents").dump(),
                  R"([{"role":"user","parts":[{"text":""}]}])");
  CAF_CHECK_EQUAL(body.at("systemInstruction").dump(),
                  R"({"role":"user","parts":[{"text":"I1"},{"text":"I2"}]})");
  auto failed = returned("look", "no disk", "t2");
  failed.outcome = tool_outcome::failed;
  talk.add({system_prompt("S1"), user_prompt_part{"go on", {}},
            returned("look", {{"a", 1}}, "t1"), failed,
            returned("look", {1, 2}, "t4"), retried("No.", "look", "t3"),
            retried("Again.", {}, "x"), system_prompt("S2")});
  body = talk.ask({"I"});
  CAF_CHECK_EQUAL(body.at("systemInstruction").at("parts").size(), 2u);
  const auto& contents = body.at("contents");
  CAF_REQUIRE_EQUAL(contents.size(), 2u);
  const auto& results = contents[0].at("parts");
  CAF_REQUIRE_EQUAL(results.size(), 4u);
  CAF_CHECK_EQUAL(results[0].dump(),
                  R"({"functionResponse":{"id":"t1","name":"look",)"
                  R"("response":{"a":1}}})");
  const auto response = [&](std::size_t i) {
    return results[i].at("functionResponse").at("response").dump();
  };
  CAF_CHECK_EQUAL(response(1), R"({"error":"no disk"})");
  CAF_CHECK_EQUAL(response(2), R"({"return_value":[1,2]})");
  CAF_CHECK_EQUAL(response(3),
                  R"({"error":"No.\n\nFix the errors and try again."})");
  const auto& spoken = contents[1].at("parts");
  CAF_REQUIRE_EQUAL(spoken.size(), 3u);
  CAF_CHECK_EQUAL(spoken[2].at("text"), "<system>S2</system>");

  struct talk resumed;
  CAF_REQUIRE(
    resumed.conversation->add(message{from_google({said("I was saying")})}));
  body = resumed.ask();
  CAF_REQUIRE_EQUAL(body.at("contents").size(), 2u);
  CAF_CHECK_EQUAL(body.at("contents")[0].at("role"), "user");
}

CAF_TEST(what a user and a tool show) {
  talk talk;
  talk.add({user_prompt_part{
    {{{"kind", "binary"}, {"data", "_-8="}, {"media_type", "image/png"}},
     {{"kind", "cache-point"}},
     {{"kind", "image-url"}, {"url", "http://a/b.png?x=1"}},
     {{"kind", "video-url"}, {"url", "https://youtu.be/x"}},
     {{"kind", "document-url"}, {"url", "http://a/b"}},
     {{"kind", "uploaded-file"},
      {"file_id", "files/1"},
      {"provider_name", "google-gla"},
      {"media_type", "image/png"}}},
    {}}});
  CAF_CHECK_EQUAL(
    talk.contents()[0].at("parts").dump(),
    R"([{"inlineData":{"mimeType":"image/png","data":"/+8="}},)"
    R"({"fileData":{"fileUri":"http://a/b.png?x=1","mimeType":"image/png"}},)"
    R"({"fileData":{"fileUri":"https://youtu.be/x","mimeType":"video/mp4"}},)"
    R"({"fileData":{"fileUri":"http://a/b"}},)"
    R"({"fileData":{"fileUri":"files/1","mimeType":"image/png"}}])");
  struct talk sees;
  sees.add({returned(
    "look",
    {{"kind", "binary"}, {"data", "SGVsbG8="}, {"media_type", "image/png"}},
    "t1")});
  const auto contents = sees.contents();
  CAF_REQUIRE_EQUAL(contents.size(), 2u);
  CAF_CHECK_EQUAL(
    contents[0].at("parts")[0].at("functionResponse").at("response").dump(),
    R"({"return_value":"See file f7ff9e."})");
  CAF_CHECK_EQUAL(contents[1].at("parts")[0].at("text"),
                  "This is file f7ff9e:");
}

CAF_TEST(signatures go back with their parts) {
  auto call = called("look", {{"x", 1}}, "t1");
  call.provider = signed_with("s1");
  const auto response = from_google(
    {thinking_part{"hm", {}, signed_with("s0")}, text_part{"a", {}},
     text_part{"", signed_with("s2")}, call, called("look", "{}", "t2")});
  talk talk;
  CAF_REQUIRE(talk.conversation->add(response));
  auto parts = talk.contents()[1].at("parts");
  CAF_REQUIRE_EQUAL(parts.size(), 5u);
  CAF_CHECK_EQUAL(parts[0].dump(),
                  R"({"text":"hm","thought":true,"thoughtSignature":"s0"})");
  CAF_CHECK_EQUAL(parts[1].dump(), R"({"text":"a"})");
  CAF_CHECK_EQUAL(parts[2].dump(), R"({"text":"","thoughtSignature":"s2"})");
  CAF_CHECK_EQUAL(parts[3].dump(),
                  R"({"functionCall":{"id":"t1","name":"look",)"
                  R"("args":{"x":1}},"thoughtSignature":"s1"})");
  CAF_CHECK(!parts[4].contains("thoughtSignature"));

  // One that a thought holds belongs to the part that follows.
  struct talk carried;
  CAF_REQUIRE(carried.conversation->add(
    from_google({thinking_part{"", "s3", {{}, provider, {}}}, said("b")})));
  parts = carried.contents()[1].at("parts");
  CAF_CHECK_EQUAL(parts.dump(), R"([{"text":"b","thoughtSignature":"s3"}])");

  // What another provider signed means nothing here.
  auto foreign = response;
  foreign.provider_name = "other";
  struct talk older;
  CAF_REQUIRE(older.conversation->add(foreign));
  parts = older.contents()[1].at("parts");
  CAF_REQUIRE_EQUAL(parts.size(), 4u);
  CAF_CHECK_EQUAL(parts[0].at("text"), "<think>\nhm\n</think>");
  for (const auto& part : parts)
    CAF_CHECK(!part.contains("thoughtSignature"));
  struct talk newer {
    nullptr, "gemini-3-pro-preview"
  };
  CAF_REQUIRE(newer.conversation->add(foreign));
  parts = newer.contents()[1].at("parts");
  CAF_CHECK_EQUAL(parts[2].at("thoughtSignature"),
                  "skip_thought_signature_validator");
  CAF_CHECK(!parts[3].contains("thoughtSignature"));
}

CAF_TEST(forms of thinking) {
  const std::vector<std::array<std::string, 3>> samples{
    {"gemini-2.5-flash", "true", R"({"includeThoughts":true})"},
    {"gemini-2.5-flash", "false", R"({"thinkingBudget":0})"},
    {"gemini-2.5-flash", "\"minimal\"",
     R"({"includeThoughts":true,"thinkingBudget":128})"},
    {"gemini-2.5-flash", "\"low\"",
     R"({"includeThoughts":true,"thinkingBudget":2048})"},
    {"gemini-2.5-flash", "\"medium\"",
     R"({"includeThoughts":true,"thinkingBudget":8192})"},
    {"gemini-2.5-flash", "\"high\"",
     R"({"includeThoughts":true,"thinkingBudget":24576})"},
    {"gemini-2.5-pro", "false", "null"},
    {"gemini-2.0-flash", "true", "null"},
    {"gemini-3-flash-preview", "\"minimal\"",
     R"({"includeThoughts":true,"thinkingLevel":"MINIMAL"})"},
    {"gemini-3-flash-preview", "\"xhigh\"",
     R"({"includeThoughts":true,"thinkingLevel":"HIGH"})"},
    {"gemini-3-flash-preview", "false", R"({"thinkingLevel":"MINIMAL"})"},
    {"gemini-3-pro-preview", "\"minimal\"",
     R"({"includeThoughts":true,"thinkingLevel":"LOW"})"},
  };
  for (const auto& [model, wish, expected] : samples) {
    CAF_MESSAGE(model << " " << wish);
    talk talk{{{"thinking", json::parse(wish)}}, model};
    const auto config = talk.ask().value("generationConfig", json::object());
    CAF_CHECK_EQUAL(config.value("thinkingConfig", json{}).dump(), expected);
  }
  talk own{{{"thinking", true},
            {"google_thinking_config",
             {{"include_thoughts", false}, {"thinking_budget", 5}}}}};
  CAF_CHECK_EQUAL(own.ask().at("generationConfig").at("thinkingConfig").dump(),
                  R"({"includeThoughts":false,"thinkingBudget":5})");
}

CAF_TEST(outputs and choices) {
  auto body
    = talk{nullptr, "gemini-2.5-flash", city_output(output_mode::automatic)}
        .ask();
  CAF_CHECK_EQUAL(body.at("toolConfig").dump(),
                  R"({"functionCallingConfig":{"mode":"ANY"}})");
  CAF_CHECK_EQUAL(body.at("tools")[0].at("functionDeclarations").size(), 2u);
  body
    = talk{nullptr, "gemini-2.5-flash", city_output(output_mode::native), false}
        .ask();
  CAF_CHECK(!body.contains("tools"));
  CAF_CHECK_EQUAL(body.at("generationConfig").at("responseMimeType"),
                  "application/json");
  CAF_CHECK(
    body.at("generationConfig").at("responseJsonSchema").contains("type"));
  body = talk{nullptr, "gemini-2.5-flash", city_output(output_mode::prompted),
              false}
           .ask();
  CAF_CHECK_EQUAL(body.at("generationConfig").dump(),
                  R"({"responseMimeType":"application/json"})");
  // With tools the older models take no format.
  body = talk{nullptr, "gemini-2.5-flash", city_output(output_mode::prompted)}
           .ask();
  CAF_CHECK(!body.contains("generationConfig"));
  body = talk{nullptr, "gemini-3-pro-preview", city_output(output_mode::native)}
           .ask();
  CAF_CHECK(body.at("generationConfig").contains("responseJsonSchema"));
  body = talk{{{"tool_choice", "none"}}}.ask();
  CAF_CHECK_EQUAL(body.at("toolConfig").dump(),
                  R"({"functionCallingConfig":{"mode":"NONE"}})");

  agent_definition definition;
  definition.output = city_output(output_mode::native);
  const auto fits = [&](const std::string& model) {
    return check_output(definition, profile_of(provider, model), model);
  };
  CAF_CHECK(fits("gemini-2.5-flash"));
  definition.tools.push_back({});
  CAF_CHECK(!fits("gemini-2.5-flash"));
  CAF_CHECK(fits("gemini-3-pro-preview"));
}

CAF_TEST(what is cached is not sent) {
  talk talk{{{"google_cached_content", "cachedContents/1"},
             {"google_labels", {{"a", "b"}}},
             {"google_safety_settings", {{{"category", "x"}}}}}};
  const auto body = talk.ask({"I"});
  CAF_CHECK_EQUAL(body.at("cachedContent"), "cachedContents/1");
  CAF_CHECK_EQUAL(body.at("labels").at("a"), "b");
  CAF_CHECK_EQUAL(body.at("safetySettings").size(), 1u);
  CAF_CHECK(!body.contains("systemInstruction"));
  CAF_CHECK(!body.contains("tools"));
}

CAF_TEST(a stream of every kind of part) {
  const auto response = response_in(
    chunk({{{"text", "h"}, {"thought", true}}})
    + chunk({{{"text", "m"}, {"thought", true}}}) + chunk({{{"text", "a"}}})
    + chunk({{{"text", "b"}}, {{"text", ""}}})
    + chunk({{{"text", ""}, {"thoughtSignature", "s1"}}})
    + chunk({{{"functionCall",
               {{"id", "c1"}, {"name", "look"}, {"args", {{"x", 1}}}}},
              {"thoughtSignature", "s2"}},
             {{"functionCall", {{"name", "look"}}}}})
    + chunk({{{"executableCode", {{"code", "1+1"}}}},
             {{"codeExecutionResult", {{"output", "2"}}}},
             {{"inlineData", {{"mimeType", "image/png"}, {"data", "/+8="}}}},
             {{"ofTomorrow", 1}}},
            "STOP"));
  CAF_REQUIRE_EQUAL(response.parts.size(), 7u);
  CAF_CHECK_EQUAL(std::get<thinking_part>(response.parts[0]).content, "hm");
  const auto& text = std::get<text_part>(response.parts[1]);
  CAF_CHECK_EQUAL(text.content, "ab");
  CAF_CHECK_EQUAL(text.provider.provider_details.at("thought_signature"), "s1");
  const auto& call = std::get<tool_call_part>(response.parts[2]);
  CAF_CHECK_EQUAL(call.tool_call_id, "c1");
  CAF_CHECK_EQUAL(call.provider.provider_details.at("thought_signature"), "s2");
  const auto& bare = std::get<tool_call_part>(response.parts[3]);
  CAF_CHECK_EQUAL(bare.tool_call_id, "made");
  CAF_CHECK(same_json(bare.args, json::object()));
  const auto& code = std::get<tool_call_part>(response.parts[4]);
  CAF_CHECK(code.builtin);
  const auto& result = std::get<builtin_tool_return_part>(response.parts[5]);
  CAF_CHECK_EQUAL(result.tool_call_id, code.tool_call_id);
  CAF_CHECK_EQUAL(std::get<file_part>(response.parts[6]).content.at("data"),
                  "_-8=");

  talk talk;
  CAF_REQUIRE(talk.conversation->add(response));
  const auto parts = talk.contents()[1].at("parts");
  CAF_REQUIRE_EQUAL(parts.size(), 7u);
  CAF_CHECK_EQUAL(parts[1].dump(), R"({"text":"ab","thoughtSignature":"s1"})");
  CAF_CHECK_EQUAL(parts[4].dump(), R"({"executableCode":{"code":"1+1"}})");
  CAF_CHECK_EQUAL(parts[6].at("inlineData").at("data"), "/+8=");
}

CAF_TEST(an empty text after a call holds a signature) {
  const auto response = response_in(
    chunk({{{"functionCall", {{"name", "look"}}}}})
    + chunk({{{"text", ""}, {"thoughtSignature", "s1"}}}, "STOP"));
  CAF_REQUIRE_EQUAL(response.parts.size(), 2u);
  CAF_CHECK_EQUAL(std::get<text_part>(response.parts[1])
                    .provider.provider_details.at("thought_signature"),
                  "s1");
}

CAF_TEST(reasons to stop) {
  const std::vector<std::pair<const char*, finish_reason>> reasons{
    {"STOP", finish_reason::stop},
    {"MAX_TOKENS", finish_reason::length},
    {"SAFETY", finish_reason::content_filter},
    {"RECITATION", finish_reason::content_filter},
    {"BLOCKLIST", finish_reason::content_filter},
    {"PROHIBITED_CONTENT", finish_reason::content_filter},
    {"SPII", finish_reason::content_filter},
    {"IMAGE_SAFETY", finish_reason::content_filter},
    {"MALFORMED_FUNCTION_CALL", finish_reason::error},
    {"UNEXPECTED_TOOL_CALL", finish_reason::error},
    {"LANGUAGE", finish_reason::error},
    {"NO_IMAGE", finish_reason::error},
    {"OF_TOMORROW", finish_reason::none},
  };
  for (const auto& [raw, meaning] : reasons)
    CAF_CHECK(response_in(chunk({{{"text", "a"}}}, raw)).finish_reason
              == meaning);
}

CAF_TEST(blocked prompts) {
  const auto body
    = R"({"promptFeedback":{"blockReason":"OTHER","safetyRatings":[1]}})";
  for (const auto& seen :
       {read_whole("google", "application/json", body, provider),
        read("data: " + std::string{body} + "\n\n")}) {
    const auto& response = std::get<model_response>(seen.result);
    CAF_CHECK(response.finish_reason == finish_reason::content_filter);
    CAF_CHECK(response.parts.empty());
    CAF_CHECK_EQUAL(response.provider_details.at("block_reason"), "OTHER");
  }
}

CAF_TEST(usage is the last count) {
  const auto counts = [](int prompt) {
    return "data: "
           + json{{"usageMetadata",
                   {{"promptTokenCount", prompt},
                    {"candidatesTokenCount", 3},
                    {"thoughtsTokenCount", 4},
                    {"toolUsePromptTokenCount", 5},
                    {"cachedContentTokenCount", 2},
                    {"promptTokensDetails",
                     {{{"modality", "AUDIO"}, {"tokenCount", 6}}}}}}}
               .dump()
           + "\n\n";
  };
  const auto response
    = response_in(counts(1) + chunk({{{"text", "a"}}}, "STOP") + counts(10));
  const auto& usage = response.usage;
  CAF_CHECK_EQUAL(usage.input_tokens, 15);
  CAF_CHECK_EQUAL(usage.output_tokens, 7);
  CAF_CHECK_EQUAL(usage.cache_read_tokens, 2);
  CAF_CHECK_EQUAL(usage.input_audio_tokens, 6);
  CAF_CHECK_EQUAL(usage.details.dump(),
                  R"({"cached_content_tokens":2,"thoughts_tokens":4,)"
                  R"("tool_use_prompt_tokens":5,"audio_prompt_tokens":6})");
}

CAF_TEST(errors) {
  const auto now = std::chrono::system_clock::time_point{};
  const auto body = R"([{"error":{"code":429,"message":"slow down",)"
                    R"("status":"RESOURCE_EXHAUSTED","details":[{"@type":)"
                    R"("type.googleapis.com/google.rpc.RetryInfo",)"
                    R"("retryDelay":"12.5s"}]}}])";
  auto reason = failure_of_status(429, body, "", "gemini", now);
  CAF_CHECK(reason.retryable);
  CAF_CHECK_EQUAL(reason.message, "gemini: HTTP 429: slow down");
  CAF_CHECK(reason.retry_after == std::chrono::milliseconds{12'500});
  reason = failure_of_status(
    400, R"({"error":{"code":400,"message":"m","status":"INVALID_ARGUMENT"}})",
    "", "gemini", now);
  CAF_CHECK(!reason.retryable);
  reason = std::get<attempt_failure>(
    read("data: {\"error\":{\"code\":503,\"message\":\"m\"}}\n\n").result);
  CAF_CHECK(reason.retryable);
  CAF_CHECK_EQUAL(reason.status, 503u);
  CAF_CHECK(
    std::get<attempt_failure>(read(chunk({{{"text", "a"}}})).result).retryable);
  reason = std::get<attempt_failure>(
    read_whole("google", "application/json", "{}", provider).result);
  CAF_CHECK(reason.code == errc::model_bad_response);
  CAF_CHECK(reason.message.find("`candidates`") != std::string::npos);
}
