#include "fault/rig.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "support/waiting.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

// A line of this size goes to the file in one piece.
constexpr auto program = R"(#!/bin/sh
# effect FILE SECONDS [GATE]
echo "$PERDURE_IDEMPOTENCY_KEY $PERDURE_ATTEMPT $$" >> "$1"
if [ -n "$3" ]; then
  until [ -e "$3" ]; do sleep 0.02; done
fi
[ "$2" = 0 ] || sleep "$2"
echo '{"done": true}'
)";

constexpr auto stubborn_program = R"(#!/bin/sh
trap '' TERM INT HUP
(sleep 600 & echo "$!" >> "$1"; wait) &
printf '%s\n%s\n' "$$" "$!" >> "$1"
while :; do wait; done
)";

} // namespace

rig::rig() : program_(node.place().write("tools/effect", program, true)) {
  node.place().write("effects", "");
}

json rig::command(const std::string& name, const std::vector<std::string>& argv,
                  const json& extra) {
  json fields{{"name", name}, {"argv", argv}};
  fields.update(extra);
  return {{"Command", std::move(fields)}};
}

json rig::tool(const std::string& name, const std::string& seconds,
               const json& extra) const {
  return command(name, {program_.string(), effects_file().string(), seconds},
                 extra);
}

json rig::gated_tool(const std::string& name) const {
  return command(name, {program_.string(), effects_file().string(), "0",
                        (node.place().path() / "gate").string()});
}

void rig::open_gate() const {
  node.place().write("gate", "");
}

void rig::write_agent(const std::string& name, const json& responses,
                      std::vector<json> capabilities) const {
  const auto script
    = node.place().write("scripts/" + name + ".json",
                         runtime::to_text(json{{"responses", responses}}));
  node.write_agent(
    name + ".json",
    runtime::to_text(json{{"name", name},
                          {"model", "script:" + script.string()},
                          {"capabilities", std::move(capabilities)}}));
}

std::filesystem::path rig::write_stubborn_agent(const std::string& name) const {
  const auto pids = node.place().path() / "pids";
  const auto stay
    = node.place().write("tools/stubborn", stubborn_program, true);
  write_agent(name,
              json::array({calls({"stay", "stay"}), json{{"text", "done"}}}),
              {command("stay", {stay.string(), pids.string()})});
  return pids;
}

effect_map rig::effects() const {
  effect_map out;
  std::istringstream lines{read_text(effects_file())};
  std::string key;
  effect one;
  while (lines >> key >> one.attempt >> one.pid)
    out[key].push_back(one);
  return out;
}

std::size_t rig::effect_count() const {
  const auto text = read_text(effects_file());
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

std::filesystem::path rig::effects_file() const {
  return node.place().path() / "effects";
}

pid_t rig::node_pid() const {
  return static_cast<pid_t>(
    std::stol(read_text(node.data_dir() / "journal.lock")));
}

std::string rig::token() const {
  auto out = read_text(node.data_dir() / "admin.token");
  while (!out.empty() && out.back() == '\n')
    out.pop_back();
  return out;
}

std::string
rig::create(const std::string& agent, const std::string& prompt) const {
  const auto answer = node.api().post(
    "/v1/runs", runtime::to_text(json{{"agent", agent}, {"prompt", prompt}}));
  return answer.status == 201 ? answer.value()["id"].get<std::string>() : "";
}

json rig::finished(const std::string& run_id) const {
  // Every run ends in one of the final states.
  auto run = node.api().wait_for_state(run_id, "completed");
  if (!run.is_object())
    throw std::runtime_error(
      "run " + run_id + " does not end:\n"
      + node.api().get("/v1/runs/" + run_id + "/why").body + "\n" + node.log());
  return run;
}

std::string rig::end_of(const std::string& run_id) const {
  return finished(run_id).value("state", "");
}

json rig::rows(const std::string& run_id, const std::string& what) const {
  const auto path = what == "entries" ? "journal" : what;
  const auto answer = node.api().get("/v1/runs/" + run_id + "/" + path);
  return answer.status == 200 ? answer.value()[what] : json::array();
}

json call_of(const std::string& tool) {
  return {{"tool", tool}, {"args", json::object()}};
}

json calls(const std::vector<std::string>& tools, int delay_ms) {
  auto list = json::array();
  for (const auto& name : tools)
    list.push_back(call_of(name));
  return {{"tool_calls", std::move(list)}, {"delay_ms", delay_ms}};
}

bool is_alive(pid_t pid) {
  const auto text = read_text("/proc/" + std::to_string(pid) + "/stat");
  // The name in parentheses may hold anything.
  const auto end = text.rfind(')');
  return end != std::string::npos && end + 2 < text.size()
         && text[end + 2] != 'Z' && text[end + 2] != 'X';
}

std::vector<pid_t>
pids_in(const std::filesystem::path& file, std::size_t count) {
  std::vector<pid_t> out;
  wait_until([&] {
    out.clear();
    const auto text = read_text(file);
    if (text.empty() || text.back() != '\n')
      return false;
    std::istringstream lines{text};
    for (pid_t pid = 0; lines >> pid;)
      out.push_back(pid);
    return out.size() >= count;
  });
  if (out.size() < count)
    out.clear();
  return out;
}

} // namespace perdure::tests
