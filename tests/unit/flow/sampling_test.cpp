#define CAF_SUITE flow.sampling

#include "runtime/flow/elicitation.hpp"
#include "runtime/flow/events.hpp"
#include "runtime/flow/questions.hpp"
#include "runtime/flow/sampling.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

json said(const std::string& role, const std::string& text) {
  return {{"role", role}, {"content", {{"type", "text"}, {"text", text}}}};
}

json params(std::vector<json> messages) {
  return {{"messages", json(std::move(messages))}, {"maxTokens", 50}};
}

json request_of(const json& wanted) {
  return sampling_request("web", wanted);
}

const json wish = request_of(params({said("user", "Say it.")}));

task_ref sampling_task(std::uint32_t index = 0) {
  return {1, task_kind::sampling, index};
}

entry wanted(std::uint32_t index = 0, std::uint32_t call = 0) {
  return sampling_requested{at(2), sampling_task(index), call, wish};
}

entry spoken(std::uint32_t index = 0) {
  auto words = response({text_part{"Said.", {}}});
  words.model_name = "gpt-4o";
  return task_completed{at(3), sampling_task(index), 1, at(2), words};
}

entry unsaid() {
  return task_completed{at(3), sampling_task(), 1, at(2),
                        task_error{errc::model_http_error, "no"}};
}

/// A run whose call `c1` of the tool `list` is under way.
run_state calling(std::vector<entry> further = {},
                  agent_definition definition = with_list()) {
  std::vector<entry> entries{created(),
                             answered(1, response({call("c1", "list")}))};
  entries.insert(entries.end(), further.begin(), further.end());
  return run_with(std::move(definition), entries);
}

std::string problem(json wanted) {
  const auto plan = plan_sampling({}, request_of(wanted));
  return plan ? std::string{} : plan.error().message;
}

bool has(const std::string& text, const std::string& piece) {
  return text.find(piece) != std::string::npos;
}

} // namespace

// -- what is asked ------------------------------------------------------------

CAF_TEST(what a server wants becomes a request of its own) {
  auto agent = with_list();
  agent.instructions = {{"Be brief.", false}};
  agent.model_settings
    = {{"temperature", 1}, {"thinking", true}, {"timeout", 9}};
  auto wanted = params({said("user", "One."), said("assistant", "Two."),
                        said("user", "Three."), said("user", "Four.")});
  wanted["systemPrompt"] = "You are a clerk.";
  wanted["temperature"] = 0.5;
  wanted["stopSequences"] = json::array({"END"});
  wanted["modelPreferences"] = {{"speedPriority", 1}};
  const auto plan = plan_sampling(agent, request_of(wanted));
  CAF_REQUIRE(plan);
  CAF_CHECK_EQUAL(plan->messages.size(), 3u); // neighbours are joined
  CAF_CHECK(plan->instructions == std::vector<std::string>{"You are a clerk."});
  CAF_CHECK(plan->definition->tools.empty());
  CAF_CHECK(plan->definition->instructions.empty());
  CAF_CHECK_EQUAL(to_text(plan->definition->model_settings),
                  R"({"timeout":9,"max_tokens":50,"temperature":0.5,)"
                  R"("stop_sequences":["END"]})");
}

CAF_TEST(pictures and sounds can be sent) {
  const json picture{
    {"type", "image"}, {"data", "+/8="}, {"mimeType", "image/png"}};
  json message{{"role", "user"}};
  message["content"] = {{{"type", "text"}, {"text", "See:"}}, picture};
  const auto plan = plan_sampling({}, request_of(params({message})));
  CAF_REQUIRE(plan);
  const auto& request = std::get<model_request>(*plan->messages.at(0));
  const auto& prompt = std::get<user_prompt_part>(request.parts.at(0));
  CAF_CHECK_EQUAL(
    to_text(prompt.content),
    R"(["See:",{"kind":"binary","data":"-_8=","media_type":"image/png"}])");
}

