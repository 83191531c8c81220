// How an agent of a program becomes a definition, and what is refused.

#define CAF_SUITE library.agent

#include "runtime/agent/definition.hpp"
#include "tools/library/agent_parts.hpp"
#include "unit/library/types.hpp"

#include <caf/test/unit_test.hpp>

using namespace std::chrono_literals;
using perdure::agent;
using perdure::json;

namespace {

const perdure::runtime::agent_definition& definition(const agent& of) {
  return of.built().definition;
}

/// Code and message of what `action` throws; empty when it throws nothing.
template <class Action>
std::string refusal(Action action) {
  try {
    action();
    return {};
  } catch (const perdure::error& reason) {
    return reason.code() + ": " + reason.what();
  }
}

agent shop_agent() {
  return agent{{.name = "shop", .model = "test"}};
}

} // namespace

CAF_TEST(options become the definition) {
  const agent built{{.name = "shop",
                     .description = "sells",
                     .model = "openai:gpt-4o",
                     .fallback_models = {"test"},
                     .instructions = {"Be short.", "The user is {{name}}."},
                     .model_settings = {{"max_tokens", 5}},
                     .tool_retries = 2,
                     .output_retries = 3,
                     .end_strategy = perdure::end_strategy::early,
                     .usage_limits = {.request_limit = 9, .time_limit = 3s},
                     .metadata = {{"team", "x"}}}};
  const auto& made = definition(built);
  CAF_CHECK_EQUAL(made.name, "shop");
  CAF_CHECK_EQUAL(made.model, "openai:gpt-4o");
  CAF_CHECK_EQUAL(made.fallback_models.size(), 1u);
  CAF_REQUIRE_EQUAL(made.instructions.size(), 2u);
  CAF_CHECK(!made.instructions[0].is_template);
  CAF_CHECK(made.instructions[1].is_template);
  CAF_CHECK_EQUAL(made.model_settings.dump(), R"({"max_tokens":5})");
  CAF_CHECK_EQUAL(made.tool_retries, 2u);
  CAF_CHECK_EQUAL(made.output_retries, 3u);
  CAF_CHECK(made.end_strategy == perdure::runtime::end_strategy::early);
  CAF_CHECK_EQUAL(made.limits.request_limit.value_or(0), 9);
  CAF_CHECK(made.limits.time_limit == 3s);
  CAF_CHECK_EQUAL(made.metadata.dump(), R"({"team":"x"})");
  CAF_CHECK_EQUAL(made.model_policy.retries, 3u);
}

CAF_TEST(options of a tool) {
  agent built{{.name = "shop", .model = "test", .tool_timeout = 7s}};
  built
    .tool("buy", "Buys.", [](const shop::item&) {},
          {.sequential = true,
           .timeout = 2s,
           .retries = 4,
           .requires_approval = true,
           .expires_after = 24h,
           .on_expiry = perdure::on_expiry::fail,
           .strict = true,
           .metadata = {{"audit", true}}})
    .tool("look", "Looks.", [] { return 1; });
  const auto* buy = definition(built).tool("buy");
  CAF_REQUIRE(buy != nullptr);
  CAF_CHECK(buy->sequential);
  CAF_CHECK(buy->timeout == 2s);
  CAF_CHECK_EQUAL(buy->max_retries.value_or(0), 4u);
  CAF_CHECK(buy->requires_approval);
  CAF_CHECK(buy->expires_after == 24h);
  CAF_CHECK(buy->on_expiry == perdure::runtime::on_expiry::fail);
  CAF_CHECK(buy->strict == true);
  CAF_CHECK_EQUAL(buy->metadata.dump(), R"({"audit":true})");
  CAF_CHECK(buy->schema != nullptr);
  CAF_CHECK(buy->kind == perdure::runtime::tool_kind::function);
  CAF_CHECK_EQUAL(buy->parameters["required"].dump(), R"(["name","price"])");
  const auto* look = definition(built).tool("look");
  CAF_REQUIRE(look != nullptr);
  CAF_CHECK(look->timeout == 7s);
  CAF_CHECK_EQUAL(built.built().code.tools.size(), 2u);
}

CAF_TEST(parameters may be given instead of derived) {
  auto built = shop_agent();
  const json schema{{"type", "object"},
                    {"properties", {{"n", {{"type", "integer"}}}}}};
  built.tool("count", "Counts.", [](const json& x) { return x; },
             {.parameters = schema});
  CAF_CHECK_EQUAL(definition(built).tool("count")->parameters.dump(),
                  schema.dump());
}

CAF_TEST(an external tool has no function) {
  auto built = shop_agent();
  built.external_tool<shop::item>("weigh", "Weighs.");
  CAF_CHECK(definition(built).tool("weigh")->kind
            == perdure::runtime::tool_kind::external);
  CAF_CHECK(built.built().code.tools.empty());
}

CAF_TEST(types of the output) {
  auto built = shop_agent();
  built.output<shop::order, std::string, std::nullptr_t, int>(
    {.mode = perdure::output_mode::prompted,
     .prompt_template = "{schema}",
     .strict = true});
  const auto& output = definition(built).output;
  CAF_REQUIRE_EQUAL(output.types.size(), 2u);
  CAF_CHECK_EQUAL(output.types[0].name, "order");
  CAF_CHECK_EQUAL(output.types[1].name, "integer");
  CAF_CHECK(output.types[1].is_wrapped());
  CAF_CHECK(output.types[0].strict == true);
  CAF_CHECK(output.allow_text);
  CAF_CHECK(output.allow_null);
  CAF_CHECK(output.mode == perdure::runtime::output_mode::prompted);
  CAF_CHECK_EQUAL(output.prompt_template, "{schema}");
  CAF_CHECK(!output.has_validator);
}

