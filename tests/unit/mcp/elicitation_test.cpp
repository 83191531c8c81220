#define CAF_SUITE mcp.elicitation

#include "runtime/mcp/elicitation.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;

namespace {

json parsed(std::string_view text) {
  auto value = parse_json(text);
  CAF_REQUIRE(value);
  return *value;
}

elicitation
form(std::string_view properties, std::string_view required = "[]") {
  auto asked = read_elicitation(
    parsed("{\"message\":\"m\",\"requestedSchema\":{\"type\":\"object\","
           "\"properties\":"
           + std::string{properties} + ",\"required\":" + std::string{required}
           + "}}"));
  CAF_REQUIRE(asked);
  return *asked;
}

std::string accepted(const elicitation& asked, std::string_view content) {
  const auto result = accept(asked, parsed(content));
  return result ? to_text((*result)["content"]) : result.error().message;
}

} // namespace

CAF_TEST(defaults fill in what is absent) {
  const auto asked = form(
    R"({"name":{"type":"string","default":"John Doe"},)"
    R"("age":{"type":"integer","default":30},)"
    R"("score":{"type":"number","default":95.5},)"
    R"("status":{"type":"string","enum":["active","off"],"default":"active"},)"
    R"("verified":{"type":"boolean","default":true},)"
    R"("note":{"type":"string"}})");
  CAF_CHECK_EQUAL(accepted(asked, "{}"),
                  R"({"name":"John Doe","age":30,"score":95.5,)"
                  R"("status":"active","verified":true})");
  CAF_CHECK_EQUAL(accepted(asked, R"({"age":31,"note":"x","name":null})"),
                  R"({"name":"John Doe","age":31,"score":95.5,)"
                  R"("status":"active","verified":true,"note":"x"})");
}

CAF_TEST(choices may have titles and be several) {
  const auto asked = form(
    R"({"a":{"type":"string","oneOf":[{"const":"r","title":"Red"}]},)"
    R"("b":{"type":"string","enum":["g"],"enumNames":["Green"]},)"
    R"("c":{"type":"array","items":{"type":"string","enum":["x","y"]},)"
    R"("maxItems":1},)"
    R"("d":{"type":"array","items":{"anyOf":[{"const":"z","title":"Zet"}]},)"
    R"("default":["z"]}})");
  CAF_REQUIRE_EQUAL(asked.fields.size(), 4u);
  CAF_CHECK_EQUAL(asked.fields[0].choices[0].title, "Red");
  CAF_CHECK_EQUAL(asked.fields[1].choices[0].title, "Green");
  CAF_CHECK(asked.fields[3].kind == field_kind::choices);
  CAF_CHECK_EQUAL(accepted(asked, R"({"a":"r","b":"g","c":["y"]})"),
                  R"({"a":"r","b":"g","c":["y"],"d":["z"]})");
  CAF_CHECK_EQUAL(
    accepted(asked, R"({"a":"Red","b":1,"c":["x","y"],"d":["q"]})"),
    "a must be one of its choices; b must be one of its choices; "
    "c must be at most 1 choices; d must be a list of its choices");
}

CAF_TEST(everything that is wrong is named) {
  const auto asked
    = form(R"({"s":{"type":"string","minLength":2,"maxLength":3},)"
           R"("n":{"type":"number","minimum":1,"maximum":2},)"
           R"("i":{"type":"integer"},"b":{"type":"boolean"},)"
           R"("r":{"type":"string"}})",
           R"(["r"])");
  CAF_CHECK_EQUAL(accepted(asked, R"({"s":"a","n":0,"i":1.5,"b":"yes","x":1})"),
                  "x is no field of the form; s must be at least 2 characters; "
                  "n must be at least 1; i must be a whole number; "
                  "b must be true or false; r is missing");
  CAF_CHECK_EQUAL(accepted(asked, "{\"r\":\"\",\"s\":\"\xC3\xA9\xC3\xA9\"}"),
                  "{\"s\":\"\xC3\xA9\xC3\xA9\",\"r\":\"\"}");
  CAF_CHECK_EQUAL(accepted(asked, "[]"),
                  "the answer to a form must be an object");
}

CAF_TEST(formats are looked at) {
  const auto asked = form(R"({"e":{"type":"string","format":"email"},)"
                          R"("u":{"type":"string","format":"uri"},)"
                          R"("d":{"type":"string","format":"date"},)"
                          R"("t":{"type":"string","format":"date-time"}})");
  CAF_CHECK_EQUAL(
    accepted(asked, R"({"e":"a","u":"b","d":"2026-13-01","t":"now"})"),
    "e must be an email address; u must be a URI; "
    "d must be a date, as 2026-01-02; "
    "t must be a date and time, as 2026-01-02T03:04:05Z");
  const auto good = R"({"e":"a@b","u":"x:y","d":"2026-01-02",)"
                    R"("t":"2026-01-02T03:04:05Z"})";
  CAF_CHECK_EQUAL(accepted(asked, good), good);
}

CAF_TEST(forms that are not flat are refused) {
  for (const auto* field :
       {R"({"type":"object"})", R"({"type":"array"})", R"({})", "7",
        R"({"type":"array","items":{"type":"string"}})",
        R"({"type":"string","enum":[1]})", R"({"type":["string","null"]})"}) {
    const auto asked
      = read_elicitation(parsed("{\"requestedSchema\":{\"properties\":{\"f\":"
                                + std::string{field} + "}}}"));
    CAF_REQUIRE(!asked);
    CAF_CHECK(asked.error().code == errc::unsupported_schema);
  }
}

CAF_TEST(a default that does not fit is none) {
  const auto asked = form(R"({"i":{"type":"integer","default":"x"}})");
  CAF_CHECK_EQUAL(accepted(asked, "{}"), "{}");
}

CAF_TEST(URLs are opened by a person who sees the host) {
  const auto asked = read_elicitation(
    parsed(R"({"mode":"url","message":"m","url":"https://h.example/x",)"
           R"("elicitationId":"e"})"));
  CAF_REQUIRE(asked);
  CAF_CHECK(!asked->is_form());
  CAF_CHECK_EQUAL(asked->elicitation_id, "e");
  CAF_CHECK_EQUAL(to_text(*accept(*asked, {})), R"({"action":"accept"})");
  CAF_CHECK(!read_elicitation(parsed(R"({"mode":"url","url":"file:///x"})")));
  CAF_CHECK_EQUAL(host_of("https://a:1/b?c"), "https://a:1");
  CAF_CHECK_EQUAL(host_of("https://bank.com@evil.com/"), "https://evil.com");
  CAF_CHECK_EQUAL(host_of("https:///x"), "");
  CAF_CHECK_EQUAL(host_of("javascript:alert(1)"), "");
}

CAF_TEST(a person may not want to) {
  CAF_CHECK_EQUAL(to_text(decline()), R"({"action":"decline"})");
  CAF_CHECK_EQUAL(to_text(dismiss()), R"({"action":"cancel"})");
}
