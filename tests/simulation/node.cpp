#include "simulation/node.hpp"

#include "config/schema_compiler.hpp"
#include "config/template.hpp"
#include "runtime/flow/views.hpp"
#include "simulation/turns.hpp"

#include <algorithm>
#include <stdexcept>

namespace perdure::simulation {

using runtime::errc;

namespace {

/// Time comes from the scheduler, everything else from the seed.
class sim_world final : public actors::world {
public:
  sim_world(universe& world) : world_(world) {}

  timestamp now() override {
    return world_.now += world_.tick;
  }

  double random() override {
    return std::generate_canonical<double, 32>(world_.random);
  }

  std::string make_run_id() override {
    return make_id(++world_.ids);
  }

  std::string make_token() override {
    auto text = std::to_string(++world_.ids);
    return std::string(32 - text.size(), '0') + text;
  }

private:
  static std::string make_id(std::uint64_t n) {
    auto text = std::to_string(n);
    return "01900000-0000-7000-8000-" + std::string(12 - text.size(), '0')
           + text;
  }

  universe& world_;
};

} // namespace

sim_node::system_config::system_config() {
  add_message_types<caf::id_block::perdure_messages>();
  add_message_types<caf::id_block::perdure_mcp_messages>();
  set("scheduler.policy", caf::atom("testing"));
  set("logger.verbosity", caf::atom("quiet"));
  set("logger.inline-output", true);
}

sim_node::sim_node(universe& world, node_settings settings)
  : world_(world), settings_(std::move(settings)),
    journal_(std::make_shared<sim_journal>(world, life_)), system_(config_),
    scheduler_(
      dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())),
    started_at_(world.now) {
  ++world_.nodes;
  const auto seen = [this](const execution& made) { witness_execution(made); };
  http_ = std::make_shared<fake_http>(world_, life_, seen);
  processes_ = std::make_shared<fake_processes>(world_, life_, seen);
  mcp_ = std::make_shared<fake_servers>(
    world_, life_, [this](const auto& made, const auto& request) {
      witness_call(made, request);
    });
  make_services();
  deploy();
}

sim_node::~sim_node() {
  life_->over = true;
  if (const auto left = shut_down(); left > 0) {
    // The destructor of the actor system would wait for them for ever.
    world_.violate("shutdown: " + std::to_string(left)
                   + " actors stayed behind");
    system_.await_actors_before_shutdown(false);
  }
}

void sim_node::make_services() {
  actors::provider_settings provider;
  provider.provider_name = "openai";
  provider.wire = "openai-chat";
  provider.base_url = "http://models.test/v1";
  provider.api_key = "key";
  provider.stream = settings_.stream;
  auto out = std::make_shared<actors::services>();
  out->world = std::make_shared<sim_world>(world_);
  out->journal = journal_;
  out->http = http_;
  out->processes = processes_;
  out->language = {config::compile_schema, config::render};
  out->environment = [](std::string_view) -> std::optional<std::string> {
    return std::nullopt;
  };
  out->expand = [](std::string_view text) -> runtime::result<std::string> {
    return std::string{text};
  };
  out->agents = std::make_shared<actors::agent_registry>(
    journal_, config::compile_schema);
  auto jobs = provider;
  jobs.wire = "openai-responses";
  auto pausing = provider;
  pausing.wire = "anthropic";
  out->models = std::make_shared<actors::model_registry>(
    std::map<std::string, actors::provider_settings>{
      {"openai", provider}, {job_provider, jobs}, {pausing_provider, pausing}});
  out->health = std::make_shared<actors::node_health>();
  out->metrics = std::make_shared<actors::metrics>();
  out->log = [this](actors::log_level, const std::string& line) {
    log.push_back(line);
  };
  out->runs = settings_.runs;
  services_ = std::move(out);
}

void sim_node::deploy() {
  for (const auto& agent : settings_.agents)
    if (auto done = services_->agents->deploy(agent, code()); !done)
      world_.violate("deploy: " + done.error().message);
}

runtime::host_code sim_node::code() {
  runtime::host_code out;
  for (const auto& agent : settings_.agents)
    for (const auto& handler : agent.handlers)
      out.handlers[handler.name] = [this](const auto& call) {
        if (life_->over)
          throw std::runtime_error("the simulated node is dead");
        execution made{call.handler, call.idempotency_key, call.attempt, 0,
                       runtime::to_text(call.envelope)};
        witness_execution(made);
        made.count = ++world_.executions[made.key];
        world_.world.handler(made);
      };
  for (const auto& agent : settings_.agents)
    for (const auto& tool : agent.tools)
      if (tool.kind == runtime::tool_kind::function)
        out.tools[tool.name] =
          [this](const runtime::tool_invocation& call) -> runtime::tool_reply {
          if (life_->over)
            return runtime::tool_failed{"the simulated node is dead"};
          execution made{call.tool_name, call.idempotency_key, call.attempt, 0,
                         runtime::to_text(call.arguments)};
          witness_execution(made);
          made.count = ++world_.executions[made.key];
          return world_.world.function(made);
        };
  return out;
}

void sim_node::start() {
  actors::journal_writer_options writer;
  writer.journal = journal_;
  writer.health = services_->health;
  writer.metrics = services_->metrics;
  writer_ = system_.spawn(actors::journal_writer, std::move(writer));
  hub_ = system_.spawn(fake_hub, mcp_);
  gateway_ = system_.spawn(actors::gateway,
                           actors::gateway_options{services_, writer_, hub_});
  caf::anon_send(gateway_, actors::start_atom_v);
}

