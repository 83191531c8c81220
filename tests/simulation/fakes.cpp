#include "simulation/fakes.hpp"

#include "simulation/turns.hpp"

#include <algorithm>

namespace perdure::simulation {

using runtime::errc;

// -- journal ------------------------------------------------------------------

sim_journal::sim_journal(universe& world, std::shared_ptr<life> owner)
  : world_(world), owner_(std::move(owner)),
    inner_(storage::make_memory_journal(world.disk)) {}

std::uint64_t sim_journal::epoch() const noexcept {
  return inner_->epoch();
}

std::vector<storage::append_outcome>
sim_journal::commit(const std::vector<storage::append_batch>& batches) {
  std::vector<storage::append_outcome> outcomes;
  for (const auto& batch : std::exchange(unwritten_, {}))
    write(batch);
  for (const auto& batch : batches) {
    if (world_.journal_lies && batch.next_sequence > 1 && !owner_->over) {
      unwritten_.push_back(batch);
      outcomes.emplace_back();
    } else {
      outcomes.push_back(write(batch));
    }
  }
  return outcomes;
}

runtime::result<runtime::unit> sim_journal::check_room() {
  return inner_->check_room();
}

storage::append_outcome sim_journal::write(const storage::append_batch& batch) {
  if (owner_->over)
    return {errc::storage_io, "the simulated node is dead", {}, {}};
  auto outcome = std::move(inner_->commit({batch}).front());
  if (outcome.code == errc::storage_io)
    owner_->over = true; // it died before the commit
  if (outcome.code == errc::stale_append)
    world_.violate("D6: a live node lost its run: " + outcome.message);
  if (outcome.code != errc::none || !outcome.existing_run_id.empty())
    return outcome;
  const auto before = world_.durable_entries;
  world_.durable_entries += batch.entries.size();
  check_can_come_back(batch.run_id);
  if (before < world_.die_after_entries
      && world_.durable_entries >= world_.die_after_entries)
    owner_->over = true;
  return outcome;
}

/// D8, as far as the disk knows: a new owner would find the run.
void sim_journal::check_can_come_back(const std::string& run_id) {
  const auto known = inner_->summary(run_id);
  if (!known)
    return;
  const bool listed = known->status == storage::run_status::running
                      || known->status == storage::run_status::cancelling
                      || known->status == storage::run_status::pending;
  if (!is_final(known->status) && !listed && !known->wake_at
      && known->open_questions == 0)
    world_.violate("D8: run " + run_id + " is "
                   + std::string{to_string(known->status)}
                   + " and nothing would bring it back");
  if (is_final(known->status) && known->wake_at)
    world_.violate("D8: run " + run_id + " has ended and would be woken");
}

storage::result<std::vector<storage::stored_entry>>
sim_journal::read(const std::string& run_id, std::uint64_t from,
                  std::size_t limit) const {
  auto found = inner_->read(run_id, from, limit);
  if (found && world_.journal_forgets && found->size() > 1)
    found->pop_back();
  return found;
}

storage::result<std::vector<runtime::entry>>
sim_journal::entries(const std::string& run_id) const {
  auto stored = inner_->read(run_id);
  if (!stored)
    return stored.error();
  std::vector<runtime::entry> out;
  bool ended = false;
  for (auto& [sequence, value] : *stored) {
    if (sequence != out.size() + 1)
      world_.violate("D6: run " + run_id + " has a gap before entry "
                     + std::to_string(sequence));
    ended = ended
            || (!out.empty()
                && std::holds_alternative<runtime::run_ended>(out.back()));
    if (ended && !std::holds_alternative<runtime::event_handled>(value))
      world_.violate("D3: something follows the end of run " + run_id);
    out.push_back(std::move(value));
  }
  return out;
}

storage::result<storage::run_summary>
sim_journal::summary(const std::string& run_id) const {
  return inner_->summary(run_id);
}

storage::result<storage::run_page>
sim_journal::runs(const storage::run_query& query) const {
  return inner_->runs(query);
}

storage::result<std::vector<std::pair<storage::run_status, std::uint64_t>>>
sim_journal::count_by_status() const {
  return inner_->count_by_status();
}

storage::result<std::vector<std::pair<timestamp, std::string>>>
sim_journal::wakeups(timestamp until, std::size_t limit) const {
  return inner_->wakeups(until, limit);
}

storage::result<std::optional<timestamp>> sim_journal::next_wakeup() const {
  return inner_->next_wakeup();
}

storage::result<std::optional<std::pair<std::string, std::string>>>
sim_journal::find_key(const std::string& idempotency_key) const {
  return inner_->find_key(idempotency_key);
}

storage::result<std::optional<storage::cache_ref>>
sim_journal::find_cached(const std::string& key) const {
  return inner_->find_cached(key);
}

storage::result<runtime::unit>
sim_journal::put_definition(const std::string& hash_hex,
                            const std::string& text) {
  return inner_->put_definition(hash_hex, text);
}

storage::result<std::string>
sim_journal::definition(const std::string& hash_hex) const {
  return inner_->definition(hash_hex);
}

// -- HTTP ---------------------------------------------------------------------

fake_http::fake_http(universe& world, std::shared_ptr<life> owner, witness seen)
  : world_(world), owner_(std::move(owner)), seen_(std::move(seen)) {}

fake_http::id
fake_http::start(actors::http_request request,
                 std::shared_ptr<actors::http_receiver> receiver) {
  ++last_;
  if (owner_->over)
    return last_;
  execution made;
  for (const auto& [name, value] : request.headers)
    if (name == "Idempotency-Key")
      made.key = value;
  for (const auto& piece : request.body)
    made.input += *piece;
  if (auto asked = job_request(request.url); asked && made.key.empty())
    return open({last_, asked->key, std::move(receiver), answer_job(*asked)});
  seen_(made);
  made.count = ++world_.executions[made.key];
  auto answer = is_event_key(made.key)
                  ? world_.world.endpoint(made)
                  : world_.world.model(step_of(made.key), made);
  return open({last_, made.key, std::move(receiver), std::move(answer)});
}

http_answer fake_http::answer_job(execution& asked) {
  auto& times = asked.tool == "cancel" ? world_.cancels : world_.fetches;
  asked.count = ++times[asked.key];
  return asked.tool == "cancel" ? http_answer{} : world_.world.job(asked);
}

fake_http::id fake_http::open(exchange next) {
  exchanges_.push_back(std::move(next));
  return exchanges_.back().number;
}

void fake_http::consumed(id, std::size_t) {}

void fake_http::cancel(id number) {
  std::erase_if(exchanges_,
                [number](const auto& x) { return x.number == number; });
}

bool fake_http::open_for(const std::string& run_id) const {
  return std::any_of(exchanges_.begin(), exchanges_.end(),
                     [&](const auto& x) { return run_of(x.key) == run_id; });
}

std::chrono::milliseconds fake_http::delay(std::size_t n) const {
  const auto& x = exchanges_[n];
  return x.head_sent ? std::chrono::milliseconds{0} : x.answer.takes;
}

void fake_http::deliver(std::size_t n) {
  auto& x = exchanges_[n];
  const bool answers = x.answer.status != 0;
  if (answers && !x.head_sent) {
    x.head_sent = true;
    x.receiver->on_head({x.answer.status, x.answer.headers});
  } else if (answers && x.chunks_sent < x.answer.chunks.size()) {
    x.receiver->on_body(x.answer.chunks[x.chunks_sent++]);
  } else {
    auto done = std::move(x);
    exchanges_.erase(exchanges_.begin() + static_cast<std::ptrdiff_t>(n));
    done.receiver->on_end(done.answer.end);
  }
}

// -- processes ----------------------------------------------------------------

fake_processes::fake_processes(universe& world, std::shared_ptr<life> owner,
                               witness seen)
  : world_(world), owner_(std::move(owner)), seen_(std::move(seen)) {}

fake_processes::id
fake_processes::start(actors::process_request request,
                      std::function<void(actors::process_result)> done) {
  ++last_;
  if (owner_->over)
    return last_;
  execution made;
  made.tool = request.argv.front();
  for (const auto& [name, value] : request.environment) {
    if (name == "PERDURE_IDEMPOTENCY_KEY")
      made.key = value;
    if (name == "PERDURE_ATTEMPT")
      made.attempt = static_cast<std::uint32_t>(std::stoul(value));
  }
  made.input = request.input;
  seen_(made);
  made.count = ++world_.executions[made.key];
  running_.push_back({last_, made.key, request.timeout,
                      world_.world.process(made), std::move(done)});
  return last_;
}

void fake_processes::cancel(id number) {
  std::erase_if(running_,
                [number](const auto& x) { return x.number == number; });
}

bool fake_processes::open_for(const std::string& run_id) const {
  return std::any_of(running_.begin(), running_.end(),
                     [&](const auto& x) { return run_of(x.key) == run_id; });
}

std::chrono::milliseconds fake_processes::delay(std::size_t n) const {
  return running_[n].result.end == actors::process_end::timed_out
           ? running_[n].timeout
           : std::chrono::milliseconds{0};
}

void fake_processes::finish(std::size_t n) {
  auto process = std::move(running_[n]);
  running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(n));
  process.done(std::move(process.result));
}

} // namespace perdure::simulation
