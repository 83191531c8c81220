#pragma once

#include "actors/edges/function_pool.hpp"
#include "actors/edges/http_client.hpp"
#include "actors/edges/process_runner.hpp"
#include "actors/metrics.hpp"
#include "actors/runs/agent_registry.hpp"
#include "actors/runs/model_registry.hpp"
#include "runtime/agent/schema.hpp"
#include "runtime/flow/questions.hpp"
#include "runtime/time.hpp"
#include "storage/journal.hpp"

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace perdure::actors {

/// The present moment and chance. Nothing reads either behind its back.
class world {
public:
  virtual ~world() = default;
  [[nodiscard]] virtual runtime::timestamp now() = 0;
  /// Uniform in [0, 1).
  [[nodiscard]] virtual double random() = 0;
  /// A fresh UUIDv7, 36 characters.
  [[nodiscard]] virtual std::string make_run_id() = 0;
  /// 32 hex digits.
  [[nodiscard]] virtual std::string make_token() = 0;
};

/// The system's clock and random numbers. Thread-safe.
std::shared_ptr<world> make_real_world();

struct run_options {
  /// Runs in memory at a time; further ones wait their turn.
  std::size_t active_runs_max = 16'384;
  /// Runs that may wait their turn before new ones are refused.
  std::size_t queued_runs_max = 100'000;
  /// A run that only waits leaves memory if it waits longer than this.
  std::chrono::milliseconds park_after{5'000};
};

/// How the node is doing; read by health checks, written by its owner.
struct node_health {
  std::atomic<bool> journal_full{false};
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> active_runs{0};
  std::atomic<std::uint64_t> queued_runs{0};
};

enum class log_level : std::uint8_t { debug, info, warning, error };

/// Takes one line; thread-safe.
using logger = std::function<void(log_level, const std::string&)>;

/// What the actors of a node share: all of it immutable or thread-safe.
struct services {
  std::shared_ptr<actors::world> world;
  /// For reads; appends go through the journal actor.
  std::shared_ptr<storage::journal> journal;
  std::shared_ptr<http_client> http;
  std::shared_ptr<process_runner> processes;
  /// Where code of the host program runs; null for the actors' own threads.
  std::shared_ptr<function_pool> functions;
  runtime::language_services language;
  /// SHA-256, hex.
  runtime::text_digest digest = [](std::string_view text) {
    return storage::hex(storage::hash_of(text));
  };
  /// A variable of the node's environment.
  std::function<std::optional<std::string>(std::string_view)> environment;
  /// Fills in `${VAR}` from the node's environment.
  std::function<runtime::result<std::string>(std::string_view)> expand;
  std::shared_ptr<agent_registry> agents;
  std::shared_ptr<model_registry> models;
  std::shared_ptr<node_health> health;
  std::shared_ptr<actors::metrics> metrics;
  logger log;
  run_options runs;
};

using services_ptr = std::shared_ptr<const services>;

} // namespace perdure::actors
