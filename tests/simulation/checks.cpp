#include "runtime/flow/events.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"
#include "simulation/node.hpp"
#include "simulation/turns.hpp"

#include <algorithm>

// The rules of durability, looked at from outside of the node.

namespace perdure::simulation {

std::string run_of(const std::string& idempotency_key) {
  return idempotency_key.substr(0, idempotency_key.find('/'));
}

std::uint32_t step_of(const std::string& idempotency_key) {
  const auto slash = idempotency_key.find('/');
  return static_cast<std::uint32_t>(
    std::stoul(idempotency_key.substr(slash + 1)));
}

bool is_event_key(const std::string& idempotency_key) {
  return idempotency_key.find("/event/") != std::string::npos;
}

std::uint64_t event_of(const std::string& key) {
  return std::stoull(key.substr(key.rfind('/') + 1));
}

json without_times(json value) {
  if (value.is_object())
    value.erase("timestamp");
  if (value.is_structured())
    for (auto& item : value)
      item = without_times(std::move(item));
  return value;
}

std::vector<runtime::entry> sim_node::entries(const std::string& run_id) const {
  auto found = journal_->entries(run_id);
  return found ? std::move(*found) : std::vector<runtime::entry>{};
}

runtime::definition_ptr
sim_node::definition_of(const std::string& run_id) const {
  const auto known = journal_->summary(run_id);
  if (!known)
    return nullptr;
  auto found = services_->agents->by_hash(known->definition_hash);
  return found ? *found : nullptr;
}

std::optional<runtime::run_state>
sim_node::folded(const std::string& run_id) const {
  auto definition = definition_of(run_id);
  if (definition == nullptr)
    return std::nullopt;
  return runtime::fold(definition, services_->language.render, entries(run_id));
}

std::vector<std::string> sim_node::run_ids() const {
  std::vector<std::string> out;
  const std::lock_guard guard{world_.disk->mutex};
  for (const auto& [run_id, run] : world_.disk->runs)
    out.push_back(run_id);
  return out;
}

namespace {

/// The provider's work is known, and the response can be asked for.
bool has_job(const runtime::run_state& state) {
  return state.model.note.is_object() && state.model.note.contains("job");
}

/// How often a call may have been executed by now: once for each time that
/// somebody allowed it, and again behind each attempt that is known to be over.
std::uint32_t times_allowed(const std::vector<runtime::entry>& known,
                            const runtime::task_ref& task, bool waits) {
  using runtime::question_kind;
  std::uint32_t out = waits ? 0 : 1;
  auto asked = question_kind::approval;
  for (const auto& entry : known) {
    if (const auto* x = std::get_if<runtime::question_asked>(&entry);
        x != nullptr && x->task == task)
      asked = x->kind;
    else if (const auto* x = std::get_if<runtime::question_answered>(&entry);
             x != nullptr && x->task == task)
      out += x->verdict == runtime::verdict::approved
                 && asked != question_kind::elicitation
               ? 1
               : 0;
    else if (const auto* x = std::get_if<runtime::attempt_failed>(&entry);
             x != nullptr && x->task == task)
      ++out;
    else if (const auto* x = std::get_if<runtime::task_noted>(&entry);
             x != nullptr && x->task == task && x->ends_attempt)
      ++out;
  }
  return out;
}

} // namespace

/// An effect may follow only from what is durable (D1), for a task without an
/// outcome (D3), under its own key and with the same content (D4), after its
/// intent where the policy wants one (D5).
void sim_node::witness_execution(const execution& made) {
  if (is_event_key(made.key))
    return witness_handling(made);
  const auto run_id = run_of(made.key);
  auto known = entries(run_id);
  const auto state = folded(run_id);
  if (world_.world.one_at_a_time && state->is_held())
    world_.violate("held: a task begins although an event handler is behind: "
                   + made.key);
  if (known.empty())
    return world_.violate("D1: effect of a run that is not durable: "
                          + made.key);
  // A run may be ended while its tasks are on their way to the outside; they
  // are stopped a moment later.
  if (std::holds_alternative<runtime::run_ended>(known.back()))
    known.pop_back();
  const auto definition = definition_of(run_id);
  const auto rows
    = runtime::tasks_json(definition, services_->language.render, known);
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const json& x) {
    return x.at("idempotency_key") == task_key(made.key);
  });
  if (row == rows.end())
    return world_.violate("D1: effect of a task that does not follow from what "
                          "is durable: "
                          + made.key);
  if (row->at("state") != "open")
    world_.violate("D3: a task with an outcome executes again: " + made.key);
  if (row->at("kind") == "model_request" && has_job(*folded(run_id)))
    world_.violate("jobs: a response that is known is asked for again: "
                   + made.key);
  const auto [input, first] = world_.inputs.emplace(made.key, made.input);
  if (!first && input->second != made.input)
    world_.violate("D4: other content under the same key: " + made.key);
  const auto* tool = state->definition->tool(made.tool);
  if (tool == nullptr
      || (tool->policy.on_interrupt == runtime::on_interrupt::retry
          && !tool->requires_approval))
    return;
  // A server is not told of attempts.
  const auto begun = row->at("attempts").get<std::uint32_t>();
  if (begun == 0 || (made.attempt > 0 && begun != made.attempt))
    world_.violate("D5: effect before its intent was durable: " + made.key);
  if (made.only_asks)
    return;
  if (++world_.attempts[{made.key, begun}] > 1)
    world_.violate("D5: an attempt in doubt executes again: " + made.key);
  const auto open = state->open_tasks();
  const auto task = std::find_if(open.begin(), open.end(), [&](const auto& x) {
    return state->idempotency_key(x) == made.key;
  });
  if (task == open.end())
    return; // the run has just ended
  const auto waits = tool->requires_approval
                     && state->created.input.deferred_results.is_null();
  if (++world_.effects[made.key] > times_allowed(known, *task, waits))
    world_.violate("D5: a call executes more often than it was allowed: "
                   + made.key);
}

