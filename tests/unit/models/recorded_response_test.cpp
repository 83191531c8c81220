#define CAF_SUITE models.recorded_response

#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

/// A response as plain sums over the recording, without the code under test.
struct sums {
  std::string text;
  std::string thinking;
  std::vector<std::array<std::string, 3>> calls; // name, arguments, id
  std::int64_t input = 0;
  std::int64_t output = 0;
  std::int64_t cached = 0;
  std::int64_t reasoning = 0;
  std::string finish;
  std::string id;
  std::string model;
};

void add_chat(sums& sum, const json& said) {
  sum.text += text_at(said, "content");
  sum.thinking += text_at(said, "reasoning");
  sum.thinking += text_at(said, "reasoning_content");
  if (!said.contains("tool_calls") || said.at("tool_calls").is_null())
    return;
  std::size_t position = 0;
  for (const auto& call : said.at("tool_calls")) {
    const auto index = call.value("index", position++);
    sum.calls.resize(std::max(sum.calls.size(), index + 1));
    auto& [name, arguments, id] = sum.calls[index];
    name += text_at(call.at("function"), "name");
    arguments += text_at(call.at("function"), "arguments");
    id += text_at(call, "id");
  }
}

sums chat_sums(const json& exchange) {
  sums sum;
  for (const auto& chunk : messages_in(exchange)) {
    if (chunk.contains("error")) {
      // The call that the server refused.
      const auto made
        = json::parse(text_at(chunk.at("error"), "failed_generation"));
      sum.calls.push_back(
        {text_at(made, "name"), made.at("arguments").dump(), ""});
      sum.finish = "tool_use_failed";
      continue;
    }
    sum.id = text_at(chunk, "id");
    sum.model = text_at(chunk, "model");
    for (const auto& choice : chunk.at("choices")) {
      add_chat(sum, choice.at(choice.contains("delta") ? "delta" : "message"));
      if (!text_at(choice, "finish_reason").empty())
        sum.finish = text_at(choice, "finish_reason");
    }
    if (chunk.contains("usage") && chunk.at("usage").is_object()) {
      const auto& counts = chunk.at("usage");
      sum.input = counts.at("prompt_tokens");
      sum.output = counts.at("completion_tokens");
      if (counts.contains("prompt_tokens_details"))
        sum.cached = counts.at("prompt_tokens_details").at("cached_tokens");
      if (counts.contains("completion_tokens_details"))
        sum.reasoning
          = counts.at("completion_tokens_details").at("reasoning_tokens");
    }
  }
  return sum;
}

sums responses_sums(const json& exchange) {
  sums sum;
  auto body = messages_in(exchange).back();
  if (exchange.at("response").at("body").is_string()) {
    CAF_REQUIRE_EQUAL(text_at(body, "type"), "response.completed");
    const auto whole = body.at("response");
    body = whole;
  }
  sum.id = body.at("id");
  sum.model = body.at("model");
  sum.finish = body.at("status");
  for (const auto& item : body.at("output")) {
    if (item.at("type") == "message")
      for (const auto& piece : item.at("content"))
        sum.text += text_at(piece, "text");
    if (item.at("type") == "reasoning")
      for (const auto& piece : item.at("summary"))
        sum.thinking += text_at(piece, "text");
    if (item.at("type") == "function_call")
      sum.calls.push_back(
        {item.at("name"), item.at("arguments"), item.at("call_id")});
  }
  const auto& counts = body.at("usage");
  sum.input = counts.at("input_tokens");
  sum.output = counts.at("output_tokens");
  sum.cached = counts.at("input_tokens_details").at("cached_tokens");
  sum.reasoning = counts.at("output_tokens_details").at("reasoning_tokens");
  return sum;
}

void check(const model_response& response, const sums& sum) {
  std::string text;
  std::string thinking;
  std::vector<std::array<std::string, 3>> calls;
  for (const auto& part : response.parts) {
    if (const auto* x = std::get_if<text_part>(&part))
      text += x->content;
    if (const auto* x = std::get_if<thinking_part>(&part))
      thinking += x->content;
    if (const auto* x = std::get_if<tool_call_part>(&part))
      calls.push_back(
        {x->tool_name,
         x->args.is_string() ? x->args.get<std::string>() : x->args.dump(),
         x->tool_call_id == "made" ? "" : x->tool_call_id});
  }
  CAF_CHECK_EQUAL(text, sum.text);
  CAF_CHECK_EQUAL(thinking, sum.thinking);
  CAF_CHECK(calls == sum.calls);
  CAF_CHECK_EQUAL(response.usage.input_tokens, sum.input);
  CAF_CHECK_EQUAL(response.usage.output_tokens, sum.output);
  CAF_CHECK_EQUAL(response.usage.cache_read_tokens, sum.cached);
  const auto& details = response.usage.details;
  CAF_CHECK_EQUAL(details.is_object() ? details.value("reasoning_tokens", 0)
                                      : 0,
                  sum.reasoning);
  CAF_CHECK_EQUAL(response.provider_details.at("finish_reason"), sum.finish);
  CAF_CHECK_EQUAL(*response.provider_response_id, sum.id);
  CAF_CHECK_EQUAL(*response.model_name, sum.model);
  const auto expected = sum.finish == "stop" || sum.finish == "completed"
                          ? finish_reason::stop
                          : finish_reason::tool_call;
  CAF_CHECK(response.finish_reason == expected);
}

} // namespace

