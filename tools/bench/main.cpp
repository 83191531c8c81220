// perdure-bench: what a durable task costs. `--help` says what is measured.

#include "tools/bench/chat_server.hpp"
#include "tools/bench/disk.hpp"
#include "tools/bench/host.hpp"
#include "tools/bench/load_process.hpp"
#include "tools/bench/long_run.hpp"
#include "tools/bench/mcp_calls.hpp"
#include "tools/bench/mcp_server.hpp"
#include "tools/bench/stream_lag.hpp"
#include "tools/bench/usage.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <thread>

namespace {

using namespace perdure::bench;
using perdure::runtime::json;
using steady = std::chrono::steady_clock;

constexpr auto description = R"(Measures durable tasks of the whole path.

Each run makes five model requests (answers from a script, no network) and five
calls of a C++ tool that adds two numbers: ten tasks, each durable (one synced
commit at least) before the next begins. A second process asks for the runs over
HTTP on loopback and waits for each run's end. Both share this machine's cores.

Measured: tasks per second, and per task the share of its run's time. Not
measured: model providers, networks, commands, MCP servers, watchers.

With --long only one thing is measured: what the steps of a single run of N steps
cost at its beginning and at its end, once with answers from a script and once
with a provider on loopback, to which each request is encoded and sent.

With --streams only one thing is measured: the time from the moment a provider
sends a chunk to the moment the run's watcher has its event, with N runs that are
streamed at a time, 50 chunks a second each.

With --mcp only one thing is measured: calls of an MCP server over pipes, bare
(one line out, one line in, nothing kept) and durable (from the begin of a call's
task to the begin of the next task), and what N runs get that share the server.)";

struct settings {
  std::string directory = "/tmp/perdure-bench";
  std::vector<std::size_t> concurrency{1, 16, 64, 1'000, 10'000};
  double scale = 1.0;
  std::size_t in_flight = 10'000;
  std::size_t parked = 100'000;
  std::size_t long_steps = 0;
  std::size_t streams = 0;
  std::size_t mcp_runs = 0;
  std::size_t threads = 0;
  std::string json_file;
};

std::filesystem::path fresh(const settings& options, const char* name) {
  const auto path = std::filesystem::path{options.directory} / name;
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

/// A line of /proc/self/status in MiB.
double memory_mib(const char* field) {
  std::ifstream file{"/proc/self/status"};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(field))
      return std::strtod(line.c_str() + line.find(':') + 1, nullptr) / 1'024;
  return 0;
}

