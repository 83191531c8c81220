#define CAF_SUITE flow.run_state

#include "runtime/flow/call_label.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

message_history history_of(const char* text) {
  auto out = history_from_json(json::parse(text));
  if (!out)
    CAF_FAIL(out.error().message);
  return *out;
}

/// Everything that can happen to a run, told twice.
std::vector<entry> long_story() {
  const auto one = call("c1", "list");
  const auto two = call("c2", "list");
  return {created(),
          attempt_failed{at(1),
                         model_task(1),
                         1,
                         {errc::model_http_error, "busy", true, {}, 503},
                         at(3)},
          answered(1, response({one, two})),
          task_started{at(2), tool_task(1, 1), 1},
          returned(1, 1, two),
          returned(1, 0, one, "again", tool_result_kind::retry),
          answered(2, response({})),
          output_rejected{at(4), "Please return text."},
          answered(3, response({text_part{"Done.", {}}})),
          ended(at(5))};
}

} // namespace

CAF_TEST(results become one request in the order of the calls) {
  const auto one = call("c1", "list");
  const auto two = call("c2", "list");
  const auto state = run_with(
    with_list(), {created(), answered(1, response({one, two})),
                  returned(1, 1, two, "second"), returned(1, 0, one, "first")});
  CAF_CHECK(state.phase == run_phase::requesting);
  CAF_CHECK_EQUAL(state.step, 2u);
  CAF_REQUIRE_EQUAL(state.history.size(), 3u);
  const auto& parts = std::get<model_request>(*state.history.back()).parts;
  CAF_REQUIRE_EQUAL(parts.size(), 2u);
  CAF_CHECK_EQUAL(std::get<tool_return_part>(parts[0]).content.dump(),
                  "\"first\"");
  CAF_CHECK_EQUAL(state.used.tool_calls, 2);
  CAF_CHECK_EQUAL(state.used.requests, 1);
  CAF_CHECK_EQUAL(state.used.input_tokens, 20);
}

CAF_TEST(an outcome that comes twice counts once) {
  auto entries = long_story();
  run_state once{share(with_list()), {}};
  run_state twice{share(with_list()), {}};
  for (const auto& next : entries) {
    once.apply(next);
    twice.apply(next);
    twice.apply(next);
    auto left = fingerprint(once);
    auto right = fingerprint(twice);
    left.erase("sequence");
    right.erase("sequence");
    // A rejection has no number of its own: it is not told twice.
    if (std::holds_alternative<output_rejected>(next))
      break;
    CAF_CHECK_EQUAL(left.dump(), right.dump());
  }
}

CAF_TEST(entries of other steps and after the end change nothing) {
  auto state = run_with(with_list(), long_story());
  const auto before = fingerprint(state);
  auto late = long_story();
  for (std::size_t i = 1; i < late.size(); ++i)
    state.apply(late[i]);
  auto after = fingerprint(state);
  CAF_CHECK(after.at("sequence") != before.at("sequence"));
  after["sequence"] = before.at("sequence");
  CAF_CHECK_EQUAL(after.dump(), before.dump());
  auto fresh = run_with(with_list(), {created()});
  fresh.apply(answered(2, response({text_part{"x", {}}})));
  fresh.apply(returned(1, 7, call("c1", "list")));
  CAF_CHECK(fresh.phase == run_phase::requesting);
  CAF_CHECK_EQUAL(fresh.history.size(), 1u);
}

CAF_TEST(a copy of a state goes on by itself) {
  const auto made = call("c1", "list");
  auto original = std::make_unique<run_state>(
    run_with(with_list(), {created(), answered(1, response({made}))}));
  auto copy = *original;
  original.reset();
  CAF_CHECK_EQUAL(copy.calls.at(0).part->tool_call_id, "c1");
  copy.apply(returned(1, 0, made));
  CAF_CHECK(copy.phase == run_phase::requesting);
}

CAF_TEST(asking to be tried again is charged per tool in a row) {
  auto definition = with_list();
  definition.tool_retries = 1;
  const auto made = call("c1", "list");
  const auto retry = [&](std::uint32_t step) {
    return returned(step, 0, made, "again", tool_result_kind::retry);
  };
  std::vector<entry> entries{created(), answered(1, response({made})),
                             retry(1)};
  CAF_CHECK(!run_with(definition, entries).fatal);
  CAF_CHECK_EQUAL(run_with(definition, entries).retries_of("list"), 1u);
  auto twice = entries;
  twice.push_back(answered(2, response({made})));
  twice.push_back(retry(2));
  const auto over = run_with(definition, twice);
  CAF_REQUIRE(over.fatal.has_value());
  CAF_CHECK(over.fatal->code == errc::tool_retries_exceeded);
  // A success in between starts anew.
  entries.push_back(answered(2, response({made})));
  entries.push_back(returned(2, 0, made));
  CAF_CHECK_EQUAL(run_with(definition, entries).retries_of("list"), 0u);
  definition.tools[0].max_retries = 0;
  CAF_CHECK(
    run_with(definition, {created(), answered(1, response({made})), retry(1)})
      .fatal.has_value());
}

CAF_TEST(a run that ends among its calls keeps what is known) {
  const auto one = call("c1", "list");
  const auto state = run_with(
    with_list(),
    {created(), answered(1, response({one, call("c2", "list")})),
     returned(1, 0, one),
     run_ended{at(3), run_end::cancelled, {}, errc::cancelled, "enough"}});
  CAF_REQUIRE_EQUAL(state.history.size(), 3u);
  const auto& last = std::get<model_request>(*state.history.back());
  CAF_CHECK_EQUAL(last.parts.size(), 1u);
  CAF_CHECK(last.state == message_state::interrupted);
  CAF_CHECK(state.status() == run_status::cancelled);
}

