#define CAF_SUITE mcp.call_result

#include "runtime/mcp/call_result.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;

namespace {

json parsed(std::string_view text) {
  auto value = parse_json(text);
  CAF_REQUIRE(value);
  return *value;
}

std::string value_of(std::string_view content) {
  return to_text(
    tool_value(parsed("{\"content\":" + std::string{content} + "}")));
}

/// Wants an object with a number at `n`.
class number_schema : public schema {
public:
  std::vector<schema_error> validate(const json& value) const override {
    if (value.is_object() && value.contains("n") && value["n"].is_number())
      return {};
    return {{json::array({"n"}), "must be a number"}};
  }

  const std::vector<std::string>& unenforced() const noexcept override {
    return none_;
  }

private:
  std::vector<std::string> none_;
};

tool_answer read(std::string_view result, tool_error_behavior on_error,
                 const schema* output = nullptr) {
  return read_tool_result(parsed(result), output, on_error);
}

/// What the model is told, if it is told something.
template <class Told>
std::string told(const tool_answer& answer) {
  const auto* found = std::get_if<Told>(&answer);
  return found == nullptr ? "something else" : found->message;
}

} // namespace

CAF_TEST(one item is itself and several are a list) {
  CAF_CHECK_EQUAL(value_of(R"([{"type":"text","text":"a"}])"), R"("a")");
  CAF_CHECK_EQUAL(
    value_of(R"([{"type":"text","text":"a"},{"type":"text","text":"b"}])"),
    R"(["a","b"])");
  CAF_CHECK_EQUAL(value_of("[]"), "[]");
  CAF_CHECK_EQUAL(value_of("7"), "[]");
}

CAF_TEST(text that is JSON becomes it) {
  CAF_CHECK_EQUAL(value_of(R"([{"type":"text","text":"{\"b\":1,\"a\":2}"}])"),
                  R"({"b":1,"a":2})");
  CAF_CHECK_EQUAL(value_of(R"([{"type":"text","text":"[1] is a note"}])"),
                  R"("[1] is a note")");
  CAF_CHECK_EQUAL(value_of(R"([{"type":"text","text":"17"}])"), R"("17")");
}

CAF_TEST(files and links have the form of tool results) {
  CAF_CHECK_EQUAL(
    value_of(R"([{"type":"image","data":"+/8=","mimeType":"image/gif"}])"),
    R"({"kind":"binary","data":"-_8=","media_type":"image/gif"})");
  CAF_CHECK_EQUAL(
    value_of(R"([{"type":"audio","data":"AAAA","mimeType":"audio/mpeg"}])"),
    R"({"kind":"binary","data":"AAAA","media_type":"audio/mpeg"})");
  CAF_CHECK_EQUAL(
    value_of(R"([{"type":"resource","resource":{"uri":"file:///a",)"
             R"("blob":"AAAA","mimeType":"application/pdf"}}])"),
    R"({"kind":"binary","data":"AAAA","media_type":"application/pdf"})");
  CAF_CHECK_EQUAL(
    value_of(
      R"([{"type":"resource","resource":{"uri":"file:///a","text":"hi"}}])"),
    R"("hi")");
  CAF_CHECK_EQUAL(
    value_of(R"([{"type":"resource_link","uri":"file:///a","name":"a"}])"),
    R"("file:///a")");
  CAF_CHECK_EQUAL(value_of(R"([{"type":"image","data":"*"}])"),
                  R"("[a file of the type image/png that is not base64]")");
  CAF_CHECK_EQUAL(value_of(R"([{"type":"hologram","x":1}])"),
                  R"({"type":"hologram","x":1})");
}

CAF_TEST(structured content goes before text) {
  const auto value
    = [](std::string_view text) { return to_text(tool_value(parsed(text))); };
  CAF_CHECK_EQUAL(value(R"({"content":[{"type":"text","text":"n is 1"}],)"
                        R"("structuredContent":{"n":1}})"),
                  R"({"n":1})");
  CAF_CHECK_EQUAL(value(R"({"structuredContent":{"result":[1]}})"), "[1]");
  CAF_CHECK_EQUAL(value(R"({"structuredContent":{"result":1,"b":2}})"),
                  R"({"result":1,"b":2})");
  CAF_CHECK_EQUAL(value(R"({"content":[],"structuredContent":5})"), "5");
  // But not before files, which it cannot hold.
  CAF_CHECK_EQUAL(value(R"({"content":[{"type":"resource_link","uri":"u"}],)"
                        R"("structuredContent":{"n":1}})"),
                  R"("u")");
}

CAF_TEST(errors of a tool do what the entry of the server says) {
  const auto text = R"({"content":[{"type":"text","text":"no"},)"
                    R"({"type":"text","text":"way"}],"isError":true})";
  CAF_CHECK_EQUAL(told<tool_retry>(read(text, tool_error_behavior::retry)),
                  "no\nway");
  CAF_CHECK_EQUAL(told<tool_failed>(read(text, tool_error_behavior::failed)),
                  "no\nway");
  const auto fatal = read(text, tool_error_behavior::error);
  CAF_CHECK(std::get<failure>(fatal).code == errc::tool_error);
  CAF_CHECK_EQUAL(std::get<failure>(fatal).message, "no\nway");
  CAF_CHECK_EQUAL(told<tool_failed>(read(R"({"content":[],"isError":true})",
                                         tool_error_behavior::failed)),
                  "the tool failed and does not say why");
  CAF_CHECK(std::holds_alternative<json>(
    read(R"({"content":[],"isError":"yes"})", tool_error_behavior::error)));
}

CAF_TEST(structured content is held to its schema) {
  const number_schema wanted;
  const auto good = read(R"({"structuredContent":{"n":1}})",
                         tool_error_behavior::failed, &wanted);
  CAF_CHECK_EQUAL(to_text(std::get<json>(good)), R"({"n":1})");
  const auto bad = read(R"({"structuredContent":{"n":"1"}})",
                        tool_error_behavior::failed, &wanted);
  CAF_CHECK(told<tool_failed>(bad).find("must be a number")
            != std::string::npos);
}

CAF_TEST(failed calls are asks to try again unless they end the run) {
  call_failure refused;
  refused.message = "unknown tool";
  CAF_CHECK_EQUAL(
    told<tool_retry>(read_tool_failure(refused, tool_error_behavior::failed)),
    "unknown tool");
  CAF_CHECK(
    std::get<failure>(read_tool_failure(refused, tool_error_behavior::error))
      .code
    == errc::mcp_error);
  call_failure unauthorized;
  unauthorized.kind = call_failure_kind::unauthorized;
  CAF_CHECK(std::get<failure>(
              read_tool_failure(unauthorized, tool_error_behavior::retry))
              .code
            == errc::mcp_unauthorized);
}
