#define CAF_SUITE models.image_output

#include "runtime/models/local_model.hpp"
#include "runtime/models/native_tools.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

// Images as the output of a run, on the wire: how a model is asked for one, and
// the file part that its response yields.

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const subject responses{"openai-responses", "openai", "gpt-5"};
const subject gemini{"google", "google", "gemini-2.5-flash-image"};

/// Its output is an image.
std::shared_ptr<agent_definition> painter() {
  auto definition = std::make_shared<agent_definition>();
  definition->output.allow_image = true;
  return definition;
}

json ask(const subject& to, const definition_ptr& definition) {
  const auto talk
    = codec_for(to.wire)->converse({{to.provider, "http://x", to.model},
                                    definition,
                                    true,
                                    profile_of(to.provider, to.model)});
  model_request first;
  first.parts.push_back(user_prompt_part{"A cat.", {}});
  CAF_REQUIRE(talk->add(first));
  return json::parse(whole_body(talk->request({})));
}

std::string refusal(const subject& to, const definition_ptr& definition) {
  const auto profile = profile_of(to.provider, to.model);
  const auto checked = check_native_tools(
    *definition, {*perdure::runtime::wire_of(to.wire), to.provider, profile},
    to.model);
  return checked ? "" : checked.error().message;
}

/// One event of a stream.
std::string event(const json& data) {
  return "event: " + data.value("type", "message") + "\ndata: " + data.dump()
         + "\n\n";
}

/// The images in a response that is read in pieces of all sizes.
std::vector<json> images_in(const subject& from, const std::string& type,
                            const std::string& body) {
  std::vector<json> first;
  for (const std::size_t size : {body.size(), std::size_t{1}, std::size_t{7}}) {
    const auto seen = read_in(
      from.wire, type, body, [size] { return size; }, from.provider);
    std::vector<json> images;
    for (const auto& part : response_in(seen).parts)
      if (const auto* file = std::get_if<file_part>(&part))
        images.push_back(file->content);
    if (first.empty())
      first = images;
    CAF_CHECK(images == first);
  }
  return first;
}

const json gemini_answer = json::parse(R"({
  "candidates": [{
    "content": {"role": "model", "parts": [
      {"text": "Here it is."},
      {"inlineData": {"mimeType": "image/png", "data": "/+8="}}]},
    "finishReason": "STOP", "index": 0}],
  "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 1290,
                    "totalTokenCount": 1293},
  "modelVersion": "gemini-2.5-flash-image", "responseId": "r1"})");

const json drawing = json::parse(R"({
  "id": "ig_1", "type": "image_generation_call", "status": "completed",
  "background": "opaque", "output_format": "webp", "quality": "low",
  "size": "1024x1024", "revised_prompt": "A cat, in oil.", "result": "/+8="})");

json responses_answer() {
  return {{"id", "resp_1"},
          {"object", "response"},
          {"created_at", 1},
          {"status", "completed"},
          {"model", "gpt-5"},
          {"output", json::array({drawing})},
          {"usage", {{"input_tokens", 3}, {"output_tokens", 9}}}};
}

} // namespace

CAF_TEST(a model is asked for an image in the manner of its api) {
  const auto openai = ask(responses, painter());
  CAF_CHECK_EQUAL(openai.at("tools").dump(),
                  R"([{"type":"image_generation"}])");
  CAF_CHECK(openai.value("tool_choice", json("auto")) == "auto");
  const auto google = ask(gemini, painter());
  CAF_CHECK_EQUAL(google.at("generationConfig").at("responseModalities").dump(),
                  R"(["TEXT","IMAGE"])");
  CAF_CHECK(!google.contains("tools"));
}

CAF_TEST(what the agent says of its images goes with the request) {
  auto definition = painter();
  definition->native_tools.push_back(
    {"image_generation", false, {{"quality", "low"}}});
  CAF_CHECK_EQUAL(ask(responses, definition).at("tools").dump(),
                  R"([{"type":"image_generation","quality":"low"}])");
}