CAF_TEST(a supplied history goes on where it ends) {
  auto made = created("And now?");
  made.input.history = history_of(R"([
    {"kind": "request", "parts": [{"part_kind": "user-prompt",
     "content": "Hi", "timestamp": "2026-01-01T00:00:00Z"}]},
    {"kind": "response", "parts": [{"part_kind": "text", "content": "Hello"}],
     "timestamp": "2026-01-01T00:00:00Z"}])");
  auto state = run_with(plain_definition(), {made});
  CAF_CHECK_EQUAL(state.supplied, 2u);
  CAF_CHECK_EQUAL(state.history.size(), 3u);
  CAF_CHECK_EQUAL(state.idempotency_key(model_task(1)),
                  made.run_id + "/1/model");
  // Without a prompt a request is sent as it is, and an answer is the end.
  made.input.prompt = nullptr;
  made.input.history.pop_back();
  state = run_with(plain_definition(), {made});
  CAF_CHECK_EQUAL(state.supplied, 0u);
  CAF_CHECK_EQUAL(state.history.size(), 1u);
  CAF_CHECK(state.phase == run_phase::requesting);
}

CAF_TEST(two calls with one id are two tasks) {
  const auto state = run_with(
    with_list(), {created(), answered(1, response({call("same", "list"),
                                                   call("same", "list"),
                                                   call("same", "list")}))});
  const auto key = created().run_id + "/1/same";
  CAF_CHECK_EQUAL(state.idempotency_key(tool_task(1, 0)), key);
  CAF_CHECK_EQUAL(state.idempotency_key(tool_task(1, 1)), key + "/2");
  CAF_CHECK_EQUAL(state.idempotency_key(tool_task(1, 2)), key + "/3");
}

CAF_TEST(keys of different tasks differ whatever the ids of calls are) {
  const auto state = run_with(
    with_list(),
    {created(), answered(1, response({call("a", "list"), call("a/2", "list"),
                                      call("a", "list"), call("model", "list"),
                                      call("a%2F2", "list")}))});
  std::set<std::string> keys{state.idempotency_key(model_task(1))};
  for (std::uint32_t i = 0; i < 5; ++i)
    keys.insert(state.idempotency_key(tool_task(1, i)));
  CAF_CHECK_EQUAL(keys.size(), 6u);
}

CAF_TEST(keys are short and printable whatever the ids of calls are) {
  const std::string nul("a\0b", 3);
  const std::string huge(300'000, 'x');
  const auto state = run_with(
    with_list(),
    {created(),
     answered(1, response({call(nul, "list"), call(huge, "list"),
                           call(huge + 'y', "list"), call("%at-1", "list")}))});
  const auto start = created().run_id + "/1/";
  CAF_CHECK_EQUAL(state.idempotency_key(tool_task(1, 0)), start + "a%00b");
  CAF_CHECK_EQUAL(state.idempotency_key(tool_task(1, 1)), start + "%at-1");
  CAF_CHECK_EQUAL(state.idempotency_key(tool_task(1, 2)), start + "%at-2");
  CAF_CHECK_EQUAL(state.idempotency_key(tool_task(1, 3)), start + "%25at-1");
  const std::string longest(call_label_max_bytes, 'x');
  CAF_CHECK_EQUAL(call_label(longest, 7), longest);
  CAF_CHECK_EQUAL(call_label(longest + 'x', 7), "%at-7");
  CAF_CHECK_EQUAL(call_label(std::string(call_label_max_bytes, '/'), 7),
                  "%at-7");
}

CAF_TEST(instructions are in every request and their errors end the run) {
  auto definition = plain_definition();
  definition.instructions = {{"Be brief.", false}, {"Hi {{name}}", true}};
  const auto render = [](const std::string&, const json& deps) {
    return deps.is_null()
             ? result<std::string>{failure{errc::invalid_argument, "no deps"}}
             : result<std::string>{"Hi you"};
  };
  auto made = created();
  auto state = fold(share(definition), render, {made});
  CAF_CHECK(end_of(conclude(state, at(1))) != nullptr);
  made.input.deps = json::object();
  state = fold(share(definition), render, {made});
  CAF_CHECK(conclude(state, at(1)).empty());
  CAF_CHECK_EQUAL(
    std::get<model_request>(*state.history.back()).instructions.value_or(""),
    "Be brief.\n\nHi you");
}

CAF_TEST(the state says what it waits for) {
  auto state = run_with(plain_definition(), {created()});
  CAF_CHECK(state.status() == run_status::running);
  CAF_CHECK(!wake_time(state));
  state.apply(attempt_failed{at(1),
                             model_task(1),
                             1,
                             {errc::model_http_error, "busy", true, {}, 503},
                             at(30)});
  CAF_CHECK(state.status() == run_status::waiting);
  CAF_CHECK(wake_time(state) == at(30));
  CAF_CHECK(reason_of(state).find("busy") != std::string::npos);
  const auto why = why_json(state, at(2));
  CAF_CHECK_EQUAL(why.at("waiting_for").at(0).at("what"), "retry");
  CAF_CHECK_EQUAL(why.at("wake_at"), to_iso(at(30)));
  const auto later = why_json(state, at(30));
  CAF_CHECK_EQUAL(later.at("waiting_for").at(0).at("what"), "task");
}

CAF_TEST(a time limit brings a waiting run back earlier) {
  auto limited = created();
  limited.input.limits.time_limit = 20s;
  const auto state = run_with(
    plain_definition(),
    {limited, attempt_failed{at(1),
                             model_task(1),
                             1,
                             {errc::model_http_error, "x", true, {}, 0},
                             at(30)}});
  CAF_CHECK(wake_time(state) == at(20));
}
