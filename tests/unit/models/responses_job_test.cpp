#define CAF_SUITE models.responses_job

#include "unit/models/turn_support.hpp"

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const json background{{"openai_background", true}};

json body(const std::string& status, json output = json::array()) {
  return {{"id", "resp_1"},
          {"object", "response"},
          {"model", "asked-1"},
          {"created_at", 1'800'000'000},
          {"status", status},
          {"background", true},
          {"output", std::move(output)},
          {"usage", {{"input_tokens", 20}, {"output_tokens", 5}}}};
}

json message(const std::string& text) {
  return {
    {"type", "message"},
    {"id", "msg_1"},
    {"role", "assistant"},
    {"status", "completed"},
    {"content", json::array({json{{"type", "output_text"}, {"text", text}}})}};
}

std::string pending(const std::string& status = "in_progress") {
  return body(status).dump();
}

std::string completed(const std::string& text) {
  return body("completed", json::array({message(text)})).dump();
}

/// The events of a stream that says two words, each with its number.
std::vector<std::string> frames() {
  auto first = message("");
  first["content"] = json::array();
  std::vector<json> events{
    {{"type", "response.created"}, {"response", body("queued")}},
    {{"type", "response.output_item.added"},
     {"output_index", 0},
     {"item", first}},
    {{"type", "response.output_text.delta"},
     {"output_index", 0},
     {"content_index", 0},
     {"item_id", "msg_1"},
     {"delta", "Hello "}},
    {{"type", "response.output_text.delta"},
     {"output_index", 0},
     {"content_index", 0},
     {"item_id", "msg_1"},
     {"delta", "there."}},
    {{"type", "response.output_item.done"},
     {"output_index", 0},
     {"item", message("Hello there.")}},
    {{"type", "response.completed"},
     {"response", body("completed", json::array({message("Hello there.")}))}},
  };
  std::vector<std::string> out;
  for (auto& event : events) {
    event["sequence_number"] = out.size();
    out.push_back(frame(event));
  }
  return out;
}

std::string stream(std::size_t from, std::size_t to) {
  const auto all = frames();
  return joined({all.begin() + static_cast<std::ptrdiff_t>(from),
                 all.begin() + static_cast<std::ptrdiff_t>(to)});
}

void check_hello(const model_response& response) {
  CAF_REQUIRE_EQUAL(response.parts.size(), 1u);
  CAF_CHECK_EQUAL(text_of(response.parts[0]), "Hello there.");
  CAF_CHECK_EQUAL(response.usage.input_tokens, 20);
  CAF_CHECK_EQUAL(response.usage.output_tokens, 5);
  CAF_CHECK_EQUAL(response.provider_response_id.value_or(""), "resp_1");
  CAF_CHECK(response.finish_reason == finish_reason::stop);
}

const json streamed_note{{"job", {{"id", "resp_1"}, {"stream", true}}}};
const json plain_note{{"job", {{"id", "resp_1"}, {"stream", false}}}};

} // namespace

CAF_TEST(the setting asks for work in the background) {
  turn_driver with{"openai-responses", background, false};
  const auto first = exchange(with.begin());
  const auto sent = json::parse(whole_body(first.request));
  CAF_CHECK_EQUAL(sent.at("background"), json(true));
  CAF_CHECK(first.request.in_background);
  turn_driver without{"openai-responses", nullptr, false};
  const auto other = exchange(without.begin());
  CAF_CHECK(!json::parse(whole_body(other.request)).contains("background"));
  CAF_CHECK(!other.request.in_background);
}

CAF_TEST(a response that is under way is asked for until it is complete) {
  turn_driver driver{"openai-responses", background, false};
  const auto first = exchange(driver.begin());
  CAF_CHECK_EQUAL(first.request.method, "POST");
  CAF_CHECK(!driver.turn->news());
  auto step = driver.answer(body_type, pending("queued"));
  CAF_CHECK_EQUAL(driver.turn->news().value_or(json{}), plain_note);
  for (int i = 0; i < 3; ++i) {
    const auto& next = exchange(step);
    CAF_CHECK_EQUAL(next.request.method, "GET");
    CAF_CHECK_EQUAL(next.request.path, "/responses/resp_1");
    CAF_CHECK(next.request.body.empty());
    CAF_CHECK(next.delay == model_turn::poll_delay);
    step = driver.answer(body_type, pending());
    CAF_CHECK(!driver.turn->news());
  }
  check_hello(
    driver.response(driver.answer(body_type, completed("Hello there."))));
}

