#define CAF_SUITE config.schema_compiler

#include "config/schema_compiler.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <atomic>
#include <random>
#include <thread>

using namespace perdure;
using runtime::json;

namespace {

runtime::schema_ptr compile(const json& schema) {
  auto compiled = config::compile_schema(schema);
  if (!compiled)
    CAF_FAIL("refused: " << compiled.error().message);
  return *compiled;
}

runtime::schema_ptr compile(const char* schema) {
  return compile(json::parse(schema));
}

bool accepts(const runtime::schema_ptr& schema, const char* value) {
  return schema->validate(json::parse(value)).empty();
}

/// Location and message of each error, one per line.
std::string errors(const runtime::schema_ptr& schema, const json& value) {
  std::string text;
  for (const auto& error : schema->validate(value))
    text += error.location.dump() + " " + error.message + "\n";
  return text;
}

std::string refusal(const json& schema) {
  const auto compiled = config::compile_schema(schema);
  if (compiled)
    return "";
  CAF_CHECK(compiled.error().code == runtime::errc::unsupported_schema);
  return compiled.error().message;
}

std::string refusal(const char* schema) {
  return refusal(json::parse(schema));
}

bool contains(const std::string& text, const std::string& part) {
  if (text.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("'" << part << "' is not in: " << text);
  return false;
}

json nested_array(std::size_t depth) {
  auto value = json::array();
  for (std::size_t i = 1; i < depth; ++i) {
    auto outer = json::array();
    outer.push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

} // namespace

CAF_TEST(errors name the place and what is expected) {
  const auto schema = compile(R"({
    "type": "object",
    "properties": {
      "city": {"type": "string", "minLength": 2},
      "days": {"type": "integer", "minimum": 1, "maximum": 16},
      "unit": {"enum": ["celsius", "fahrenheit"]},
      "spots": {"type": "array", "items": {"type": "object",
        "properties": {"id": {"type": "integer"}}, "required": ["id"]}}},
    "required": ["city"], "additionalProperties": false})");
  CAF_CHECK(accepts(schema, R"({"city": "Bonn", "days": 3.0})"));
  CAF_CHECK_EQUAL(errors(schema, json::parse(R"({"city": 7})")),
                  "[\"city\"] must be string, is integer\n");
  CAF_CHECK_EQUAL(errors(schema, json::parse(R"({"city": "B"})")),
                  "[\"city\"] must have at least 2 characters\n");
  CAF_CHECK_EQUAL(
    errors(schema, json::parse(R"({"city": "Bonn", "days": 17, "unit": 1})")),
    "[\"days\"] must be at most 16\n"
    "[\"unit\"] must be one of: \"celsius\", \"fahrenheit\"\n");
  CAF_CHECK_EQUAL(
    errors(schema, json::parse(R"({"city": "Bonn", "a": 1, "b": 2})")),
    "[\"a\"] is not allowed\n[\"b\"] is not allowed\n");
  CAF_CHECK_EQUAL(errors(schema, json::parse(R"({"city": "Bonn",
                    "spots": [{"id": 1}, {"id": "x"}]})")),
                  "[\"spots\",1,\"id\"] must be integer, is string\n");
  CAF_CHECK(contains(errors(schema, json::object()), "city"));
  CAF_CHECK_EQUAL(errors(schema, nullptr), "[] must be object, is null\n");
}

CAF_TEST(keys that look like positions stay keys) {
  const auto schema = compile(R"({"additionalProperties": {"items": false}})");
  const auto found = schema->validate(json::parse(R"({"0": [5]})"));
  CAF_REQUIRE_EQUAL(found.size(), 1u);
  CAF_CHECK_EQUAL(found[0].location.dump(), R"(["0",0])");
}

CAF_TEST(unions explain their branches) {
  const auto schema = compile(R"({"anyOf": [{"type": "string"},
                                            {"type": "null"}]})");
  CAF_CHECK(accepts(schema, "null"));
  CAF_CHECK_EQUAL(errors(schema, 5),
                  "[] must be string, is integer\n"
                  "[] must be null, is integer\n"
                  "[] must match at least one of the schemas in anyOf\n");
  const auto one = compile(R"({"oneOf": [{"minimum": 1}, {"maximum": 9}]})");
  CAF_CHECK(contains(errors(one, 5), "matches several"));
  const auto no = compile(R"({"not": {"type": "integer"}})");
  CAF_CHECK(contains(errors(no, 5), "must not match"));
  const auto some = compile(R"({"contains": {"const": 1}})");
  CAF_CHECK(contains(errors(some, json::array({2})), "must contain an item"));
}

