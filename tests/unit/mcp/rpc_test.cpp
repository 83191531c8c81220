#define CAF_SUITE mcp.rpc

#include "runtime/mcp/rpc.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;

namespace {

rpc_message only(std::string_view text) {
  auto all = parse_messages(text, batches::refused);
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  return all.front();
}

std::string noise(std::string_view text) {
  const auto message = only(text);
  const auto* found = std::get_if<rpc_noise>(&message);
  if (found == nullptr)
    CAF_FAIL("accepted: " << text);
  return found->reason;
}

} // namespace

CAF_TEST(a request keeps its id and its params) {
  const auto message = only(
    R"({"method":"roots/list","params":{"a":1},"jsonrpc":"2.0","id":0})");
  const auto& request = std::get<rpc_request>(message);
  CAF_CHECK_EQUAL(std::get<std::int64_t>(request.id), 0);
  CAF_CHECK_EQUAL(request.method, "roots/list");
  CAF_CHECK_EQUAL(to_text(request.params), R"({"a":1})");
}

CAF_TEST(a message with a method and no id is a notification) {
  const auto message
    = only(R"({"method":"notifications/tools/list_changed","jsonrpc":"2.0"})");
  const auto& told = std::get<rpc_notification>(message);
  CAF_CHECK_EQUAL(told.method, "notifications/tools/list_changed");
  CAF_CHECK(told.params.is_object());
}

CAF_TEST(an answer has a result or an error) {
  const auto good
    = only(R"({"result":{"b":1,"a":2},"jsonrpc":"2.0","id":"x"})");
  const auto& answer = std::get<rpc_answer>(good);
  CAF_CHECK_EQUAL(std::get<std::string>(*answer.id), "x");
  CAF_CHECK_EQUAL(to_text(std::get<json>(answer.outcome)), R"({"b":1,"a":2})");
  const auto bad = only(R"({"jsonrpc":"2.0","error":{"code":-32000,
    "message":"Bad Request: Server not initialized"},"id":null})");
  const auto& refusal = std::get<rpc_answer>(bad);
  CAF_CHECK(!refusal.id);
  CAF_CHECK_EQUAL(std::get<rpc_error>(refusal.outcome).code, -32000);
}

CAF_TEST(ids may be written as floats) {
  const auto message = only(R"({"jsonrpc":"2.0","id":7.0,"result":{}})");
  CAF_CHECK_EQUAL(std::get<std::int64_t>(*std::get<rpc_answer>(message).id), 7);
}

CAF_TEST(what is no message says why) {
  CAF_CHECK(noise("starting up...").starts_with("no JSON"));
  CAF_CHECK(noise("").starts_with("no JSON"));
  CAF_CHECK(noise("{\"jsonrpc\":\"2.0\",\"id\":1e400,\"result\":{}}")
              .starts_with("no JSON"));
  CAF_CHECK(noise("\xFF\xFE{}").starts_with("no JSON"));
  CAF_CHECK_EQUAL(noise("42"), "no object");
  CAF_CHECK_EQUAL(noise("null"), "no object");
  CAF_CHECK_EQUAL(noise(R"({"id":1,"result":{}})"), "jsonrpc is not \"2.0\"");
  CAF_CHECK_EQUAL(noise(R"({"jsonrpc":2.0,"id":1,"result":{}})"),
                  "jsonrpc is not \"2.0\"");
  CAF_CHECK_EQUAL(noise(R"({"jsonrpc":"2.0","id":1})"),
                  "neither method, result nor error");
  CAF_CHECK_EQUAL(noise(R"({"jsonrpc":"2.0","method":7})"),
                  "the method is no string");
  CAF_CHECK_EQUAL(noise(R"({"jsonrpc":"2.0","method":"a","params":[1]})"),
                  "the params are no object");
  CAF_CHECK_EQUAL(noise(R"({"jsonrpc":"2.0","id":1.5,"method":"a"})"),
                  "the id of a request is no string and no whole number");
  CAF_CHECK_EQUAL(noise(R"({"jsonrpc":"2.0","id":[],"result":{}})"),
                  "the id of an answer is no string and no whole number");
  CAF_CHECK_EQUAL(
    noise(R"({"jsonrpc":"2.0","id":18446744073709551615,"result":{}})"),
    "the id of an answer is no string and no whole number");
  CAF_CHECK_EQUAL(noise(R"({"jsonrpc":"2.0","id":1,"error":"no"})"),
                  "the error has no code");
}

CAF_TEST(batches are read where there are any) {
  const auto text = R"([{"jsonrpc":"2.0","id":1,"result":{}}, 7,
    {"jsonrpc":"2.0","method":"notifications/message"}])";
  const auto all = parse_messages(text, batches::accepted);
  CAF_REQUIRE_EQUAL(all.size(), 3u);
  CAF_CHECK(std::holds_alternative<rpc_answer>(all[0]));
  CAF_CHECK(std::holds_alternative<rpc_noise>(all[1]));
  CAF_CHECK(std::holds_alternative<rpc_notification>(all[2]));
  CAF_CHECK(std::holds_alternative<rpc_noise>(only(text)));
  const auto empty = parse_messages("[]", batches::accepted);
  CAF_REQUIRE_EQUAL(empty.size(), 1u);
  CAF_CHECK(std::holds_alternative<rpc_noise>(empty.front()));
}

CAF_TEST(what is sent is one line and leaves out empty params) {
  CAF_CHECK_EQUAL(request_text(3, "tools/list", {}),
                  R"({"jsonrpc":"2.0","id":3,"method":"tools/list"})");
  CAF_CHECK_EQUAL(
    request_text(4, "tools/call", {{"name", "a\nb"}}),
    R"({"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"a\nb"}})");
  CAF_CHECK_EQUAL(
    notification_text("notifications/initialized", json::object()),
    R"({"jsonrpc":"2.0","method":"notifications/initialized"})");
  CAF_CHECK_EQUAL(answer_text("q", json::object()),
                  R"({"jsonrpc":"2.0","id":"q","result":{}})");
  CAF_CHECK_EQUAL(
    error_text(0, {-32601, "no", {}}),
    R"({"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"no"}})");
}
