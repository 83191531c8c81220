#define CAF_SUITE flow.servers

#include "runtime/agent/join_tools.hpp"
#include "runtime/flow/elicitation.hpp"
#include "runtime/flow/events.hpp"
#include "runtime/flow/questions.hpp"
#include "runtime/flow/server_outcome.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

task_ref list_task(std::uint32_t index) {
  return {0, task_kind::mcp_request, index};
}

tool_listing listing(const std::string& server, json tools,
                     const std::string& instructions = {}) {
  return {server, instructions, std::move(tools), "hash of " + server};
}

entry listed(std::uint32_t index, const std::string& server, json tools,
             const std::string& instructions = {}) {
  return task_completed{at(1), list_task(index), 1, at(0),
                        listing(server, std::move(tools), instructions)};
}

json tool(const std::string& name, json annotations = json::object()) {
  return {{"name", name},
          {"description", "It is " + name + "."},
          {"inputSchema", {{"type", "object"}}},
          {"annotations", std::move(annotations)}};
}

agent_definition with_servers() {
  auto out = plain_definition();
  out.mcp_servers.resize(2);
  out.mcp_servers[0].id = "files";
  out.mcp_servers[0].include_instructions = true;
  out.mcp_servers[1].id = "web";
  out.mcp_servers[1].prefix = "web";
  out.instructions = {{"Be brief.", false}};
  return out;
}

const std::vector<entry> lists{
  created(),
  listed(1, "web", {tool("read"), tool("write")}),
  listed(0, "files", {tool("read")}, "Mind the files."),
};

std::vector<std::string> names(const agent_definition& definition) {
  std::vector<std::string> out;
  for (const auto& x : definition.tools)
    out.push_back(x.name);
  return out;
}

/// A run whose only call is one of `web_write`.
run_state
calling(agent_definition definition, std::vector<entry> further = {}) {
  auto entries = lists;
  entries.push_back(answered(1, response({call("c1", "web_write")})));
  entries.insert(entries.end(), further.begin(), further.end());
  return run_with(std::move(definition), entries);
}

} // namespace

CAF_TEST(a run asks its servers before anything else) {
  const auto state = run_with(with_servers(), {created()});
  CAF_CHECK(state.phase == run_phase::preparing);
  const auto commands = decide(state, at(0));
  CAF_REQUIRE_EQUAL(commands.size(), 2u);
  CAF_CHECK(start_of(commands[0])->task == list_task(0));
  CAF_CHECK(start_of(commands[1])->task == list_task(1));
  CAF_CHECK_EQUAL(state.idempotency_key(list_task(1)),
                  state.created.run_id + "/0/tools/web");
  CAF_CHECK(conclude(state, at(0)).empty());
  CAF_CHECK_EQUAL(why_json(state, at(0))["waiting_for"].size(), 2u);
}

CAF_TEST(the lists make the definition in force in the order of the servers) {
  auto state = run_with(with_servers(), {lists[0], lists[1]});
  CAF_CHECK(state.phase == run_phase::preparing);
  CAF_CHECK_EQUAL(state.open_tasks().size(), 1u);
  state = run_with(with_servers(), lists);
  CAF_CHECK(state.phase == run_phase::requesting);
  CAF_CHECK_EQUAL(state.step, 1u);
  const std::vector<std::string> expected{"read", "web_read", "web_write"};
  CAF_CHECK(names(*state.definition) == expected);
  const auto& written = *state.definition->tool("web_write");
  CAF_CHECK(written.kind == tool_kind::mcp);
  CAF_CHECK_EQUAL(written.mcp.server, "web");
  CAF_CHECK_EQUAL(written.mcp.name, "write");
  CAF_CHECK_EQUAL(written.description, "It is write.");
  const std::vector<std::string> told{"Be brief.", "Mind the files."};
  CAF_CHECK(state.instructions == told);
}

CAF_TEST(nothing of a list is stored with the agent) {
  const auto state = run_with(with_servers(), lists);
  CAF_CHECK(state.definition->is_joined);
  CAF_CHECK(!state.servers[0].listing->tools.is_array());
  CAF_CHECK_EQUAL(state.servers[0].listing->hash, "hash of files");
}

