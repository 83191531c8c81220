#define CAF_SUITE runtime.usage_limits

#include "runtime/policy/usage_limits.hpp"

#include <caf/test/unit_test.hpp>

#include <limits>

using namespace perdure::runtime;

using namespace std::chrono_literals;

namespace {

constexpr auto most = std::numeric_limits<std::int64_t>::max();

run_usage used(std::int64_t requests, std::int64_t input, std::int64_t output,
               std::int64_t calls = 0) {
  run_usage result;
  result.requests = requests;
  result.input_tokens = input;
  result.output_tokens = output;
  result.tool_calls = calls;
  return result;
}

template <class T>
std::string problem(const result<T>& checked) {
  CAF_REQUIRE(!checked);
  return checked.error().message;
}

result<usage_limits> read(const char* text) {
  return usage_limits_from_json(*parse_json(text));
}

} // namespace

CAF_TEST(fifty requests unless told otherwise) {
  usage_limits limits;
  CAF_CHECK(static_cast<bool>(check_before_request(limits, used(49, 0, 0))));
  const auto refused = check_before_request(limits, used(50, 0, 0));
  CAF_CHECK_EQUAL(problem(refused),
                  "the request_limit of 50 is exceeded: the run made 50 model "
                  "requests and needs another one; raise "
                  "usage_limits.request_limit or set it to null");
  CAF_CHECK(refused.error().code == errc::usage_limit_exceeded);
  limits.request_limit = std::nullopt;
  CAF_CHECK(
    static_cast<bool>(check_before_request(limits, used(most, most, most))));
  limits.request_limit = 0;
  CAF_CHECK(!check_before_request(limits, used(0, 0, 0)));
}

CAF_TEST(a limit may be reached but not passed) {
  usage_limits limits;
  limits.input_tokens_limit = 10;
  limits.output_tokens_limit = 5;
  limits.total_tokens_limit = 12;
  CAF_CHECK(static_cast<bool>(check_before_request(limits, used(0, 10, 2))));
  CAF_CHECK(!check_before_request(limits, used(0, 11, 0)));
  CAF_CHECK(!check_before_request(limits, used(0, 10, 3)));
  // Output alone is looked at after a response only.
  CAF_CHECK(static_cast<bool>(check_before_request(limits, used(0, 0, 6))));
  CAF_CHECK(static_cast<bool>(check_after_response(limits, used(1, 7, 5), {})));
  CAF_CHECK(problem(check_after_response(limits, used(1, 11, 0), {}))
              .find("input_tokens_limit of 10")
            != std::string::npos);
  CAF_CHECK(problem(check_after_response(limits, used(1, 0, 6), {}))
              .find("output_tokens_limit of 5")
            != std::string::npos);
  CAF_CHECK(problem(check_after_response(limits, used(1, 8, 5), {}))
              .find("the run used 13 tokens")
            != std::string::npos);
  CAF_CHECK(!check_after_response(limits, used(1, most, most), {}));
}

CAF_TEST(one request may be bounded too) {
  usage_limits limits;
  limits.per_request_input_tokens_limit = 100;
  CAF_CHECK(static_cast<bool>(
    check_after_response(limits, used(9, 900, 0), used(0, 100, 500))));
  CAF_CHECK(!check_after_response(limits, used(1, 101, 0), used(0, 101, 0)));
}

CAF_TEST(a batch of calls is checked as a whole) {
  usage_limits limits;
  CAF_CHECK(static_cast<bool>(check_before_calls(limits, used(0, 0, 0), most)));
  limits.tool_calls_limit = 3;
  CAF_CHECK(static_cast<bool>(check_before_calls(limits, used(0, 0, 0, 1), 2)));
  CAF_CHECK_EQUAL(problem(check_before_calls(limits, used(0, 0, 0, 2), 2)),
                  "the tool_calls_limit of 3 is exceeded: the run made 2 tool "
                  "calls and the model asks for 2 more; raise "
                  "usage_limits.tool_calls_limit or set it to null");
  CAF_CHECK(!check_before_calls(limits, used(0, 0, 0, most), most));
}