CAF_TEST(headers of the agent go along) {
  auto settings = background;
  settings["extra_headers"] = {{"x-team", "blue"}};
  settings["timeout"] = 7;
  turn_driver driver{"openai-responses", settings, false};
  const auto first = exchange(driver.begin());
  const auto has_team = [](const wire_request& request) {
    return std::count(request.headers.begin(), request.headers.end(),
                      std::pair<std::string, std::string>{"x-team", "blue"});
  };
  CAF_CHECK_EQUAL(has_team(first.request), 1);
  const auto next = exchange(driver.answer(body_type, pending()));
  CAF_CHECK_EQUAL(has_team(next.request), 1);
  CAF_CHECK(next.request.timeout == 7s);
  const auto cancel
    = codec_for("openai-responses")->cancel(settings, plain_note.at("job"));
  CAF_CHECK_EQUAL(has_team(cancel), 1);
  CAF_CHECK_EQUAL(cancel.method, "POST");
  CAF_CHECK_EQUAL(cancel.path, "/responses/resp_1/cancel");
}

// Goal: wherever the connection breaks, the parts are those of the response
//       and a watcher sees each piece once.
// Method: a break behind each event, and in the middle of it.
CAF_TEST(a stream that breaks off goes on behind its last event) {
  const auto all = frames();
  for (std::size_t count = 1; count < all.size(); ++count) {
    for (const auto* half : {"", "event: resp"}) {
      CAF_MESSAGE("after " << count << " events");
      turn_driver driver{"openai-responses", background, true};
      std::ignore = driver.begin();
      const auto step = driver.answer(stream_type, stream(0, count) + half,
                                      broken_connection());
      CAF_CHECK_EQUAL(driver.turn->news().value_or(json{}), streamed_note);
      const auto& next = exchange(step);
      CAF_CHECK_EQUAL(next.request.path,
                      "/responses/resp_1?stream=true&starting_after="
                        + std::to_string(count - 1));
      CAF_CHECK(next.delay == model_turn::poll_delay);
      check_hello(
        driver.response(driver.answer(stream_type, stream(count, all.size()))));
    }
  }
}

CAF_TEST(what the provider ran is told once) {
  const json search{{"type", "web_search_call"},
                    {"id", "ws_1"},
                    {"status", "completed"},
                    {"action", {{"type", "search"}, {"query", "rain"}}}};
  turn_driver driver{"openai-responses", background, true};
  std::ignore = driver.begin();
  const auto done = frame({{"type", "response.output_item.done"},
                           {"sequence_number", 1},
                           {"output_index", 0},
                           {"item", search}});
  std::ignore
    = driver.answer(stream_type, stream(0, 1) + done, broken_connection());
  const auto output = json::array({search, message("Hello there.")});
  const auto end = frame({{"type", "response.completed"},
                          {"sequence_number", 2},
                          {"response", body("completed", output)}});
  const auto step = driver.answer(stream_type, end);
  const auto& response
    = std::get<model_response>(std::get<turn_result>(step).outcome);
  CAF_REQUIRE_EQUAL(response.parts.size(), 3u);
  CAF_CHECK_EQUAL(driver.watch.parts.size(), 3u);
  CAF_CHECK(std::holds_alternative<tool_call_part>(response.parts[0]));
  CAF_CHECK(
    std::holds_alternative<builtin_tool_return_part>(response.parts[1]));
  CAF_CHECK_EQUAL(text_of(response.parts[2]), "Hello there.");
}

CAF_TEST(events that come again are passed over) {
  const auto all = frames();
  turn_driver driver{"openai-responses", background, true};
  std::ignore = driver.begin();
  std::ignore = driver.answer(stream_type, stream(0, 3), broken_connection());
  check_hello(driver.response(driver.answer(stream_type, stream(0, 6))));
}

CAF_TEST(a stream without numbers is completed from the whole response) {
  turn_driver driver{"openai-responses", background, true};
  std::ignore = driver.begin();
  std::string unnumbered;
  for (const auto& text : {frames()[0], frames()[1], frames()[2]}) {
    auto event = json::parse(text.substr(text.find('{')));
    event.erase("sequence_number");
    unnumbered += frame(event);
  }
  auto step = driver.answer(stream_type, unnumbered, broken_connection());
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1");
  step = driver.answer(body_type, pending());
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1");
  check_hello(
    driver.response(driver.answer(body_type, completed("Hello there."))));
}

CAF_TEST(a stream that brings nothing is looked after) {
  turn_driver driver{"openai-responses", background, true};
  std::ignore = driver.begin();
  auto step = driver.answer(stream_type, stream(0, 3), broken_connection());
  step = driver.answer(stream_type, "", broken_connection());
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1");
  // The provider is still at it: its stream is worth another look.
  step = driver.answer(body_type, pending());
  CAF_CHECK_EQUAL(exchange(step).request.path,
                  "/responses/resp_1?stream=true&starting_after=2");
  check_hello(driver.response(driver.answer(stream_type, stream(3, 6))));
}

