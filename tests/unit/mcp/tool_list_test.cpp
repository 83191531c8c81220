#define CAF_SUITE mcp.tool_list

#include "runtime/mcp/tool_list.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::mcp;

namespace {

json parsed(std::string_view text) {
  auto value = parse_json(text);
  CAF_REQUIRE(value);
  return *value;
}

json tool(const std::string& name, json more = json::object()) {
  json out{{"name", name}, {"inputSchema", {{"type", "object"}}}};
  out.update(more);
  return out;
}

json listing(std::vector<json> tools) {
  return {{"tools", std::move(tools)}};
}

server_options http_server() {
  server_options out;
  out.id = "s";
  out.transport = transport_kind::http;
  return out;
}

} // namespace

CAF_TEST(schemas stay as they were written) {
  const std::string schema
    = R"({"$schema":"https://json-schema.org/draft/2020-12/schema",)"
      R"("type":"object","$defs":{"a":{"$anchor":"x","type":"string"}},)"
      R"("properties":{"z":{"$ref":"#/$defs/a"},"a":{"prefixItems":[{}],)"
      R"("unevaluatedItems":false}},"additionalProperties":false})";
  const auto list = read_tools(
    parsed(R"({"tools":[{"name":"t","inputSchema":)" + schema + "}]}"),
    http_server());
  CAF_REQUIRE_EQUAL(list.tools.size(), 1u);
  CAF_CHECK_EQUAL(to_text(list.tools[0].input_schema), schema);
  // And again after the journal.
  const auto again
    = read_tools(parsed(to_text(json{{"tools", list.source}})), http_server());
  CAF_CHECK_EQUAL(to_text(again.tools[0].input_schema), schema);
  CAF_CHECK_EQUAL(to_text(again.source), to_text(list.source));
}

CAF_TEST(equal lists have one text in any order) {
  const auto one = read_tools(listing({tool("a"), tool("b")}), http_server());
  const auto two = read_tools(listing({tool("b"), tool("a")}), http_server());
  CAF_CHECK_EQUAL(to_text(one.source), to_text(two.source));
  const auto three = read_tools(listing({tool("a")}), http_server());
  CAF_CHECK_NOT_EQUAL(to_text(one.source), to_text(three.source));
}

CAF_TEST(what a server says of a tool is kept) {
  const auto list = read_tools(
    listing({tool("t", {{"description", "d"},
                        {"outputSchema", {{"type", "object"}}},
                        {"annotations", {{"readOnlyHint", true}}},
                        {"execution", {{"taskSupport", "optional"}}},
                        {"_meta", {{"k", 1}}}})}),
    http_server());
  const auto* found = list.find("t");
  CAF_REQUIRE(found != nullptr);
  CAF_CHECK_EQUAL(found->description, "d");
  CAF_CHECK_EQUAL(found->output_schema["type"], "object");
  CAF_CHECK_EQUAL(
    to_text(found->metadata()),
    R"({"meta":{"k":1},"annotations":{"readOnlyHint":true},"task":"optional"})");
  CAF_CHECK(found->runs_as_task(true));
  CAF_CHECK(!found->runs_as_task(false));
  CAF_CHECK(found->on_interrupt_or(on_interrupt::ask) == on_interrupt::retry);
}

CAF_TEST(annotations decide only when they say yes) {
  const auto policy = [](json annotations) {
    const auto list = read_tools(
      listing({tool("t", {{"annotations", std::move(annotations)}})}),
      http_server());
    return list.tools.front().on_interrupt_or(on_interrupt::fail);
  };
  CAF_CHECK(policy({{"idempotentHint", true}}) == on_interrupt::retry);
  CAF_CHECK(policy({{"readOnlyHint", false}}) == on_interrupt::fail);
  CAF_CHECK(policy({{"readOnlyHint", "true"}}) == on_interrupt::fail);
  CAF_CHECK(policy("read only") == on_interrupt::fail);
}

CAF_TEST(tools that cannot be used are dropped with a reason) {
  const json marked{
    {"inputSchema",
     {{"type", "object"},
      {"properties", {{"a", {{"type", "number"}, {"x-mcp-header", "A"}}}}}}}};
  const auto list = read_tools(
    listing({tool("good"), tool("bad", marked), json{{"name", "none"}},
             json{{"inputSchema", json::object()}}, json{7}, tool("good"),
             tool("go.od"), tool("go/od")}),
    http_server());
  CAF_REQUIRE_EQUAL(list.tools.size(), 2u);
  CAF_CHECK_EQUAL(list.tools[0].name, "go.od");
  CAF_CHECK_EQUAL(list.tools[0].model_name, "go_od");
  CAF_CHECK_EQUAL(list.tools[1].name, "good");
  CAF_CHECK_EQUAL(list.dropped.size(), 6u);
  CAF_CHECK_EQUAL(list.source.size(), 2u);
  auto pipes = http_server();
  pipes.transport = transport_kind::stdio;
  CAF_CHECK_EQUAL(
    read_tools(listing({tool("bad", marked)}), pipes).tools.size(), 1u);
}

CAF_TEST(allowed tools are those the server names so) {
  auto server = http_server();
  server.prefix = "wiki";
  server.allowed_tools = {"b"};
  const auto list = read_tools(listing({tool("a"), tool("b")}), server);
  CAF_REQUIRE_EQUAL(list.tools.size(), 1u);
  CAF_CHECK_EQUAL(list.tools[0].name, "b");
  CAF_CHECK(list.find("wiki_b") == &list.tools[0]);
  CAF_CHECK(list.find("b") == nullptr);
  CAF_CHECK(list.dropped.empty());
}

CAF_TEST(names fit every provider) {
  CAF_CHECK_EQUAL(model_name("", "read-file_2"), "read-file_2");
  CAF_CHECK_EQUAL(model_name("a b", "c.d/e"), "a_b_c_d_e");
  CAF_CHECK_EQUAL(model_name("", "\xC3\xA9"), "__");
  CAF_CHECK_EQUAL(model_name("p", std::string(100, 'x')).size(), 64u);
}

CAF_TEST(what is no list has no tools) {
  for (const json& odd : {json{}, json{7}, json{{"tools", 7}}, json{"tools"}})
    CAF_CHECK(read_tools(odd, http_server()).tools.empty());
}
