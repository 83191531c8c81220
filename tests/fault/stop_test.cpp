// The daemon as a process: how it stops, what it leaves behind, and what keeps
// it from starting.

#define CAF_SUITE fault.stop

#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include <csignal>
#include <unistd.h>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// A tool that leaves its own process id and that of a child, and stays.
json staying_tool(const rig& rig) {
  const auto program = rig.node.place().write("tools/stay",
                                              R"(#!/bin/sh
sleep 600 &
printf '%s\n%s\n' "$$" "$!" >> "$1"
wait
)",
                                              true);
  return rig::command(
    "stay", {program.string(), (rig.node.place().path() / "pids").string()});
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Starts the program on these arguments and waits for its end.
finished start_failing(const std::vector<std::string>& arguments) {
  std::vector<std::string> argv{real_node::binary().string(), "--listen",
                                "127.0.0.1:0"};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  auto out = run_program(argv);
  CAF_MESSAGE(out.output);
  return out;
}

} // namespace

CAF_TEST(runs go on after ordered restarts) {
  constexpr std::size_t runs = 20;
  constexpr int restarts = 8;
  rig rig;
  auto responses = json::array();
  for (int i = 0; i < 12; ++i)
    responses.push_back(calls({"note", "step"}, 100));
  responses.push_back(json{{"text", "done"}});
  rig.write_agent(
    "worker", responses,
    {rig.tool("note", "0.02"), rig.tool("step", "0", {{"sequential", true}})});
  rig.node.start();
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < runs; ++i)
    ids.push_back(rig.create("worker"));
  for (int i = 0; i < restarts; ++i) {
    const auto before = rig.effect_count();
    CAF_REQUIRE(wait_until([&] { return rig.effect_count() > before; }));
    CAF_REQUIRE_EQUAL(rig.node.terminate(), 0);
    rig.node.start();
  }
  for (const auto& run_id : ids) {
    const auto run = rig.finished(run_id);
    CAF_CHECK_EQUAL(run["state"], "completed");
    CAF_CHECK_EQUAL(run["output"], "done");
    CAF_CHECK_EQUAL(run["usage"]["tool_calls"], 24);
  }
  CAF_CHECK_EQUAL(rig.effects().size(), runs * 24);
}

