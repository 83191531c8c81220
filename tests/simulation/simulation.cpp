#include "simulation/simulation.hpp"

#include "runtime/messages/history_json.hpp"

#include <algorithm>

namespace perdure::simulation {

namespace {

constexpr std::uint64_t steps_max = 20'000;

/// One scenario on its way, over all incarnations of the node.
class player {
public:
  player(const scenario& plot, const crash_plan& crash, universe& world)
    : plot_(plot), crash_(crash), world_(world) {
    world_.world = plot.world;
    if (crash.when == crash_plan::moment::after_entry)
      world_.die_after_entries = crash.n;
    world_.disk->before_commit = [this](const storage::append_batch&) {
      ++commits_;
      return crash_.when != crash_plan::moment::before_commit
             || commits_ != crash_.n;
    };
  }

  simulation_result play() {
    boot();
    while (steps_ < steps_max) {
      if (node_->dead()) {
        boot();
        continue;
      }
      if (crash_.when == crash_plan::moment::after_step && steps_ == crash_.n
          && world_.nodes == 1) {
        node_->die();
        continue;
      }
      cancel_if_due();
      if (node_->step()) {
        ++steps_;
        continue;
      }
      if (all_over())
        break;
      if (node_->ask_people())
        continue;
      node_->check_idle();
      if (!node_->fire_timer()) {
        world_.violate("D8: nothing would ever happen again");
        break;
      }
      ++steps_;
    }
    if (steps_ == steps_max)
      world_.violate("the runs did not come to an end");
    return finish();
  }

private:
  void boot() {
    node_.reset();
    node_settings settings;
    settings.agents = {plot_.agent};
    settings.stream = plot_.stream;
    // After a crash another version of the agent is deployed (D7).
    if (world_.nodes > 0) {
      settings.agents[0].instructions = {{"You are another one.", false}};
      settings.agents[0].model = "openai:another";
    }
    node_ = std::make_unique<sim_node>(world_, std::move(settings));
    cancelled_ = false;
    if (definition_ == nullptr) {
      const auto agent = node_->services().agents->find(plot_.agent.name);
      definition_ = agent->definition;
      hash_ = agent->hash;
    }
    node_->start();
    for (std::size_t i = 0; i < plot_.runs; ++i) {
      auto entry = creation(plot_, i, hash_, world_.now);
      // Clients ask again under the same key until they have an answer.
      if (!answered_.contains(entry.run_id))
        node_->create(std::move(entry), definition_, true);
    }
  }

  void cancel_if_due() {
    for (const auto& [run_id, seen] : node_->observed)
      if (seen.answered)
        answered_.insert(run_id);
    if (plot_.cancel_after == 0 || cancelled_)
      return;
    for (const auto& run_id : node_->run_ids())
      if (node_->entries(run_id).size() >= plot_.cancel_after) {
        node_->cancel(run_id);
        cancelled_ = true;
      }
  }

  bool all_over() {
    const auto ids = node_->run_ids();
    if (ids.size() < plot_.runs)
      return false;
    for (const auto& run_id : ids) {
      const auto state = node_->folded(run_id);
      if (!state || !state->ended || state->handlers_behind())
        return false;
    }
    return true;
  }

  simulation_result finish() {
    simulation_result out;
    for (const auto& run_id : node_->run_ids())
      if (const auto state = node_->folded(run_id))
        out.runs[run_id] = result_of(*state, node_->entries(run_id));
    if (const auto left = node_->shut_down(); left > 0)
      world_.violate("shutdown: " + std::to_string(left)
                     + " actors stayed behind");
    node_.reset();
    out.violations = world_.violations;
    out.steps = steps_;
    out.commits = commits_;
    out.entries = world_.durable_entries;
    out.nodes = world_.nodes;
    out.executions = world_.executions;
    return out;
  }

  const scenario& plot_;
  crash_plan crash_;
  universe& world_;
  std::unique_ptr<sim_node> node_;
  runtime::definition_ptr definition_;
  std::string hash_;
  std::set<std::string> answered_;
  bool cancelled_ = false;
  std::uint64_t steps_ = 0;
  std::uint64_t commits_ = 0;
};

} // namespace

runtime::run_created
creation(const scenario& plot, std::size_t n,
         const std::string& definition_hash, timestamp now) {
  runtime::run_created out;
  out.time = now;
  const auto digits = std::to_string(n + 1);
  out.run_id = "01900000-0000-7000-8000-" + std::string(12 - digits.size(), '0')
               + digits;
  out.definition_hash = definition_hash;
  out.input = plot.input;
  out.input.agent = plot.agent.name;
  out.input.conversation_id = "conversation " + std::to_string(n + 1);
  out.idempotency_key = "client " + std::to_string(n + 1);
  const auto delay = plot.starts_in + static_cast<int>(n) * plot.apart;
  if (delay.count() > 0)
    out.scheduled_at = now + delay;
  return out;
}

run_result result_of(const runtime::run_state& state,
                     std::vector<runtime::entry> entries) {
  run_result out;
  if (state.ended) {
    out.end = state.ended->end;
    out.output = state.ended->output;
    out.error = state.ended->error_code;
    out.error_message = state.ended->error_message;
  }
  out.messages = without_times(runtime::to_json(state.history));
  out.entries = std::move(entries);
  return out;
}

simulation_result
simulate(const scenario& plot, const crash_plan& crash, universe& world) {
  return player{plot, crash, world}.play();
}

simulation_result simulate(const scenario& plot, const crash_plan& crash) {
  universe world{1};
  return simulate(plot, crash, world);
}

/// How often servers had people asked.
static std::size_t elicitations(const run_result& run) {
  return static_cast<std::size_t>(std::count_if(
    run.entries.begin(), run.entries.end(), [](const runtime::entry& x) {
      const auto* asked = std::get_if<runtime::question_asked>(&x);
      return asked != nullptr
             && asked->kind == runtime::question_kind::elicitation;
    }));
}

/// How often servers had the model say something.
static std::size_t samplings(const run_result& run) {
  return static_cast<std::size_t>(std::count_if(
    run.entries.begin(), run.entries.end(), [](const runtime::entry& x) {
      return std::holds_alternative<runtime::sampling_requested>(x);
    }));
}

std::string compare(const scenario& plot, const simulation_result& calm,
                    const simulation_result& crashed) {
  if (!crashed.violations.empty())
    return crashed.violations.front();
  if (calm.runs.size() != crashed.runs.size())
    return "another number of runs";
  for (const auto& [run_id, was] : calm.runs) {
    const auto found = crashed.runs.find(run_id);
    if (found == crashed.runs.end())
      return "run " + run_id + " is missing";
    const auto& is = found->second;
    if (was.end != is.end || was.error != is.error)
      return "ended otherwise: " + is.error_message;
    if (plot.expected == likeness::same_end)
      continue;
    if (was.output != is.output)
      return "output was " + was.output.dump() + " and is " + is.output.dump();
    if (elicitations(was) < elicitations(is))
      return "people were asked again what they had answered";
    if (samplings(was) < samplings(is))
      return "the model was paid again for what it had said";
    if (plot.expected == likeness::same && was.messages != is.messages)
      return "messages were " + was.messages.dump() + " and are "
             + is.messages.dump();
  }
  return {};
}

} // namespace perdure::simulation
