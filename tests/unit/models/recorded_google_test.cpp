#define CAF_SUITE models.recorded_google

#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const std::vector<std::string> recordings{
  "google_model_iter_stream",
  "google_model_retry",
  "google_streaming_tool_call_thought_signature",
};

/// What a response says, as plain sums.
struct sums {
  std::string text;
  std::vector<json> calls;
  std::vector<std::string> signatures;
  std::string id;
  std::string model;
  std::int64_t input = 0;
  std::int64_t output = 0;
};

sums sums_of(const json& exchange) {
  sums sum;
  for (const auto& chunk : messages_in(exchange)) {
    for (const auto& part :
         chunk.at("candidates").at(0).at("content").at("parts")) {
      sum.text += text_at(part, "text");
      if (part.contains("functionCall"))
        sum.calls.push_back(part.at("functionCall"));
      if (part.contains("thoughtSignature"))
        sum.signatures.push_back(part.at("thoughtSignature"));
    }
    sum.id = chunk.at("responseId");
    sum.model = chunk.at("modelVersion");
    const auto& counts = chunk.at("usageMetadata");
    sum.input = counts.at("promptTokenCount");
    sum.output = counts.value("candidatesTokenCount", std::int64_t{0})
                 + counts.value("thoughtsTokenCount", 0);
  }
  return sum;
}

std::string signature_of(const provider_data& from) {
  return from.provider_details.is_object()
           ? text_at(from.provider_details, "thought_signature")
           : "";
}

void check_response(const json& exchange, const model_response& response) {
  const auto sum = sums_of(exchange);
  std::string text;
  std::vector<std::string> signatures;
  std::size_t calls = 0;
  for (const auto& part : response.parts) {
    std::string signature;
    if (const auto* x = std::get_if<text_part>(&part)) {
      text += x->content;
      signature = signature_of(x->provider);
    }
    if (const auto* x = std::get_if<tool_call_part>(&part)) {
      CAF_REQUIRE(calls < sum.calls.size());
      const auto& call = sum.calls[calls++];
      CAF_CHECK_EQUAL(x->tool_name, text_at(call, "name"));
      CAF_CHECK(same_json(x->args, call.at("args")));
      CAF_CHECK_EQUAL(x->tool_call_id, "made");
      signature = signature_of(x->provider);
    }
    if (!signature.empty())
      signatures.push_back(signature);
  }
  CAF_CHECK_EQUAL(text, sum.text);
  CAF_CHECK_EQUAL(calls, sum.calls.size());
  CAF_CHECK(signatures == sum.signatures);
  CAF_CHECK_EQUAL(response.usage.input_tokens, sum.input);
  CAF_CHECK_EQUAL(response.usage.output_tokens, sum.output);
  CAF_CHECK_EQUAL(*response.provider_response_id, sum.id);
  CAF_CHECK_EQUAL(*response.model_name, sum.model);
  CAF_CHECK(response.finish_reason == finish_reason::stop);
  CAF_CHECK_EQUAL(response.provider_details.at("finish_reason"), "STOP");
}

/// The functions of a body, in one list: how they are grouped means nothing,
/// nor does which name the schema has, nor how types are spelled.
json functions_in(const json& body) {
  auto functions = json::array();
  for (const auto& tool : body.value("tools", json::array()))
    for (const auto& function : tool.at("functionDeclarations")) {
      json out{{"name", function.at("name")},
               {"description", function.at("description")}};
      for (const auto* key :
           {"parameters", "parameters_json_schema", "parametersJsonSchema"})
        if (function.contains(key)) {
          auto text = function.at(key).dump();
          std::transform(text.begin(), text.end(), text.begin(), ::tolower);
          out["schema"] = json::parse(text);
        }
      functions.push_back(std::move(out));
    }
  return functions;
}

/// Both alphabets of base64 mean the same, and so do all ids of calls, which
/// the provider leaves to its clients.
json plain(json contents) {
  for (auto& content : contents)
    for (auto& part : content.at("parts")) {
      for (const auto* key : {"functionCall", "functionResponse"})
        if (part.contains(key))
          part.at(key)["id"] = "made";
      if (!part.contains("thoughtSignature"))
        continue;
      auto text = part.at("thoughtSignature").get<std::string>();
      std::replace(text.begin(), text.end(), '-', '+');
      std::replace(text.begin(), text.end(), '_', '/');
      part["thoughtSignature"] = text;
    }
  return contents;
}