CAF_TEST(a connection that is lost for good leaves the note) {
  turn_driver driver{"openai-responses", background, false};
  std::ignore = driver.begin();
  auto step = driver.answer(body_type, pending());
  for (std::uint32_t i = 0; i < model_turn::losses_max; ++i) {
    CAF_CHECK_EQUAL(exchange(step).request.method, "GET");
    step = i % 2 == 0
             ? driver.turn->on_end(broken_connection(), {}, driver.watch.sink())
             : driver.refuse(503);
  }
  CAF_CHECK_EQUAL(exchange(step).request.method, "GET");
  step = driver.refuse(503, "9");
  CAF_CHECK(failed(step).retryable);
  CAF_CHECK_EQUAL(failed(step).status, 503u);
  CAF_CHECK_EQUAL(std::get<turn_result>(step).note, plain_note);
}

CAF_TEST(a provider that asks for time gets it) {
  turn_driver driver{"openai-responses", background, false};
  std::ignore = driver.begin();
  std::ignore = driver.answer(body_type, pending());
  CAF_CHECK(exchange(driver.refuse(429, "9")).delay == 9s);
  CAF_CHECK(exchange(driver.refuse(429, "1")).delay == model_turn::poll_delay);
}

CAF_TEST(another attempt asks for what is noted) {
  turn_driver plain{"openai-responses", background, true, plain_note};
  auto step = plain.begin();
  CAF_CHECK_EQUAL(exchange(step).request.method, "GET");
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1");
  CAF_CHECK(exchange(step).delay == 0s);
  check_hello(
    plain.response(plain.answer(body_type, completed("Hello there."))));

  turn_driver streamed{"openai-responses", background, true, streamed_note};
  step = streamed.begin();
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1?stream=true");
  step = streamed.answer(stream_type, stream(0, 4), broken_connection());
  CAF_CHECK_EQUAL(exchange(step).request.path,
                  "/responses/resp_1?stream=true&starting_after=3");
  check_hello(streamed.response(streamed.answer(stream_type, stream(4, 6))));
  CAF_CHECK(!streamed.turn->news());
}

CAF_TEST(a response whose stream is gone may still be there) {
  turn_driver driver{"openai-responses", background, true, streamed_note};
  std::ignore = driver.begin();
  const auto step = driver.refuse(404);
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1");
  CAF_CHECK(exchange(step).delay == 0s);
  check_hello(
    driver.response(driver.answer(body_type, completed("Hello there."))));
}

CAF_TEST(a response that is gone is an error of its own) {
  turn_driver driver{"openai-responses", background, false, plain_note};
  std::ignore = driver.begin();
  const auto step = driver.refuse(404);
  CAF_CHECK(failed(step).code == errc::model_job_expired);
  CAF_CHECK(!failed(step).retryable);
  CAF_CHECK(failed(step).message.find("resp_1") != std::string::npos);
  CAF_CHECK(std::get<turn_result>(step).note.is_null());
}

CAF_TEST(a request that is refused is no lost response) {
  turn_driver driver{"openai-responses", background, false};
  std::ignore = driver.begin();
  const auto step = driver.refuse(404);
  CAF_CHECK(failed(step).code == errc::model_http_error);
  CAF_CHECK(std::get<turn_result>(step).note.is_null());
}

CAF_TEST(work that failed is not asked for again) {
  auto wrong = body("failed");
  wrong["error"] = {{"code", "server_error"}, {"message", "out of luck"}};
  turn_driver plain{"openai-responses", background, false};
  std::ignore = plain.begin();
  std::ignore = plain.answer(body_type, pending());
  auto step = plain.answer(body_type, wrong.dump());
  CAF_CHECK(failed(step).message.find("out of luck") != std::string::npos);
  CAF_CHECK(failed(step).retryable);
  CAF_CHECK(std::get<turn_result>(step).note.is_null());

  turn_driver streamed{"openai-responses", background, true};
  std::ignore = streamed.begin();
  step = streamed.answer(stream_type, stream(0, 3)
                                        + frame({{"type", "response.failed"},
                                                 {"sequence_number", 3},
                                                 {"response", wrong}}));
  CAF_CHECK(failed(step).message.find("out of luck") != std::string::npos);
  CAF_CHECK(std::get<turn_result>(step).note.is_null());
}

