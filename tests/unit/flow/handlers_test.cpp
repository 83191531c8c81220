#define CAF_SUITE flow.handlers

#include "runtime/flow/events.hpp"
#include "runtime/flow/handler_views.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

agent_definition told(bool holds, std::vector<std::string> events = {}) {
  auto out = plain_definition();
  out.tools = {plain_tool("list")};
  out.handlers.resize(1);
  out.handlers[0].name = "audit";
  out.handlers[0].holds_run = holds;
  out.handlers[0].events = std::move(events);
  return out;
}

entry handled(std::uint64_t event, errc code = errc::none,
              std::uint32_t attempts = 1, std::uint32_t handler = 0) {
  return event_handled{at(3),    handler, event,
                       attempts, code,    code == errc::none ? "" : "broken"};
}

model_response says(const std::string& text) {
  return response({text_part{text, {}}});
}

} // namespace

CAF_TEST(a handler owes the last stored event that it wants) {
  auto state = run_with(told(false), {created()});
  CAF_CHECK_EQUAL(state.handlers[0].owed, 1'000'001u);
  CAF_CHECK(state.handlers_behind());
  state.apply(handled(1'000'001));
  CAF_CHECK(!state.handlers_behind());
  CAF_CHECK_EQUAL(state.handlers[0].handled, 1u);
  // What was handled is no event of its own.
  CAF_CHECK_EQUAL(state.handlers[0].owed, 1'000'001u);
  state.apply(answered(1, says("Hello.")));
  CAF_CHECK_EQUAL(state.handlers[0].owed, 3'000'003u);
}

CAF_TEST(events that a handler does not want are not owed) {
  auto state = run_with(told(true, {"function_tool_result"}),
                        {created(), answered(1, says("Hello."))});
  CAF_CHECK_EQUAL(state.handlers[0].owed, 0u);
  CAF_CHECK(!state.is_held());
}

CAF_TEST(a handler of deltas owes every entry with events) {
  const auto state = run_with(told(false, {"part_delta"}),
                              {created(), answered(1, says("Hello."))});
  CAF_CHECK_EQUAL(state.handlers[0].owed, 2'000'003u);
}

CAF_TEST(settlements count once and in order) {
  auto state = run_with(told(false), {created()});
  state.apply(handled(1'000'001, errc::event_handler_failed, 4));
  state.apply(handled(1'000'001));
  state.apply(handled(1'000'000));
  CAF_CHECK_EQUAL(state.handlers[0].settled, 1'000'001u);
  CAF_CHECK_EQUAL(state.handlers[0].failed, 1u);
  CAF_CHECK_EQUAL(state.handlers[0].handled, 0u);
  CAF_CHECK_EQUAL(state.handlers[0].attempts, 4u);
  CAF_CHECK_EQUAL(state.handlers[0].last_error, "broken");
  // Of a handler that there is not.
  state.apply(handled(5'000'000, errc::none, 1, 7));
  CAF_CHECK_EQUAL(state.handlers.size(), 1u);
}

CAF_TEST(settlements go on after the end and change nothing else) {
  auto state = run_with(told(true), {created(), ended()});
  CAF_CHECK(state.handlers_behind());
  const auto before = run_json(state);
  state.apply(handled(2'000'001, errc::event_handler_failed));
  CAF_CHECK(state.handlers_behind());
  state.apply(handled(2'000'002));
  CAF_CHECK(!state.handlers_behind());
  CAF_CHECK_EQUAL(to_text(run_json(state)), to_text(before));
  // Nothing that follows the end is an event.
  state.apply(cancel_requested{at(9), "late"});
  CAF_CHECK(!state.handlers_behind());
}

CAF_TEST(a handler that holds the run holds every decision) {
  auto state = run_with(told(true), {created()});
  CAF_CHECK(state.is_held());
  CAF_CHECK(decide(state, at(1)).empty());
  state.apply(handled(1'000'001));
  CAF_CHECK_EQUAL(decide(state, at(1)).size(), 1u);
  state.apply(answered(1, says("Hello.")));
  CAF_CHECK(conclude(state, at(4)).empty());
  const auto owed = state.handlers[0].owed;
  const auto why = why_json(state, at(4));
  CAF_CHECK_EQUAL(why["waiting_for"][0]["what"], "event_handler");
  CAF_CHECK_EQUAL(why["waiting_for"][0]["up_to"], owed);
  state.apply(handled(owed));
  CAF_REQUIRE(end_of(conclude(state, at(4))) != nullptr);
}

