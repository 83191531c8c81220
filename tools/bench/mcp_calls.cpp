#include "tools/bench/mcp_calls.hpp"

#include "tools/bench/disk.hpp"
#include "tools/bench/host.hpp"
#include "tools/bench/mcp_server.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <fstream>

namespace perdure::bench {

namespace {

using runtime::json;

constexpr std::size_t calls_per_run = 50;

std::string script_text() {
  auto responses = json::array();
  for (std::size_t n = 0; n < calls_per_run; ++n) {
    json call{{"tool", "add"}, {"args", {{"a", n}, {"b", 1}}}};
    json response;
    response["tool_calls"] = json::array({std::move(call)});
    responses.push_back(std::move(response));
  }
  responses.push_back({{"text", "Done."}});
  return runtime::to_text({{"responses", std::move(responses)}});
}

actors::agent_deployment agent_of(const std::filesystem::path& directory) {
  const auto script = directory / "adds.json";
  std::ofstream{script} << script_text();
  actors::agent_deployment out;
  out.definition.name = "adds";
  out.definition.model = "script:" + script.string();
  out.definition.model_policy = runtime::default_model_policy();
  out.definition.limits.request_limit.reset();
  runtime::mcp::server_options server;
  server.id = "adder";
  server.argv = mcp_server_command();
  out.definition.mcp_servers.push_back(std::move(server));
  return out;
}

load_result run(const host& node, load_process& callers, std::size_t runs,
                std::size_t connections) {
  load work;
  work.port = node.port();
  work.token = node.token();
  work.target = "/v1/runs?wait=300";
  work.body = R"({"agent": "adds", "prompt": "Add."})";
  work.requests = runs;
  work.connections = connections;
  auto out = callers.run(work);
  if (out.errors > 0) {
    std::fprintf(stderr, "perdure-bench: %s\n", out.first_error.c_str());
    std::exit(1);
  }
  return out;
}

/// Microseconds, sorted, from the begin of each call to the begin of the task
/// that follows it: the call, and all that makes it durable.
std::vector<std::uint32_t> durable_calls(const storage::journal& journal) {
  std::vector<std::uint32_t> out;
  for (const auto& run : must(journal.runs({})).runs) {
    const runtime::task_completed* call = nullptr;
    const auto entries = must(journal.read(run.run_id));
    for (const auto& stored : entries) {
      const auto* done = std::get_if<runtime::task_completed>(&stored.value);
      if (done == nullptr)
        continue;
      if (call != nullptr)
        out.push_back(static_cast<std::uint32_t>(
          (done->started_at - call->started_at).count()));
      const auto kind = done->task.kind;
      call = kind == runtime::task_kind::tool_call ? done : nullptr;
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

void add(std::vector<std::uint32_t>& sorted,
         const std::vector<std::uint32_t>& more) {
  sorted.insert(sorted.end(), more.begin(), more.end());
  std::sort(sorted.begin(), sorted.end());
}

} // namespace

json mcp_calls(const mcp_calls_options& options, load_process& callers) {
  const auto place = options.directory / "node";
  std::filesystem::create_directories(place);
  host::options settings{place, {}, options.threads, options.sync};
  settings.agents.push_back(agent_of(place));
  host node{settings};
  // Half of what they are compared with before and half after, for the machine
  // changes.
  bare_mcp_server server;
  auto bare = server.time_calls(options.calls / 2);
  auto commits = time_commits(options.directory / "before", 250);
  run(node, callers, std::max<std::size_t>(1, options.calls / calls_per_run),
      1);
  const auto durable = durable_calls(node.journal());
  add(bare, server.time_calls(options.calls / 2));
  add(commits, time_commits(options.directory / "after", 250));
  const auto p50 = [](const std::vector<std::uint32_t>& x) {
    return static_cast<std::int64_t>(percentile(x, 0.5));
  };
  const auto overhead = p50(durable) - p50(bare) - p50(commits);
  std::printf("one MCP server over pipes, %zu calls one after the other:\n"
              "%12s %12s %12s %24s\n%12ld %12ld %12ld %24ld\n",
              durable.size(), "bare p50 us", "durable p50", "commit p50",
              "durable - bare - commit", p50(bare), p50(durable), p50(commits),
              overhead);
  const auto shared = run(node, callers, options.runs * 5, options.runs);
  const auto rate = static_cast<double>(options.runs * 5 * calls_per_run)
                    / shared.elapsed.count();
  std::printf("%zu runs at a time share it: %.0f durable calls/s, each after a "
              "durable model request\n",
              options.runs, rate);
  return {{"calls", durable.size()},        {"bare_p50_us", p50(bare)},
          {"durable_p50_us", p50(durable)}, {"commit_p50_us", p50(commits)},
          {"overhead_us", overhead},        {"runs", options.runs},
          {"shared_calls_per_second", rate}};
}

} // namespace perdure::bench