CAF_TEST(what cannot be asked is refused with its reason) {
  CAF_CHECK(has(problem(nullptr), "messages must be a list"));
  CAF_CHECK(has(problem(params({})), "with something in it"));
  CAF_CHECK(has(problem(params({said("assistant", "Yes?")})), "last message"));
  CAF_CHECK(has(problem(params({said("system", "Do.")})), "role"));
  auto mute = said("user", "Do.");
  mute.erase("content");
  CAF_CHECK(has(problem(params({mute})), "needs content"));
  auto wanted = params({said("user", "Do.")});
  CAF_CHECK(problem(wanted).empty());
  wanted["tools"] = {{{"name", "x"}}};
  CAF_CHECK(has(problem(wanted), "sampling.tools"));
  wanted["tools"] = json::array();
  wanted["maxTokens"] = 0;
  CAF_CHECK(has(problem(wanted), "maxTokens"));
  wanted["maxTokens"] = 1;
  wanted["temperature"] = "hot";
  CAF_CHECK(has(problem(wanted), "temperature"));
  wanted.erase("temperature");
  wanted["messages"][0]["content"] = {{"type", "tool_use"}};
  CAF_CHECK(has(problem(wanted), "'tool_use'"));
}

CAF_TEST(the server is told what the model said and why it ended) {
  auto words = response({text_part{"Said.", {}}});
  words.model_name = "gpt-4o";
  words.finish_reason = finish_reason::length;
  const auto told = sampled_answer(wish, words);
  CAF_CHECK(told.verdict == verdict::answered);
  CAF_CHECK_EQUAL(
    to_text(told.content),
    R"({"role":"assistant","content":{"type":"text","text":"Said."},)"
    R"("model":"gpt-4o","stopReason":"maxTokens"})");
  CAF_CHECK(elicitation_result(told) == told.content);
  const auto none = sampled_answer(wish, task_error{errc::internal, "broken"});
  CAF_CHECK(none.verdict == verdict::denied);
  CAF_CHECK(none.content == "broken");
}

// -- a task of the run --------------------------------------------------------

CAF_TEST(a sampling is a task that the run pays for) {
  auto state = calling({wanted()});
  CAF_CHECK(conclude(state, at(2)).empty());
  auto commands = decide(state, at(2));
  CAF_REQUIRE_EQUAL(commands.size(), 1u); // the call waits
  CAF_CHECK(start_of(commands[0])->task == sampling_task());
  CAF_CHECK_EQUAL(state.idempotency_key(sampling_task()),
                  state.created.run_id + "/1/model/sampling/1");
  CAF_CHECK(state.status() == run_status::running);
  CAF_CHECK(has(to_text(why_json(state, at(2))), "for tool call 'list'"));
  state.apply(spoken());
  CAF_CHECK_EQUAL(state.used.requests, 2);
  CAF_CHECK_EQUAL(state.used.input_tokens, 40);
  CAF_CHECK_EQUAL(state.history.size(), 2u);
  CAF_REQUIRE_EQUAL(state.calls[0].progress.elicited.size(), 1u);
  CAF_CHECK(state.calls[0].progress.elicited[0].question == wish);
  commands = decide(state, at(3));
  CAF_REQUIRE_EQUAL(commands.size(), 1u);
  CAF_CHECK(start_of(commands[0])->task == tool_task(1, 0));
  state.apply(spoken()); // a second outcome is none
  CAF_CHECK_EQUAL(state.used.requests, 2);
}

CAF_TEST(a sampling that fails is no failure of the run) {
  auto state = calling({wanted(), unsaid()});
  CAF_CHECK(!state.fatal);
  CAF_CHECK(conclude(state, at(3)).empty());
  CAF_CHECK_EQUAL(state.used.requests, 1);
  CAF_CHECK(state.calls[0].progress.elicited.at(0).content == "no");
}

