#define CAF_SUITE mcp.caching

#include "unit/mcp/driver.hpp"

using namespace perdure::mcp_test;

namespace {

json page(std::vector<std::string> names, json more = json::object()) {
  json out{{"tools", json::array()}};
  for (const auto& name : names)
    out["tools"].push_back({{"name", name}});
  out.update(more);
  return out;
}

call_request listing() {
  call_request out;
  out.method = "tools/list";
  out.all_pages = true;
  return out;
}

std::string names(const json& result) {
  std::string out;
  for (const auto& tool : result["tools"])
    out += tool["name"].get<std::string>();
  return out;
}

const std::string list_changed
  = R"({"method":"notifications/tools/list_changed","jsonrpc":"2.0"})";

} // namespace

CAF_TEST(all pages are one list) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(listing());
  CAF_CHECK(!it.sent().contains("params"));
  it.reply(it.one<send>(), page({"a", "b"}, {{"nextCursor", ""}}));
  // An empty cursor is one.
  CAF_CHECK_EQUAL(it.sent()["params"]["cursor"], "");
  it.reply(it.one<send>(), page({}, {{"nextCursor", "2"}}));
  CAF_CHECK_EQUAL(it.sent()["params"]["cursor"], "2");
  it.reply(it.one<send>(), page({"c"}));
  CAF_CHECK_EQUAL(names(result_of(it)), "abc");
  CAF_CHECK(!result_of(it).contains("nextCursor"));
}

CAF_TEST(pages that go in a circle are refused) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}, {{"nextCursor", "1"}}));
  it.reply(it.one<send>(), page({"b"}, {{"nextCursor", "1"}}));
  CAF_CHECK(failure_of(it).kind == call_failure_kind::bad_answer);
  it.call(listing());
  it.reply(it.one<send>(), {{"tools", "all of them"}});
  CAF_CHECK(failure_of(it).kind == call_failure_kind::bad_answer);
}

CAF_TEST(legacy lists are kept until they change) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}));
  it.call(listing());
  CAF_CHECK(it.none<send>());
  CAF_CHECK_EQUAL(names(result_of(it)), "a");
  auto fresh = listing();
  fresh.is_fresh = true;
  it.call(fresh);
  it.reply(it.one<send>(), page({"b"}));
  it.call(listing());
  CAF_CHECK_EQUAL(names(result_of(it)), "b");
  it.hear(list_changed);
  it.call(listing());
  it.reply(it.one<send>(), page({"c"}));
  CAF_CHECK_EQUAL(names(result_of(it)), "c");
}

CAF_TEST(a list that changes while it is asked for is not kept) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(listing());
  const auto sent = it.one<send>();
  it.hear(list_changed);
  it.reply(sent, page({"a"}));
  CAF_CHECK_EQUAL(names(result_of(it)), "a");
  it.call(listing());
  it.one<send>();
}

CAF_TEST(another session begins with nothing) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}));
  it.lose_link();
  it.open_legacy();
  it.call(listing());
  it.one<send>();
}

CAF_TEST(nothing is kept when nothing is to be) {
  auto options = stdio_options();
  options.caches_lists = false;
  driver it{options};
  it.open_legacy();
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}));
  it.call(listing());
  it.one<send>();
}

CAF_TEST(modern results live as long as they say) {
  driver it{http_options()};
  it.open_modern();
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}, {{"ttlMs", 1000}}));
  it.pass(999ms);
  it.call(listing());
  CAF_CHECK(it.none<send>());
  it.pass(1ms);
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}, {{"ttlMs", 0}}));
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}));
  it.call(listing());
  it.one<send>();
}

CAF_TEST(pages live as long as the first that goes) {
  driver it{http_options()};
  it.open_modern();
  it.call(listing());
  it.reply(it.one<send>(), page({"a"}, {{"ttlMs", 9000}, {"nextCursor", "x"}}));
  it.reply(it.one<send>(), page({"b"}, {{"ttlMs", 1000}}));
  it.pass(1s);
  it.call(listing());
  it.one<send>();
}

