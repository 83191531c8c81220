#include "runtime/messages/history_json.hpp"
#include "simulation/scenario.hpp"
#include "simulation/wire.hpp"

#include <algorithm>

/// Runs whose tools are those of MCP servers.
namespace perdure::simulation {

using runtime::errc;
using runtime::mcp::call_failure;
using runtime::mcp::call_failure_kind;
using runtime::mcp::call_outcome;
using runtime::mcp::call_request;
using runtime::mcp::completed;
using runtime::mcp::needs_input;
using namespace std::chrono_literals;

namespace {

/// A server's tools: one that adds and one that only looks.
json tools() {
  return json::parse(R"([
    {"name": "add", "description": "Adds.", "inputSchema":
      {"type": "object", "properties": {"n": {"type": "integer"}},
       "required": ["n"]}},
    {"name": "look", "inputSchema": {"type": "object"},
     "annotations": {"readOnlyHint": true}}])");
}

mcp_answer ends(call_outcome outcome) {
  mcp_answer out;
  out.outcome = [outcome = std::move(outcome)](const auto&) { return outcome; };
  return out;
}

mcp_answer lists() {
  return ends(completed{{{"tools", tools()}}});
}

json content(const std::string& text) {
  return {{"content", {{{"type", "text"}, {"text", text}}}}};
}

mcp_answer returns(const std::string& text) {
  return ends(completed{content(text)});
}

mcp_answer fails(call_failure_kind kind, const std::string& message) {
  call_failure out;
  out.kind = kind;
  out.message = message;
  return ends(std::move(out));
}

mcp_answer lost() {
  return fails(call_failure_kind::lost, "the connection broke");
}

/// Answers lists by itself, and calls by `act`.
auto server(
  std::function<mcp_answer(const execution& made, const call_request& request)>
    act) {
  return
    [act = std::move(act)](const execution& made, const call_request& request) {
      return request.method == "tools/list" ? lists() : act(made, request);
    };
}

/// What there is to read, at the second try.
mcp_answer reads(const execution& made, const call_request& request) {
  if (made.count == 1)
    return lost();
  if (request.method == "resources/list")
    return ends(completed{{{"resources", {{{"uri", "x:y"}}}}}});
  if (request.method == "resources/read")
    return ends(completed{{{"contents", {{{"text", "seven"}}}}}});
  if (request.method == "prompts/get")
    return ends(completed{
      {{"messages",
        {{{"role", "user"}, {"content", content("Hi")["content"][0]}}}}}});
  call_failure unknown;
  unknown.code = runtime::mcp::rpc_code::method_not_found;
  return ends(std::move(unknown));
}

json form(const std::string& message) {
  return {{"message", message},
          {"requestedSchema",
           {{"type", "object"},
            {"properties", {{"name", {{"type", "string"}}}}},
            {"required", {"name"}}}}};
}

/// People fill in forms with the message that they show.
json fill_in(const json& question) {
  if (question.at("kind") != "elicitation")
    return {{"decision", "approve"}};
  return {{"decision", "approve"},
          {"arguments", {{"name", question.at("metadata").at("message")}}}};
}

scenario plain(const std::string& name) {
  scenario out;
  out.name = "server: " + name;
  out.agent = plain_agent();
  out.agent.mcp_servers.resize(1);
  out.agent.mcp_servers[0].id = "sums";
  out.agent.mcp_servers[0].argv = {"sums"};
  out.agent.mcp_servers[0].include_instructions = true;
  out.world = plain_world();
  out.world.model
    = in_turn({calls({{"c1", "add", R"({"n": 1})"}, {"c2", "look", "{}"}}),
               says("Done.")});
  out.world.mcp = server([](const auto&, const auto&) { return returns("7"); });
  out.world.person = fill_in;
  out.input.prompt = "Do it.";
  out.output = "Done.";
  return out;
}

std::vector<scenario> list_scenarios() {
  std::vector<scenario> out;
  out.push_back(plain("two tools"));

  out.push_back(plain("a second server with a prefix, and runs besides"));
  out.back().runs = 2;
  out.back().agent.mcp_servers.push_back(out.back().agent.mcp_servers[0]);
  out.back().agent.mcp_servers[1].id = "other";
  out.back().agent.mcp_servers[1].prefix = "other";
  out.back().world.model = in_turn(
    {calls({{"c1", "other_add", R"({"n": 1})"}, {"c2", "add", R"({"n": 2})"}}),
     says("Done.")});

  out.push_back(plain("a list that fails at first"));
  out.back().world.mcp = [](const execution& made, const call_request& asked) {
    if (asked.method == "tools/list" && made.count < 3)
      return lost();
    return asked.method == "tools/list" ? lists() : returns("7");
  };

  out.push_back(
    failed(plain("a list that never comes"), errc::mcp_unavailable));
  out.back().world.mcp = [](const auto&, const auto&) { return lost(); };

  out.push_back(
    failed(plain("two tools of one name"), errc::invalid_agent_file));
  out.back().agent.tools = {function_tool("add")};

  out.push_back(plain("unknown tools and wrong arguments are told"));
  out.back().world.model
    = in_turn({calls({{"c1", "add", R"({"n": "one"})"}, {"c2", "sub", "{}"}}),
               says("Done.")});

  out.push_back(plain("a history with a call that nobody answered"));
  out.back().input.prompt = nullptr;
  out.back().world.model = in_turn({says("Done.")});
  const auto history = runtime::history_from_json(json::parse(R"([
    {"kind": "request", "parts": [
      {"part_kind": "user-prompt", "content": "Add one.",
       "timestamp": "2026-01-01T00:00:00Z"}]},
    {"kind": "response", "parts": [
      {"part_kind": "tool-call", "tool_name": "add", "args": {"n": 1},
       "tool_call_id": "old"}],
     "timestamp": "2026-01-01T00:00:01Z"}])"));
  out.back().input.history = *history;
  return out;
}

std::vector<scenario> call_scenarios() {
  std::vector<scenario> out;
  out.push_back(plain("a call that is lost at first"));
  out.back().world.mcp = server([](const execution& made, const auto&) {
    return made.count == 1 ? lost() : returns("7");
  });

  out.push_back(
    failed(plain("a call that is always lost"), errc::mcp_unavailable));
  out.back().world.mcp
    = server([](const auto&, const auto&) { return lost(); });

  out.push_back(plain("errors are told"));
  out.back().agent.mcp_servers[0].on_tool_error
    = runtime::mcp::tool_error_behavior::failed;
  out.back().world.mcp = server([](const execution& made, const auto&) {
    auto result = content("no such number");
    result["isError"] = true;
    return made.tool == "add"
             ? ends(completed{std::move(result)})
             : fails(call_failure_kind::refused, "Invalid params");
  });

  out.push_back(failed(plain("errors end the run"), errc::mcp_error));
  out.back().agent.mcp_servers[0].on_tool_error
    = runtime::mcp::tool_error_behavior::error;
  out.back().world.mcp = server([](const auto&, const auto&) {
    return fails(call_failure_kind::refused, "Invalid params");
  });

  out.push_back(plain("a task of the server"));
  out.back().world.mcp = server([](const auto&, const call_request& request) {
    auto out = returns("7");
    if (request.note.is_null())
      out.notes = {{{"task", "t1"}}};
    out.takes = 60s;
    return out;
  });

  out.push_back(plain("a task of a server that is away for a while"));
  out.back().world.mcp
    = server([](const execution& made, const call_request& request) {
        if (!request.note.is_null())
          return made.count < 4 ? lost() : returns("7");
        auto out = lost();
        out.notes = {{{"task", "t1"}}};
        return out;
      });

  out.push_back(plain("interrupted calls are told"));
  out.back().agent.mcp_policy.on_interrupt = runtime::on_interrupt::fail;
  out.back().expected = likeness::same_output;

  out.push_back(plain("resources and prompts, lost at first"));
  out.back().agent.mcp_servers[0].resources = true;
  out.back().agent.mcp_servers[0].prompts = true;
  // What only reads is read again, whatever holds for the tools.
  out.back().agent.mcp_policy.on_interrupt = runtime::on_interrupt::ask;
  out.back().world.model
    = in_turn({calls({{"c1", "list_resources", "{}"},
                      {"c2", "read_resource", R"({"uri": "x:y"})"},
                      {"c3", "get_prompt", R"({"name": "hi"})"},
                      {"c4", "list_resource_templates", "{}"}}),
               says("Done.")});
  out.back().world.mcp = server(reads);

  out.push_back(plain("calls that a person allows"));
  out.back().agent.tool_rules.resize(1);
  out.back().agent.tool_rules[0].selector = {"add"};
  out.back().agent.tool_rules[0].requires_approval = true;
  return out;
}

/// `add` asks two things while it is called.
auto asks_for_names() {
  return server([](const execution& made, const auto&) {
    if (made.tool == "look")
      return returns("7");
    mcp_answer out;
    out.questions = {form("Who are you?"), form("Who else?")};
    out.outcome = [](const std::vector<json>& answers) -> call_outcome {
      return completed{content(runtime::to_text(answers))};
    };
    return out;
  });
}

/// `add` wants to know two things before it goes on.
auto needs_names() {
  return server([](const execution& made, const call_request& request) {
    if (made.tool == "look")
      return returns("7");
    if (!request.input_responses.is_null())
      return returns(runtime::to_text(request.input_responses)
                     + request.request_state.value_or("none"));
    needs_input wanted;
    for (const auto* key : {"b", "a"})
      wanted.requests[key]
        = {{"method", "elicitation/create"}, {"params", form(key)}};
    wanted.request_state = "state";
    return ends(std::move(wanted));
  });
}

std::vector<scenario> question_scenarios() {
  std::vector<scenario> out;
  out.push_back(plain("questions in the middle of a call"));
  out.back().world.mcp = asks_for_names();

  out.push_back(plain("questions that people decline"));
  out.back().world.mcp = asks_for_names();
  out.back().world.person = [](const json&) -> json {
    return {{"decision", "deny"}};
  };

  out.push_back(plain("a question that nobody answers in time"));
  out.back().world.mcp = asks_for_names();
  out.back().agent.tool_rules.resize(1);
  out.back().agent.tool_rules[0].requires_approval = true;
  out.back().agent.tool_rules[0].expires_after = 60s;
  out.back().world.person = [](const json& question) -> json {
    const auto is_asked = question.at("kind") == "elicitation";
    return {{"decision", is_asked ? "perhaps" : "approve"}};
  };

  out.push_back(plain("input that is needed first"));
  out.back().world.mcp = needs_names();
  return out;
}

/// What a server asks on the way, of calls that must not be repeated unseen.
std::vector<scenario> doubtful_scenarios() {
  std::vector<scenario> out;
  const auto need_approval = [&out] {
    out.back().agent.tool_rules.resize(1);
    out.back().agent.tool_rules[0].selector = {"add"};
    out.back().agent.tool_rules[0].requires_approval = true;
  };
  out.push_back(plain("questions of a call that a person allows"));
  out.back().world.mcp = asks_for_names();
  need_approval();

  out.push_back(plain("input that is needed of a call that a person allows"));
  out.back().world.mcp = needs_names();
  need_approval();

  out.push_back(plain("questions of a call that asks when interrupted"));
  out.back().world.mcp = asks_for_names();
  out.back().agent.mcp_policy.on_interrupt = runtime::on_interrupt::ask;

  out.push_back(plain("questions of a call that is told when interrupted"));
  out.back().world.mcp = asks_for_names();
  out.back().agent.mcp_policy.on_interrupt = runtime::on_interrupt::fail;
  out.back().expected = likeness::same_output;
  return out;
}

json wants_said(const std::string& text) {
  return {
    {"messages",
     {{{"role", "user"}, {"content", {{"type", "text"}, {"text", text}}}}}},
    {"maxTokens", 50}};
}

bool is_sampled(const execution& request) {
  return request.key.find("/sampling/") != std::string::npos;
}

/// A run whose server has the model say something.
scenario sampling(const std::string& name) {
  auto out = plain(name);
  out.agent.mcp_servers[0].sampling = true;
  out.world.model
    = [usual = out.world.model](std::uint32_t step, const execution& request) {
        return is_sampled(request) ? says("Said.") : usual(step, request);
      };
  out.world.mcp = server([](const execution& made, const auto&) {
    if (made.tool == "look")
      return returns("7");
    mcp_answer out;
    out.questions
      = {wants_said("One?"), form("Who are you?"), wants_said("Two?")};
    out.outcome = [](const std::vector<json>& answers) -> call_outcome {
      return completed{content(runtime::to_text(answers))};
    };
    return out;
  });
  return out;
}

/// `add` wants the model to say something, and to know something, before it
/// goes on.
mcp_answer needs_words(const execution& made, const call_request& request) {
  if (made.tool == "look")
    return returns("7");
  if (!request.input_responses.is_null())
    return returns(runtime::to_text(request.input_responses));
  needs_input wanted;
  wanted.requests["a"]
    = {{"method", "sampling/createMessage"}, {"params", wants_said("One?")}};
  wanted.requests["b"]
    = {{"method", "elicitation/create"}, {"params", form("Who are you?")}};
  return ends(std::move(wanted));
}

std::vector<scenario> sampling_scenarios() {
  std::vector<scenario> out;
  out.push_back(sampling("the model speaks in the middle of a call"));

  out.push_back(sampling("the model speaks before a call goes on"));
  out.back().world.mcp = server(needs_words);

  out.push_back(sampling("the model speaks in a call that a person allows"));
  out.back().agent.tool_rules.resize(1);
  out.back().agent.tool_rules[0].selector = {"add"};
  out.back().agent.tool_rules[0].requires_approval = true;

  out.push_back(sampling("the model speaks in a call told when interrupted"));
  out.back().agent.mcp_policy.on_interrupt = runtime::on_interrupt::fail;
  out.back().expected = likeness::same_output;

  const auto is_mute = [](scenario& plot) {
    plot.world.model = [usual = plot.world.model](std::uint32_t step,
                                                  const execution& request) {
      return is_sampled(request) ? refuses(400) : usual(step, request);
    };
  };
  out.push_back(sampling("a model that refuses in the middle of a call"));
  is_mute(out.back());

  out.push_back(sampling("a model that refuses before a call goes on"));
  out.back().world.mcp = server(needs_words);
  is_mute(out.back());

  out.push_back(failed(sampling("the model speaks as often as it may"),
                       errc::usage_limit_exceeded));
  out.back().input.limits.request_limit = 2;
  out.back().expected = likeness::same_end;
  return out;
}

} // namespace

std::vector<scenario> server_scenarios() {
  auto out = list_scenarios();
  for (auto part : {call_scenarios(), question_scenarios(),
                    doubtful_scenarios(), sampling_scenarios()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

} // namespace perdure::simulation