CAF_TEST(annotations say what becomes of a tool in doubt) {
  auto definition = with_servers();
  definition.mcp_policy.on_interrupt = on_interrupt::ask;
  const auto joined
    = join_tools(definition,
                 {listing("files", {tool("read", {{"readOnlyHint", true}}),
                                    tool("put", {{"idempotentHint", true}}),
                                    tool("send", {{"idempotentHint", false}})}),
                  listing("web", json::array())},
                 {});
  CAF_REQUIRE(joined);
  const auto policy = [&](const char* name) {
    return (*joined)->tool(name)->policy.on_interrupt;
  };
  CAF_CHECK(policy("read") == on_interrupt::retry);
  CAF_CHECK(policy("put") == on_interrupt::retry);
  CAF_CHECK(policy("send") == on_interrupt::ask);
}

CAF_TEST(rules go by the names that the model sees) {
  auto definition = with_servers();
  definition.tool_rules.resize(2);
  definition.tool_rules[0].policy = {{"retries", 7}};
  definition.tool_rules[1].selector = {"web_read"};
  definition.tool_rules[1].requires_approval = true;
  definition.mcp_servers[1].allowed_tools = {"read"};
  const auto state = run_with(definition, lists);
  CAF_CHECK(!state.definition->tool("read")->requires_approval);
  CAF_CHECK_EQUAL(state.definition->tool("read")->policy.retries, 7u);
  CAF_CHECK(state.definition->tool("web_read")->requires_approval);
  CAF_CHECK(state.definition->tool("web_write") == nullptr);
}

CAF_TEST(two tools of one name fail the run) {
  auto definition = with_servers();
  definition.mcp_servers[1].prefix.clear();
  const auto state = run_with(definition, lists);
  const auto concluded = conclude(state, at(2));
  const auto* end = end_of(concluded);
  CAF_REQUIRE(end != nullptr);
  CAF_CHECK(end->error_code == errc::invalid_agent_file);
  CAF_CHECK(end->error_message.find("'web' lists a tool 'read', and so does")
            != std::string::npos);
  CAF_CHECK(end->error_message.find("server 'files'") != std::string::npos);
}

namespace {

/// The tools of a run whose server has everything there is to read.
std::vector<std::string>
names_with(const mcp::server_options& server, json tools) {
  auto definition = plain_definition();
  definition.mcp_servers = {server};
  auto list = listing(server.id, std::move(tools));
  list.has_resources = true;
  list.has_prompts = true;
  auto joined = join_tools(definition, {list}, {});
  CAF_REQUIRE(joined);
  return names(**joined);
}

} // namespace

CAF_TEST(what a server has to read is tools if the agent wants it) {
  mcp::server_options server;
  server.id = "files";
  CAF_CHECK(names_with(server, json::array()).empty());
  server.prefix = "f";
  server.resources = true;
  const std::vector<std::string> resources{
    "f_list_resources", "f_list_resource_templates", "f_read_resource"};
  CAF_CHECK(names_with(server, json::array()) == resources);
  server.resources = false;
  server.prompts = true;
  const std::vector<std::string> prompts{"f_list_prompts", "f_get_prompt"};
  CAF_CHECK(names_with(server, json::array()) == prompts);
  // A tool of the server goes first.
  server.allowed_tools = {"get_prompt"};
  const std::vector<std::string> own{"f_get_prompt", "f_list_prompts"};
  CAF_CHECK(names_with(server, {tool("get_prompt")}) == own);
}

CAF_TEST(reading is offered by servers that have something to read) {
  auto definition = plain_definition();
  definition.mcp_servers.resize(1);
  definition.mcp_servers[0].id = "files";
  definition.mcp_servers[0].resources = true;
  definition.mcp_servers[0].prompts = true;
  definition.mcp_policy.on_interrupt = on_interrupt::ask;
  auto list = listing("files", json::array());
  list.has_resources = true;
  const auto joined = join_tools(definition, {list}, {});
  CAF_REQUIRE(joined);
  CAF_CHECK((*joined)->tool("get_prompt") == nullptr);
  const auto* read = (*joined)->tool("read_resource");
  CAF_REQUIRE(read != nullptr);
  CAF_CHECK(read->kind == tool_kind::mcp);
  CAF_CHECK(read->mcp.action == mcp::tool_action::read_resource);
  CAF_CHECK_EQUAL(read->mcp.server, "files");
  CAF_CHECK_EQUAL(read->parameters["required"][0], "uri");
  CAF_CHECK(read->policy.on_interrupt == on_interrupt::retry);
}

