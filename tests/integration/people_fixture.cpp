#include "integration/people_fixture.hpp"

#include <caf/test/unit_test.hpp>

#include "support/waiting.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

constexpr std::string_view tool_program = R"(#!/bin/sh
cd "$PLACE" || exit 1
{ sed 's/[^0-9]//g'; echo; } >> wiped
[ "$1" = quick ] || while [ ! -f go ]; do sleep 0.02; done
echo done
)";

/// One call of the tool, then the end.
json script_of(const std::string& tool, json arguments) {
  json call{{"tool", tool}};
  call["args"] = std::move(arguments);
  json first;
  first["tool_calls"] = json::array({std::move(call)});
  json last{{"text", "All done."}};
  json out;
  out["responses"] = json::array({std::move(first), std::move(last)});
  return out;
}

json wipe_tool(const std::string& program, const std::string& place,
               const char* speed) {
  json out{{"name", "wipe"}, {"argv", {program, speed}}};
  out["env"] = {{"PLACE", place}};
  out["parameters"] = {{"type", "object"},
                       {"properties", {{"n", {{"type", "integer"}}}}},
                       {"required", {"n"}}};
  return out;
}

} // namespace

people_node::people_node(json node_file) {
  tool_ = node.place().write("tool", tool_program, true).string();
  if (!node_file.is_null())
    node.write_node_file(node_file);
}

void people_node::write_agent(const std::string& name, const std::string& tool,
                              json approval, std::vector<json> more,
                              json arguments) {
  const auto script = node.place().write(
    "scripts/" + name + ".json",
    runtime::to_text(script_of(tool, std::move(arguments))));
  const auto* speed = name == "slow" ? "slow" : "quick";
  auto capabilities = json::array();
  capabilities.push_back(
    {{"Command", wipe_tool(tool_, node.place().path().string(), speed)}});
  if (!approval.is_null())
    capabilities.push_back({{"Approval", std::move(approval)}});
  for (auto& capability : more)
    capabilities.push_back(std::move(capability));
  const json agent{{"model", "script:" + script.string()},
                   {"capabilities", std::move(capabilities)}};
  node.write_agent(name + ".json", runtime::to_text(agent));
}

void people_node::start() {
  node.start();
}

std::string people_node::create(const std::string& agent) {
  const auto answer = node.api().post(
    "/v1/runs", runtime::to_text({{"agent", agent}, {"prompt", "Do it."}}));
  if (answer.status != 201)
    CAF_FAIL("no run: " << answer.body);
  return answer.value()["id"].get<std::string>();
}

json people_node::question_of(const std::string& run_id) {
  const auto open = node.api().wait_for_questions(run_id);
  if (open.is_null())
    CAF_FAIL("nothing is asked: " << node.api().get("/v1/runs/" + run_id).body);
  return open[0];
}

api_answer people_node::decide(const json& question, const json& body) {
  return node.api().post("/v1/approvals/" + question["id"].get<std::string>(),
                         runtime::to_text(body));
}

json people_node::ended(const std::string& run_id) {
  auto run = node.api().wait_for_state(run_id, "completed");
  CAF_REQUIRE(run.is_object());
  return run;
}

std::string people_node::kind_asked(const std::string& run_id) {
  return question_of(run_id).at("kind").get<std::string>();
}

std::string people_node::end_state(const std::string& run_id) {
  return ended(run_id).at("state").get<std::string>();
}

json people_node::told(const std::string& run_id, const char* key) {
  const auto messages
    = node.api().get("/v1/runs/" + run_id + "/messages").value();
  for (const auto& message : messages)
    for (const auto& part : message["parts"])
      if (part["part_kind"] == "tool-return")
        return part.at(key);
  return nullptr;
}

std::string people_node::wiped() const {
  return read_text(node.place().path() / "wiped");
}

void people_node::go() const {
  node.place().write("go", "");
}

} // namespace perdure::tests