void sim_node::witness_call(const execution& made,
                            const runtime::mcp::call_request& request) {
  witness_execution(made);
  const auto state = folded(run_of(made.key));
  if (!state)
    return;
  for (const auto& task : state->open_tasks())
    if (state->idempotency_key(task) == made.key
        && !state->progress(task).note.is_null() && request.note.is_null()
        && request.input_responses.is_null())
      world_.violate("note: work that a server has begun begins again: "
                     + made.key);
}

/// A handler is told of every event that it wants, in order; never of one that
/// is journaled as handled, and again of one that is not.
void sim_node::witness_handling(const execution& made) {
  const auto run_id = run_of(made.key);
  const auto state = folded(run_id);
  const auto number = event_of(made.key);
  const auto whom = made.key.substr(0, made.key.rfind('/'));
  std::size_t at = 0;
  while (state && at < state->handlers.size()
         && runtime::event_key(run_id, state->handler(at), number) != made.key)
    ++at;
  if (!state || at == state->handlers.size())
    return world_.violate("events: nobody is to be told: " + made.key);
  const auto settled = state->handlers[at].settled;
  if (number <= settled)
    return world_.violate("events: a settled event is handled again: "
                          + made.key);
  const auto& handler = state->handler(at);
  // After a crash a part that was told while it grew comes again, whole.
  if (handler.wants_deltas())
    return;
  auto& told = world_.told[whom];
  if (number < told)
    world_.violate("events: told after a later one: " + made.key);
  told = number;
  const auto known = entries(run_id);
  for (auto n = settled / runtime::events_per_entry; n <= known.size(); ++n) {
    if (n == 0)
      continue;
    auto expected = n * runtime::events_per_entry;
    for (const auto& event :
         runtime::events_of(*state->definition, known[n - 1])) {
      const auto kind = event.at("event_kind").get<std::string>();
      if (++expected <= settled || !handler.wants(kind))
        continue;
      const auto& kinds = runtime::event_kinds();
      if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end())
        world_.violate("events: no kind is called " + kind);
      if (expected != number)
        world_.violate("events: told of " + std::to_string(number)
                       + " instead of " + std::to_string(expected));
      const auto [input, first] = world_.inputs.emplace(made.key, made.input);
      if (!first && input->second != made.input)
        world_.violate("D4: other content under the same key: " + made.key);
      return;
    }
  }
  world_.violate("D1: an event of what is not durable: " + made.key);
}