CAF_TEST(resources are kept by their names) {
  driver it{http_options()};
  it.open_modern();
  const json one{{"uri", "file:///1"}};
  it.call("resources/read", one);
  it.reply(it.one<send>(), {{"contents", {1}}, {"ttlMs", 60000}});
  it.call("resources/read", {{"uri", "file:///2"}});
  it.reply(it.one<send>(), {{"contents", {2}}, {"ttlMs", 60000}});
  it.call("resources/read", one);
  CAF_CHECK_EQUAL(result_of(it)["contents"][0], 1);
  it.hear(R"({"method":"notifications/resources/updated",)"
          R"("params":{"uri":"file:///1"},"jsonrpc":"2.0"})");
  it.call("resources/read", one);
  it.one<send>();
  it.call("resources/read", {{"uri", "file:///2"}});
  CAF_CHECK_EQUAL(result_of(it)["contents"][0], 2);
}

CAF_TEST(what was made of input is not kept) {
  auto options = http_options();
  options.roots = {"file:///a"};
  driver it{options};
  it.open_modern();
  const json params{{"uri", "file:///1"}};
  it.call("resources/read", params);
  it.reply(it.one<send>(),
           {{"resultType", "input_required"},
            {"inputRequests", {{"r", {{"method", "roots/list"}}}}}});
  it.reply(it.one<send>(), {{"contents", {1}}, {"ttlMs", 60000}});
  it.call("resources/read", params);
  it.one<send>();
}

CAF_TEST(modern servers are asked to tell of changes) {
  driver it{http_options()};
  it.open();
  it.reply(it.one<send>(), {{"supportedVersions", {"2026-07-28"}},
                            {"capabilities",
                             {{"tools", {{"listChanged", true}}},
                              {"prompts", {{"listChanged", false}}},
                              {"resources", json::object()}}}});
  auto sent = it.one<send>();
  CAF_CHECK_EQUAL(sent.method, "subscriptions/listen");
  CAF_CHECK_EQUAL(to_text(driver::message_of(sent)["params"]["notifications"]),
                  R"({"toolsListChanged":true})");
  it.hear(
    R"({"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged"})",
    sent.exchange);
  it.hear(list_changed, sent.exchange);
  it.one<changed>();
  it.lose(sent.exchange, {link_failure::kind::broken, "end", 0, {}, {}});
  CAF_CHECK(it.none<send>());
  it.pass(1s);
  sent = it.one<send>();
  CAF_CHECK_EQUAL(sent.method, "subscriptions/listen");
  it.lose(sent.exchange, {link_failure::kind::broken, "end", 0, {}, {}});
  it.pass(1s);
  CAF_CHECK(it.none<send>());
  it.pass(1s);
  it.reply_error(it.one<send>(), -32601, "no");
  it.pass(100s);
  CAF_CHECK(it.steps.empty());
}

namespace {

json listened_for(const send& sent) {
  CAF_CHECK_EQUAL(sent.method, "subscriptions/listen");
  return driver::message_of(sent)["params"]["notifications"];
}

} // namespace

CAF_TEST(modern servers are asked to tell of resources that are kept) {
  driver it{http_options()};
  it.open_modern({{"resources", {{"subscribe", true}}}});
  CAF_CHECK(it.none<send>());
  for (const auto* uri : {"file:///1", "file:///2"}) {
    it.call("resources/read", {{"uri", uri}});
    it.reply(it.one<send>(), {{"contents", {1}}, {"ttlMs", 60000}});
  }
  // One request for both.
  it.pass(249ms);
  CAF_CHECK(it.none<send>());
  it.pass(1ms);
  const auto listening = it.one<send>();
  CAF_CHECK_EQUAL(to_text(listened_for(listening)),
                  R"({"resourceSubscriptions":["file:///1","file:///2"]})");
  it.hear(R"({"method":"notifications/resources/updated",)"
          R"("params":{"uri":"file:///1"},"jsonrpc":"2.0"})",
          listening.exchange);
  CAF_CHECK_EQUAL(it.one<changed>().uri, "file:///1");
  it.pass(1s);
  CAF_CHECK(it.none<send>());
  // It is not asked again for what it tells of already.
  it.call("resources/read", {{"uri", "file:///1"}});
  it.reply(it.one<send>(), {{"contents", {2}}, {"ttlMs", 60000}});
  it.pass(1s);
  CAF_CHECK(it.none<send>());
  // Another one takes the place of the one that is open.
  it.call("resources/read", {{"uri", "file:///3"}});
  it.reply(it.one<send>(), {{"contents", {3}}, {"ttlMs", 60000}});
  it.pass(250ms);
  CAF_CHECK_EQUAL(listened_for(it.one<send>())["resourceSubscriptions"].size(),
                  3u);
  CAF_CHECK(it.one<abandon>().exchange == listening.exchange);
}

CAF_TEST(what a server does not tell of is not asked for) {
  driver it{http_options()};
  it.open_modern({{"resources", json::object()}});
  it.call("resources/read", {{"uri", "file:///1"}});
  it.reply(it.one<send>(), {{"contents", {1}}, {"ttlMs", 60000}});
  it.pass(10s);
  CAF_CHECK(it.none<send>());
  // Nor what is not kept.
  driver other{http_options()};
  other.open_modern({{"resources", {{"subscribe", true}}}});
  other.call("resources/read", {{"uri", "file:///1"}});
  other.reply(other.one<send>(), {{"contents", {1}}});
  other.pass(10s);
  CAF_CHECK(other.none<send>());
}
