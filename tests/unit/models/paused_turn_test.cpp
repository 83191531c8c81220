#define CAF_SUITE models.paused_turn

#include "unit/models/turn_support.hpp"

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

json head(int input_tokens) {
  return {{"id", "msg_1"},
          {"type", "message"},
          {"role", "assistant"},
          {"model", "asked-1"},
          {"usage",
           {{"input_tokens", input_tokens},
            {"output_tokens", 3},
            {"cache_read_input_tokens", 2}}}};
}

json search() {
  return {{"type", "server_tool_use"},
          {"id", "srvtoolu_1"},
          {"name", "web_search"},
          {"input", {{"query", "rain"}}}};
}

json text(const std::string& value) {
  return {{"type", "text"}, {"text", value}};
}

std::string body(const json& content, const std::string& stop_reason,
                 int input_tokens = 10) {
  auto out = head(input_tokens);
  out["content"] = content;
  out["stop_reason"] = stop_reason;
  return out.dump();
}

/// The same as a stream.
std::string stream(const json& content, const std::string& stop_reason,
                   int input_tokens = 10) {
  auto begin = head(input_tokens);
  begin["content"] = json::array();
  auto out = frame({{"type", "message_start"}, {"message", begin}});
  for (std::size_t i = 0; i < content.size(); ++i) {
    out += frame({{"type", "content_block_start"},
                  {"index", i},
                  {"content_block", content[i]}});
    out += frame({{"type", "content_block_stop"}, {"index", i}});
  }
  return out
         + frame({{"type", "message_delta"},
                  {"delta", {{"stop_reason", stop_reason}}},
                  {"usage", {{"output_tokens", 3}}}})
         + frame({{"type", "message_stop"}});
}

json messages(const wire_request& request) {
  return json::parse(whole_body(request)).at("messages");
}

} // namespace

CAF_TEST(a paused turn goes on with what was said) {
  for (const bool streamed : {false, true}) {
    turn_driver driver{"anthropic", nullptr, streamed};
    const auto first = exchange(driver.begin());
    CAF_CHECK_EQUAL(first.key_suffix, "");
    const auto say = streamed ? stream : body;
    const auto* type = streamed ? stream_type : body_type;
    auto step
      = driver.answer(type, say(json::array({text("Let me look."), search()}),
                                "pause_turn", 10));
    auto next = exchange(step);
    CAF_CHECK_EQUAL(next.key_suffix, "/part/2");
    CAF_CHECK(next.delay == 0s);
    CAF_CHECK(next.request.headers == first.request.headers);
    auto sent = messages(next.request);
    CAF_REQUIRE_EQUAL(sent.size(), 2u);
    const auto begun = messages(first.request);
    CAF_CHECK_EQUAL(sent[0], begun[0]);
    CAF_CHECK_EQUAL(sent[1],
                    json({{"role", "assistant"},
                          {"content", {text("Let me look."), search()}}}));

    step = driver.answer(type,
                         say(json::array({text("Still.")}), "pause_turn", 20));
    next = exchange(step);
    CAF_CHECK_EQUAL(next.key_suffix, "/part/3");
    sent = messages(next.request);
    CAF_REQUIRE_EQUAL(sent.size(), 2u);
    CAF_CHECK_EQUAL(sent[1].at("content").size(), 3u);

    step = driver.answer(type,
                         say(json::array({text("It rains.")}), "end_turn", 30));
    const auto response = driver.response(step);
    CAF_REQUIRE_EQUAL(response.parts.size(), 4u);
    CAF_CHECK_EQUAL(text_of(response.parts[0]), "Let me look.");
    CAF_CHECK_EQUAL(text_of(response.parts[2]), "Still.");
    CAF_CHECK_EQUAL(text_of(response.parts[3]), "It rains.");
    CAF_CHECK(response.finish_reason == finish_reason::stop);
    CAF_CHECK_EQUAL(response.provider_details.at("finish_reason"), "end_turn");
    CAF_CHECK_EQUAL(response.usage.input_tokens, 10 + 20 + 30 + 3 * 2);
    CAF_CHECK_EQUAL(response.usage.cache_read_tokens, 6);
    CAF_CHECK_EQUAL(response.usage.output_tokens, 9);
  }
}

CAF_TEST(the container of a paused turn goes along once) {
  for (const json& settings :
       {json{}, json{{"anthropic_container", "of_mine"}}}) {
    turn_driver driver{"anthropic", settings, false};
    std::ignore = driver.begin();
    auto paused = json::parse(body(json::array({search()}), "pause_turn"));
    paused["container"] = {{"id", "container_1"}};
    auto step = driver.answer(body_type, paused.dump());
    const std::string expected = settings.is_null() ? "container_1" : "of_mine";
    auto sent = whole_body(exchange(step).request);
    CAF_CHECK_EQUAL(json::parse(sent).value("container", ""), expected);
    CAF_CHECK_EQUAL(sent.find("\"container\":"), sent.rfind("\"container\":"));
    // A later pause does not name it.
    step = driver.answer(body_type,
                         body(json::array({text("More.")}), "pause_turn"));
    sent = whole_body(exchange(step).request);
    CAF_CHECK_EQUAL(json::parse(sent).value("container", ""), expected);
  }
}

CAF_TEST(what was said before an interruption is not asked for again) {
  turn_driver first{"anthropic", nullptr, true};
  std::ignore = first.begin();
  CAF_CHECK(!first.turn->news());
  std::ignore = first.answer(
    stream_type,
    stream(json::array({text("Let me look."), search()}), "pause_turn"));
  const auto note = first.turn->news().value_or(json{});
  CAF_REQUIRE(note.is_object());
  CAF_CHECK(!first.turn->news());

  turn_driver second{"anthropic", nullptr, true, note};
  auto step = second.begin();
  CAF_CHECK_EQUAL(exchange(step).key_suffix, "/part/2");
  CAF_CHECK_EQUAL(messages(exchange(step).request).size(), 2u);
  step = second.refuse(529);
  CAF_CHECK(failed(step).retryable);
  CAF_CHECK_EQUAL(std::get<turn_result>(step).note, note);

  turn_driver third{"anthropic", nullptr, true, note};
  std::ignore = third.begin();
  const auto response = third.response(third.answer(
    stream_type, stream(json::array({text("It rains.")}), "end_turn", 30)));
  CAF_REQUIRE_EQUAL(response.parts.size(), 3u);
  CAF_CHECK_EQUAL(response.usage.input_tokens, 44);
}

CAF_TEST(a turn is not paused for ever) {
  turn_driver driver{"anthropic", nullptr, false};
  auto step = driver.begin();
  for (std::uint32_t i = 0; i <= model_turn::pauses_max; ++i) {
    std::ignore = exchange(step);
    step = driver.answer(body_type,
                         body(json::array({text("Wait.")}), "pause_turn"));
  }
  CAF_CHECK(failed(step).code == errc::model_bad_response);
  CAF_CHECK(!failed(step).retryable);
  CAF_CHECK(std::get<turn_result>(step).note.is_null());
}

CAF_TEST(a pause before anything was said is no answer) {
  turn_driver driver{"anthropic", nullptr, false};
  std::ignore = driver.begin();
  const auto step = driver.answer(body_type, body(json::array(), "pause_turn"));
  CAF_CHECK(failed(step).code == errc::model_bad_response);
}

CAF_TEST(a note that cannot be read is not replaced by another request) {
  const json note{{"so_far", {{"kind", "response"}, {"parts", 7}}}};
  turn_driver driver{"anthropic", nullptr, false, note};
  const auto step = driver.begin();
  CAF_CHECK(!failed(step).retryable);
}
