#define CAF_SUITE mcp.header_params

#include "runtime/mcp/header_params.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;

namespace {

json schema_with(const json& properties) {
  return {{"type", "object"}, {"properties", properties}};
}

json marked(const char* type, const json& name) {
  return {{"type", type}, {"x-mcp-header", name}};
}

std::string headers_for(const json& schema, const json& arguments) {
  const auto params = header_params_of(schema);
  CAF_REQUIRE(params);
  header_list headers;
  add_param_headers(headers, *params, arguments);
  std::string out;
  for (const auto& [name, value] : headers)
    out += name + ": " + value + "\n";
  return out;
}

bool is_refused(const json& schema) {
  return !header_params_of(schema);
}

} // namespace

CAF_TEST(values are shown as their type is written) {
  const auto schema
    = schema_with({{"region", marked("string", "Region")},
                   {"count", marked("integer", "Count")},
                   {"dry", marked("boolean", "Dry-Run")},
                   {"inner", schema_with({{"id", marked("string", "Id")}})}});
  CAF_CHECK_EQUAL(headers_for(schema, {{"region", "eu-1"},
                                       {"count", 3},
                                       {"dry", false},
                                       {"inner", {{"id", "7"}}}}),
                  "Mcp-Param-Region: eu-1\nMcp-Param-Count: 3\n"
                  "Mcp-Param-Dry-Run: false\nMcp-Param-Id: 7\n");
  CAF_CHECK_EQUAL(headers_for(schema, {{"count", 3.0}}),
                  "Mcp-Param-Count: 3\n");
}

CAF_TEST(what is absent has no header) {
  const auto schema
    = schema_with({{"a", marked("string", "A")},
                   {"o", schema_with({{"b", marked("string", "B")}})}});
  CAF_CHECK_EQUAL(headers_for(schema, json::object()), "");
  CAF_CHECK_EQUAL(headers_for(schema, {{"a", nullptr}, {"o", 7}}), "");
  CAF_CHECK_EQUAL(headers_for(schema, {{"a", json::array()}}), "");
  CAF_CHECK_EQUAL(headers_for(schema, {{"a", 1.5}}), "");
}

CAF_TEST(marks that are no headers make the tool unusable) {
  CAF_CHECK(is_refused(schema_with({{"a", marked("string", "")}})));
  CAF_CHECK(is_refused(schema_with({{"a", marked("string", "a b")}})));
  CAF_CHECK(is_refused(schema_with({{"a", marked("string", "a:b")}})));
  CAF_CHECK(is_refused(schema_with({{"a", marked("string", "\xC3\xA9")}})));
  CAF_CHECK(is_refused(schema_with({{"a", marked("string", 7)}})));
  CAF_CHECK(is_refused(schema_with({{"a", marked("number", "A")}})));
  CAF_CHECK(is_refused(schema_with({{"a", marked("object", "A")}})));
  CAF_CHECK(is_refused(schema_with({{"a", {{"x-mcp-header", "A"}}}})));
  CAF_CHECK(is_refused(schema_with(
    {{"a", marked("string", "Id")}, {"b", marked("string", "iD")}})));
  CAF_CHECK(is_refused(schema_with(
    {{"a", {{"type", "array"}, {"items", marked("string", "A")}}}})));
  CAF_CHECK(
    is_refused({{"anyOf", {schema_with({{"a", marked("string", "A")}})}}}));
  CAF_CHECK(is_refused({{"$defs", {{"d", marked("string", "A")}}}}));
  CAF_CHECK(!is_refused(schema_with({{"a", {{"type", "string"}}}})));
  CAF_CHECK(!is_refused(true));
}

CAF_TEST(a property may be called like the mark) {
  CAF_CHECK(is_refused(schema_with(
    {{"a", {{"type", "object"}, {"x", {{"x-mcp-header", "A"}}}}}})));
  CAF_CHECK(!is_refused(schema_with({{"properties", {{"type", "string"}}}})));
}

CAF_TEST(values that a header cannot carry are encoded) {
  CAF_CHECK_EQUAL(header_value("us-west1"), "us-west1");
  CAF_CHECK_EQUAL(header_value(""), "");
  CAF_CHECK_EQUAL(header_value("a b"), "a b");
  CAF_CHECK_EQUAL(header_value(" a"), "=?base64?IGE=?=");
  CAF_CHECK_EQUAL(header_value("a "), "=?base64?YSA=?=");
  CAF_CHECK_EQUAL(header_value("a\nb"), "=?base64?YQpi?=");
  CAF_CHECK_EQUAL(header_value("\xC3\xA9"), "=?base64?w6k=?=");
  CAF_CHECK_EQUAL(header_value("=?base64?YQ==?="),
                  "=?base64?PT9iYXNlNjQ/WVE9PT89?=");
  CAF_CHECK_EQUAL(header_value("=?base64?"), "=?base64?");
}