load work_for(const host& node, const char* agent, const char* target) {
  load work;
  work.port = node.port();
  work.token = node.token();
  work.target = target;
  work.body = std::string{R"({"agent": ")"} + agent + R"(", "prompt": "go"})";
  return work;
}

void complain(const load_result& result) {
  if (result.errors > 0)
    std::printf("  %zu errors, the first: %s\n", result.errors,
                result.first_error.substr(0, 300).c_str());
}

json throughput(const settings& options, load_process& callers) {
  auto rows = json::array();
  const auto commit = time_commits(fresh(options, "probe"), 500);
  const auto sync = time_syncs(options.directory, 500);
  const auto commit_p50 = percentile(commit, 0.5);
  std::printf("disk: sync p50 %u us p99 %u us; synced journal commit p50 %u us "
              "p99 %u us\n\n",
              percentile(sync, 0.5), percentile(sync, 0.99), commit_p50,
              percentile(commit, 0.99));
  std::printf("%12s %10s %10s %14s %14s %14s %14s\n", "concurrency", "runs",
              "tasks/s", "task p50 us", "task p99 us", "p50 / commit",
              "cpu us/task");
  for (const auto level : options.concurrency) {
    host node{{fresh(options, "throughput"), {}, options.threads, true}};
    auto work = work_for(node, "five", "/v1/runs?wait=300");
    const auto base = level == 1 ? 300.0 : level < 1'000 ? 8'000.0 : 30'000.0;
    work.connections = level;
    work.requests = static_cast<std::size_t>(base * options.scale);
    work.warm_up = std::max<std::size_t>(work.requests / 10, level);
    const auto cpu_before = processor_time();
    const auto result = callers.run(work);
    // Of the node alone; the callers are another process.
    const auto cpu
      = (processor_time() - cpu_before).count() * 1e6
        / static_cast<double>((work.requests + work.warm_up) * tasks_per_run);
    const auto rate = static_cast<double>(result.latencies_us.size())
                      * tasks_per_run / result.elapsed.count();
    const auto p50 = percentile(result.latencies_us, 0.5) / tasks_per_run;
    const auto p99 = percentile(result.latencies_us, 0.99) / tasks_per_run;
    const auto ratio = static_cast<double>(p50) / std::max(1U, commit_p50);
    std::printf("%12zu %10zu %10.0f %14zu %14zu %14.2f %14.1f\n", level,
                work.requests, rate, p50, p99, ratio, cpu);
    complain(result);
    rows.push_back({{"concurrency", level},
                    {"runs", work.requests},
                    {"tasks_per_second", rate},
                    {"task_p50_us", p50},
                    {"task_p99_us", p99},
                    {"task_p50_per_commit_p50", ratio},
                    {"node_cpu_us_per_task", cpu},
                    {"errors", result.errors}});
  }
  return {{"sync_p50_us", percentile(sync, 0.5)},
          {"commit_p50_us", commit_p50},
          {"levels", std::move(rows)}};
}

std::size_t count_of(const host& node, perdure::runtime::run_status status) {
  for (const auto& [which, count] : must(node.journal().count_by_status()))
    if (which == status)
      return count;
  return 0;
}

json start_up(const settings& options, load_process& callers) {
  const auto directory = fresh(options, "start");
  {
    host node{{directory, std::chrono::hours{1}, options.threads, true}};
    auto work = work_for(node, "stay", "/v1/runs");
    work.connections = 64;
    work.requests = options.in_flight;
    complain(callers.run(work));
    // Until every run waits for its last answer.
    std::this_thread::sleep_for(std::chrono::seconds{2});
  }
  const auto from = steady::now();
  host node{{directory, {}, options.threads, true}};
  const auto opened = steady::now();
  using perdure::runtime::run_status;
  while (count_of(node, run_status::completed) < options.in_flight
         && steady::now() - from < std::chrono::minutes{1})
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  const std::chrono::duration<double> open = opened - from;
  const std::chrono::duration<double> all = steady::now() - from;
  std::printf("\nstart with %zu runs in flight: doors open after %.3f s, all "
              "runs rehydrated, answered and completed after %.3f s\n",
              options.in_flight, open.count(), all.count());
  return {{"runs", options.in_flight},
          {"open_seconds", open.count()},
          {"all_completed_seconds", all.count()},
          {"completed", count_of(node, run_status::completed)}};
}

json parking(const settings& options, load_process& callers) {
  const auto directory = fresh(options, "parked");
  {
    host node{{directory, {}, options.threads, true}};
    auto work = work_for(node, "parked", "/v1/runs");
    work.connections = 256;
    work.requests = options.parked;
    complain(callers.run(work));
    const auto until = steady::now() + std::chrono::minutes{2};
    while (node.active_runs() > 0 && steady::now() < until)
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    std::printf("\n%zu parked runs: %.0f MiB resident right after they came "
                "(%.0f of them anonymous)\n",
                count_of(node, perdure::runtime::run_status::waiting),
                memory_mib("VmRSS"), memory_mib("RssAnon"));
  }
  host node{{directory, {}, options.threads, true}};
  std::this_thread::sleep_for(std::chrono::seconds{1});
  const auto resident = memory_mib("VmRSS");
  std::printf("after a restart: %.0f MiB resident (%.0f anonymous)\n", resident,
              memory_mib("RssAnon"));
  return {{"runs", count_of(node, perdure::runtime::run_status::waiting)},
          {"resident_mib", resident},
          {"anonymous_mib", memory_mib("RssAnon")}};
}

json long_runs(const settings& options, load_process& callers,
               std::uint16_t chat_port) {
  auto out = json::array();
  for (const auto port : {std::uint16_t{0}, chat_port})
    out.push_back(long_run(
      {fresh(options, "long"), options.long_steps, port, options.threads, true},
      callers));
  return out;
}

} // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view{argv[1]} == mcp_server_mode) {
    serve_mcp();
    return 0;
  }
  settings options;
  CLI::App app{description, "perdure-bench"};
  app
    .add_option("--data-dir", options.directory,
                "Scratch directory, on the disk to be measured; its content "
                "is deleted")
    ->capture_default_str();
  app.add_option("--concurrency", options.concurrency,
                 "Runs at a time, one row each");
  app.add_option("--scale", options.scale, "Runs per row, times this");
  app.add_option("--in-flight", options.in_flight,
                 "Runs in flight at the restart; 0 leaves it out");
  app.add_option("--parked", options.parked, "Parked runs; 0 leaves it out");
  app
    .add_option("--long", options.long_steps,
                "Steps of one long run, measured alone; 0 leaves it out")
    ->check(CLI::Range(0, 1'000'000));
  app
    .add_option("--streams", options.streams,
                "Runs that are streamed at a time, measured alone; 0 leaves it "
                "out")
    ->check(CLI::Range(0, 10'000));
  app
    .add_option("--mcp", options.mcp_runs,
                "Runs that share an MCP server, measured alone; 0 leaves it "
                "out")
    ->check(CLI::Range(0, 10'000));
  app.add_option("--threads", options.threads,
                 "Threads of the actor system; 0 is one per core");
  app.add_option("--json", options.json_file, "Also write the figures here");
  CLI11_PARSE(app, argc, argv);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  // They fork: before any thread.
  load_process callers;
  std::optional<chat_server> chat;
  std::optional<stream_peer> peer;
  stream_lag_options lag;
  if (options.long_steps > 0)
    chat.emplace(options.long_steps);
  if (options.streams > 0) {
    lag.directory = fresh(options, "streams");
    lag.streams = options.streams;
    lag.threads = options.threads;
    peer.emplace(lag);
  }
  if (chat || peer || options.mcp_runs > 0) {
    options.concurrency.clear();
    options.in_flight = options.parked = 0;
  }
  json out;
  out["cores"] = std::thread::hardware_concurrency();
  if (!options.concurrency.empty())
    out["throughput"] = throughput(options, callers);
  if (options.in_flight > 0)
    out["start_up"] = start_up(options, callers);
  if (options.parked > 0)
    out["parked"] = parking(options, callers);
  if (chat)
    out["long"] = long_runs(options, callers, chat->port());
  if (peer)
    out["streams"] = stream_lag(lag, *peer);
  if (options.mcp_runs > 0)
    out["mcp"] = mcp_calls(
      {fresh(options, "mcp"), 2'000, options.mcp_runs, options.threads, true},
      callers);
  if (!options.json_file.empty())
    std::ofstream{options.json_file} << out.dump(2) << '\n';
  return 0;
}
