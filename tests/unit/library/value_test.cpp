#define CAF_SUITE library.value

#include "unit/library/types.hpp"

#include <caf/test/unit_test.hpp>

#include <perdure/value.hpp>

using perdure::decode;
using perdure::encode;
using perdure::invalid_value;
using perdure::json;

namespace shop {

/// Not described: it brings functions of its own.
struct date {
  std::string text;
};

json perdure_schema(const date*) {
  return {{"type", "string"}, {"format", "date"}};
}

void to_json(json& out, const date& from) {
  out = from.text;
}

void from_json(const json& from, date& out) {
  from.get_to(out.text);
}

} // namespace shop

namespace {

/// The place and the problem of what `decode` refuses; empty when it does not.
template <class T>
std::string refusal(const char* text) {
  try {
    static_cast<void>(decode<T>(json::parse(text)));
    return {};
  } catch (const invalid_value& reason) {
    return reason.place() + "|" + reason.what();
  }
}

} // namespace

CAF_TEST(values come back as they were) {
  shop::order order;
  order.number = 7;
  order.items = {{"cup", 2.5, shop::size::large}, {"jug", 10, {}}};
  order.flags = {{"gift", true}};
  const auto text = encode(order).dump();
  CAF_CHECK_EQUAL(text, R"({"number":7,"items":[)"
                        R"({"name":"cup","price":2.5,"how_big":"large"},)"
                        R"({"name":"jug","price":10.0,"how_big":"small"}],)"
                        R"("note":null,"flags":{"gift":true}})");
  const auto back = decode<shop::order>(json::parse(text));
  CAF_CHECK_EQUAL(encode(back).dump(), text);
  CAF_CHECK(!back.note);
  CAF_CHECK_EQUAL(back.items[0].price, 2.5);
}

CAF_TEST(members of bases are members) {
  const auto person
    = decode<shop::person>(json::parse(R"({"id":5,"name":"x"})"));
  CAF_CHECK_EQUAL(person.id, 5);
  CAF_CHECK_EQUAL(encode(person).dump(), R"({"id":5,"name":"x"})");
}

CAF_TEST(what may be absent is what its initializer says) {
  const auto item
    = decode<shop::item>(json::parse(R"({"name":"cup","price":1})"));
  CAF_CHECK(item.how_big == shop::size::small);
  CAF_CHECK(
    !decode<shop::order>(json::parse(R"({"number":1,"items":[],"flags":{}})"))
       .note);
}

CAF_TEST(a whole number may be written as a fraction) {
  CAF_CHECK_EQUAL(decode<int>(json::parse("3.0")), 3);
  CAF_CHECK_EQUAL(decode<unsigned>(json::parse("3.0")), 3u);
  CAF_CHECK_EQUAL(decode<double>(json::parse("3")), 3.0);
}

CAF_TEST(problems name their place) {
  CAF_CHECK_EQUAL(refusal<int>("\"3\""),
                  "|the value must be a whole number, not string");
  CAF_CHECK_EQUAL(refusal<shop::item>(R"({"price":1})"),
                  "name|name is missing");
  CAF_CHECK_EQUAL(refusal<shop::item>("[]"),
                  "|the value must be an object, not array");
  CAF_CHECK_EQUAL(
    refusal<shop::order>(
      R"({"number":1,"items":[{"name":"a","price":1},{"name":3}]})"),
    "items.1.name|items.1.name must be a string, not number");
  CAF_CHECK_EQUAL(
    refusal<shop::order>(R"({"number":1,"items":[],"flags":{"x":1}})"),
    "flags.x|flags.x must be true or false, not number");
  CAF_CHECK_EQUAL(refusal<shop::size>("\"huge\""),
                  "|the value must be one of: small, large");
}

CAF_TEST(numbers that do not fit are refused) {
  CAF_CHECK_EQUAL(refusal<std::int8_t>("128"),
                  "|the value must be from -128 to 127");
  CAF_CHECK_EQUAL(refusal<std::int8_t>("-129"),
                  "|the value must be from -128 to 127");
  CAF_CHECK_EQUAL(refusal<std::int8_t>("-128"), "");
  CAF_CHECK_EQUAL(refusal<std::uint8_t>("-1"),
                  "|the value must be from 0 to 255");
  CAF_CHECK_EQUAL(refusal<std::uint8_t>("256.0"),
                  "|the value must be from 0 to 255");
  CAF_CHECK_NOT_EQUAL(refusal<std::int64_t>("1e30"), "");
  CAF_CHECK_NOT_EQUAL(refusal<std::int64_t>("9223372036854775808"), "");
  CAF_CHECK_NOT_EQUAL(refusal<std::int64_t>("1.5"), "");
  CAF_CHECK_EQUAL(refusal<std::uint64_t>("18446744073709551615"), "");
  CAF_CHECK_NOT_EQUAL(refusal<std::uint64_t>("18446744073709551616"), "");
}

CAF_TEST(an enum without a name for its value has no form) {
  try {
    static_cast<void>(encode(static_cast<shop::size>(17)));
    CAF_FAIL("it has one");
  } catch (const invalid_value&) {
    CAF_MESSAGE("as it should be");
  }
}

CAF_TEST(types with functions of their own) {
  CAF_CHECK_EQUAL(encode(shop::date{"2026-01-02"}), "2026-01-02");
  CAF_CHECK_EQUAL(decode<shop::date>("2026-01-02").text, "2026-01-02");
  CAF_CHECK_NOT_EQUAL(refusal<shop::date>("3"), "");
  CAF_CHECK_EQUAL(perdure::schema_of<std::vector<shop::date>>()["items"].dump(),
                  R"({"type":"string","format":"date"})");
}

CAF_TEST(text in all its types) {
  CAF_CHECK_EQUAL(encode("a"), "a");
  CAF_CHECK_EQUAL(encode(std::string_view{"a"}), "a");
  CAF_CHECK_EQUAL(encode(std::string{"a"}), "a");
  CAF_CHECK_EQUAL(encode(json{{"a", 1}}).dump(), R"({"a":1})");
}
