#define CAF_SUITE models.recorded_request

#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const json& items_of(const json& body) {
  return body.at(body.contains("messages") ? "messages" : "input");
}

/// Takes away what differs without a difference in meaning.
json plain(json items) {
  for (auto& item : items) {
    if (item.contains("content") && item.at("content").is_null())
      item.erase("content");
    if (item.value("type", "") == "function_call")
      item.erase("id");
  }
  return items;
}

json plain_tools(const json& body) {
  auto tools = body.value("tools", json::array());
  for (auto& tool : tools) {
    auto& function = tool.contains("function") ? tool.at("function") : tool;
    if (!function.contains("description")
        || function.at("description").is_null())
      function["description"] = "";
  }
  return tools;
}

/// Whether that client told of the tool without a word on strictness, as older
/// versions of it did.
bool is_older(const json& function) {
  return !function.contains("strict")
         && !function.at("parameters").contains("additionalProperties");
}

/// The tools of `body`, without what clients as old as `other`'s left out.
json comparable_tools(const json& body, const json& other) {
  auto tools = plain_tools(body);
  const auto theirs = plain_tools(other);
  for (std::size_t i = 0; i < std::min(tools.size(), theirs.size()); ++i)
    if (theirs[i].contains("function") && is_older(theirs[i]["function"])) {
      tools[i]["function"].erase("strict");
      tools[i]["function"]["parameters"].erase("additionalProperties");
    }
  return tools;
}

definition_ptr definition_of(const json& body) {
  auto made = std::make_shared<agent_definition>();
  for (const auto& tool : plain_tools(body)) {
    const auto& function
      = tool.contains("function") ? tool.at("function") : tool;
    tool_definition next;
    next.name = function.at("name");
    next.description = function.at("description");
    next.parameters = function.at("parameters");
    made->tools.push_back(std::move(next));
  }
  made->model_settings = json::object();
  if (body.contains("max_completion_tokens"))
    made->model_settings["max_tokens"] = body.at("max_completion_tokens");
  if (body.contains("temperature"))
    made->model_settings["temperature"] = body.at("temperature");
  if (body.contains("reasoning")) {
    made->model_settings["thinking"] = body.at("reasoning").at("effort");
    made->model_settings["openai_reasoning_summary"]
      = body.at("reasoning").at("summary");
  }
  return made;
}

/// The part that the recorded item of a user or a tool stands for.
request_part part_of(const json& item) {
  if (item.value("type", "") == "function_call_output")
    return returned("t", item.at("output"), item.at("call_id"));
  if (item.at("role") == "tool")
    return returned("t", item.at("content"), item.at("tool_call_id"));
  return user_prompt_part{item.at("content"), {}};
}

bool is_from_model(const json& item) {
  const auto type = item.value("type", "");
  return item.value("role", "") == "assistant" || type == "function_call"
         || type == "reasoning";
}

/// One recorded conversation, told to our encoder: what the user and the tools
/// said comes from the requests, what the model said from the responses.
class retelling {
public:
  retelling(std::string provider, const json& exchange)
    : provider_(std::move(provider)), wire_(wire_of(exchange)) {
    const auto& body = exchange.at("request").at("body");
    const model_identity to{provider_, "", body.at("model")};
    conversation_
      = codec_for(wire_)->converse({to, definition_of(body), body.at("stream"),
                                    profile_of(provider_, to.model_name)});
  }

  void check(const json& exchange) {
    const auto& body = exchange.at("request").at("body");
    const auto& items = items_of(body);
    CAF_REQUIRE(items.size() >= told_);
    std::vector<std::string> instructions;
    if (!body.value("instructions", "").empty())
      instructions.push_back(body.at("instructions"));
    for (; instructions.size() + told_ < items.size()
           && items[instructions.size()].value("role", "") == "system"
           && told_ == 0;)
      instructions.push_back(items[instructions.size()].at("content"));
    const auto skip
      = wire_ == "openai-chat" ? instructions.size() : std::size_t{0};
    model_request next;
    for (auto i = std::max(told_, skip); i < items.size(); ++i)
      if (!is_from_model(items[i]))
        next.parts.push_back(part_of(items[i]));
    CAF_REQUIRE(!next.parts.empty());
    CAF_REQUIRE(conversation_->add(next));
    if (told_ == 0)
      instructions_ = instructions;
    told_ = items.size();
    const auto wire = conversation_->request(instructions_);
    CAF_CHECK_EQUAL(wire.path, wire_ == "openai-chat" ? "/chat/completions"
                                                      : "/responses");
    const auto ours = json::parse(whole_body(wire));
    compare(ours, body);
  }