CAF_TEST(the number of errors is bounded) {
  const auto schema = compile(R"({"items": {"type": "string"}})");
  auto value = json::array();
  for (auto i = 0; i < 1000; ++i)
    value.push_back(i);
  CAF_CHECK_EQUAL(schema->validate(value).size(), 20u);
}

CAF_TEST(boolean schemas) {
  CAF_CHECK(compile("true")->validate(5).empty());
  CAF_CHECK_EQUAL(errors(compile("false"), 5), "[] is not allowed\n");
}

CAF_TEST(definitions under both names and recursion) {
  const auto schema = compile(R"({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$defs": {"node": {"type": "object", "properties": {
      "value": {"type": "integer"},
      "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
      "odd~/%": {"$ref": "#/$defs/a~1b~0c%25"}}},
      "a/b~c%": {"type": "boolean"}},
    "$ref": "#/$defs/node"})");
  CAF_CHECK(accepts(schema, R"({"value": 1, "next": {"value": 2,
                                "next": null}})"));
  CAF_CHECK(!accepts(schema, R"({"next": {"next": {"value": "x"}}})"));
  CAF_CHECK(accepts(schema, R"({"odd~/%": true})"));
  CAF_CHECK(!accepts(schema, R"({"odd~/%": 1})"));
}

CAF_TEST(anchors and embedded documents) {
  const auto schema = compile(R"({
    "$defs": {"a": {"$anchor": "here", "type": "string"},
              "b": {"$id": "urn:example:b", "type": "array",
                    "items": {"$ref": "#/$defs/inner"},
                    "$defs": {"inner": {"type": "integer"}}}},
    "properties": {"x": {"$ref": "#here"}, "y": {"$ref": "urn:example:b"}}})");
  CAF_CHECK(accepts(schema, R"({"x": "s", "y": [1]})"));
  CAF_CHECK(!accepts(schema, R"({"x": 1})"));
  CAF_CHECK(!accepts(schema, R"({"y": ["s"]})"));
}

CAF_TEST(what stands beside a reference counts except in draft 7) {
  const auto text = R"({"properties": {"x": {"$ref": "#/$defs/s",
    "maxLength": 2}}, "$defs": {"s": {"type": "string"}}})";
  CAF_CHECK(!accepts(compile(text), R"({"x": "abc"})"));
  auto old = json::parse(text);
  old["$schema"] = "http://json-schema.org/draft-07/schema#";
  CAF_CHECK(accepts(compile(old), R"({"x": "abc"})"));
  CAF_CHECK(!accepts(compile(old), R"({"x": 1})"));
}

CAF_TEST(prefixItems with and without items) {
  const auto closed = compile(R"({"prefixItems": [{"type": "integer"}],
                                  "items": false})");
  CAF_CHECK(accepts(closed, "[1]"));
  CAF_CHECK(accepts(closed, "[]"));
  CAF_CHECK(!accepts(closed, "[1, 2]"));
  CAF_CHECK_EQUAL(errors(closed, json::parse("[1, 2]")),
                  "[1] is not allowed\n");
  const auto open = compile(R"({"prefixItems": [{"type": "integer"}]})");
  CAF_CHECK(accepts(open, R"([1, "x"])"));
  CAF_CHECK(!accepts(open, R"(["x"])"));
  const auto rest = compile(R"({"prefixItems": [{"type": "integer"}],
                                "items": {"type": "string"}})");
  CAF_CHECK(accepts(rest, R"([1, "x", "y"])"));
  CAF_CHECK(!accepts(rest, R"([1, "x", 2])"));
}

CAF_TEST(dependent keywords join dependencies) {
  const auto schema = compile(R"({
    "dependentRequired": {"card": ["address"]},
    "dependentSchemas": {"card": {"properties": {"card": {"type": "integer"}}}},
    "dependencies": {"card": ["name"]}})");
  CAF_CHECK(accepts(schema, R"({"card": 1, "address": "a", "name": "n"})"));
  CAF_CHECK(!accepts(schema, R"({"card": 1, "address": "a"})"));
  CAF_CHECK(!accepts(schema, R"({"card": 1, "name": "n"})"));
  CAF_CHECK(!accepts(schema, R"({"card": "1", "address": "a", "name": "n"})"));
  CAF_CHECK(accepts(schema, "{}"));
}