CAF_TEST(an image besides other outputs leaves the choice to the model) {
  auto definition = painter();
  output_type type;
  type.name = "Refusal";
  type.json_schema
    = {{"type", "object"}, {"properties", {{"why", {{"type", "string"}}}}}};
  definition->output.types.push_back(type);
  const auto body = ask(responses, definition);
  CAF_CHECK_EQUAL(body.at("tools").size(), 2u);
  CAF_CHECK(body.value("tool_choice", json("auto")) == "auto");
}

CAF_TEST(a model that makes no images is refused) {
  CAF_CHECK_EQUAL(refusal(responses, painter()), "");
  CAF_CHECK_EQUAL(refusal(gemini, painter()), "");
  for (const auto& to : {subject{"anthropic", "anthropic", "claude-sonnet-4-5"},
                         subject{"openai-chat", "openai", "gpt-4o"},
                         subject{"google", "google", "gemini-2.5-flash"}}) {
    CAF_CHECK(refusal(to, painter()).find("makes no images")
              != std::string::npos);
    CAF_CHECK_EQUAL(refusal(to, std::make_shared<agent_definition>()), "");
  }
}

CAF_TEST(inline data of gemini is a file) {
  const auto whole
    = images_in(gemini, "application/json", gemini_answer.dump());
  CAF_REQUIRE_EQUAL(whole.size(), 1u);
  CAF_CHECK_EQUAL(
    whole[0].dump(),
    R"({"kind":"binary","data":"_-8=","media_type":"image/png"})");
  const auto streamed = images_in(gemini, "text/event-stream",
                                  "data: " + gemini_answer.dump() + "\r\n\r\n");
  CAF_CHECK(streamed == whole);
}

CAF_TEST(the result of an image generation call is a file) {
  const auto whole
    = images_in(responses, "application/json", responses_answer().dump());
  CAF_REQUIRE_EQUAL(whole.size(), 1u);
  CAF_CHECK_EQUAL(
    whole[0].dump(),
    R"({"kind":"binary","data":"_-8=","media_type":"image/webp"})");
  auto begun = drawing;
  begun["status"] = "in_progress";
  begun["result"] = nullptr;
  auto created = responses_answer();
  created["status"] = "in_progress";
  created["output"] = json::array();
  const json place{{"output_index", 0}, {"item_id", "ig_1"}};
  const auto step = [&](const char* type, json more) {
    json data{{"type", type}};
    data.update(place);
    data.update(more);
    return event(data);
  };
  const auto stream
    = event({{"type", "response.created"}, {"response", created}})
      + step("response.output_item.added", {{"item", begun}})
      + step("response.image_generation_call.in_progress", json::object())
      + step("response.image_generation_call.generating", json::object())
      + step("response.image_generation_call.partial_image",
             {{"partial_image_index", 0}, {"partial_image_b64", "AAAA"}})
      + step("response.image_generation_call.completed", json::object())
      + step("response.output_item.done", {{"item", drawing}})
      + event(
        {{"type", "response.completed"}, {"response", responses_answer()}});
  CAF_CHECK(images_in(responses, "text/event-stream", stream) == whole);
}

CAF_TEST(models without a network make images too) {
  const message_history none;
  const auto definition = painter();
  const auto made = make_test_model()->answer({none, *definition, 0, 1});
  const auto& answer = std::get<local_answer>(made);
  CAF_REQUIRE_EQUAL(answer.response.parts.size(), 1u);
  const auto& file = std::get<file_part>(answer.response.parts[0]);
  CAF_CHECK_EQUAL(file.content.at("media_type"), "image/png");
  const auto script = make_script_model(
    R"({"responses": [{"text": "Here.",
        "image": {"media_type": "image/png", "data": "/+8="}}]})");
  CAF_REQUIRE(script);
  const auto spoken = (*script)->answer({none, *definition, 0, 1});
  const auto& parts = std::get<local_answer>(spoken).response.parts;
  CAF_REQUIRE_EQUAL(parts.size(), 2u);
  CAF_CHECK_EQUAL(std::get<file_part>(parts[1]).content.at("data"), "_-8=");
  const auto refused = make_script_model(
    R"({"responses": [{"image": {"media_type": "image/png", "data": "?"}}]})");
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.error().message.find("base64") != std::string::npos);
}