json plain_config(const json& body) {
  auto config = body.value("generationConfig", json::object());
  // Text is what all models give by themselves.
  if (config.contains("responseModalities")) {
    CAF_CHECK_EQUAL(config.at("responseModalities").dump(), R"(["TEXT"])");
    config.erase("responseModalities");
  }
  return config;
}

definition_ptr definition_of(const json& body) {
  auto made = std::make_shared<agent_definition>();
  for (const auto& function : functions_in(body)) {
    tool_definition next;
    next.name = function.at("name");
    next.description = function.at("description");
    next.parameters = function.at("schema");
    made->tools.push_back(std::move(next));
  }
  made->model_settings = json::object();
  const auto config = plain_config(body);
  if (config.contains("temperature"))
    made->model_settings["temperature"] = config.at("temperature");
  return made;
}

request_part part_of(const json& part) {
  if (!part.contains("functionResponse"))
    return user_prompt_part{part.at("text"), {}};
  const auto& given = part.at("functionResponse");
  const auto& response = given.at("response");
  if (!response.contains("error"))
    return returned(given.at("name"), response.at("return_value"), "made");
  auto text = response.at("error").get<std::string>();
  text.resize(text.find("\n\nFix the errors"));
  return retried(text, given.at("name"), "made");
}

void retell(const std::vector<json>& exchanges) {
  const auto path = text_at(exchanges.front().at("request"), "path");
  const auto is_stream = path.find(":stream") != std::string::npos;
  const auto begin = path.rfind('/') + 1;
  const model_identity to{"google", "",
                          path.substr(begin, path.find(':', begin) - begin)};
  const auto& first = exchanges.front().at("request").at("body");
  const auto conversation = codec_for("google")->converse(
    {to, definition_of(first), is_stream, profile_of("google", to.model_name)});
  std::vector<std::string> instructions;
  if (first.contains("systemInstruction"))
    for (const auto& part : first.at("systemInstruction").at("parts"))
      instructions.push_back(part.at("text"));
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    const auto& request = exchanges[i].at("request");
    const auto& body = request.at("body");
    model_request next;
    for (const auto& part : body.at("contents").back().at("parts"))
      next.parts.push_back(part_of(part));
    CAF_REQUIRE(conversation->add(next));
    const auto wire = conversation->request(instructions);
    const auto query = text_at(request, "query");
    CAF_CHECK_EQUAL(wire.path, path + (query.empty() ? "" : "?" + query));
    const auto ours = json::parse(whole_body(wire));
    const auto mine = plain(ours.at("contents"));
    const auto theirs = plain(body.at("contents"));
    if (!same_json(mine, theirs))
      CAF_ERROR(mine.dump() << "\n is not " << theirs.dump());
    CAF_CHECK(same_json(mine, theirs));
    CAF_CHECK(same_json(ours.value("systemInstruction", json{}),
                        body.value("systemInstruction", json{})));
    CAF_CHECK(same_json(functions_in(ours), functions_in(body)));
    CAF_CHECK(same_json(plain_config(ours), plain_config(body)));
    CAF_CHECK(!ours.contains("toolConfig"));
    if (i + 1 == exchanges.size())
      break;
    auto heard = read_in(
      "google", type_of(exchanges[i]), body_of(exchanges[i]),
      [] { return 1000U; }, "google");
    CAF_REQUIRE(std::holds_alternative<model_response>(heard.result));
    CAF_REQUIRE(conversation->add(std::get<model_response>(heard.result)));
  }
}

} // namespace

CAF_TEST(gemini requests mean what was recorded) {
  for (const auto& name : recordings) {
    CAF_MESSAGE(name);
    retell(recorded(name));
  }
}

CAF_TEST(gemini responses read as recorded however they are cut) {
  read_however_cut(recordings, "google", check_response);
}