CAF_TEST(what is not enforced is listed) {
  const auto schema = compile(R"({
    "unevaluatedProperties": false,
    "properties": {
      "a/b": {"contains": {"type": "integer"}, "minContains": 2,
              "maxContains": 3, "unevaluatedItems": true},
      "mail": {"type": "string", "format": "email", "nullable": true,
               "title": "t", "x-own": 1},
      "day": {"format": "date"}}})");
  const std::vector<std::string> expected{
    "/properties/a~1b/maxContains", "/properties/a~1b/minContains",
    "/properties/mail/format", "/properties/mail/nullable",
    "/unevaluatedProperties"};
  auto listed = schema->unenforced();
  std::sort(listed.begin(), listed.end());
  CAF_CHECK_EQUAL(listed, expected);
  CAF_CHECK(
    accepts(compile(R"({"contains": {"const": 1}, "minContains": 0})"), "[]"));
}

CAF_TEST(formats) {
  const auto check = [](const char* format, const char* value) {
    const json text = {{"format", format}};
    return compile(text)->validate(value).empty();
  };
  CAF_CHECK(check("date", "2024-02-29"));
  CAF_CHECK(!check("date", "2023-02-29"));
  CAF_CHECK(!check("date", "2023-02-2"));
  CAF_CHECK(!check("date", "2023-02-28 "));
  CAF_CHECK(check("time", "23:59:60.5Z"));
  CAF_CHECK(!check("time", "23:59:59"));
  CAF_CHECK(!check("time", "24:00:00Z"));
  CAF_CHECK(!check("time", "23:59:59|01:00"));
  CAF_CHECK(check("date-time", "2026-01-02T03:04:05.000006+02:00"));
  CAF_CHECK(!check("date-time", "2026-01-02"));
  CAF_CHECK(check("uuid", "123e4567-e89b-12d3-a456-426614174000"));
  CAF_CHECK(!check("uuid", "123e4567-e89b-12d3-a456-42661417400g"));
  CAF_CHECK(check("ipv4", "127.0.0.1"));
  CAF_CHECK(!check("ipv4", "127.0.0.01"));
  CAF_CHECK(!check("ipv4", "127.0.0"));
  CAF_CHECK(!check("ipv4", "256.0.0.1"));
  CAF_CHECK(compile(R"({"format": "date"})")->validate(5).empty());
}

CAF_TEST(numbers compare exactly) {
  const auto schema = compile(R"({"maximum": 9007199254740992})");
  CAF_CHECK(accepts(schema, "9007199254740992"));
  CAF_CHECK(!accepts(schema, "9007199254740993"));
  CAF_CHECK(accepts(compile(R"({"const": 1})"), "1.0"));
  CAF_CHECK(!accepts(compile(R"({"const": 1})"), "true"));
  CAF_CHECK(!accepts(compile(R"({"const": "1"})"), "1"));
  CAF_CHECK(accepts(compile(R"({"type": "integer"})"), "18446744073709551615"));
  CAF_CHECK(!accepts(compile(R"({"multipleOf": 2})"), "4.5"));
  CAF_CHECK(accepts(compile(R"({"multipleOf": 0.01})"), "19.99"));
  CAF_CHECK(!accepts(compile(R"({"multipleOf": 0.01})"), "19.999"));
}