CAF_TEST(an ordered stop is quick and ends the programs of tools) {
  rig rig;
  rig.write_agent("stayer",
                  json::array({calls({"stay"}), json{{"text", "done"}}}),
                  {staying_tool(rig)});
  rig.write_agent("sleeper",
                  json::array({json{{"text", "done"}, {"delay_ms", 600'000}}}));
  rig.node.start();
  const auto run_id = rig.create("stayer");
  const auto sleeper = rig.create("sleeper");
  const auto pids = pids_in(rig.node.place().path() / "pids", 2);
  CAF_REQUIRE_EQUAL(pids.size(), 2u);
  CAF_CHECK(is_alive(pids[0]) && is_alive(pids[1]));
  const auto begin = std::chrono::steady_clock::now();
  CAF_CHECK_EQUAL(rig.node.terminate(), 0);
  const auto took = std::chrono::steady_clock::now() - begin;
  CAF_CHECK(took < std::chrono::seconds{10});
  for (const auto pid : pids)
    CAF_CHECK(
      wait_until([&] { return !is_alive(pid); }, std::chrono::seconds{2}));
  rig.node.start();
  for (const auto& id : {run_id, sleeper}) {
    const auto run = rig.node.api().get("/v1/runs/" + id).value();
    CAF_CHECK_EQUAL(run["state"], "running");
  }
  CAF_CHECK_EQUAL(pids_in(rig.node.place().path() / "pids", 4).size(), 4u);
}

CAF_TEST(the program of a tool does not outlive a killed node) {
  rig rig;
  rig.write_agent("stayer",
                  json::array({calls({"note"}), json{{"text", "done"}}}),
                  {rig.gated_tool("note")});
  rig.node.start();
  const auto run_id = rig.create("stayer");
  CAF_REQUIRE(wait_until([&] { return rig.effect_count() == 1; }));
  const auto pid = rig.effects().begin()->second.front().pid;
  CAF_CHECK(is_alive(pid));
  rig.node.kill9();
  CAF_CHECK(
    wait_until([&] { return !is_alive(pid); }, std::chrono::seconds{2}));
  rig.open_gate();
  rig.node.start();
  CAF_CHECK_EQUAL(rig.end_of(run_id), "completed");
  CAF_CHECK_EQUAL(rig.effects().begin()->second.size(), 2u);
}

CAF_TEST(a second node on the same directory is refused) {
  rig rig;
  rig.node.start();
  const auto second
    = start_failing({"--data-dir", rig.node.data_dir().string()});
  CAF_CHECK_EQUAL(second.exit_code.value_or(-1), 2);
  CAF_CHECK(
    has(second.output, "in use by process " + std::to_string(rig.node_pid())));
  CAF_CHECK(has(second.output, rig.node.data_dir().string()));
  CAF_CHECK(rig.node.api().is_healthy());
}

CAF_TEST(a port in use is named) {
  rig rig;
  rig.node.start();
  const temp_dir other;
  const auto address = "127.0.0.1:" + std::to_string(rig.node.api().port());
  const auto second
    = run_program({real_node::binary().string(), "--data-dir",
                   (other.path() / "data").string(), "--listen", address});
  CAF_MESSAGE(second.output);
  CAF_CHECK_EQUAL(second.exit_code.value_or(-1), 1);
  CAF_CHECK(has(second.output, "cannot listen on " + address));
  CAF_CHECK(rig.node.api().is_healthy());
}

CAF_TEST(a token file that is open to others or no token is refused) {
  rig rig;
  rig.node.start();
  CAF_CHECK_EQUAL(rig.node.terminate(), 0);
  const auto file = rig.node.data_dir() / "admin.token";
  const auto attempt = [&] {
    auto out = start_failing({"--data-dir", rig.node.data_dir().string()});
    CAF_CHECK_EQUAL(out.exit_code.value_or(-1), 2);
    CAF_CHECK(has(out.output, file.string()));
    return out.output;
  };
  using std::filesystem::perms;
  std::filesystem::permissions(file, perms::owner_all | perms::others_read);
  CAF_CHECK(has(attempt(), "chmod 600"));
  std::filesystem::permissions(file, perms::owner_read | perms::owner_write);
  std::filesystem::resize_file(file, 3);
  CAF_CHECK(has(attempt(), "holds no token"));
  if (::geteuid() != 0) { // root reads everything
    std::filesystem::permissions(file, perms::none);
    attempt();
  }
  std::filesystem::remove(file);
  rig.node.start();
  CAF_CHECK_EQUAL(rig.node.api().get("/v1/runs").status, 200);
}

CAF_TEST(a directory that cannot be written is named) {
  const temp_dir place;
  const auto file = place.write("file", "not a directory");
  for (const auto& directory :
       {(file / "data").string(), std::string{"/proc/perdure-data"}}) {
    const auto out = start_failing({"--data-dir", directory});
    CAF_CHECK_EQUAL(out.exit_code.value_or(-1), 2);
    CAF_CHECK(has(out.output, directory));
  }
}

CAF_TEST(every error of a node file is told at once) {
  const temp_dir place;
  const auto file = place.write("node.json", R"({
  "listen": "nowhere",
  "colour": "red",
  "limits": {"active_runs_max": 0, "park_after_seconds": "soon"}
})");
  const auto out = start_failing({"--config", file.string(), "--data-dir",
                                  (place.path() / "data").string()});
  CAF_CHECK_EQUAL(out.exit_code.value_or(-1), 2);
  for (const auto* part :
       {"node.json:2:", "node.json:3:", "node.json:4:", "listen", "colour",
        "active_runs_max", "park_after_seconds"})
    CAF_CHECK(has(out.output, part));
  CAF_CHECK(!std::filesystem::exists(place.path() / "data"));
}