CAF_TEST(samplings are retried as model requests are) {
  const auto state = calling({wanted()});
  const auto next
    = settle(state, {sampling_task(), 1, at(2), busy()}, at(3), 0.5);
  CAF_CHECK(std::holds_alternative<attempt_failed>(next));
}

CAF_TEST(samplings count for the limits of the run) {
  const auto limited = [](std::int64_t requests, std::vector<entry> further) {
    auto first = created();
    first.input.limits.request_limit = requests;
    std::vector<entry> entries{first,
                               answered(1, response({call("c1", "list")}))};
    entries.insert(entries.end(), further.begin(), further.end());
    return run_with(with_list(), entries);
  };
  const auto ends = [](const run_state& state) {
    const auto next = conclude(state, at(3));
    const auto* end = end_of(next);
    return end != nullptr && end->error_code == errc::usage_limit_exceeded;
  };
  CAF_CHECK(ends(limited(1, {wanted()})));
  CAF_CHECK(!ends(limited(2, {wanted()})));
  CAF_CHECK(!ends(limited(2, {wanted(), spoken()})));
  CAF_CHECK(ends(limited(2, {wanted(), spoken(), wanted(1)})));
  CAF_CHECK(ends(limited(2, {wanted(), wanted(1)}))); // both are under way
  auto first = created();
  first.input.limits.output_tokens_limit = 8;
  CAF_CHECK(ends(
    run_with(with_list(), {first, answered(1, response({call("c1", "list")})),
                           wanted(), spoken()})));
}

CAF_TEST(a sampling ends with its call) {
  auto state = calling({wanted()});
  state.apply(returned(1, 0, call("c1", "list")));
  CAF_CHECK(state.phase == run_phase::requesting);
  CAF_CHECK(state.samplings.empty());
  state.apply(spoken());
  CAF_CHECK_EQUAL(state.used.requests, 1);
}

CAF_TEST(what cannot be a sampling changes nothing) {
  auto state = calling();
  const auto before = fingerprint(state);
  state.apply(sampling_requested{at(2), sampling_task(1), 0, wish});
  state.apply(sampling_requested{at(2), sampling_task(), 7, wish});
  CAF_CHECK(state.samplings.empty());
  const auto after = fingerprint(state);
  CAF_CHECK_EQUAL(after.at("calls"), before.at("calls"));
}

// -- crashes ------------------------------------------------------------------

CAF_TEST(a new owner asks the model again and then makes the call) {
  auto state = calling({wanted(), run_taken_over{at(3)}});
  CAF_CHECK(recover(state, at(3)).empty());
  const auto commands = decide(state, at(3));
  CAF_REQUIRE_EQUAL(commands.size(), 1u);
  CAF_CHECK(start_of(commands[0])->task == sampling_task());
  CAF_CHECK_EQUAL(start_of(commands[0])->attempt, 2u);
  CAF_CHECK_EQUAL(state.calls[0].progress.next_attempt(), 2u);
  state.apply(spoken());
  CAF_CHECK_EQUAL(decide(state, at(3)).size(), 1u);
  CAF_CHECK_EQUAL(state.calls[0].progress.elicited.size(), 1u);
}

CAF_TEST(nothing is paid for a call that a person may not want again) {
  auto definition = with_list();
  definition.tools[0].policy.on_interrupt = on_interrupt::ask;
  auto state = calling(
    {task_started{at(2), tool_task(1, 0), 1}, wanted(), run_taken_over{at(3)}},
    definition);
  const auto asked = recover(state, at(3));
  CAF_REQUIRE_EQUAL(asked.size(), 1u);
  state.apply(asked[0]);
  CAF_CHECK(decide(state, at(3)).empty());
  auto denied = state;
  state.apply(decided(1, verdict::approved));
  const auto commands = decide(state, at(4));
  CAF_REQUIRE_EQUAL(commands.size(), 1u);
  CAF_CHECK(start_of(commands[0])->task == sampling_task());
  denied.apply(decided(1, verdict::denied));
  CAF_CHECK(denied.phase == run_phase::requesting);
}

