#define CAF_SUITE runtime.model_text

#include "runtime/messages/model_text.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <iterator>

using namespace perdure::runtime;

namespace {

json wire_body(const std::string& name, std::size_t exchange) {
  std::ifstream file{PERDURE_SOURCE_DIR "/tests/data/wire/" + name};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto data = parse_json(text);
  CAF_REQUIRE(static_cast<bool>(data));
  return (*data)["exchanges"][exchange]["request"]["body"];
}

tool_call_part call_with(json args) {
  tool_call_part result;
  result.args = std::move(args);
  return result;
}

} // namespace

CAF_TEST(a retry of a tool reads as on the wire) {
  const auto body = wire_body("durable_model_retry.json", 1);
  retry_prompt_part part;
  part.content = "Did you mean Mexico City?";
  part.tool_name = "get_weather_in_city";
  CAF_CHECK_EQUAL(body["messages"][2]["content"], text_of(part));
}

CAF_TEST(the errors of a validation read as on the wire) {
  retry_prompt_part part;
  part.tool_name = "get_something_by_name";
  part.content = *parse_json(R"([
    {"type": "missing", "loc": ["name"], "msg": "Field required",
     "input": {"invalid_param": "value"}, "ctx": {"not": "shown"}},
    {"type": "extra_forbidden", "loc": ["invalid_param"],
     "msg": "Extra inputs are not permitted", "input": "value"}])");
  const auto text = text_of(part);
  std::ifstream file{PERDURE_SOURCE_DIR
                     "/tests/data/wire/groq_tool_use_failed_error_streaming"
                     ".json"};
  const std::string recorded{std::istreambuf_iterator<char>{file}, {}};
  CAF_CHECK(recorded.find(to_text(text)) != std::string::npos);
}

CAF_TEST(feedback without a tool leaves out what the model knows) {
  retry_prompt_part part;
  part.content = "Too long.";
  CAF_CHECK_EQUAL(
    text_of(part),
    "Validation feedback:\nToo long.\n\nFix the errors and try again.");
  part.content
    = *parse_json(R"([{"type":"t","loc":["a"],"msg":"m","input":1}])");
  CAF_CHECK_EQUAL(text_of(part), "1 validation error:\n```json\n[\n  {\n"
                                 "    \"type\": \"t\",\n    \"loc\": [\n"
                                 "      \"a\"\n    ],\n    \"msg\": \"m\"\n"
                                 "  }\n]\n```\n\n"
                                 "Fix the errors and try again.");
  part.content[0]["loc"] = *parse_json(R"(["a", 0])");
  CAF_CHECK(text_of(part).find("\"input\": 1") != std::string::npos);
}

CAF_TEST(a result is text or compact JSON) {
  tool_return_part part;
  const auto text = [&part](const char* content) {
    part.content = *parse_json(content);
    return text_of(part);
  };
  CAF_CHECK_EQUAL(text(R"("sun\n")"), "sun\n");
  CAF_CHECK_EQUAL(text(R"({ "b": [1, 2.5], "a": null })"),
                  R"({"b":[1,2.5],"a":null})");
  CAF_CHECK_EQUAL(text("null"), "");
  CAF_CHECK_EQUAL(text("false"), "false");
  CAF_CHECK_EQUAL(text("[]"), "[]");
  part.outcome = tool_outcome::denied;
  CAF_CHECK_EQUAL(text(R"("no")"), "no");
  part.outcome = tool_outcome::failed;
  CAF_CHECK_EQUAL(text(R"("it \"broke\"")"), R"({"error":"it \"broke\""})");
  CAF_CHECK_EQUAL(text(R"({"a":1})"), R"({"error":"{\"a\":1}"})");
  part.outcome = tool_outcome::retried;
  CAF_CHECK_EQUAL(text(R"("again")"), R"({"error":"again"})");
  CAF_CHECK_EQUAL(text(R"([{"msg":"m"}])"), R"({"error":[{"msg":"m"}]})");
}

CAF_TEST(arguments are always the text of an object) {
  CAF_CHECK_EQUAL(arguments_text(call_with(nullptr)), "{}");
  CAF_CHECK_EQUAL(arguments_text(call_with("")), "{}");
  CAF_CHECK_EQUAL(arguments_text(call_with(R"( {"b" :1, "a":2} )")),
                  R"( {"b" :1, "a":2} )");
  CAF_CHECK_EQUAL(arguments_text(call_with(*parse_json(R"({ "b": 1 })"))),
                  R"({"b":1})");
  CAF_CHECK_EQUAL(arguments_text(call_with(R"({"a":)")),
                  R"({"INVALID_JSON":"{\"a\":"})");
  CAF_CHECK_EQUAL(arguments_text(call_with("[1]")),
                  R"({"INVALID_JSON":"[1]"})");
  CAF_CHECK_EQUAL(arguments_text(call_with(" ")), R"({"INVALID_JSON":" "})");
  CAF_CHECK_EQUAL(arguments_text(call_with("\xff")),
                  "{\"INVALID_JSON\":\"\xef\xbf\xbd\"}");
}