void sim_node::on_answer(const std::string& run_id,
                         const actors::create_answer& x) {
  if (dead())
    return;
  auto& seen = observed[run_id];
  seen.answered = true;
  seen.refusal = x.reason;
  if (x.reason.code == runtime::errc::none && entries(x.run_id).empty())
    world_.violate("D1: run " + run_id + " was answered before it is durable");
}

/// Only one decision stands, and only once it is durable.
void sim_node::on_settled(const std::string& question,
                          const actors::question_settled& x) {
  if (dead() || x.reason.code != runtime::errc::none)
    return;
  if (++world_.decisions[question] > 1)
    world_.violate("two decisions of one question stand: " + question);
  const auto ref = *runtime::question_ref_of(question);
  for (const auto& entry : entries(ref.run_id))
    if (const auto* answer = std::get_if<runtime::question_answered>(&entry);
        answer != nullptr && answer->task == ref.task
        && answer->number == ref.number)
      return;
  world_.violate("D1: a decision was acknowledged before it is durable: "
                 + question);
}

void sim_node::on_published(const std::string& run_id,
                            const actors::entries_published& x) {
  if (dead())
    return;
  auto& seen = observed[run_id];
  const auto known = entries(run_id);
  const auto last = x.first + x.entries->size() - 1;
  if (last > known.size())
    return world_.violate("D1: entry " + std::to_string(last) + " of run "
                          + run_id + " was published before it is durable");
  if (seen.folded == nullptr) {
    seen.folded = std::make_shared<runtime::run_state>(
      definition_of(run_id), services_->language.render);
    for (std::uint64_t i = 1; i < x.first; ++i)
      seen.folded->apply(known[i - 1]);
  } else if (x.first != seen.last_published + 1) {
    world_.violate("watch: entry " + std::to_string(seen.last_published + 1)
                   + " of run " + run_id + " was not published");
    return;
  }
  for (const auto& entry : *x.entries)
    seen.folded->apply(entry);
  seen.last_published = last;
  const auto again
    = runtime::fold(definition_of(run_id), services_->language.render,
                    {known.begin(), known.begin() + last});
  if (fingerprint(*seen.folded) != fingerprint(again))
    world_.violate("D2: run " + run_id + " folds to something else: "
                   + fingerprint(*seen.folded).dump() + " and "
                   + fingerprint(again).dump());
}

void sim_node::on_over(const std::string& run_id, const actors::run_over& x) {
  if (dead())
    return;
  observed[run_id].run_json = x.run_json;
  const auto state = folded(run_id);
  if (!state || !state->ended)
    return world_.violate("D1: the end of run " + run_id
                          + " was told before it is durable");
  if (runtime::to_text(runtime::run_json(*state)) != x.run_json)
    world_.violate("D2: run " + run_id
                   + " ended as something else: " + x.run_json);
}

void sim_node::check_idle() {
  for (const auto& run_id : run_ids()) {
    const auto state = folded(run_id);
    if (!state || (state->ended && !state->handlers_behind()))
      continue;
    const bool tells
      = state->handlers_behind() && scheduler_.has_pending_timeout();
    const bool in_flight = http_->open_for(run_id)
                           || processes_->open_for(run_id)
                           || mcp_->open_for(run_id);
    const auto known = journal_->summary(run_id);
    const bool wakes
      = known && known->wake_at && scheduler_.has_pending_timeout();
    const bool queued = services_->health->queued_runs > 0;
    const bool held = services_->health->journal_full;
    const bool polls = has_job(*state) && scheduler_.has_pending_timeout();
    const bool asks = !questions_json(*state, services_->digest).empty();
    if (!in_flight && !wakes && !polls && !queued && !held && !asks && !tells)
      world_.violate("D8: nothing is under way in a run that has not ended: "
                     + runtime::why_json(*state, world_.now).dump());
  }
}

} // namespace perdure::simulation