CAF_TEST(calls that were held back are looked at by a new owner) {
  auto state
    = run_with(told(true), {created(), handled(1'000'001),
                            answered(1, response({call("c1", "unknown")}))});
  CAF_CHECK(conclude(state, at(4)).empty());
  state.apply(run_taken_over{at(5)});
  state.apply(handled(state.handlers[0].owed));
  const auto next = conclude(state, at(6));
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  CAF_CHECK(std::holds_alternative<task_completed>(next[0]));
}

CAF_TEST(a handler that does not hold the run holds nothing) {
  auto state = run_with(told(false), {created()});
  CAF_CHECK(!state.is_held());
  CAF_CHECK_EQUAL(decide(state, at(1)).size(), 1u);
  state.apply(answered(1, says("Hello.")));
  CAF_CHECK(end_of(conclude(state, at(4))) != nullptr);
  state.apply(handled(1'000'001, errc::event_handler_failed));
  CAF_CHECK(!state.fatal);
}

CAF_TEST(giving up fails a run that is held) {
  const auto state = run_with(
    told(true), {created(), handled(1'000'001, errc::event_handler_failed)});
  const auto next = conclude(state, at(4));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->error_code == errc::event_handler_failed);
  CAF_CHECK_EQUAL(end_of(next)->error_message,
                  "event handler 'audit' gave up on event 1000001: broken");
}

CAF_TEST(cancelling and the time limit do not wait for a handler) {
  auto begin = created();
  begin.input.limits.time_limit = 10s;
  auto state = run_with(told(true), {begin});
  CAF_REQUIRE(end_of(conclude(state, at(11))) != nullptr);
  state.apply(cancel_requested{at(2), "enough"});
  const auto next = conclude(state, at(3));
  CAF_REQUIRE(end_of(next) != nullptr);
  CAF_CHECK(end_of(next)->end == run_end::cancelled);
}

CAF_TEST(handlers of the run come behind those of the agent) {
  auto begin = created();
  begin.input.handlers.resize(1);
  begin.input.handlers[0].name = "mine";
  const auto state = run_with(told(false), {begin});
  CAF_REQUIRE_EQUAL(state.handlers.size(), 2u);
  CAF_CHECK_EQUAL(state.handler(0).name, "audit");
  CAF_CHECK_EQUAL(state.handler(1).name, "mine");
  CAF_CHECK_EQUAL(event_key("RUN", state.handler(1), 7), "RUN/event/mine/7");
}

CAF_TEST(the view counts what a handler lags behind) {
  const std::vector<entry> entries{created(), handled(1'000'001),
                                   answered(1, says("Hello.")), ended()};
  const auto rows = handlers_json(run_with(told(false), entries), entries);
  CAF_REQUIRE_EQUAL(rows.size(), 1u);
  CAF_CHECK_EQUAL(rows[0]["name"], "audit");
  CAF_CHECK_EQUAL(rows[0]["handled_up_to"], 1'000'001u);
  CAF_CHECK_EQUAL(rows[0]["handled"], 1u);
  // part_start, final_result, part_end, agent_run_result, run_state
  CAF_CHECK_EQUAL(rows[0]["lag"], 5u);
}

CAF_TEST(a watcher that is not told of a delta gets the part whole) {
  const auto definition = share(plain_definition());
  event_stream stream{definition, 0};
  const response_part begun = text_part{"Hel", {}};
  CAF_CHECK_EQUAL(stream.on_live(1, part_started{0, begun}, at(1)).size(), 2u);
  stream.skip_live();
  CAF_CHECK(stream.on_live(1, part_grew{0, text_delta{"lo"}}, at(1)).empty());
  const auto whole = stream.on_entry(2, answered(1, says("Hello")));
  CAF_CHECK_EQUAL(whole.size(), 3u);
}
