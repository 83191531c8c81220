#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <perdure/agent.hpp>
#include <perdure/approval.hpp>
#include <perdure/run.hpp>
#include <perdure/task_config.hpp>
#include <string>
#include <vector>

namespace perdure {

enum class log_level { debug, info, warning, error };

/// How a provider is reached. What is absent comes from the environment
/// (`OPENAI_API_KEY`, `OPENAI_BASE_URL`...) and from what is known of it.
struct provider_options {
  std::optional<std::string> base_url = {};
  std::optional<std::string> api_key = {};
  /// E.g. `openai-chat`; a provider of one's own needs it.
  std::optional<std::string> wire = {};
  /// How the key is shown: `bearer`, or the name of a header.
  std::optional<std::string> auth = {};
  /// Of the provider's API.
  std::optional<std::string> api_version = {};
  bool stream = true;
  /// Sent along with every request.
  std::map<std::string, std::string> headers = {};
};

struct node_options {
  /// Where everything lasts; one process at a time has it open. Empty: what the
  /// node file says, or `perdure-data`.
  std::string data_dir = {};
  /// Where the HTTP API listens, e.g. `127.0.0.1:7437`; port 0 takes a free
  /// one. Empty: where the node file says, or nowhere.
  std::string listen = {};
  /// A node file, as the daemon reads it; what is said here goes before it.
  std::string node_file = {};
  /// Agent files, or folders of them, to serve besides the program's agents.
  std::vector<std::string> agent_files = {};
  /// By the prefix of model strings.
  std::map<std::string, provider_options> providers = {};
  /// Threads that tools run on, at most and at least 1; more calls wait their
  /// turn.
  std::size_t tool_threads_max = 64;
  /// Takes one line, on any thread. Null: warnings and errors go to standard
  /// error.
  std::function<void(log_level, const std::string&)> log = {};
};

/// Runs agents of the program so that their runs survive it, as the daemon does
/// for agent files: with the same data directory, HTTP API and client tool.
///
///     perdure::node node{{.data_dir = "data", .listen = "127.0.0.1:7437"}};
///     node.add(weather);
///     node.start();
///
/// Errors:  members throw `error`
/// Threads: `add` and `start` belong to one thread; the rest to any, but not to
///          callbacks (`on_event`, `done`), which must not wait
class node {
public:
  explicit node(node_options options = {});
  node(node&&) noexcept;
  node& operator=(node&&) noexcept;
  /// Stops. Unfinished runs go on when the data directory is next opened.
  ~node();

  /// Serves the agent. @pre not started: runs that go on need their tools
  void add(const agent& what, const task_configs& tasks = {});

  /// Opens the data directory, brings unfinished runs back, opens the API.
  void start();

  /// Waits up to `grace` for answers of the API in progress, and for tools that
  /// are under way.
  void stop(std::chrono::milliseconds grace = std::chrono::seconds{5});

  /// Of the HTTP API; 0 without one.
  [[nodiscard]] std::uint16_t port() const;
  /// What callers of the HTTP API have to know; also in `data_dir/admin.token`.
  [[nodiscard]] std::string token() const;

  // -- runs -------------------------------------------------------------------

  /// Starts a run of an agent, or attaches to the one that `run_id` names.
  /// @returns the id of the run, once it is durable
  std::string start_run(const std::string& agent_name, const prompt& what,
                        const run_options& options = {});

  /// Waits for the end of a run. @param run an id, or the `run_id` that it was
  /// started under
  run_result wait(const std::string& run, const wait_options& options = {});

  /// The same without a thread that waits; `done` is called on a thread of the
  /// node. A node that stops before has `run_result::error` say so.
  void wait(const std::string& run, const wait_options& options,
            std::function<void(run_result)> done);

  /// The run as it stands.
  [[nodiscard]] run_result run(const std::string& run) const;

  void cancel(const std::string& run, const std::string& reason = {});

  // -- people -----------------------------------------------------------------

  /// What the runs of this node wait for somebody to answer, oldest first.
  [[nodiscard]] std::vector<approval> approvals() const;

  /// Decides. @returns once that is durable. Throws `error` with code
  /// `conflict` when it was decided before.
  void answer(const approval& question, const decision& what);
  void answer(const std::string& approval_id, const decision& what);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace perdure
