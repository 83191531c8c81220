#include "tools/bench/host.hpp"

#include "storage/lmdb/lmdb_journal.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>

namespace perdure::bench {

namespace {

using runtime::json;

constexpr auto five_script = R"({"responses": [
  {"tool_calls": [{"tool": "add", "args": {"a": 1, "b": 2}}]},
  {"tool_calls": [{"tool": "add", "args": {"a": 3, "b": 3}}]},
  {"tool_calls": [{"tool": "add", "args": {"a": 6, "b": 4}}]},
  {"tool_calls": [{"tool": "add", "args": {"a": 10, "b": 5}},
                  {"tool": "add", "args": {"a": 15, "b": 6}}]},
  {"text": "The sum is 21."}]})";

constexpr auto parked_script = R"({"responses": [
  {"error": {"status": 503, "message": "come back later",
             "retry_after_seconds": 600}}], "repeat": true})";

std::string stay_script(std::chrono::milliseconds delay) {
  return R"({"responses": [
    {"tool_calls": [{"tool": "add", "args": {"a": 1, "b": 2}}]},
    {"text": "done", "delay_ms": )"
         + std::to_string(delay.count()) + "}]}";
}

std::string
write_script(const std::filesystem::path& path, const std::string& text) {
  std::ofstream{path} << text;
  return "script:" + path.string();
}

runtime::tool_definition add_tool() {
  runtime::tool_definition tool;
  tool.name = "add";
  tool.description = "Adds two numbers.";
  tool.parameters = json::parse(R"({"type": "object", "properties":
    {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"]})");
  tool.policy = runtime::default_tool_policy();
  return tool;
}

runtime::tool_reply add(const runtime::tool_invocation& call) {
  return json(call.arguments["a"].get<int>() + call.arguments["b"].get<int>());
}

actors::agent_deployment agent(std::string name, std::string model) {
  actors::agent_deployment out;
  out.definition.name = std::move(name);
  out.definition.model = std::move(model);
  out.definition.tools.push_back(add_tool());
  out.definition.model_policy = runtime::default_model_policy();
  out.code.tools["add"] = add;
  out.code.quick_tools.insert("add");
  return out;
}

} // namespace

host::host(const options& settings) {
  storage::lmdb_options store;
  store.directory = settings.directory;
  store.sync = settings.sync;
  journal_ = must(storage::open_lmdb_journal(store));
  const auto scripts = settings.directory / "scripts";
  std::filesystem::create_directories(scripts);
  actors::node_options options;
  options.journal = journal_;
  options.token = token_;
  options.threads = settings.threads;
  options.http.emplace();
  options.http->port = 0;
  options.agents.push_back(
    agent("five", write_script(scripts / "five.json", five_script)));
  options.agents.push_back(
    agent("stay", write_script(scripts / "stay.json",
                               stay_script(settings.answer_delay))));
  options.agents.push_back(
    agent("parked", write_script(scripts / "parked.json", parked_script)));
  options.agents.insert(options.agents.end(), settings.agents.begin(),
                        settings.agents.end());
  options.providers = settings.providers;
  options.on_failure = [](const std::string& reason) {
    std::fprintf(stderr, "perdure-bench: %s\n", reason.c_str());
    std::exit(1);
  };
  options.log = [](actors::log_level level, const std::string& line) {
    if (level >= actors::log_level::warning)
      std::fprintf(stderr, "%s\n", line.c_str());
  };
  node_ = must(actors::node::start(std::move(options)));
}

host::~host() {
  node_->stop(std::chrono::milliseconds{0});
}

std::uint16_t host::port() const {
  return node_->port();
}

const std::string& host::token() const {
  return token_;
}

std::size_t host::active_runs() const {
  return node_->health().active_runs;
}

const storage::journal& host::journal() const {
  return *journal_;
}

} // namespace perdure::bench