CAF_TEST(chat completions read as recorded however they are cut) {
  read_however_cut(chat_recordings(), "openai",
                   [](const json& exchange, const model_response& response) {
                     check(response, chat_sums(exchange));
                   });
}

CAF_TEST(responses read as recorded however they are cut) {
  read_however_cut(responses_recordings(), "openai",
                   [](const json& exchange, const model_response& response) {
                     check(response, responses_sums(exchange));
                   });
}

CAF_TEST(parts of the recorded streams) {
  const auto deepseek = recorded("deepseek_model_thinking_stream").front();
  auto seen = read_whole("openai-chat", type_of(deepseek), body_of(deepseek),
                         "deepseek");
  const auto& response = std::get<model_response>(seen.result);
  CAF_REQUIRE_EQUAL(response.parts.size(), 2u);
  const auto& thinking = std::get<thinking_part>(response.parts[0]);
  CAF_CHECK_EQUAL(*thinking.provider.id, "reasoning_content");
  CAF_CHECK_EQUAL(*thinking.provider.provider_name, "deepseek");
  CAF_CHECK(std::holds_alternative<text_part>(response.parts[1]));
  CAF_CHECK_EQUAL(response.provider_details.at("timestamp"),
                  "2025-07-10T17:41:44Z");

  const auto call
    = recorded("openai_chat_compatible_api_with_tool_calls_without_id").front();
  seen = read_whole("openai-chat", type_of(call), body_of(call));
  const auto& made = std::get<model_response>(seen.result);
  CAF_REQUIRE_EQUAL(made.parts.size(), 1u);
  CAF_CHECK_EQUAL(std::get<tool_call_part>(made.parts[0]).tool_call_id, "made");
}

CAF_TEST(reasoning of the responses interface keeps what is opaque) {
  const auto exchange
    = recorded("openai_responses_thinking_with_tool_calls").front();
  const auto seen
    = read_whole("openai-responses", type_of(exchange), body_of(exchange));
  const auto& item = exchange.at("response").at("body").at("output").at(0);
  const auto& parts = std::get<model_response>(seen.result).parts;
  CAF_REQUIRE_EQUAL(parts.size(), item.at("summary").size() + 1);
  const auto& first = std::get<thinking_part>(parts[0]);
  CAF_CHECK_EQUAL(item.at("encrypted_content"), *first.signature);
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    const auto& part = std::get<thinking_part>(parts[i]);
    CAF_CHECK_EQUAL(item.at("id"), *part.provider.id);
    CAF_CHECK_EQUAL(*part.provider.provider_name, "openai");
    CAF_CHECK_EQUAL(item.at("summary").at(i).at("text"), part.content);
    CAF_CHECK_EQUAL(part.signature.has_value(), i == 0);
  }
  const auto& call = std::get<tool_call_part>(parts.back());
  CAF_CHECK(call.provider.id->starts_with("fc_"));
  CAF_CHECK(call.tool_call_id.starts_with("call_"));
}

CAF_TEST(recorded errors) {
  const auto stream = recorded("openrouter_stream_error").front();
  auto seen = read_in(
    "openai-chat", type_of(stream), body_of(stream), [] { return 7U; },
    "openrouter");
  auto reason = std::get<attempt_failure>(seen.result);
  CAF_CHECK(reason.code == errc::model_http_error);
  CAF_CHECK_EQUAL(reason.status, 400u);
  CAF_CHECK(!reason.retryable);
  CAF_CHECK_EQUAL(reason.message, "asked: HTTP 400: Token limit reached");

  const auto invalid = recorded("openai_chat_invalid_response").front();
  seen = read_whole("openai-chat", type_of(invalid), body_of(invalid));
  reason = std::get<attempt_failure>(seen.result);
  CAF_CHECK(reason.code == errc::model_bad_response);
  CAF_CHECK(!reason.retryable);
  CAF_CHECK(reason.message.find("`choices`") != std::string::npos);

  const auto now = std::chrono::system_clock::time_point{};
  for (const auto& exchange : recorded("openrouter_errors_raised")) {
    reason = failure_of_status(exchange.at("response").at("status"),
                               body_of(exchange), "3", "gemini", now);
    CAF_CHECK(reason.retryable);
    CAF_CHECK_EQUAL(reason.status, 429u);
    CAF_CHECK(reason.retry_after == std::chrono::seconds{3});
    CAF_CHECK(reason.message.starts_with(
      "gemini: HTTP 429: Provider returned error (google/gemini"));
  }
  const auto refused = recorded("openai_responses_model_http_error").front();
  reason = failure_of_status(400, body_of(refused), "", "gpt-4o", now);
  CAF_CHECK(!reason.retryable);
  CAF_CHECK(
    reason.message.starts_with("gpt-4o: HTTP 400: Invalid 'temperature'"));
}