CAF_TEST(an error of a stream does not end the work behind it) {
  turn_driver driver{"openai-responses", background, true};
  std::ignore = driver.begin();
  const auto step
    = driver.answer(stream_type, stream(0, 3)
                                   + frame({{"type", "error"},
                                            {"code", "server_error"},
                                            {"message", "try again"}}));
  CAF_CHECK_EQUAL(exchange(step).request.path,
                  "/responses/resp_1?stream=true&starting_after=2");
  check_hello(driver.response(driver.answer(stream_type, stream(3, 6))));
}

CAF_TEST(pieces that do not fit leave the note to another attempt) {
  turn_driver driver{"openai-responses", background, true};
  std::ignore = driver.begin();
  auto step = driver.answer(stream_type, stream(0, 3), broken_connection());
  for (std::uint32_t i = 0; i < model_turn::losses_max; ++i) {
    std::ignore = exchange(step);
    step = driver.answer(body_type, completed("Other words."));
  }
  CAF_CHECK(failed(step).code == errc::model_bad_response);
  CAF_CHECK_EQUAL(std::get<turn_result>(step).note, streamed_note);
}

CAF_TEST(a response that is never complete is given up) {
  turn_driver driver{"openai-responses", background, false};
  std::ignore = driver.begin();
  auto step = driver.answer(body_type, pending());
  for (std::uint32_t i = 0; i < model_turn::fetches_max; ++i) {
    CAF_REQUIRE(std::holds_alternative<turn_exchange>(step));
    driver.turn->on_head(200, body_type, {});
    std::ignore = driver.turn->on_body(pending(), driver.watch.sink());
    step = driver.turn->on_end(std::nullopt, {}, driver.watch.sink());
  }
  CAF_CHECK(failed(step).code == errc::model_timeout);
  CAF_CHECK(!failed(step).retryable);
  CAF_CHECK_EQUAL(std::get<turn_result>(step).note, plain_note);
}

CAF_TEST(an attempt whose time is over lets go of the work) {
  turn_driver driver{"openai-responses", background, false};
  std::ignore = driver.begin();
  std::ignore = driver.answer(body_type, pending());
  CAF_CHECK_EQUAL(driver.turn->note(), plain_note);
  const auto check = [](const turn_result& result, std::string_view remedy) {
    CAF_CHECK(result.note.is_null());
    const auto& reason = std::get<attempt_failure>(result.outcome);
    CAF_CHECK(reason.code == errc::model_timeout);
    CAF_CHECK(reason.retryable);
    CAF_CHECK(reason.message.find(remedy) != std::string::npos);
  };
  check(driver.turn->expire(), "Durability.model.timeout_seconds");
  check(driver.turn->fall_silent(), "first_event_timeout");
}

CAF_TEST(work without a name cannot be waited for) {
  turn_driver driver{"openai-responses", background, false};
  std::ignore = driver.begin();
  auto nameless = body("in_progress");
  nameless.erase("id");
  const auto step = driver.answer(body_type, nameless.dump());
  CAF_CHECK(failed(step).code == errc::model_bad_response);
  CAF_CHECK(!failed(step).retryable);
}

CAF_TEST(without the setting a broken stream is another attempt) {
  turn_driver driver{"openai-responses", nullptr, true};
  std::ignore = driver.begin();
  const auto step
    = driver.answer(stream_type, stream(0, 3), broken_connection());
  CAF_CHECK(failed(step).code == errc::model_network_error);
  CAF_CHECK(std::get<turn_result>(step).note.is_null());
  CAF_CHECK(!driver.turn->news());
}

CAF_TEST(a response that was left unfinished is looked for) {
  const json left{{"kind", "response"},
                  {"parts", json::array()},
                  {"provider_response_id", "resp_1"},
                  {"state", "suspended"}};
  const json note{{"so_far", left}, {"pauses", 0}};
  turn_driver driver{"openai-responses", nullptr, true, note};
  auto step = driver.begin();
  CAF_CHECK_EQUAL(exchange(step).request.method, "GET");
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1");
  step = driver.answer(body_type, pending());
  CAF_CHECK_EQUAL(driver.turn->news().value_or(json{}).value("job", json{}),
                  plain_note.at("job"));
  CAF_CHECK_EQUAL(exchange(step).request.path, "/responses/resp_1");
  check_hello(
    driver.response(driver.answer(body_type, completed("Hello there."))));

  turn_driver late{"openai-responses", nullptr, true, note};
  std::ignore = late.begin();
  CAF_CHECK(failed(late.refuse(404)).code == errc::model_job_expired);

  auto nameless = note;
  nameless["so_far"].erase("provider_response_id");
  turn_driver lost{"openai-responses", nullptr, true, nameless};
  CAF_CHECK(failed(lost.begin()).code == errc::model_bad_response);
}
