// Runs that wait for somebody, and programs that answer.

#define CAF_SUITE library.people

#include "integration/library/support.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <boost/describe.hpp>

using namespace std::chrono_literals;
using namespace perdure::tests;
using perdure::agent;
using perdure::approval_kind;
using perdure::durable_agent;
using perdure::json;
using perdure::run_context;
using perdure::run_state;

namespace {

struct refund {
  int order = 0;
  double amount = 0;
};
BOOST_DESCRIBE_STRUCT(refund, (), (order, amount))

constexpr auto two_refunds = R"([
  {"tool_calls": [{"tool": "pay", "args": {"order": 1, "amount": 5}},
                  {"tool": "pay", "args": {"order": 2, "amount": 500}}]},
  {"text": "ok"}])";

/// A shop whose refunds have to be allowed.
struct shop {
  explicit shop(const temp_dir& place, perdure::tool_options options)
    : built{{.name = "shop", .model = script(place, two_refunds)}} {
    built.tool(
      "pay", "Pays back.",
      [this](const run_context& context, const refund& x) {
        ++paid;
        return json{x.order, x.amount, context.is_approved,
                    context.approval_metadata};
      },
      std::move(options));
  }

  std::atomic<int> paid{0};
  agent built;
};

perdure::node_options data(const temp_dir& place) {
  return {.data_dir = (place.path() / "data").string()};
}

} // namespace

CAF_TEST(a person allows changes and denies calls) {
  const temp_dir place;
  shop refunds{place, {.requires_approval = true}};
  durable_agent durable{refunds.built, {}, data(place)};
  auto& node = durable.node();
  auto result = durable.run_sync(
    "refund", {.run_id = "r", .wait = {.return_when_waiting = true}});
  CAF_CHECK(result.state == run_state::waiting);
  CAF_CHECK_EQUAL(refunds.paid.load(), 0);
  CAF_REQUIRE_EQUAL(result.approvals.size(), 2u);
  const auto questions = node.approvals();
  CAF_REQUIRE_EQUAL(questions.size(), 2u);
  CAF_CHECK_EQUAL(questions[0].id, result.approvals[0].id);
  CAF_CHECK(questions[0].kind == approval_kind::approval);
  CAF_CHECK_EQUAL(questions[0].run_id, result.run_id);
  CAF_CHECK_EQUAL(questions[1].arguments.dump(), R"({"order":2,"amount":500})");
  auto yes = perdure::approve({{"order", 1}, {"amount", 4}});
  yes.metadata = {{"by", "phone"}};
  node.answer(questions[0], yes);
  CAF_CHECK_EQUAL(refusal([&] { node.answer(questions[0], yes); }), "conflict");
  node.answer(questions[1].id, perdure::deny("too much"));
  result = node.wait("r");
  CAF_CHECK(result.state == run_state::completed);
  CAF_CHECK_EQUAL(told(result, "tool-return").dump(),
                  R"([[1,4.0,true,{"by":"phone"}],"too much"])");
  CAF_CHECK_EQUAL(refunds.paid.load(), 1);
  CAF_CHECK(node.approvals().empty());
}

CAF_TEST(a question waits for the next process) {
  const temp_dir place;
  shop refunds{place, {.requires_approval = true}};
  {
    durable_agent durable{refunds.built, {}, data(place)};
    const auto result = durable.run_sync(
      "refund", {.run_id = "r", .wait = {.return_when_waiting = true}});
    CAF_CHECK(result.state == run_state::waiting);
  }
  durable_agent durable{refunds.built, {}, data(place)};
  for (const auto& question : durable.node().approvals())
    durable.node().answer(question, perdure::approve());
  CAF_CHECK(durable.run_sync("refund", {.run_id = "r"}).state
            == run_state::completed);
  CAF_CHECK_EQUAL(refunds.paid.load(), 2);
}

CAF_TEST(nobody decides in time) {
  const temp_dir place;
  shop refunds{place, {.requires_approval = true, .expires_after = 1ms}};
  durable_agent durable{refunds.built, {}, data(place)};
  const auto result = durable.run_sync("refund");
  CAF_CHECK(result.state == run_state::completed);
  CAF_CHECK_EQUAL(refunds.paid.load(), 0);
}

CAF_TEST(a tool asks by itself) {
  const temp_dir place;
  agent careful{{.name = "careful", .model = script(place, two_refunds)}};
  std::atomic<int> paid{0};
  careful.tool(
    "pay", "Pays back.",
    [&](const run_context& context, const refund& x) -> perdure::tool_reply {
      if (x.amount > 100 && !context.is_approved)
        return perdure::needs_approval{{{"limit", 100}}};
      ++paid;
      return x.amount;
    });
  durable_agent durable{careful, {}, data(place)};
  auto result
    = durable.run_sync("refund", {.wait = {.return_when_waiting = true}});
  CAF_CHECK_EQUAL(paid.load(), 1);
  CAF_REQUIRE_EQUAL(result.approvals.size(), 1u);
  CAF_CHECK_EQUAL(result.approvals[0].metadata.dump(), R"({"limit":100})");
  durable.node().answer(result.approvals[0], perdure::approve());
  result = durable.node().wait(result.run_id);
  CAF_CHECK_EQUAL(told(result, "tool-return").dump(), "[5.0,500.0]");
}

CAF_TEST(results come from outside) {
  const temp_dir place;
  agent lab{{.name = "lab", .model = script(place, R"([
    {"tool_calls": [{"tool": "measure", "args": {"order": 1, "amount": 2}},
                    {"tool": "later"}]},
    {"text": "ok"}])")}};
  lab.external_tool<refund>("measure", "Measures.")
    .tool("later", "Begins.", []() -> perdure::tool_reply {
      return perdure::deferred{{{"ticket", 17}}};
    });
  durable_agent durable{lab, {}, data(place)};
  auto result = durable.run_sync("go", {.wait = {.return_when_waiting = true}});
  CAF_REQUIRE_EQUAL(result.approvals.size(), 2u);
  for (const auto& question : result.approvals) {
    CAF_CHECK(question.kind == approval_kind::external);
    durable.node().answer(question,
                          perdure::supply({{"got", question.tool_name}}));
  }
  CAF_CHECK_EQUAL(result.approvals[1].metadata.dump(), R"({"ticket":17})");
  result = durable.node().wait(result.run_id);
  CAF_CHECK_EQUAL(told(result, "tool-return").dump(),
                  R"([{"got":"measure"},{"got":"later"}])");
}
