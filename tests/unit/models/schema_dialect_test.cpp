#define CAF_SUITE models.schema_dialect

#include "runtime/models/schema_dialect.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;

namespace {

json parsed(const char* text) {
  return json::parse(text);
}

struct strict_row {
  const char* what;
  const char* schema;
  bool fits;
};

const std::vector<strict_row> strict_rows{
  {"all required",
   R"({"type":"object","properties":{"a":{"type":"string"}},"required":["a"]})",
   true},
  {"nothing is said to be required", R"({"type":"object","properties":{}})",
   false},
  {"optional property",
   R"({"type":"object","properties":{"a":{"type":"string"}},"required":[]})",
   false},
  {"open object",
   R"({"type":"object","properties":{},"required":[],)"
   R"("additionalProperties":true})",
   false},
  {"default",
   R"({"type":"object","properties":{"a":{"default":1}},)"
   R"("required":["a"]})",
   false},
  {"length",
   R"({"type":"object","properties":{"a":{"type":"string","minLength":1}},)"
   R"("required":["a"]})",
   false},
  {"known format",
   R"({"type":"object","properties":{"a":{"type":"string","format":"date"}},)"
   R"("required":["a"]})",
   true},
  {"unknown format",
   R"({"type":"object","properties":{"a":{"type":"string","format":"uri"}},)"
   R"("required":["a"]})",
   false},
  {"look-ahead",
   R"({"type":"object","properties":{"a":{"pattern":"(?=x)y"}},)"
   R"("required":["a"]})",
   false},
  {"one of",
   R"({"type":"object","properties":{"a":{"oneOf":[{"type":"string"}]}},)"
   R"("required":["a"]})",
   false},
  {"untyped items",
   R"({"type":"object","properties":{"a":{"type":"array"}},"required":["a"]})",
   false},
  {"optional inside of items",
   R"({"type":"object","properties":{"a":{"type":"array","items":)"
   R"({"type":"object","properties":{"b":{"type":"string"}}}}},)"
   R"("required":["a"]})",
   false},
  {"optional inside of a definition",
   R"({"type":"object","properties":{"a":{"$ref":"#/$defs/A"}},)"
   R"("required":["a"],"$defs":{"A":{"type":"object",)"
   R"("properties":{"b":{"type":"string"}},"required":[]}}})",
   false},
};

} // namespace

CAF_TEST(openai is strict where nothing is lost by it) {
  for (const auto& row : strict_rows) {
    CAF_MESSAGE(row.what);
    const auto told
      = tell_schema(parsed(row.schema), std::nullopt, schema_dialect::openai);
    CAF_CHECK_EQUAL(told.strict.has_value(), row.fits);
    if (row.fits)
      CAF_CHECK_EQUAL(told.schema.at("additionalProperties"), false);
  }
}

CAF_TEST(openai is told in words what strict mode has no keyword for) {
  const auto told = tell_schema(
    parsed(R"({"title":"T","$schema":"x","type":"object","properties":{)"
           R"("name":{"type":"string","minLength":2,"description":"who"},)"
           R"("kind":{"oneOf":[{"type":"string"},{"type":"null"}]},)"
           R"("home":{"$ref":"#/$defs/H","description":"where"},)"
           R"("note":{"type":"string","default":"-","format":"uri"}},)"
           R"("required":["name"],)"
           R"("$defs":{"H":{"type":"object","properties":{}}}})"),
    true, schema_dialect::openai);
  CAF_CHECK(told.strict == true);
  const auto expected
    = parsed(R"({"type":"object","properties":{)"
             R"x("name":{"type":"string","description":"who (minLength=2)"},)x"
             R"("kind":{"anyOf":[{"type":"string"},{"type":"null"}]},)"
             R"("home":{"description":"where","anyOf":[{"$ref":"#/$defs/H"}]},)"
             R"("note":{"type":"string","description":"format=uri"}},)"
             R"("required":["name","kind","home","note"],)"
             R"("$defs":{"H":{"type":"object","properties":{},"required":[],)"
             R"("additionalProperties":false}},"additionalProperties":false})");
  CAF_CHECK(same_json(told.schema, expected));
}

CAF_TEST(what its author says of strictness wins) {
  const auto schema = parsed(strict_rows.front().schema);
  const auto loose = tell_schema(schema, false, schema_dialect::openai);
  CAF_CHECK(loose.strict == false);
  CAF_CHECK_EQUAL(loose.schema, schema);
}

CAF_TEST(anthropic is strict when it is asked for) {
  const auto schema
    = parsed(R"({"title":"T","type":"object","properties":{"a":)"
             R"({"type":"object"}}})");
  const auto plain
    = tell_schema(schema, std::nullopt, schema_dialect::anthropic);
  CAF_CHECK(!plain.strict);
  CAF_CHECK_EQUAL(plain.schema, schema);
  const auto strict = tell_schema(schema, true, schema_dialect::anthropic);
  CAF_CHECK(strict.strict == true);
  CAF_CHECK(same_json(
    strict.schema,
    parsed(R"({"type":"object","properties":{"a":{"type":"object",)"
           R"("additionalProperties":false}},"additionalProperties":false})")));
}

CAF_TEST(gemini is told nothing that its api trips over) {
  const auto told = tell_schema(
    parsed(R"({"$schema":"x","title":"T","type":"object","properties":{)"
           R"("a":{"const":"x"},"b":{"const":1.5},"c":{"type":"string",)"
           R"("format":"date","description":"when"},)"
           R"("d":{"type":"integer","exclusiveMinimum":0,"examples":[1]},)"
           R"("title":{"type":"string"}},"required":["a"]})"),
    std::nullopt, schema_dialect::gemini);
  CAF_CHECK(!told.strict);
  CAF_CHECK(same_json(
    told.schema,
    parsed(R"({"type":"object","properties":{)"
           R"("a":{"enum":["x"],"type":"string"},)"
           R"("b":{"enum":[1.5],"type":"number"},)"
           R"x("c":{"type":"string","description":"when (format: date)"},)x"
           R"("d":{"type":"integer"},"title":{"type":"string"}},)"
           R"("required":["a"]})")));
}

CAF_TEST(a schema may be nested as deeply as anyone writes it) {
  json schema{{"type", "string"}};
  for (int i = 0; i < 500; ++i)
    schema = {{"type", "array"}, {"items", std::move(schema)}};
  for (const auto dialect : {schema_dialect::openai, schema_dialect::gemini,
                             schema_dialect::anthropic})
    CAF_CHECK(tell_schema(schema, true, dialect).schema.is_object());
}
