#include "simulation/scenario.hpp"

#include "runtime/messages/history_json.hpp"
#include "simulation/turns.hpp"
#include "simulation/wire.hpp"

#include <algorithm>
#include <stdexcept>

namespace perdure::simulation {

using runtime::errc;
using runtime::on_interrupt;
using namespace std::chrono_literals;

namespace {

wire_call call(const std::string& id, const std::string& tool,
               const std::string& arguments = R"({"n": 1})") {
  return {id, tool, arguments};
}

scenario plain(const std::string& name) {
  scenario out;
  out.name = name;
  out.agent = plain_agent();
  out.world = plain_world();
  out.input.prompt = "Do it.";
  out.output = "Hello there.";
  return out;
}

scenario
with_tools(const std::string& name, std::vector<runtime::tool_definition> tools,
           std::vector<http_answer> answers) {
  auto out = plain(name);
  out.agent.tools = std::move(tools);
  out.world.model = in_turn(std::move(answers));
  out.output = "Done.";
  return out;
}

std::vector<scenario> model_scenarios() {
  std::vector<scenario> out;
  out.push_back(plain("text only"));
  out.push_back(plain("two runs at once"));
  out.back().runs = 2;
  out.push_back(plain("scheduled"));
  out.back().starts_in = 60s;

  out.push_back(plain("streamed text that breaks off once"));
  out.back().stream = true;
  out.back().world.model = [](std::uint32_t, const execution& x) {
    return streams("Hello there.", x.count == 1 ? 3 : SIZE_MAX);
  };

  out.push_back(plain("model retried after refusals"));
  out.back().world.model = [](std::uint32_t, const execution& x) {
    return x.count == 1   ? refuses(429, "2")
           : x.count == 2 ? refuses(503)
                          : says("Hello there.");
  };

  out.push_back(plain("model out of reach and silent"));
  out.back().agent.model_policy.timeout = 30s;
  out.back().world.model = [](std::uint32_t, const execution& x) {
    return x.count == 1   ? unreachable()
           : x.count == 2 ? silence(30s)
                          : says("Hello there.");
  };

  out.push_back(plain("long backoff parks the run"));
  out.back().world.model = [](std::uint32_t, const execution& x) {
    return x.count == 1 ? refuses(429, "600") : says("Hello there.");
  };

  out.push_back(plain("model gives up"));
  out.back() = failed(out.back(), errc::model_http_error);
  out.back().agent.model_policy.retries = 1;
  out.back().world.model
    = [](std::uint32_t, const execution&) { return refuses(500); };

  out.push_back(plain("model refuses for good"));
  out.back() = failed(out.back(), errc::model_http_error);
  out.back().world.model
    = [](std::uint32_t, const execution&) { return refuses(400); };

  out.push_back(plain("empty response then text"));
  out.back().world.model = in_turn({says_nothing(), says("Hello there.")});

  out.push_back(plain("empty responses only"));
  out.back() = failed(out.back(), errc::output_retries_exceeded);
  out.back().world.model = in_turn({says_nothing()});

  out.push_back(plain("time limit during a backoff"));
  out.back() = failed(out.back(), errc::run_time_limit_exceeded);
  out.back().input.limits.time_limit = 60s;
  out.back().world.model
    = [](std::uint32_t, const execution&) { return refuses(429, "600"); };
  return out;
}

std::vector<scenario> tool_scenarios() {
  std::vector<scenario> out;
  out.push_back(with_tools("one tool", {function_tool("add")},
                           {calls({call("c1", "add")}), says("Done.")}));

  out.push_back(with_tools(
    "parallel tools",
    {function_tool("add"), command_tool("list"), command_tool("count")},
    {calls({call("c1", "list"), call("c2", "add"), call("c3", "count"),
            call("c3", "count", R"({"n": 2})")}),
     says("Done.")}));

  auto alone = command_tool("alone");
  alone.sequential = true;
  out.push_back(with_tools(
    "barrier between parallel tools", {command_tool("list"), alone},
    {calls({call("c1", "list"), call("c2", "list"), call("c3", "alone"),
            call("c4", "list"), call("c5", "alone")}),
     says("Done.")}));

  auto patient = alone;
  patient.policy.retries = 1;
  patient.policy.retry_delays = {120s};
  out.push_back(with_tools(
    "long backoff of a barrier", {command_tool("list"), patient},
    {calls({call("c1", "alone"), call("c2", "list")}), says("Done.")}));
  out.back().world.process = [](const execution& x) {
    return x.tool == "alone" && x.attempt == 1 ? exits(1, "busy")
                                               : prints("fine");
  };

  out.push_back(with_tools(
    "tool asks to be tried again", {function_tool("add"), command_tool("list")},
    {calls({call("c1", "add"), call("c2", "list")}),
     calls({call("c3", "add"), call("c4", "list")}), says("Done.")}));
  out.back().world.function = [](const execution& x) -> runtime::tool_reply {
    if (step_of(x.key) == 1)
      return runtime::tool_retry{"use another number"};
    return json(7);
  };
  out.back().world.process = [](const execution& x) {
    return step_of(x.key) == 1 ? exits(75, "later") : prints("[1, 2]");
  };

  out.push_back(with_tools(
    "invalid arguments", {function_tool("add")},
    {calls({call("c1", "add", R"({"n": "one"})"), call("c2", "add")}),
     calls({call("c3", "add")}), says("Done.")}));

  out.push_back(with_tools("arguments that are not JSON",
                           {function_tool("add")},
                           {calls({call("c1", "add", R"({"n": )")}),
                            calls({call("c2", "add")}), says("Done.")}));

  out.push_back(with_tools("unknown tool", {function_tool("add")},
                           {calls({call("c1", "subtract")}),
                            calls({call("c2", "add")}), says("Done.")}));

  out.push_back(
    failed(with_tools("tool that never works", {function_tool("add")},
                      {calls({call("c1", "add", "{}")})}),
           errc::tool_retries_exceeded));

  out.push_back(with_tools("exhausted attempts are told",
                           {command_tool("list")},
                           {calls({call("c1", "list")}), says("Done.")}));
  out.back().world.process
    = [](const execution&) { return exits(2, "no such directory"); };
  return out;
}

std::vector<scenario> policy_scenarios() {
  std::vector<scenario> out;
  const auto two_steps = std::vector<http_answer>{
    calls({call("c1", "send"), call("c2", "add")}), says("Done.")};

  auto slow = command_tool("send");
  slow.timeout = 10s;
  slow.policy.retries = 1;
  out.push_back(with_tools("tool timeout then success",
                           {slow, function_tool("add")}, two_steps));
  out.back().world.process = [](const execution& x) {
    return x.attempt == 1 ? hangs() : prints("sent");
  };

  auto shaky = command_tool("send");
  shaky.policy.retries = 3;
  out.push_back(with_tools("failing command retried",
                           {shaky, function_tool("add")}, two_steps));
  out.back().world.process = [](const execution& x) {
    return x.attempt < 3 ? exits(1, "busy") : prints("sent");
  };

  auto once = command_tool("send");
  once.policy.on_interrupt = on_interrupt::fail;
  out.push_back(with_tools("interrupted calls are told",
                           {once, function_tool("add")}, two_steps));
  out.back().expected = likeness::same_output;

  auto twice = once;
  twice.policy.retries = 1;
  out.push_back(with_tools("interrupted calls with attempts are told",
                           {twice, function_tool("add")}, two_steps));
  out.back().expected = likeness::same_output;
  out.back().world.process = [](const execution& x) {
    return x.attempt == 1 ? exits(1, "busy") : prints("sent");
  };

  auto asks = once;
  asks.name = "add";
  asks.command.argv = {"add"};
  asks.policy.on_interrupt = on_interrupt::ask;
  out.push_back(with_tools("interrupted calls ask a person who denies",
                           {once, asks}, two_steps));
  out.back().expected = likeness::same_output;
  out.back().world.person = [](const json&) -> json {
    return {{"decision", "deny"}};
  };
  auto both = asks;
  both.name = "send";
  out.push_back(with_tools("interrupted calls ask a person who approves",
                           {both, asks}, two_steps));
  return out;
}

std::vector<scenario> people_scenarios() {
  std::vector<scenario> out;
  const auto two_steps = std::vector<http_answer>{
    calls({call("c1", "send"), call("c2", "add"), call("c3", "look")}),
    says("Done.")};
  auto send = command_tool("send");
  send.requires_approval = true;
  auto look = function_tool("look");
  look.kind = runtime::tool_kind::external;
  look.expires_after = 3600s;
  const std::vector<runtime::tool_definition> tools{send, function_tool("add"),
                                                    look};
  out.push_back(with_tools("approved and answered", tools, two_steps));

  out.push_back(with_tools("denied", tools, two_steps));
  out.back().world.person = [](const json&) -> json {
    return {{"decision", "deny"}, {"message", "not today"}};
  };

  out.push_back(with_tools("approved with other arguments", tools, two_steps));
  out.back().world.person = [](const json& question) -> json {
    if (question.at("kind") == "external")
      return {{"decision", "answer"},
              {"result", {{"kind", "model-retry"}, {"message", "again"}}}};
    return {{"decision", "approve"},
            {"arguments", {{"n", 2}}},
            {"arguments_digest", question.at("arguments_digest")}};
  };

  // Nobody answers what has a time to wait for.
  const auto nobody = [](const json&) -> json {
    return {{"decision", "perhaps"}};
  };
  auto expiring = tools;
  expiring[0].expires_after = 60s;
  out.push_back(with_tools("approval that expires", expiring, two_steps));
  out.back().world.person = nobody;
  expiring[0].on_expiry = runtime::on_expiry::fail;
  out.push_back(
    failed(with_tools("approval that expires for good", expiring, two_steps),
           errc::approval_expired));
  out.back().world.person = nobody;

  out.push_back(
    with_tools("a function that asks", {function_tool("add")},
               {calls({call("c1", "add"), call("c2", "add")}), says("Done.")}));
  out.back().world.function = [](const execution& x) -> runtime::tool_reply {
    if (x.count == 1)
      return runtime::tool_needs_approval{{{"why", "it is a lot"}}};
    return json(7);
  };
  // Which execution is the first is another one after a crash.
  out.back().expected = likeness::same_output;
  return out;
}

std::vector<scenario> output_scenarios() {
  std::vector<scenario> out;
  const auto ticket
    = [](const std::string& name, std::vector<http_answer> say) {
        auto plot = with_tools(
          name, {function_tool("add"), command_tool("list")}, std::move(say));
        plot.agent.output.types.resize(1);
        plot.agent.output.types[0].json_schema = json::parse(
          R"({"type": "object", "properties": {"title": {"type": "string"}},
          "required": ["title"]})");
        plot.output = {{"title", "Broken"}};
        return plot;
      };
  const auto final = call("f1", "final_result", R"({"title": "Broken"})");
  const auto wrong = call("f0", "final_result", R"({"name": "Broken"})");
  out.push_back(ticket("output by a tool", {calls({final})}));
  out.push_back(ticket("invalid output, then text, then a good one",
                       {calls({wrong}), says("Done."), calls({final})}));
  out.back().agent.output_retries = 3;
  const std::vector<http_answer> mixed{
    calls({call("c1", "list"), final, call("c2", "add"), wrong})};
  for (const auto strategy :
       {runtime::end_strategy::graceful, runtime::end_strategy::early,
        runtime::end_strategy::exhaustive}) {
    out.push_back(
      ticket("output among calls, " + std::string{to_string(strategy)}, mixed));
    out.back().agent.end_strategy = strategy;
  }
  out.push_back(
    ticket("output in text", {calls({call("c1", "list")}), says("{}"),
                              says(R"({"title": "Broken"})")}));
  out.back().agent.output.mode = runtime::output_mode::native;
  return out;
}

std::vector<scenario> fallback_scenarios() {
  std::vector<scenario> out;
  out.push_back(plain("the second model answers"));
  out.back().agent.fallback_models = {"openai:gpt-4o-mini", "openai:third"};
  out.back().agent.model_policy.retries = 1;
  out.back().world.model = [](std::uint32_t, const execution& x) {
    return x.input.find("gpt-4o-mini") == std::string::npos
             ? refuses(500)
             : says("Hello there.");
  };
  out.push_back(plain("no model answers"));
  out.back() = failed(out.back(), errc::model_http_error);
  out.back().agent.fallback_models = {"openai:gpt-4o-mini"};
  out.back().world.model
    = [](std::uint32_t, const execution&) { return refuses(400); };
  return out;
}

std::vector<scenario> handler_scenarios() {
  const auto told
    = [](const std::string& name, runtime::event_handler handler) {
        auto plot = with_tools(name, {function_tool("add")},
                               {calls({call("c1", "add")}),
                                calls({call("c2", "add")}), says("Done.")});
        plot.agent.handlers = {std::move(handler)};
        plot.world.one_at_a_time = true;
        return plot;
      };
  runtime::event_handler audit;
  audit.name = "audit";
  std::vector<scenario> out;
  out.push_back(told("events by a function", audit));
  out.back().world.one_at_a_time = false;

  auto held = audit;
  held.holds_run = true;
  out.push_back(told("events that the run waits for", held));

  out.push_back(told("events that fail at first", held));
  out.back().world.handler = [](const execution& x) {
    if (x.count == 1)
      throw std::runtime_error("busy");
  };

  auto hopeless = audit;
  hopeless.policy.retries = 1;
  hopeless.policy.retry_delays = {1s};
  const auto broken
    = [](const execution&) { throw std::runtime_error("broken"); };
  out.push_back(told("a handler that never works", hopeless));
  out.back().world.one_at_a_time = false;
  out.back().world.handler = broken;
  hopeless.holds_run = true;
  out.push_back(failed(told("a handler that never works and holds", hopeless),
                       errc::event_handler_failed));
  out.back().world.handler = broken;

  auto hook = held;
  hook.kind = runtime::handler_kind::http;
  hook.url = "http://hooks.test/";
  hook.secret = "key";
  hook.events = {"function_tool_result", "run_state"};
  out.push_back(told("some events by an endpoint", hook));
  out.back().world.endpoint = [](const execution& x) {
    return x.count == 1 ? refuses(503, "2") : http_answer{204, {}, {}, {}};
  };

  auto program = audit;
  program.kind = runtime::handler_kind::command;
  program.command.argv = {"audit"};
  program.events = {"part_delta", "part_end"};
  out.push_back(told("deltas by a program", program));
  out.back().stream = true;
  out.back().agent.tools.clear();
  out.back().world.one_at_a_time = false;
  out.back().world.model = [](std::uint32_t, const execution& x) {
    return streams("Done.", x.count == 1 ? 0 : SIZE_MAX);
  };
  return out;
}

std::vector<scenario> cache_scenarios() {
  std::vector<scenario> out;
  out.push_back(with_tools(
    "cached", {function_tool("add"), command_tool("list")},
    {calls({call("c1", "add"), call("c2", "list")}), says("Done.")}));
  auto& plot = out.back();
  plot.runs = 2;
  plot.apart = 60s;
  plot.agent.model_policy.cache.mode = runtime::cache_mode::inputs;
  for (auto& tool : plot.agent.tools)
    tool.policy.cache.mode = runtime::cache_mode::inputs;

  out.push_back(plot);
  out.back().name = "cached and expired";
  out.back().agent.model_policy.cache.expiration = 30s;
  for (auto& tool : out.back().agent.tools)
    tool.policy.cache.expiration = 30s;
  return out;
}

std::vector<scenario> client_scenarios() {
  std::vector<scenario> out;
  out.push_back(with_tools("usage limit", {function_tool("add")},
                           {calls({call("c1", "add")}), says("Done.")}));
  out.back() = failed(out.back(), errc::usage_limit_exceeded);
  out.back().input.limits.request_limit = 1;

  out.push_back(
    with_tools("limit of tool calls", {function_tool("add")},
               {calls({call("c1", "add"), call("c2", "add")}), says("Done.")}));
  out.back() = failed(out.back(), errc::usage_limit_exceeded);
  out.back().input.limits.tool_calls_limit = 1;

  out.push_back(with_tools(
    "cancelled in the middle", {command_tool("list")},
    {calls({call("c1", "list")}), calls({call("c2", "list")}), says("Done.")}));
  out.back().cancel_after = 3;
  out.back().end = runtime::run_end::cancelled;
  out.back().error = errc::cancelled;
  out.back().output = nullptr;
  out.back().expected = likeness::same_end;

  out.push_back(with_tools("history with an open call", {function_tool("add")},
                           {says("Done.")}));
  out.back().input.prompt = nullptr;
  // The first request of the node is the run's second step.
  const auto history = runtime::history_from_json(json::parse(R"([
    {"kind": "request", "parts": [
      {"part_kind": "user-prompt", "content": "Add one.",
       "timestamp": "2026-01-01T00:00:00Z"}]},
    {"kind": "response", "parts": [
      {"part_kind": "text", "content": "I will."},
      {"part_kind": "tool-call", "tool_name": "add", "args": {"n": 1},
       "tool_call_id": "old"}],
     "timestamp": "2026-01-01T00:00:01Z"}])"));
  if (!history)
    throw std::logic_error(history.error().message);
  out.back().input.history = *history;
  return out;
}

} // namespace

