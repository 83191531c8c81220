#pragma once

#include "actors/messages.hpp"
#include "actors/services.hpp"
#include "runtime/flow/run_state.hpp"
#include "runtime/mcp/call.hpp"
#include "storage/memory/memory_journal.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// A node in a world of its own: time, chance, disk, network and programs are
/// simulated, and every actor runs one message at a time.
namespace perdure::simulation {

using runtime::json;
using runtime::timestamp;

/// What the world answers to a model request.
struct http_answer {
  unsigned status = 200;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::string> chunks;
  /// How the exchange ends.
  actors::http_failure end;
  /// Time that passes before it ends.
  std::chrono::milliseconds takes{0};
};

/// What the world knows of one execution outside of the node.
struct execution {
  std::string tool;
  std::string key;
  /// Counted from 1; 0 where the other side cannot know it.
  std::uint32_t attempt = 0;
  /// Executions under this key so far.
  std::uint32_t count = 0;
  /// What was sent.
  std::string input;
  /// It asks for work that was begun before, and does nothing itself.
  bool only_asks = false;
};

/// What an MCP server does with one call, in this order.
struct mcp_answer {
  /// What it knows tasks of its own by.
  std::vector<json> notes;
  /// Parameters of `elicitation/create`, or, where there are messages, of
  /// `sampling/createMessage`; each waits for the answer to the one before.
  std::vector<json> questions;
  /// @param answers to `questions`
  std::function<runtime::mcp::call_outcome(const std::vector<json>& answers)>
    outcome;
  /// Time that passes before it ends.
  std::chrono::milliseconds takes{0};
};

struct script {
  /// @param step of the run, counted from 1
  std::function<http_answer(std::uint32_t step, const execution& request)>
    model;
  /// What the provider answers to whoever asks for a response that it makes in
  /// the background. `key` is that of the request for it.
  std::function<http_answer(const execution& asked)> job;
  std::function<actors::process_result(const execution& call)> process;
  std::function<runtime::tool_reply(const execution& call)> function;
  /// A function of the host that handles an event; what it throws is a failure.
  std::function<void(const execution& call)> handler;
  /// What an endpoint answers to an event.
  std::function<http_answer(const execution& call)> endpoint;
  std::function<mcp_answer(const execution& call,
                           const runtime::mcp::call_request& request)>
    mcp;
  /// Nothing of a run may be under way besides each other: a task must not
  /// begin while an event handler holds the run.
  bool one_at_a_time = false;
  /// How people answer a question, as the API shows it.
  std::function<json(const json& question)> person;
};

/// Outlives the nodes in it.
struct universe {
  explicit universe(std::uint64_t seed) : random(seed) {}

  std::shared_ptr<storage::memory_disk> disk
    = std::make_shared<storage::memory_disk>();
  std::mt19937_64 random;
  timestamp now{std::chrono::seconds{1'800'000'000}};
  std::uint64_t ids = 0;
  std::uint32_t nodes = 0;
  script world;
  /// Executions by key.
  std::map<std::string, std::uint32_t> executions;
  /// Requests for a response in the background, and those to end it.
  std::map<std::string, std::uint32_t> fetches;
  std::map<std::string, std::uint32_t> cancels;
  /// By key and attempt.
  std::map<std::pair<std::string, std::uint32_t>, std::uint32_t> attempts;
  /// Executions by key of what must not be repeated unseen.
  std::map<std::string, std::uint32_t> effects;
  /// Decisions that were accepted, by question.
  std::map<std::string, std::uint32_t> decisions;
  /// The first input that was seen under a key.
  std::map<std::string, std::string> inputs;
  /// Every broken rule, beginning with its name.
  std::vector<std::string> violations;
  /// Number of the event that each handler of a run, as `RUN/event/NAME`, was
  /// told of last.
  std::map<std::string, std::uint64_t> told;
  /// Entries that became durable, of all runs.
  std::uint64_t durable_entries = 0;

  // -- faults -----------------------------------------------------------------

  /// The node dies right after so many entries became durable.
  std::uint64_t die_after_entries = 0;
  /// A journal that acknowledges first and writes later.
  bool journal_lies = false;
  /// A journal that leaves out the last entry when a later node reads it.
  bool journal_forgets = false;
  /// Passes whenever somebody looks at the clock.
  std::chrono::milliseconds tick{0};

  void violate(std::string what) {
    violations.push_back(std::move(what));
  }

  /// Uniform in [0, n).
  std::uint64_t pick(std::uint64_t n) {
    return random() % n;
  }

  bool chance(double share) {
    return std::generate_canonical<double, 32>(random) < share;
  }
};

/// Shared by everything in one node; `over` from its death on.
struct life {
  bool over = false;
};

std::string run_of(const std::string& idempotency_key);
/// Whether the key is that of an event, for one handler.
bool is_event_key(const std::string& idempotency_key);
/// @pre `is_event_key(key)`
std::uint64_t event_of(const std::string& key);
std::uint32_t step_of(const std::string& idempotency_key);

/// Removes what differs between two runs of the same thing: times.
json without_times(json value);

} // namespace perdure::simulation
