#define CAF_SUITE runtime.json

#include "runtime/json.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace perdure::runtime;

namespace {

json parsed(std::string_view text) {
  auto value = parse_json(text);
  CAF_REQUIRE(static_cast<bool>(value));
  return *value;
}

} // namespace

CAF_TEST(the order of keys is kept) {
  constexpr auto text = R"({"z":1,"a":{"y":2,"b":3}})";
  CAF_CHECK_EQUAL(to_text(parsed(text)), text);
}

CAF_TEST(comparison ignores the order of keys only) {
  const auto value = parsed(R"({"a":[1,{"x":1,"y":2}],"b":null})");
  CAF_CHECK(same_json(value, parsed(R"({"b":null,"a":[1,{"y":2,"x":1}]})")));
  CAF_CHECK(!same_json(value, parsed(R"({"b":null,"a":[{"y":2,"x":1},1]})")));
  CAF_CHECK(!same_json(value, parsed(R"({"a":[1,{"x":1,"y":2}]})")));
  CAF_CHECK(!same_json(parsed(R"({"a":null})"), parsed(R"({"b":null})")));
  CAF_CHECK(!same_json(parsed("[1]"), parsed("[1,1]")));
}

CAF_TEST(what is no JSON is an error with a position) {
  for (const auto* text : {"", "{", "[1,]", "{\"a\" 1}", "nul", "1 2",
                           "\"\xff\"", "[1e999]", "\"\\ud800\""}) {
    auto value = parse_json(text);
    CAF_REQUIRE(!value);
    CAF_CHECK(value.error().code == errc::invalid_argument);
    CAF_CHECK(!value.error().message.empty());
  }
  CAF_CHECK(parse_json("[1,]").error().message.find("column 4")
            != std::string::npos);
}

CAF_TEST(nesting is bounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CAF_CHECK_EQUAL(to_text(parsed(nested(500))), nested(500));
  CAF_CHECK(!parse_json(nested(501)));
  CAF_CHECK(!parse_json(std::string(5'000'000, '[')));
  CAF_CHECK(!parse_json(std::string(5'000'000, '{')));
}

CAF_TEST(brackets in strings and in neighbours do not nest) {
  const auto brackets = '"' + std::string(2000, '[') + "\\\"{\"";
  CAF_CHECK_EQUAL(to_text(parsed(brackets)), brackets);
  std::string flat = "[[]";
  for (int i = 0; i < 2000; ++i)
    flat += ",[]";
  flat += ']';
  CAF_CHECK_EQUAL(to_text(parsed(flat)), flat);
}

CAF_TEST(broken text is written as valid UTF 8) {
  const json value = std::string{"a\xff\xc3z"};
  const auto text = to_text(value);
  CAF_CHECK_EQUAL(text, "\"a\xef\xbf\xbd\xef\xbf\xbdz\"");
  CAF_CHECK(static_cast<bool>(parse_json(text)));
}
