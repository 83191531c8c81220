#define CAF_SUITE models.recorded_anthropic

#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const std::vector<std::string> recordings{
  "anthropic_multiple_parallel_tool_calls",
  "anthropic_tool_with_thinking",
  "anthropic_model_thinking_part_stream",
  "anthropic_request_stream_fallback_for_high_max_tokens",
};

/// The message of a recorded response: the body, or what a stream grows it to.
json message_of(const json& exchange) {
  const auto events = messages_in(exchange);
  if (events.size() == 1)
    return events.front();
  json message;
  for (const auto& event : events) {
    const auto type = text_at(event, "type");
    if (type == "message_start") {
      message = event.at("message");
    } else if (type == "content_block_start") {
      message["content"].push_back(event.at("content_block"));
    } else if (type == "content_block_delta") {
      auto& block = message["content"].at(event.at("index").get<std::size_t>());
      const auto& delta = event.at("delta");
      for (const auto* field : {"text", "thinking", "signature"})
        if (delta.contains(field))
          block[field] = text_at(block, field) + text_at(delta, field);
    } else if (type == "message_delta") {
      message.update(event.at("delta"));
      message["usage"].update(event.at("usage"));
    }
  }
  return message;
}

void check_part(const response_part& part, const json& block) {
  const auto type = text_at(block, "type");
  if (type == "text") {
    CAF_CHECK_EQUAL(std::get<text_part>(part).content, text_at(block, "text"));
  } else if (type == "thinking") {
    const auto& thought = std::get<thinking_part>(part);
    CAF_CHECK_EQUAL(thought.content, text_at(block, "thinking"));
    CAF_CHECK_EQUAL(thought.signature.value_or(""),
                    text_at(block, "signature"));
    CAF_CHECK_EQUAL(thought.provider.provider_name.value_or(""), "anthropic");
  } else {
    CAF_REQUIRE_EQUAL(type, "tool_use");
    const auto& call = std::get<tool_call_part>(part);
    CAF_CHECK_EQUAL(call.tool_name, text_at(block, "name"));
    CAF_CHECK_EQUAL(call.tool_call_id, text_at(block, "id"));
    CAF_CHECK(same_json(call.args, block.at("input")));
  }
}

void check_response(const json& exchange, const model_response& response) {
  const auto message = message_of(exchange);
  const auto& blocks = message.at("content");
  CAF_REQUIRE_EQUAL(response.parts.size(), blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i)
    check_part(response.parts[i], blocks[i]);
  CAF_CHECK_EQUAL(*response.provider_response_id, text_at(message, "id"));
  CAF_CHECK_EQUAL(*response.model_name, text_at(message, "model"));
  const auto stop = text_at(message, "stop_reason");
  CAF_CHECK_EQUAL(response.provider_details.at("finish_reason"), stop);
  CAF_CHECK(
    response.finish_reason
    == (stop == "tool_use" ? finish_reason::tool_call : finish_reason::stop));
  const auto& counts = message.at("usage");
  CAF_CHECK_EQUAL(response.usage.input_tokens, counts.at("input_tokens"));
  CAF_CHECK_EQUAL(response.usage.output_tokens, counts.at("output_tokens"));
}

definition_ptr definition_of(const json& body) {
  auto made = std::make_shared<agent_definition>();
  for (const auto& tool : body.value("tools", json::array())) {
    tool_definition next;
    next.name = tool.at("name");
    next.description = tool.at("description");
    next.parameters = tool.at("input_schema");
    made->tools.push_back(std::move(next));
  }
  made->model_settings = json::object();
  if (body.at("max_tokens") != 4096)
    made->model_settings["max_tokens"] = body.at("max_tokens");
  if (body.contains("thinking"))
    made->model_settings["anthropic_thinking"] = body.at("thinking");
  return made;
}

/// What a recorded block of a user stands for.
request_part part_of(const json& block) {
  if (text_at(block, "type") == "tool_result")
    return returned("t", block.at("content"), block.at("tool_use_id"));
  return user_prompt_part{block.at("text"), {}};
}

/// Tells the conversation of a recording to our encoder: what a user and tools
/// said comes from the requests, what the model said from the responses.
void retell(const std::vector<json>& exchanges) {
  const auto& first = exchanges.front().at("request").at("body");
  const model_identity to{"anthropic", "", first.at("model")};
  const auto conversation
    = codec_for("anthropic")
        ->converse({to, definition_of(first), first.at("stream"),
                    profile_of("anthropic", to.model_name)});
  std::vector<std::string> instructions;
  if (first.contains("system"))
    instructions.push_back(first.at("system"));
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    const auto& body = exchanges[i].at("request").at("body");
    model_request next;
    for (const auto& block : body.at("messages").back().at("content"))
      next.parts.push_back(part_of(block));
    CAF_REQUIRE(conversation->add(next));
    const auto wire = conversation->request(instructions);
    CAF_CHECK_EQUAL(wire.path,
                    text_at(exchanges[i].at("request"), "path") + "?"
                      + text_at(exchanges[i].at("request"), "query"));
    auto ours = json::parse(whole_body(wire));
    if (!same_json(ours, body))
      CAF_ERROR(ours.dump() << "\n is not " << body.dump());
    CAF_CHECK(same_json(ours, body));
    if (i + 1 == exchanges.size())
      break;
    const auto text = body_of(exchanges[i]);
    auto heard = read_in(
      "anthropic", type_of(exchanges[i]), text, [] { return 1000U; },
      "anthropic");
    CAF_REQUIRE(std::holds_alternative<model_response>(heard.result));
    CAF_REQUIRE(conversation->add(std::get<model_response>(heard.result)));
  }
}

} // namespace

CAF_TEST(messages requests mean what was recorded) {
  for (const auto& name : recordings) {
    CAF_MESSAGE(name);
    retell(recorded(name));
  }
}

CAF_TEST(messages read as recorded however they are cut) {
  read_however_cut(recordings, "anthropic", check_response);
}