  /// Reads the response of `exchange`; ids that are missing are those that
  /// `follower` shows.
  void hear(const json& exchange, const json* follower) {
    std::vector<std::string> made;
    if (follower != nullptr)
      for (const auto& item : items_of(follower->at("request").at("body")))
        for (const auto& call : item.value("tool_calls", json::array()))
          if (call.at("id").get<std::string>().starts_with("pyd_ai_"))
            made.push_back(call.at("id"));
    const auto body = body_of(exchange);
    auto seen = read_in(
      wire_, type_of(exchange), body, [] { return 1000U; }, provider_,
      [made] { return made.empty() ? std::string{"made"} : made.back(); });
    CAF_REQUIRE(std::holds_alternative<model_response>(seen.result));
    CAF_REQUIRE(conversation_->add(std::get<model_response>(seen.result)));
  }

private:
  void compare(const json& ours, const json& body) {
    auto expected = plain(items_of(body));
    const auto mine = plain(items_of(ours));
    // That client named calls by their items' ids; ours are right.
    CAF_REQUIRE_EQUAL(mine.size(), expected.size());
    for (std::size_t i = 0; i < mine.size(); ++i) {
      if (expected[i].contains("call_id")
          && expected[i].at("call_id").get<std::string>().starts_with("fc_"))
        expected[i]["call_id"] = mine[i].at("call_id");
      if (!same_json(mine[i], expected[i]))
        CAF_ERROR(mine[i].dump() << "\n is not " << expected[i].dump());
      CAF_CHECK(same_json(mine[i], expected[i]));
    }
    CAF_CHECK(same_json(comparable_tools(ours, body), plain_tools(body)));
    for (const auto* key : {"model", "stream", "include", "reasoning",
                            "temperature", "max_completion_tokens"})
      CAF_CHECK_EQUAL(ours.value(key, json{}), body.value(key, json{}));
    if (body.contains("stream_options"))
      CAF_CHECK_EQUAL(ours.at("stream_options"), body.at("stream_options"));
    CAF_CHECK_EQUAL(ours.contains("tool_choice"), body.contains("tools"));
    CAF_CHECK_EQUAL(ours.value("instructions", ""),
                    body.value("instructions", ""));
  }

  std::string provider_;
  std::string wire_;
  std::unique_ptr<conversation> conversation_;
  std::vector<std::string> instructions_;
  std::size_t told_ = 0;
};

bool goes_on(const json& from, const json& to) {
  const auto& before = items_of(from.at("request").at("body"));
  const auto& after = items_of(to.at("request").at("body"));
  return after.size() > before.size()
         && std::equal(before.begin(), before.end(), after.begin());
}

void retell(const std::string& name, const std::string& provider) {
  CAF_MESSAGE(name);
  const auto exchanges = recorded(name);
  CAF_REQUIRE(!exchanges.empty());
  std::unique_ptr<retelling> told;
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    if (told == nullptr)
      told = std::make_unique<retelling>(provider, exchanges[i]);
    told->check(exchanges[i]);
    const auto has_next = i + 1 < exchanges.size();
    if (has_next && goes_on(exchanges[i], exchanges[i + 1]))
      told->hear(exchanges[i], &exchanges[i + 1]);
    else
      told = nullptr;
  }
}

} // namespace

CAF_TEST(chat requests mean what was recorded) {
  for (const auto& name : chat_recordings()) {
    const auto is_other
      = name.starts_with("deepseek") || name.starts_with("groq");
    retell(name, is_other ? name.substr(0, name.find('_')) : "openai");
  }
  retell("openrouter_errors_raised", "openrouter");
  retell("openrouter_stream_error", "openrouter");
  retell("openai_chat_invalid_response", "openai");
}

CAF_TEST(responses requests mean what was recorded) {
  for (const auto& name : responses_recordings())
    retell(name, "openai");
  retell("openai_responses_model_http_error", "openai");
}