std::function<http_answer(std::uint32_t step, const execution& request)>
in_turn(std::vector<http_answer> answers) {
  return [answers = std::move(answers)](std::uint32_t step, const execution&) {
    return answers[std::min<std::size_t>(step, answers.size()) - 1];
  };
}

script plain_world() {
  script out;
  out.model = in_turn({says("Hello there.")});
  out.function = [](const execution& made) -> runtime::tool_reply {
    return *runtime::parse_json(made.input);
  };
  out.process = [](const execution& made) { return prints(made.input); };
  out.handler = [](const execution&) {
    // it is handled
  };
  out.endpoint = [](const execution&) { return http_answer{204, {}, {}, {}}; };
  out.person = [](const json& question) -> json {
    if (question.at("kind") == "external")
      return {{"decision", "answer"}, {"result", 7}};
    return {{"decision", "approve"}};
  };
  return out;
}

scenario failed(scenario plot, runtime::errc error) {
  plot.end = runtime::run_end::failed;
  plot.output = nullptr;
  plot.error = error;
  return plot;
}

runtime::agent_definition plain_agent() {
  runtime::agent_definition out;
  out.name = "helper";
  out.model = "openai:gpt-4o";
  out.instructions = {{"Be brief.", false}};
  out.model_policy = runtime::default_model_policy();
  out.tool_retries = 2;
  return out;
}

runtime::tool_definition function_tool(const std::string& name) {
  runtime::tool_definition out;
  out.name = name;
  out.parameters = json::parse(R"({"type": "object",
    "properties": {"n": {"type": "integer"}}, "required": ["n"]})");
  out.policy = runtime::default_tool_policy();
  return out;
}

runtime::tool_definition command_tool(const std::string& name) {
  auto out = function_tool(name);
  out.kind = runtime::tool_kind::command;
  out.command.argv = {name};
  return out;
}

std::vector<scenario> all_scenarios() {
  std::vector<scenario> out;
  for (auto part :
       {model_scenarios(), tool_scenarios(), policy_scenarios(),
        people_scenarios(), output_scenarios(), fallback_scenarios(),
        handler_scenarios(), cache_scenarios(), client_scenarios(),
        turn_scenarios(), server_scenarios()})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

scenario scenario_named(const std::string& name) {
  for (auto& plot : all_scenarios())
    if (plot.name == name)
      return plot;
  throw std::logic_error("no scenario is called " + name);
}

} // namespace perdure::simulation
