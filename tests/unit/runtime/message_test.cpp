#define CAF_SUITE runtime.message

#include "runtime/messages/history_json.hpp"
#include "runtime/messages/message.hpp"

#include <caf/test/unit_test.hpp>

#include <limits>

using namespace perdure::runtime;

CAF_TEST(usage is added without losing a cent) {
  const auto sum = [](const char* left, const char* right) {
    usage total;
    usage more;
    total.cost = left;
    more.cost = right;
    add(total, more);
    return *total.cost;
  };
  CAF_CHECK_EQUAL(sum("0.1", "0.2"), "0.3");
  CAF_CHECK_EQUAL(sum("0.000000000000000000001", "9999999999999999.9"),
                  "9999999999999999.900000000000000000001");
  CAF_CHECK_EQUAL(sum("9.99", ".01"), "10.00");
  CAF_CHECK_EQUAL(sum("1E-7", "2.5e1"), "25.0000001");
  CAF_CHECK_EQUAL(sum("1.25E1", "0"), "12.5");
  CAF_CHECK_EQUAL(sum("1", "-0.75"), "0.25");
  CAF_CHECK_EQUAL(sum("0.5", "-1"), "-0.5");
  CAF_CHECK_EQUAL(sum("1.0", "-1"), "0.0");
  CAF_CHECK_EQUAL(sum("-2", "-3"), "-5");
  CAF_CHECK_EQUAL(sum("007", "+1"), "8");
  CAF_CHECK_EQUAL(sum("1", "much"), "1");
}

CAF_TEST(counts and details are added and never overflow) {
  usage total;
  usage more;
  more.input_tokens = std::numeric_limits<std::int64_t>::max();
  more.details = {{"a", 1}, {"b", 2}};
  add(total, more);
  add(total, more);
  CAF_CHECK_EQUAL(total.input_tokens, std::numeric_limits<std::int64_t>::max());
  CAF_CHECK_EQUAL(to_text(total.details), R"({"a":2,"b":4})");
  CAF_CHECK(!total.cost);
  more.cost = "0.5";
  add(total, more);
  CAF_CHECK(total.cost == "0.5");
  more.cost.reset();
  add(total, more);
  CAF_CHECK(total.cost == "0.5");
}

CAF_TEST(the node runs all calls but those of the provider) {
  tool_call_part call;
  call.tool_name = "a";
  auto builtin = call;
  builtin.builtin = true;
  auto other = call;
  other.tool_name = "c";
  model_response response;
  response.parts = {call, text_part{}, builtin, other};
  const auto calls = function_calls(response);
  CAF_REQUIRE_EQUAL(calls.size(), 2u);
  CAF_CHECK_EQUAL(calls[0]->tool_name, "a");
  CAF_CHECK_EQUAL(calls[1]->tool_name, "c");
}

CAF_TEST(the usage of a run has two more keys) {
  run_usage used;
  used.requests = 2;
  used.tool_calls = 3;
  used.cost = "0.1";
  const auto value = to_json(used);
  CAF_CHECK_EQUAL(value["requests"], 2);
  CAF_CHECK_EQUAL(value["tool_calls"], 3);
  CAF_CHECK_EQUAL(value["cost"], "0.1");
  CAF_CHECK_EQUAL(value.size(), 11u);
}