CAF_TEST(a server that knows no lists of tools has none) {
  const mcp::server_options server;
  const auto digest = [](std::string_view) { return std::string{"hash"}; };
  mcp::call_failure unknown;
  unknown.code = -32601;
  const auto outcome
    = outcome_of_list(server, {}, {{"resources", json()}}, unknown, digest);
  const auto* list = std::get_if<tool_listing>(&outcome);
  CAF_REQUIRE(list != nullptr);
  CAF_CHECK(list->tools.empty());
  CAF_CHECK(list->has_resources);
  CAF_CHECK(!list->has_prompts);
}

CAF_TEST(what is read is told and errors are told) {
  const mcp::server_options server;
  tool_definition tool;
  tool.mcp.action = mcp::tool_action::read_resource;
  const auto part = call("c1", "read_resource");
  const auto outcome_of = [&](mcp::call_outcome outcome) {
    const auto out
      = outcome_of_call(server, tool, part, std::move(outcome), false);
    const auto* told = std::get_if<tool_result>(&out);
    CAF_REQUIRE(told != nullptr);
    return *told;
  };
  const auto read = outcome_of(mcp::completed{
    *parse_json(R"({"contents": [{"uri": "x", "text": "a"}]})")});
  CAF_CHECK(read.kind == tool_result_kind::returned);
  CAF_CHECK_EQUAL(read.content, "a");
  mcp::call_failure missing;
  missing.message = "no such thing";
  missing.code = -32002;
  CAF_CHECK(outcome_of(missing).kind == tool_result_kind::retry);
  tool.mcp.action = mcp::tool_action::list_templates;
  missing.code = -32601;
  CAF_CHECK_EQUAL(to_text(outcome_of(missing).content), "[]");
}

CAF_TEST(a run that ends before it is prepared shows what it was asked) {
  const auto state
    = run_with(with_servers(),
               {created("Do it."),
                run_ended{at(1), run_end::failed, {}, errc::internal, "no"}});
  CAF_CHECK(state.phase == run_phase::ended);
  CAF_CHECK_EQUAL(state.history.size(), 1u);
}

CAF_TEST(watchers judge arguments by the tools of the servers) {
  auto definition = with_servers();
  event_stream stream{share(definition), 3 * events_per_entry};
  CAF_CHECK_EQUAL(stream.first_entry(), 1u);
  for (std::uint64_t i = 0; i < lists.size(); ++i)
    CAF_CHECK(stream.on_entry(i + 1, lists[i]).empty() == (i < 2));
  const auto events = stream.on_entry(
    4, answered(1, response({call("c1", "web_read"), call("c2", "read_all")})));
  CAF_REQUIRE(events.size() >= 2);
  CAF_CHECK(events[events.size() - 2].event.at("args_valid") == true);
  CAF_CHECK(events.back().event.at("args_valid") == false);
}

// -- questions of servers -----------------------------------------------------

namespace {

question_asked asked_at_work() {
  question_asked out;
  out.time = at(2);
  out.task = tool_task(1, 0);
  out.kind = question_kind::elicitation;
  out.attempt = 1;
  out.metadata = elicitation_metadata(
    "web", *parse_json(R"({"message": "Who?", "requestedSchema": {
      "type": "object", "properties": {"name": {"type": "string"}},
      "required": ["name"]}})"));
  return out;
}

/// @param number of the question
std::vector<entry> cut_off_at_work(std::uint32_t number = 1) {
  auto asked = asked_at_work();
  asked.number = number;
  return {task_started{at(2), tool_task(1, 0), 1}, asked,
          run_taken_over{at(3)}};
}

