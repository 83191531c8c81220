#define CAF_SUITE library.callable

#include "unit/library/types.hpp"

#include <caf/test/unit_test.hpp>

#include <perdure/output.hpp>
#include <perdure/tool.hpp>

using perdure::json;
using perdure::run_context;
using perdure::tool_reply;
using perdure::detail::erase_output;
using perdure::detail::erase_tool;
using perdure::detail::parameters_of;

namespace {

run_context context() {
  run_context out;
  out.run_id = "run";
  out.deps = {{"name", "jug"}, {"price", 3}};
  return out;
}

template <class Function>
tool_reply call(Function function, const char* arguments) {
  return erase_tool(std::move(function))(context(), json::parse(arguments));
}

std::string value(tool_reply reply) {
  return std::get<json>(reply.content()).dump();
}

std::string name_of(const shop::item& item) {
  return item.name;
}

constexpr auto cup = R"({"name":"cup","price":1})";

} // namespace

CAF_TEST(functions take a context arguments both or neither) {
  CAF_CHECK_EQUAL(value(call([] { return 1; }, "{}")), "1");
  CAF_CHECK_EQUAL(
    value(call([](const run_context& x) { return x.run_id; }, "{}")),
    R"("run")");
  CAF_CHECK_EQUAL(value(call([](const shop::item& x) { return x.price; }, cup)),
                  "1.0");
  CAF_CHECK_EQUAL(
    value(call([](const run_context& x,
                  const shop::item& y) { return x.run_id + y.name; },
               cup)),
    R"("runcup")");
  CAF_CHECK_EQUAL(value(call([](shop::item x) { return x; }, cup)),
                  R"({"name":"cup","price":1.0,"how_big":"small"})");
  CAF_CHECK_EQUAL(value(call([](const json& x) { return x; }, "{\"a\":1}")),
                  "{\"a\":1}");
  CAF_CHECK_EQUAL(value(call(&name_of, cup)), R"("cup")");
}

CAF_TEST(a function may return nothing) {
  bool was_called = false;
  CAF_CHECK_EQUAL(value(call([&] { was_called = true; }, "{}")), "null");
  CAF_CHECK(was_called);
}

CAF_TEST(replies other than values) {
  const auto ask = [](const json& x) -> tool_reply {
    if (x.empty())
      return perdure::retry{"say more"};
    if (x.contains("a"))
      return perdure::needs_approval{{{"why", "big"}}};
    return x;
  };
  auto asks = call(ask, "{}");
  CAF_CHECK_EQUAL(std::get<perdure::retry>(asks.content()).message, "say more");
  CAF_CHECK_EQUAL(
    std::get<perdure::needs_approval>(call(ask, R"({"a":1})").content())
      .metadata.dump(),
    R"({"why":"big"})");
  CAF_CHECK_EQUAL(value(call(ask, R"({"b":1})")), R"({"b":1})");
}

CAF_TEST(arguments that do not fit are told to the model) {
  auto reply = call([](const shop::item&) {}, R"({"name":"cup"})");
  CAF_CHECK_EQUAL(std::get<perdure::retry>(reply.content()).message,
                  "price is missing");
}

CAF_TEST(what the function throws goes through) {
  // Also when it is of the kind that bad arguments are told by.
  const auto fails = [](const run_context& x) { return x.deps_as<int>(); };
  CAF_CHECK_EQUAL(
    [&] {
      try {
        call(fails, "{}");
        return std::string{};
      } catch (const perdure::invalid_value& reason) {
        return std::string{reason.what()};
      }
    }(),
    "the value must be a whole number, not object");
}

CAF_TEST(deps are what the program says they are) {
  CAF_CHECK_EQUAL(context().deps_as<shop::item>().name, "jug");
}

CAF_TEST(the schema of arguments is that of an object) {
  CAF_CHECK_EQUAL(parameters_of<void>().dump(),
                  R"({"type":"object","properties":{},)"
                  R"("additionalProperties":false})");
  CAF_CHECK_EQUAL(parameters_of<json>().dump(), R"({"type":"object"})");
  CAF_CHECK_EQUAL(parameters_of<shop::item>()["required"].dump(),
                  R"(["name","price"])");
}

CAF_TEST(checks of outputs see the outputs of their type) {
  auto check = erase_output([](const shop::item& x) -> perdure::output_reply {
    if (x.price > 2)
      return perdure::retry{"too dear"};
    return x.name;
  });
  const auto judge = [&](const std::string& type, const json& value) {
    auto reply = check(context(), type, value);
    if (auto* asks = std::get_if<perdure::retry>(&reply.content()))
      return asks->message;
    return std::get<json>(reply.content()).dump();
  };
  CAF_CHECK_EQUAL(judge("item", json::parse(cup)), R"("cup")");
  CAF_CHECK_EQUAL(judge("item", {{"name", "x"}, {"price", 3}}), "too dear");
  CAF_CHECK_EQUAL(judge("order", 17), "17");
  CAF_CHECK_EQUAL(judge("", "text"), R"("text")");
}

CAF_TEST(names of output types) {
  using perdure::detail::output_name;
  CAF_CHECK_EQUAL(output_name<shop::item>(), "item");
  CAF_CHECK_EQUAL(output_name<std::string>(), "");
  CAF_CHECK_EQUAL(output_name<int>(), "integer");
  CAF_CHECK_EQUAL(output_name<std::vector<shop::item>>(), "array");
}
