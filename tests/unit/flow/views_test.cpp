#define CAF_SUITE flow.views

#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

json rows_of(const std::vector<entry>& entries) {
  return tasks_json(share(with_list()), {}, entries);
}

} // namespace

CAF_TEST(tasks are listed with their keys and attempts) {
  const auto one = call("c1", "list");
  std::vector<entry> entries{
    created(), attempt_failed{at(1),
                              model_task(1),
                              1,
                              {errc::model_http_error, "busy", true, {}, 503},
                              at(3)}};
  auto rows = rows_of(entries);
  CAF_REQUIRE_EQUAL(rows.size(), 1u);
  CAF_CHECK_EQUAL(rows[0].at("state"), "open");
  CAF_CHECK_EQUAL(rows[0].at("attempts"), 1);
  CAF_CHECK_EQUAL(rows[0].at("next_attempt_at"), to_iso(at(3)));
  CAF_CHECK_EQUAL(rows[0].at("error").at("message"), "busy");
  entries.push_back(answered(1, response({one, call("c2", "list")})));
  entries.push_back(task_started{at(2), tool_task(1, 1), 1});
  rows = rows_of(entries);
  CAF_REQUIRE_EQUAL(rows.size(), 3u);
  CAF_CHECK_EQUAL(rows[0].at("state"), "completed");
  CAF_CHECK(rows[0].at("next_attempt_at").is_null());
  CAF_CHECK(rows[0].at("error").is_null());
  CAF_CHECK_EQUAL(rows[1].at("tool_call_id"), "c2");
  CAF_CHECK_EQUAL(rows[1].at("attempts"), 1);
  CAF_CHECK_EQUAL(rows[2].at("tool_call_id"), "c1");
  CAF_CHECK_EQUAL(rows[2].at("attempts"), 0);
  CAF_CHECK_EQUAL(rows[2].at("idempotency_key"), created().run_id + "/1/c1");
}

CAF_TEST(how a task ended is its state) {
  const auto one = call("c1", "list");
  const auto state = [&](tool_result_kind kind) {
    return rows_of({created(), answered(1, response({one, call("c2", "list")})),
                    returned(1, 0, one, "x", kind)})[1]
      .at("state")
      .get<std::string>();
  };
  CAF_CHECK_EQUAL(state(tool_result_kind::returned), "completed");
  CAF_CHECK_EQUAL(state(tool_result_kind::retry), "retry");
  CAF_CHECK_EQUAL(state(tool_result_kind::failed), "failed");
  CAF_CHECK_EQUAL(state(tool_result_kind::unknown), "failed");
  const auto rows = rows_of(
    {created(), task_completed{at(1), model_task(1), 1, at(0),
                               task_error{errc::model_timeout, "silence"}}});
  CAF_CHECK_EQUAL(rows[0].at("state"), "failed");
  CAF_CHECK_EQUAL(rows[0].at("error").at("type"), "model_timeout");
}

CAF_TEST(entries that fit no task are shown and break nothing) {
  const auto rows = rows_of(
    {created(), returned(3, 9, call("c9", "list")), answered(7, response({}))});
  CAF_CHECK_EQUAL(rows.size(), 3u);
  CAF_CHECK(rows[0].at("tool_call_id").is_null());
}

CAF_TEST(no task of a run that has ended is open) {
  const auto rows = rows_of(
    {created(), answered(1, response({call("c1", "list")})),
     task_started{at(2), tool_task(1, 0), 1}, cancel_requested{at(3), "x"},
     run_ended{at(3), run_end::cancelled, {}, errc::cancelled, "x"}});
  CAF_REQUIRE_EQUAL(rows.size(), 2u);
  CAF_CHECK_EQUAL(rows[1].at("state"), "cancelled");
}

CAF_TEST(a run shows what it was asked and how it ended) {
  auto made = created();
  made.input.tags = {"a"};
  made.input.metadata = json{{"k", 1}};
  auto state = run_with(plain_definition(), {made});
  auto shown = run_json(state);
  CAF_CHECK_EQUAL(shown.at("state"), "running");
  CAF_CHECK(shown.at("output").is_null());
  CAF_CHECK(shown.at("ended_at").is_null());
  CAF_CHECK_EQUAL(shown.at("tags").dump(), R"(["a"])");
  state.apply(
    run_ended{at(5), run_end::failed, {}, errc::model_timeout, "silence"});
  shown = run_json(state);
  CAF_CHECK_EQUAL(shown.at("state"), "failed");
  CAF_CHECK_EQUAL(shown.at("reason"), "silence");
  CAF_CHECK_EQUAL(shown.at("error").at("type"), "model_timeout");
  CAF_CHECK_EQUAL(shown.at("ended_at"), to_iso(at(5)));
  CAF_CHECK(!wake_time(state));
}

CAF_TEST(every entry can be shown) {
  const auto made = call("c1", "list");
  for (const entry& value :
       {entry{created()}, entry{task_started{at(1), model_task(1), 1}},
        entry{attempt_failed{at(1), model_task(1), 1, busy(), at(2)}},
        answered(1, response({made})), returned(1, 0, made),
        entry{task_completed{at(1), model_task(1), 1, at(0),
                             task_error{errc::internal, "x"}}},
        entry{output_rejected{at(1), "x"}}, entry{cancel_requested{at(1), "x"}},
        ended()}) {
    const auto shown = to_json(value);
    CAF_CHECK_EQUAL(shown.at("type"), name_of(value));
    CAF_CHECK_EQUAL(shown.at("time"), to_iso(time_of(value)));
  }
}

CAF_TEST(names of states are read back) {
  for (int i = 1; i <= 9; ++i) {
    const auto status = static_cast<run_status>(i);
    CAF_CHECK(status_from_string(to_string(status)) == status);
    CAF_CHECK_EQUAL(is_final(status), i >= 7);
  }
  CAF_CHECK(!status_from_string("done"));
}