CAF_TEST(null lifts a limit and what is left out stays) {
  auto limits = read(R"({"request_limit": null, "total_tokens_limit": 9,
                         "time_limit_seconds": 1.5})");
  CAF_REQUIRE(static_cast<bool>(limits));
  CAF_CHECK(!limits->request_limit);
  CAF_CHECK(limits->total_tokens_limit == 9);
  CAF_CHECK(limits->time_limit == 1500ms);
  CAF_CHECK(!limits->input_tokens_limit);
  auto more = usage_limits_from_json(
    *parse_json(R"({"tool_calls_limit": 0, "time_limit_seconds": null})"),
    *limits);
  CAF_REQUIRE(static_cast<bool>(more));
  CAF_CHECK(!more->request_limit && more->total_tokens_limit == 9);
  CAF_CHECK(more->tool_calls_limit == 0 && !more->time_limit);
  CAF_CHECK(read("{}")->request_limit == 50);
}

CAF_TEST(limits survive the way through JSON) {
  usage_limits limits;
  limits.request_limit = std::nullopt;
  limits.tool_calls_limit = 1;
  limits.input_tokens_limit = 2;
  limits.output_tokens_limit = 3;
  limits.total_tokens_limit = most;
  limits.per_request_input_tokens_limit = 5;
  limits.time_limit = 6001ms;
  const auto text = to_text(to_json(limits));
  CAF_CHECK_EQUAL(text, R"({"request_limit":null,"tool_calls_limit":1,)"
                        R"("input_tokens_limit":2,"output_tokens_limit":3,)"
                        R"("total_tokens_limit":9223372036854775807,)"
                        R"("per_request_input_tokens_limit":5,)"
                        R"("time_limit_seconds":6.001})");
  auto again = read(text.c_str());
  CAF_REQUIRE(static_cast<bool>(again));
  CAF_CHECK_EQUAL(to_text(to_json(*again)), text);
}

CAF_TEST(limits that cannot be kept are refused with the reason) {
  CAF_CHECK_EQUAL(problem(read(R"({"cost_limit": "0.5"})")),
                  "usage_limits.cost_limit: is not supported: the node has no "
                  "prices of models; use total_tokens_limit");
  CAF_CHECK_EQUAL(problem(read(R"({"count_tokens_before_request": true})"))
                    .find("usage_limits.count_tokens_before_request: is not "
                          "supported"),
                  0u);
  // As Pydantic AI writes limits that are not set.
  CAF_CHECK(read(R"({"cost_limit": null, "count_tokens_before_request": false,
                     "request_limit": 3})")
              ->request_limit
            == 3);
}

CAF_TEST(wrong limits name the key and what is valid) {
  CAF_CHECK_EQUAL(problem(read(R"({"requests": 1})")),
                  "usage_limits.requests: unknown key; valid keys are "
                  "request_limit, tool_calls_limit, input_tokens_limit, "
                  "output_tokens_limit, total_tokens_limit, "
                  "per_request_input_tokens_limit, time_limit_seconds");
  for (const auto* text :
       {R"({"request_limit": -1})", R"({"request_limit": "5"})",
        R"({"request_limit": 1.5})",
        R"({"request_limit": 18446744073709551615})"})
    CAF_CHECK(problem(read(text)).find("usage_limits.request_limit: must be")
              == 0);
  for (const auto* text :
       {R"({"time_limit_seconds": 0})", R"({"time_limit_seconds": "1m"})"})
    CAF_CHECK(problem(read(text)).find("usage_limits.time_limit_seconds") == 0);
  for (const auto* text : {"[]", "5", "null", "\"\""})
    CAF_CHECK(read(text).error().code == errc::invalid_argument);
}
