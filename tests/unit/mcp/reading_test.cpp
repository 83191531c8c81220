#define CAF_SUITE mcp.reading

#include "runtime/mcp/reading.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;

namespace {

json parsed(std::string_view text) {
  auto value = parse_json(text);
  CAF_REQUIRE(value);
  return *value;
}

std::string value_of(tool_action action, std::string_view result) {
  return to_text(read_value(action, parsed(result)));
}

} // namespace

CAF_TEST(every tool has a schema and a capability that it needs) {
  for (const auto& tool : reading_tools()) {
    const auto schema = parsed(tool.parameters);
    CAF_CHECK_EQUAL(schema["type"], "object");
    CAF_CHECK(tool.capability == "resources" || tool.capability == "prompts");
    CAF_CHECK(tool.action != tool_action::call);
  }
  CAF_CHECK_EQUAL(reading_tools().size(), 5u);
}

CAF_TEST(lists are asked for with all their pages) {
  call_request request;
  ask_for(tool_action::list_resources, json::object(), request);
  CAF_CHECK_EQUAL(request.method, "resources/list");
  CAF_CHECK(request.all_pages);
  CAF_CHECK(is_list(tool_action::list_templates));
  CAF_CHECK(is_list(tool_action::list_prompts));
  CAF_CHECK(!is_list(tool_action::call));
}

CAF_TEST(what is read is named by the arguments) {
  call_request request;
  ask_for(tool_action::read_resource, {{"uri", "x:y"}}, request);
  CAF_CHECK_EQUAL(request.method, "resources/read");
  CAF_CHECK(!request.all_pages);
  CAF_CHECK_EQUAL(to_text(request.params), R"({"uri":"x:y"})");
  ask_for(tool_action::get_prompt,
          parsed(R"({"name": "hi", "arguments": {"to": "Ann"}})"), request);
  CAF_CHECK_EQUAL(request.method, "prompts/get");
  CAF_CHECK_EQUAL(to_text(request.params),
                  R"({"name":"hi","arguments":{"to":"Ann"}})");
}

CAF_TEST(of a list the model gets what it can use) {
  CAF_CHECK_EQUAL(
    value_of(tool_action::list_resources,
             R"({"resources": [{"uri": "x:y", "name": "n", "size": 3,
                 "icons": [{"src": "i"}], "_meta": {}}, 5]})"),
    R"([{"uri":"x:y","name":"n","size":3},{}])");
  CAF_CHECK_EQUAL(
    value_of(tool_action::list_prompts,
             R"({"prompts": [{"name": "p", "arguments": [{"name": "a"}]}]})"),
    R"([{"name":"p","arguments":[{"name":"a"}]}])");
  CAF_CHECK_EQUAL(value_of(tool_action::list_templates, "{}"), "[]");
}

CAF_TEST(contents are texts and files) {
  const auto read = tool_action::read_resource;
  CAF_CHECK_EQUAL(
    value_of(read, R"({"contents": [{"uri": "x", "text": "a"}]})"), R"("a")");
  CAF_CHECK_EQUAL(
    value_of(read, R"({"contents": [{"uri": "x", "text": "[1]"},
                       {"uri": "y", "mimeType": "image/png", "blob": "+/8="}]})"),
    R"([[1],{"kind":"binary","data":"-_8=","media_type":"image/png"}])");
  CAF_CHECK_EQUAL(
    value_of(read, R"({"contents": [{"uri": "x", "blob": "AA=="}]})"),
    R"({"kind":"binary","data":"AA==",)"
    R"("media_type":"application/octet-stream"})");
  CAF_CHECK_EQUAL(value_of(read, R"({"contents": []})"), "[]");
  CAF_CHECK_EQUAL(value_of(read, R"({"contents": 7})"), "[]");
}

CAF_TEST(prompts are messages and files stand by themselves) {
  CAF_CHECK_EQUAL(value_of(tool_action::get_prompt,
                           R"({"description": "d", "messages": [
                 {"role": "user", "content": {"type": "text", "text": "Hi"}}]})"),
                  R"({"role":"user","content":"Hi"})");
  CAF_CHECK_EQUAL(
    value_of(tool_action::get_prompt,
             R"({"messages": [
                 {"role": "user", "content": {"type": "text", "text": "Look"}},
                 {"role": "user", "content": {"type": "image", "data": "AA==",
                  "mimeType": "image/gif"}}]})"),
    R"([{"role":"user","content":"Look"},)"
    R"({"kind":"binary","data":"AA==","media_type":"image/gif"}])");
}