CAF_TEST(an image is a type of the output) {
  auto built = shop_agent();
  built.output<perdure::binary_image>();
  CAF_CHECK(definition(built).output.allow_image);
  CAF_CHECK(definition(built).output.types.empty());
  CAF_CHECK(!definition(built).output.takes_text());
  built.output<shop::order, perdure::binary_image, std::string>();
  CAF_CHECK(definition(built).output.allow_image);
  CAF_CHECK(definition(built).output.allow_text);
  CAF_CHECK_EQUAL(definition(built).output.types.size(), 1u);
  built.output<shop::order>();
  CAF_CHECK(!definition(built).output.allow_image);
  CAF_CHECK_NOT_EQUAL(
    refusal([&] {
      built.output_function(
        "Frames.", [](const perdure::binary_image& x) { return x.bytes; });
    }),
    "");
}

CAF_TEST(a validator gets an image as bytes) {
  auto built = shop_agent();
  built.output<perdure::binary_image>();
  built.output_validator(
    [](const perdure::binary_image& x) -> perdure::output_reply {
      if (x.bytes == "\xff\xef")
        return x;
      return perdure::retry{"too dark"};
    });
  perdure::runtime::output_invocation given;
  given.type = "BinaryImage";
  given.value
    = {{"kind", "binary"}, {"data", "_-8="}, {"media_type", "image/png"}};
  const auto& check = built.built().code.validators.at(0);
  CAF_CHECK_EQUAL(std::get<json>(check(given)).dump(), given.value.dump());
  given.value["data"] = "AAAA";
  CAF_CHECK(std::holds_alternative<perdure::runtime::tool_retry>(check(given)));
}

CAF_TEST(a model may be told what a tool returns) {
  auto built = shop_agent();
  built.tool("look", "Looks.", [] { return 1; });
  built.tool("weigh", "Weighs.", [](const shop::item& x) { return x.price; },
             {.tells_return_schema = true});
  built.tool("drop", "Drops.", [] {}, {.tells_return_schema = true});
  built.tool(
    "ask", "Asks.", [] { return json{}; },
    {.tells_return_schema = true, .return_schema = {{"type", "boolean"}}});
  const auto& tools = definition(built).tools;
  CAF_CHECK(tools[0].return_schema.is_null());
  CAF_CHECK(!tools[0].tells_return_schema);
  CAF_CHECK_EQUAL(tools[1].return_schema.dump(), R"({"type":"number"})");
  CAF_CHECK(tools[1].tells_return_schema);
  CAF_CHECK(tools[2].return_schema.is_null());
  CAF_CHECK_EQUAL(tools[3].return_schema.dump(), R"({"type":"boolean"})");
}

CAF_TEST(functions and validators of the output) {
  auto built = shop_agent();
  built.output_validator([](const shop::item& x) { return x; });
  built.output<shop::order>();
  built.output_function("Sells.", [](const shop::item& x) { return x.price; });
  const auto& output = definition(built).output;
  CAF_REQUIRE_EQUAL(output.types.size(), 2u);
  CAF_CHECK(!output.types[0].has_function);
  CAF_CHECK(output.types[1].has_function);
  CAF_CHECK_EQUAL(output.types[1].description, "Sells.");
  CAF_CHECK(output.has_validator);
  perdure::runtime::output_invocation given;
  given.type = "item";
  given.value = {{"name", "cup"}, {"price", 2}};
  const auto reply = built.built().code.outputs.at("item")(given);
  CAF_CHECK_EQUAL(std::get<json>(reply), 2.0);
}

CAF_TEST(a copy is another agent) {
  const auto first = shop_agent();
  auto second = first;
  second.tool("look", "Looks.", [] { return 1; });
  CAF_CHECK(definition(first).tools.empty());
  CAF_CHECK_EQUAL(definition(second).tools.size(), 1u);
}

CAF_TEST(what cannot be is refused and named) {
  CAF_CHECK_NOT_EQUAL(refusal([] { agent{{.name = ""}}; }), "");
  CAF_CHECK_NOT_EQUAL(refusal([] { agent{{.name = ".hidden"}}; }), "");
  CAF_CHECK_NOT_EQUAL(refusal([] { agent{{.name = "two words"}}; }), "");
  CAF_CHECK_NOT_EQUAL(
    refusal([] { agent{{.name = "x", .instructions = {"{{#if a}}"}}}; }), "");
  auto built = shop_agent();
  built.tool("look", "Looks.", [] { return 1; });
  CAF_CHECK_EQUAL(
    refusal([&] { built.tool("look", "Looks.", [] { return 1; }); }),
    "invalid_argument: tool 'look' of agent 'shop' is there already");
  CAF_CHECK_NOT_EQUAL(
    refusal([&] { built.tool("a b", "Looks.", [] { return 1; }); }), "");
  CAF_CHECK_EQUAL(refusal([&] {
                    built.tool("bad", "Bad.", [](const json&) {},
                               {.parameters = {{"type", "thing"}}});
                  }).substr(0, 18),
                  "unsupported_schema");
  CAF_CHECK_EQUAL(refusal([&] { built.output<shop::item, shop::item>(); }),
                  "invalid_argument: output 'item' of agent 'shop' is there "
                  "already");
}