// -- the newer era ------------------------------------------------------------

namespace {

entry needs_words() {
  const json request{{"method", "sampling/createMessage"},
                     {"params", wish.at("params")}};
  return task_noted{at(2), tool_task(1, 0), 1,
                    input_note("web", {{"x", request}}, "s", nullptr), true};
}

} // namespace

CAF_TEST(a call that ended with a wish goes on with the words) {
  auto state = calling({needs_words()});
  const auto next = conclude(state, at(2));
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  const auto& sampling = std::get<sampling_requested>(next[0]);
  CAF_CHECK(sampling.task == sampling_task());
  CAF_CHECK(sampling.request.at("key") == "x");
  state.apply(next[0]);
  CAF_CHECK(conclude(state, at(2)).empty());
  CAF_CHECK(start_of(decide(state, at(2)).at(0))->task == sampling_task());
  state.apply(spoken());
  CAF_CHECK(conclude(state, at(3)).empty());
  const auto& progress = state.calls[0].progress;
  const auto responses = input_responses(progress.note, progress.elicited);
  CAF_CHECK(responses.at("x").at("role") == "assistant");
  const auto commands = decide(state, at(3));
  CAF_REQUIRE_EQUAL(commands.size(), 1u);
  CAF_CHECK(start_of(commands[0])->task == tool_task(1, 0));
  CAF_CHECK_EQUAL(start_of(commands[0])->attempt, 2u);
}

CAF_TEST(a call that ended with a wish fails with it) {
  auto state = calling({needs_words()});
  state.apply(conclude(state, at(2)).at(0));
  state.apply(unsaid());
  const auto next = conclude(state, at(3));
  CAF_REQUIRE_EQUAL(next.size(), 1u);
  const auto& done = std::get<task_completed>(next[0]);
  const auto& result = std::get<tool_result>(done.outcome);
  CAF_CHECK(result.kind == tool_result_kind::failed);
  CAF_CHECK(has(result.content.get<std::string>(), "which failed: no"));
}

// -- views --------------------------------------------------------------------

CAF_TEST(watchers and lists see a sampling) {
  const std::vector<entry> entries{
    created(), answered(1, response({call("c1", "list")})), wanted(), spoken()};
  const auto rows = tasks_json(share(with_list()), {}, entries);
  CAF_REQUIRE_EQUAL(rows.size(), 3u);
  const auto found
    = std::find_if(rows.begin(), rows.end(),
                   [](const json& row) { return row["kind"] == "sampling"; });
  CAF_REQUIRE(found != rows.end());
  CAF_CHECK((*found)["state"] == "completed");
  CAF_CHECK((*found)["tool_name"] == "list");
  CAF_CHECK((*found)["usage"]["input_tokens"] == 20);
  const auto begun = events_of(with_list(), entries[2]);
  CAF_REQUIRE_EQUAL(begun.size(), 1u);
  CAF_CHECK(begun[0]["event_kind"] == "sampling_requested");
  CAF_CHECK(begun[0]["server"] == "web");
  const auto ended = events_of(with_list(), entries[3]);
  CAF_REQUIRE_EQUAL(ended.size(), 1u);
  CAF_CHECK(ended[0]["event_kind"] == "sampling_completed");
  CAF_CHECK(ended[0]["result"]["content"]["text"] == "Said.");
  CAF_CHECK(events_of(with_list(), unsaid()).at(0)["error"] == "no");
}

CAF_TEST(questions about samplings have names of their own) {
  const question_ref ref{"run", sampling_task(3), 2};
  CAF_CHECK_EQUAL(to_string(ref), "run:1:s3:2");
  CAF_CHECK(question_ref_of("run:1:s3:2") == ref);
  CAF_CHECK(!question_ref_of("run:1:s:2"));
}