CAF_TEST(patterns are about code points and never run away) {
  CAF_CHECK(accepts(compile(R"({"pattern": "^.{2}$"})"), R"("äö")"));
  CAF_CHECK(accepts(compile(R"({"pattern": "b|^c"})"), R"("abc")"));
  CAF_CHECK(!accepts(compile(R"({"pattern": "^b|^c"})"), R"("abc")"));
  CAF_CHECK(accepts(compile(R"({"pattern": "^(?=.*[A-Z])(?=.*\\d).{8,}$"})"),
                    R"("Passw0rd")"));
  CAF_CHECK(accepts(compile(R"({"maxLength": 2})"), R"("äö")"));
  const auto evil = compile(R"({"pattern": "^(a+)+$"})");
  CAF_CHECK(!evil->validate(std::string(5'000, 'a') + "b").empty());
  const auto plain = compile(R"({"pattern": "^[a-z]+$"})");
  CAF_CHECK(plain->validate(std::string(100'000, 'a')).empty());
  CAF_CHECK(!plain->validate(std::string(1'000'000, 'a')).empty());
  CAF_CHECK(!plain->validate(std::string("\xff\xfe", 2)).empty());
}

CAF_TEST(patterns that cannot be supported are refused) {
  for (const auto* pattern :
       {"(", ")", "[a", "a{2", "a{x}", "a{3,1}", "*a", "\\", "(?<n>a)",
        "(?<=a)b", "(?i)a", "(a)\\1", "\\p{L}", "\\Aa", "a{1000}{1000}",
        "((a{50}){50}){50}", "a{99999999999}"}) {
    CAF_CHECK(contains(refusal(json{{"pattern", pattern}}), "pattern"));
    CAF_CHECK(contains(refusal(json{{"patternProperties", {{pattern, true}}}}),
                       "pattern"));
  }
  const std::string deep(1000, '(');
  CAF_CHECK(contains(refusal(json{{"pattern", deep}}), "deeply"));
  CAF_CHECK(
    contains(refusal(json{{"pattern", std::string(5000, 'a')}}), "longer"));
  CAF_CHECK(contains(refusal(R"({"patternProperties": {"^(a+)+$": true}})"),
                     "repeats a repetition"));
}

CAF_TEST(long keys are refused where keys are matched) {
  const auto schema = compile(R"({"patternProperties": {"^.*$": true}})");
  json value;
  value["short"] = 1;
  CAF_CHECK(schema->validate(value).empty());
  value[std::string(100'000, 'k')] = 1;
  CAF_CHECK(contains(errors(schema, value), "keys longer"));
  CAF_CHECK(compile("true")->validate(value).empty());
}

CAF_TEST(keywords of the wrong type are refused with their place) {
  const std::pair<const char*, const char*> table[]{
    {R"({"properties": {"a": {"type": "text"}}})", "/properties/a/type"},
    {R"({"type": []})", "/type"},
    {R"({"type": 5})", "/type"},
    {R"({"properties": []})", "/properties"},
    {R"({"properties": {"a": 5}})", "/properties/a"},
    {R"({"required": true})", "/required"},
    {R"({"required": [1]})", "/required"},
    {R"({"minimum": "1"})", "/minimum"},
    {R"({"exclusiveMinimum": true})", "/exclusiveMinimum"},
    {R"({"multipleOf": 0})", "/multipleOf"},
    {R"({"multipleOf": -1})", "/multipleOf"},
    {R"({"minLength": -1})", "/minLength"},
    {R"({"minItems": 1.5})", "/minItems"},
    {R"({"maxItems": "1"})", "/maxItems"},
    {R"({"uniqueItems": "yes"})", "/uniqueItems"},
    {R"({"enum": 5})", "/enum"},
    {R"({"pattern": 5})", "/pattern"},
    {R"({"format": 5})", "/format"},
    {R"({"allOf": []})", "/allOf"},
    {R"({"anyOf": {}})", "/anyOf"},
    {R"({"oneOf": [5]})", "/oneOf/0"},
    {R"({"not": 5})", "/not"},
    {R"({"items": 5})", "/items"},
    {R"({"items": [{}, 5]})", "/items/1"},
    {R"({"prefixItems": {}})", "/prefixItems"},
    {R"({"prefixItems": [], "items": []})", "/items"},
    {R"({"dependencies": []})", "/dependencies"},
    {R"({"dependencies": {"a": [1]}})", "/dependencies/a"},
    {R"({"$ref": 5})", "/$ref"},
    {R"([])", "a schema must be"},
    {R"("x")", "a schema must be"},
    {R"(null)", "a schema must be"},
  };
  for (const auto& [schema, place] : table)
    CAF_CHECK(contains(refusal(schema), place));
}

CAF_TEST(references that lead nowhere or out are refused) {
  for (const auto* target :
       {"#/$defs/gone", "http://json-schema.org/draft-07/schema#", "other.json",
        "#nowhere", "#/a%zz", "#/~2", "#/items/0", "file:///etc/passwd"})
    CAF_CHECK(contains(refusal(json{{"$ref", target}}), "$ref"));
  CAF_CHECK(contains(refusal(R"({"$ref": "#"})"), "back to itself"));
  CAF_CHECK(contains(refusal(R"({"$ref": "#/$defs/a", "$defs": {
    "a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"not": {"$ref":
    "#/$defs/a"}}}})"),
                     "back to itself"));
}

CAF_TEST(deep and large schemas and values are refused) {
  json deep = true;
  for (auto i = 0; i < 100'000; ++i) {
    json outer = json::object();
    outer["items"] = std::move(deep);
    deep = std::move(outer);
  }
  CAF_CHECK(contains(refusal(deep), "deeper than"));
  json chain = true;
  for (auto i = 0; i < 50; ++i) {
    json outer = json::object();
    outer["allOf"] = json::array();
    outer["allOf"].push_back(std::move(chain));
    chain = std::move(outer);
  }
  CAF_CHECK(contains(refusal(chain), "one within the other"));
  json wide;
  for (auto i = 0; i < 6'000; ++i)
    wide["properties"]["p" + std::to_string(i)] = json{{"type", "string"}};
  CAF_CHECK(contains(refusal(wide), "subschemas"));
  const auto tree = compile(R"({"items": {"$ref": "#"}})");
  CAF_CHECK(tree->validate(nested_array(99)).empty());
  CAF_CHECK(contains(errors(tree, nested_array(101)), "nest deeper"));
  CAF_CHECK(contains(errors(tree, nested_array(200'000)), "nest deeper"));
  // The worst that passes: the longest chain at each of the deepest levels.
  json worst = R"({"items": {"$ref": "#"}})"_json;
  for (auto i = 0; i < 28; ++i) {
    json outer = json::object();
    outer["allOf"] = json::array();
    outer["allOf"].push_back(std::move(worst));
    worst = std::move(outer);
  }
  CAF_CHECK(compile(worst)->validate(nested_array(99)).empty());
}

CAF_TEST(large arrays are checked for duplicates in reasonable time) {
  const auto schema = compile(R"({"uniqueItems": true})");
  auto value = json::array();
  for (auto i = 0; i < 20'000; ++i)
    value.push_back(i);
  CAF_CHECK(schema->validate(value).empty());
  value.push_back(5.0);
  CAF_CHECK(!schema->validate(value).empty());
}

CAF_TEST(a schema can be used from several threads) {
  const auto schema = compile(R"({"properties": {"a": {"pattern": "^x+$"}},
    "patternProperties": {"^n": {"type": "integer"}}})");
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (auto j = 0; j < 100; ++j) {
        wrong += accepts(schema, R"({"a": "xx", "n1": 5})") ? 0 : 1;
        wrong += accepts(schema, R"({"a": "xy"})") ? 1 : 0;
        wrong += accepts(schema, R"({"n2": "5"})") ? 1 : 0;
      }
    });
  for (auto& thread : threads)
    thread.join();
  CAF_CHECK_EQUAL(wrong.load(), 0);
}

// Goal: no schema, however malformed, crashes the compiler or the validator.
// Method: seeded mutations of a schema with many keywords; what compiles must
// also validate arbitrary values.
CAF_TEST(mutated schemas never crash) {
  const auto base = json::parse(R"({"$defs": {"a": {"type": "string"}},
    "type": ["object", "null"], "properties": {"x": {"$ref": "#/$defs/a"},
    "y": {"items": [{"minimum": 1}], "additionalItems": false}},
    "patternProperties": {"^a": {"multipleOf": 0.5}}, "required": ["x"],
    "if": {"minProperties": 1}, "then": {"maxProperties": 3},
    "dependencies": {"x": ["y"]}, "anyOf": [{"const": {}}, {"enum": [1]}]})");
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed: " << seed);
  std::mt19937 random{seed};
  const auto text = base.dump();
  std::size_t compiled_count = 0;
  for (auto round = 0; round < 3'000; ++round) {
    auto mutated = text;
    for (auto i = 0; i < 1 + round % 3; ++i)
      mutated[random() % mutated.size()]
        = "{}[]\",:0123456789.-#/$atrue"[random() % 26];
    const auto schema = json::parse(mutated, nullptr, false);
    if (schema.is_discarded())
      continue;
    const auto compiled = config::compile_schema(schema);
    if (!compiled)
      continue;
    ++compiled_count;
    for (const auto& value : {base, json(5), json("x"), json::array({1})})
      [[maybe_unused]] const auto found = (*compiled)->validate(value);
  }
  CAF_CHECK(compiled_count > 0);
}
