#define CAF_SUITE runtime.canonical_text

#include "runtime/policy/canonical_text.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace perdure::runtime;

namespace {

std::string text_of(std::string_view source) {
  const auto value = parse_json(source);
  CAF_REQUIRE(value);
  std::string out;
  add_canonical(out, *value);
  return out;
}

bool same(std::string_view left, std::string_view right) {
  return text_of(left) == text_of(right);
}

} // namespace

CAF_TEST(the order of keys does not matter) {
  CAF_CHECK(same(R"({"a": 1, "b": {"c": 2, "d": 3}})",
                 R"({"b": {"d": 3, "c": 2}, "a": 1})"));
  CAF_CHECK(!same(R"({"a": 1, "b": 2})", R"({"a": 2, "b": 1})"));
  CAF_CHECK(!same("[1, 2]", "[2, 1]"));
}

CAF_TEST(a number is the same however it was written) {
  for (const auto* one : {"1.0", "10e-1", "1e0", "0.1e1"})
    CAF_CHECK(same("1", one));
  CAF_CHECK(same("0", "-0.0"));
  CAF_CHECK(same("9223372036854775808", "9.223372036854775808e18"));
  CAF_CHECK(same("-3", "-3.0"));
  CAF_CHECK(same("1e300", "10e299"));
  CAF_CHECK(!same("1", "1.5"));
  CAF_CHECK(!same("1.5", "1.25"));
  CAF_CHECK(!same("9007199254740993", "9007199254740992"));
  CAF_CHECK(!same("1", R"("1")"));
}

CAF_TEST(values that differ have texts that differ) {
  const std::vector<const char*> values{"null",
                                        "true",
                                        "false",
                                        "0",
                                        "1",
                                        R"("")",
                                        R"("0")",
                                        R"("null")",
                                        "[]",
                                        "{}",
                                        "[null]",
                                        "[[]]",
                                        R"(["a", ""])",
                                        R"(["", "a"])",
                                        R"(["as1:b"])",
                                        R"(["a", "b"])",
                                        R"({"a": []})",
                                        R"({"a": {}})",
                                        R"({"a": null})",
                                        R"({"": "a"})"};
  for (std::size_t i = 0; i < values.size(); ++i)
    for (std::size_t j = 0; j < values.size(); ++j)
      CAF_CHECK_EQUAL(same(values[i], values[j]), i == j);
}

CAF_TEST(text that is no UTF - 8 is kept apart) {
  std::string left;
  std::string right;
  add_canonical(left, json("\xFF"));
  add_canonical(right, json("\xFE"));
  CAF_CHECK(left != right);
}
