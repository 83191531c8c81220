#pragma once

#include "simulation/universe.hpp"

namespace perdure::simulation {

/// Hears of every execution before it counts.
using witness = std::function<void(const execution&)>;

/// Passes on to the disk until the node is dead, and watches what is written.
class sim_journal final : public storage::journal {
public:
  sim_journal(universe& world, std::shared_ptr<life> owner);

  std::uint64_t epoch() const noexcept override;
  std::vector<storage::append_outcome>
  commit(const std::vector<storage::append_batch>& batches) override;
  runtime::result<runtime::unit> check_room() override;
  storage::result<std::vector<storage::stored_entry>>
  read(const std::string& run_id, std::uint64_t from,
       std::size_t limit) const override;
  storage::result<storage::run_summary>
  summary(const std::string& run_id) const override;
  storage::result<storage::run_page>
  runs(const storage::run_query& query) const override;
  storage::result<std::vector<std::pair<storage::run_status, std::uint64_t>>>
  count_by_status() const override;
  storage::result<std::vector<std::pair<timestamp, std::string>>>
  wakeups(timestamp until, std::size_t limit) const override;
  storage::result<std::optional<timestamp>> next_wakeup() const override;
  storage::result<std::optional<std::pair<std::string, std::string>>>
  find_key(const std::string& idempotency_key) const override;
  storage::result<std::optional<storage::cache_ref>>
  find_cached(const std::string& key) const override;
  storage::result<runtime::unit>
  put_definition(const std::string& hash_hex, const std::string& text) override;
  storage::result<std::string>
  definition(const std::string& hash_hex) const override;

  /// What the disk holds, whatever `read` says.
  storage::result<std::vector<runtime::entry>>
  entries(const std::string& run_id) const;

private:
  storage::append_outcome write(const storage::append_batch& batch);
  void check_can_come_back(const std::string& run_id);

  universe& world_;
  std::shared_ptr<life> owner_;
  std::unique_ptr<storage::journal> inner_;
  /// Acknowledged and not written, by a journal that lies.
  std::vector<storage::append_batch> unwritten_;
};

class fake_http final : public actors::http_client {
public:
  fake_http(universe& world, std::shared_ptr<life> owner, witness seen);

  id start(actors::http_request request,
           std::shared_ptr<actors::http_receiver> receiver) override;
  void consumed(id exchange, std::size_t bytes) override;
  void cancel(id exchange) override;

  [[nodiscard]] std::size_t open() const noexcept {
    return exchanges_.size();
  }

  [[nodiscard]] bool open_for(const std::string& run_id) const;

  /// Delivers the next piece of the n-th open exchange.
  /// @returns time that passes before it
  std::chrono::milliseconds delay(std::size_t n) const;
  void deliver(std::size_t n);

private:
  struct exchange {
    id number = 0;
    std::string key;
    std::shared_ptr<actors::http_receiver> receiver;
    http_answer answer;
    bool head_sent = false;
    std::size_t chunks_sent = 0;
  };

  id open(exchange next);
  http_answer answer_job(execution& asked);

  universe& world_;
  std::shared_ptr<life> owner_;
  witness seen_;
  id last_ = 0;
  std::vector<exchange> exchanges_;
};

class fake_processes final : public actors::process_runner {
public:
  fake_processes(universe& world, std::shared_ptr<life> owner, witness seen);

  id start(actors::process_request request,
           std::function<void(actors::process_result)> done) override;
  void cancel(id process) override;

  [[nodiscard]] std::size_t open() const noexcept {
    return running_.size();
  }

  [[nodiscard]] bool open_for(const std::string& run_id) const;

  /// Time that passes before the n-th running process ends.
  std::chrono::milliseconds delay(std::size_t n) const;
  void finish(std::size_t n);

private:
  struct process {
    id number = 0;
    std::string key;
    std::chrono::milliseconds timeout{0};
    actors::process_result result;
    std::function<void(actors::process_result)> done;
  };

  universe& world_;
  std::shared_ptr<life> owner_;
  witness seen_;
  id last_ = 0;
  std::vector<process> running_;
};

} // namespace perdure::simulation
