#define CAF_SUITE library.schema

#include "config/schema_compiler.hpp"
#include "unit/library/types.hpp"

#include <caf/test/unit_test.hpp>

#include <perdure/schema.hpp>

using perdure::json;
using perdure::schema_of;

namespace {

/// What `schema` says is wrong with `value`, by the compiler that checks the
/// arguments of tools.
std::size_t errors(const json& schema, const char* value) {
  const auto compiled = perdure::config::compile_schema(schema);
  CAF_REQUIRE(compiled);
  return (*compiled)->validate(json::parse(value)).size();
}

} // namespace

CAF_TEST(plain types) {
  CAF_CHECK_EQUAL(schema_of<bool>().dump(), R"({"type":"boolean"})");
  CAF_CHECK_EQUAL(schema_of<int>().dump(), R"({"type":"integer"})");
  CAF_CHECK_EQUAL(schema_of<std::uint8_t>().dump(),
                  R"({"type":"integer","minimum":0})");
  CAF_CHECK_EQUAL(schema_of<double>().dump(), R"({"type":"number"})");
  CAF_CHECK_EQUAL(schema_of<std::string>().dump(), R"({"type":"string"})");
  CAF_CHECK_EQUAL(schema_of<json>().dump(), "{}");
}

CAF_TEST(optional values lists and maps) {
  CAF_CHECK_EQUAL(schema_of<std::optional<int>>().dump(),
                  R"({"anyOf":[{"type":"integer"},{"type":"null"}]})");
  CAF_CHECK_EQUAL(schema_of<std::vector<std::string>>().dump(),
                  R"({"type":"array","items":{"type":"string"}})");
  const auto map = schema_of<std::map<std::string, double>>();
  CAF_CHECK_EQUAL(
    map.dump(),
    R"({"type":"object","additionalProperties":{"type":"number"}})");
}

CAF_TEST(an enum is the names of its values) {
  CAF_CHECK_EQUAL(schema_of<shop::size>().dump(),
                  R"({"type":"string","enum":["small","large"]})");
}

CAF_TEST(a struct requires all but what is optional or has a default) {
  const auto schema = schema_of<shop::order>();
  CAF_CHECK_EQUAL(schema["type"], "object");
  CAF_CHECK_EQUAL(schema["required"].dump(), R"(["number","items","flags"])");
  CAF_CHECK_EQUAL(schema["additionalProperties"], false);
  const auto& item = schema["properties"]["items"]["items"];
  CAF_CHECK_EQUAL(item["required"].dump(), R"(["name","price"])");
  CAF_CHECK_EQUAL(item["description"], "A thing for sale.");
  CAF_CHECK_EQUAL(item["properties"]["name"].dump(),
                  R"({"type":"string","description":"As on the label."})");
  CAF_CHECK_EQUAL(item["properties"]["how_big"].dump(),
                  R"({"type":"string","enum":["small","large"],)"
                  R"("description":"Of its box.","default":"small"})");
}

CAF_TEST(members of a base come first) {
  const auto schema = schema_of<shop::person>();
  CAF_CHECK_EQUAL(schema["required"].dump(), R"(["id","name"])");
}

CAF_TEST(a struct that holds itself is referred to) {
  const auto schema = schema_of<shop::folder>();
  CAF_CHECK_EQUAL(schema["type"], "object");
  CAF_CHECK_EQUAL(schema["properties"]["folders"]["items"].dump(),
                  R"({"$ref":"#/$defs/folder"})");
  CAF_CHECK_EQUAL(
    errors(schema, R"({"name":"a","folders":[{"name":"b","folders":[]}]})"),
    0u);
  CAF_CHECK_NOT_EQUAL(
    errors(schema, R"({"name":"a","folders":[{"name":2,"folders":[]}]})"), 0u);
}

CAF_TEST(a struct that holds itself is defined once) {
  const auto schema = schema_of<shop::shelf>();
  CAF_CHECK_EQUAL(schema["$defs"].size(), 1u);
  CAF_CHECK_EQUAL(schema["properties"]["left"].dump(),
                  R"({"$ref":"#/$defs/folder"})");
  CAF_CHECK_EQUAL(schema["properties"]["right"].dump(),
                  R"({"$ref":"#/$defs/folder"})");
  const auto good = R"({"left":{"name":"a","folders":[]},
                        "right":{"name":"b","folders":[]}})";
  CAF_CHECK_EQUAL(errors(schema, good), 0u);
}