result<question_answered> decide_on(const run_state& state, const json& body) {
  return read_answer(
    state, {state.created.run_id, tool_task(1, 0), 1}, body,
    [](std::string_view x) { return std::string{x}; }, at(3));
}

} // namespace

CAF_TEST(a question at work does not end the attempt) {
  auto state = calling(with_servers(), {asked_at_work()});
  CAF_CHECK(state.status() == run_status::waiting);
  CAF_CHECK(state.admitted_tasks().empty());
  CAF_CHECK(state.asks_at_work());
  CAF_CHECK_EQUAL(state.calls[0].progress.next_attempt(), 1u);
  const auto answer = decide_on(
    state, {{"decision", "approve"}, {"arguments", {{"name", "Ann"}}}});
  CAF_REQUIRE(answer);
  state.apply(*answer);
  CAF_CHECK(!state.asks_at_work());
  CAF_CHECK(!state.calls[0].progress.is_approved);
  CAF_CHECK_EQUAL(state.calls[0].progress.next_attempt(), 1u);
  CAF_CHECK_EQUAL(
    to_text(elicitation_result(state.calls[0].progress.elicited.at(0))),
    R"({"action":"accept","content":{"name":"Ann"}})");
}

CAF_TEST(an attempt that was cut off while it asked begins anew) {
  auto state
    = calling(with_servers(), {asked_at_work(), run_taken_over{at(3)}});
  CAF_CHECK(recover(state, at(3)).empty());
  CAF_CHECK_EQUAL(state.calls[0].progress.next_attempt(), 2u);
  CAF_CHECK(!state.asks_at_work());
  state.apply(*decide_on(state, {{"decision", "deny"}}));
  CAF_CHECK_EQUAL(decide(state, at(4)).size(), 1u);
  CAF_CHECK_EQUAL(
    to_text(elicitation_result(state.calls[0].progress.elicited.at(0))),
    R"({"action":"decline"})");
}

CAF_TEST(what may have acted before it asked is told as unknown) {
  auto definition = with_servers();
  definition.mcp_policy.on_interrupt = on_interrupt::fail;
  auto state = calling(definition, cut_off_at_work());
  const auto fate = recover(state, at(3));
  CAF_REQUIRE_EQUAL(fate.size(), 1u);
  const auto& done = std::get<task_completed>(fate[0]);
  CAF_CHECK(std::get<tool_result>(done.outcome).kind
            == tool_result_kind::unknown);
  state.apply(done);
  CAF_CHECK_EQUAL(state.open_questions(), 0u);
  CAF_CHECK(state.phase == run_phase::requesting);
}

CAF_TEST(what may have acted before it asked is put to a person) {
  auto definition = with_servers();
  definition.mcp_policy.on_interrupt = on_interrupt::ask;
  auto state = calling(definition, cut_off_at_work());
  // What the server wants to know is not asked twice, so it comes first.
  CAF_CHECK(recover(state, at(3)).empty());
  CAF_CHECK(conclude(state, at(3)).empty());
  CAF_CHECK(decide(state, at(3)).empty());
  state.apply(*decide_on(state, {{"decision", "deny"}}));
  const auto asked = conclude(state, at(4));
  CAF_REQUIRE_EQUAL(asked.size(), 1u);
  const auto& doubt = std::get<question_asked>(asked[0]);
  CAF_CHECK(doubt.kind == question_kind::in_doubt);
  CAF_CHECK_EQUAL(doubt.number, 2u);
  auto other = state;
  state.apply(doubt);
  CAF_CHECK(decide(state, at(4)).empty());
  state.apply(decided(2, verdict::approved));
  const auto commands = decide(state, at(5));
  CAF_REQUIRE_EQUAL(commands.size(), 1u);
  CAF_CHECK_EQUAL(start_of(commands[0])->attempt, 2u);
  CAF_CHECK(start_of(commands[0])->intent_first);
  CAF_REQUIRE_EQUAL(state.calls[0].progress.elicited.size(), 1u);
  CAF_CHECK(conclude(state, at(5)).empty());
  // A new owner between the two questions asks the second one.
  other.apply(run_taken_over{at(5)});
  const auto again = recover(other, at(5));
  CAF_REQUIRE_EQUAL(again.size(), 1u);
  CAF_CHECK(std::get<question_asked>(again[0]).kind == question_kind::in_doubt);
}