actors::watcher_actor sim_node::spawn_watcher(const std::string& run_id) {
  auto watcher = system_.spawn(
    [](actors::watcher_actor::pointer, sim_node* node,
       const std::string& id) -> actors::watcher_actor::behavior_type {
      return {
        [node, id](const actors::entries_published& x) {
          node->on_published(id, x);
        },
        [](const actors::deltas_published&) {},
        [node, id](const actors::run_over& x) { node->on_over(id, x); },
      };
    },
    this, run_id);
  clients_.push_back(caf::actor_cast<caf::actor>(watcher));
  return watcher;
}

void sim_node::create(runtime::run_created entry,
                      runtime::definition_ptr definition, bool watch) {
  const auto run_id = entry.run_id;
  auto listener = system_.spawn(
    [](actors::create_listener::pointer, sim_node* node,
       const std::string& id) -> actors::create_listener::behavior_type {
      return {
        [node, id](const actors::create_answer& x) { node->on_answer(id, x); },
      };
    },
    this, run_id);
  clients_.push_back(caf::actor_cast<caf::actor>(listener));
  actors::create_run request;
  request.entry = std::move(entry);
  request.definition = std::move(definition);
  request.request_digest = "digest";
  request.listener = listener;
  if (watch)
    request.watcher = spawn_watcher(run_id);
  caf::anon_send(gateway_, std::move(request));
}

bool sim_node::ask_people() {
  bool asked = false;
  for (const auto& run_id : run_ids()) {
    const auto state = folded(run_id);
    if (!state || state->ended)
      continue;
    for (const auto& question : questions_json(*state, services_->digest)) {
      const auto id = question.at("id").get<std::string>();
      // Whoever got an answer does not ask for it again.
      if (world_.decisions[id] > 0 || !asked_.insert(id).second)
        continue;
      auto body = world_.world.person(question);
      answer(id, body);
      // A second person is as fast as the first one.
      answer(id, std::move(body));
      asked = true;
    }
  }
  return asked;
}

void sim_node::answer(const std::string& question, json body) {
  auto listener = system_.spawn(
    [](actors::question_listener::pointer, sim_node* node,
       const std::string& id) -> actors::question_listener::behavior_type {
      return {
        [node, id](const actors::question_settled& x) {
          node->on_settled(id, x);
        },
      };
    },
    this, question);
  clients_.push_back(caf::actor_cast<caf::actor>(listener));
  caf::anon_send(gateway_,
                 actors::answer_question{*runtime::question_ref_of(question),
                                         std::move(body), listener});
}

void sim_node::cancel(const std::string& run_id) {
  caf::anon_send(gateway_, actors::cancel_run{run_id, "no longer needed"});
}

// -- time and order -----------------------------------------------------------

void sim_node::note_time() {
  // The test clock starts at one second.
  const auto passed
    = scheduler_.clock().now().time_since_epoch() - std::chrono::seconds{1};
  world_.now = std::max(
    world_.now,
    started_at_ + std::chrono::ceil<std::chrono::microseconds>(passed));
}

void sim_node::advance(std::chrono::milliseconds time) {
  if (time.count() == 0)
    return;
  scheduler_.clock().advance_time(time);
  note_time();
}

bool sim_node::step() {
  const auto arrivals
    = isolated ? 0 : http_->open() + processes_->open() + mcp_->open();
  auto& jobs = scheduler_.jobs;
  if (jobs.empty() && arrivals == 0)
    return false;
  const bool outside
    = jobs.empty()
      || (arrivals > 0 && settings_.shuffled && world_.chance(0.3));
  if (!outside) {
    if (settings_.shuffled)
      std::swap(jobs.front(), jobs[world_.pick(jobs.size())]);
    scheduler_.try_run_once();
    return true;
  }
  arrive(settings_.shuffled ? world_.pick(arrivals) : 0);
  return true;
}

void sim_node::arrive(std::size_t n) {
  // Time may end what it is spent on.
  if (n < http_->open()) {
    advance(http_->delay(n));
    if (n < http_->open())
      http_->deliver(n);
    return;
  }
  n -= http_->open();
  if (n < processes_->open()) {
    advance(processes_->delay(n));
    if (n < processes_->open())
      processes_->finish(n);
    return;
  }
  n -= processes_->open();
  advance(mcp_->delay(n));
  if (n < mcp_->open())
    mcp_->deliver(n);
}

bool sim_node::fire_timer() {
  const bool fired = scheduler_.trigger_timeout();
  note_time();
  return fired;
}

std::size_t sim_node::shut_down() {
  if (gateway_)
    caf::anon_send(gateway_, actors::drain_atom_v);
  caf::anon_send_exit(gateway_, caf::exit_reason::user_shutdown);
  while (scheduler_.try_run_once()) {
  }
  caf::anon_send_exit(writer_, caf::exit_reason::user_shutdown);
  for (const auto& client : clients_)
    caf::anon_send_exit(client, caf::exit_reason::kill);
  caf::anon_send_exit(hub_, caf::exit_reason::user_shutdown);
  gateway_ = nullptr;
  hub_ = nullptr;
  writer_ = nullptr;
  clients_.clear();
  while (scheduler_.try_run_once()) {
  }
  return system_.registry().running();
}

} // namespace perdure::simulation