CAF_TEST(what a person allowed is not made again without a person) {
  auto definition = with_servers();
  definition.tool_rules.resize(1);
  definition.tool_rules[0].requires_approval = true;
  auto asked = calling(definition);
  const auto approval = conclude(asked, at(1));
  CAF_REQUIRE_EQUAL(approval.size(), 1u);
  std::vector<entry> further{approval[0], decided(1, verdict::approved)};
  for (auto& next : cut_off_at_work(2))
    further.push_back(std::move(next));
  auto state = calling(definition, further);
  CAF_CHECK(decide(state, at(3)).empty());
  question_answered expired;
  expired.task = tool_task(1, 0);
  expired.number = 2;
  expired.verdict = verdict::expired;
  state.apply(expired);
  const auto doubt = conclude(state, at(4));
  CAF_REQUIRE_EQUAL(doubt.size(), 1u);
  CAF_CHECK(std::get<question_asked>(doubt[0]).kind == question_kind::in_doubt);
  CAF_CHECK(decide(state, at(4)).empty());
}

CAF_TEST(forms are filled in as they are asked for) {
  const auto state = calling(with_servers(), {asked_at_work()});
  for (const auto* arguments :
       {"{}", "[]", R"({"name": "Ann", "age": 5})", "null"})
    CAF_CHECK(!decide_on(
      state, {{"decision", "approve"}, {"arguments", *parse_json(arguments)}}));
  CAF_CHECK(!decide_on(state, {{"decision", "answer"}, {"result", 1}}));
  const auto denied = decide_on(state, {{"decision", "deny"}});
  CAF_REQUIRE(denied);
  CAF_CHECK(!denied->result);
}

CAF_TEST(input that is needed first is asked for one by one) {
  const auto form = asked_at_work().metadata;
  const json params{{"message", "Who?"}, {"requestedSchema", form["schema"]}};
  const json request{{"method", "elicitation/create"}, {"params", params}};
  auto state = calling(with_servers());
  const auto note
    = input_note("web", {{"x", request}, {"y", request}}, "s", nullptr);
  state.apply(
    settle(state, {tool_task(1, 0), 1, at(1), input_needed{note}}, at(2), 0));
  for (const auto* key : {"x", "y"}) {
    const auto asked = conclude(state, at(2));
    CAF_REQUIRE_EQUAL(asked.size(), 1u);
    const auto& question = std::get<question_asked>(asked[0]);
    CAF_CHECK(question.metadata.at("key") == key);
    CAF_CHECK_EQUAL(question.attempt, 0u);
    state.apply(question);
    question_answered answer;
    answer.task = question.task;
    answer.number = question.number;
    answer.verdict = verdict::approved;
    answer.arguments = {{"name", key}};
    state.apply(answer);
  }
  CAF_CHECK(conclude(state, at(2)).empty());
  const auto commands = decide(state, at(2));
  CAF_REQUIRE_EQUAL(commands.size(), 1u);
  CAF_CHECK_EQUAL(start_of(commands[0])->attempt, 2u);
  CAF_CHECK_EQUAL(
    to_text(input_responses(
      input_note("web", {{"x", request}}, {}, nullptr, {{"r", {{"roots", 1}}}}),
      {})),
    R"({"r":{"roots":1}})");
  CAF_CHECK(!asks_for_work(note));
  CAF_CHECK(asks_for_work(input_note("web", {}, {}, {{"task", "t1"}})));
  CAF_CHECK(asks_for_work({{"task", "t1"}}));
  CAF_CHECK(!asks_for_work(nullptr));
  CAF_CHECK_EQUAL(to_text(input_responses(state.calls[0].progress.note,
                                          state.calls[0].progress.elicited)),
                  R"({"x":{"action":"accept","content":{"name":"x"}},)"
                  R"("y":{"action":"accept","content":{"name":"y"}}})");
}
