#include "perdure/node.hpp"

#include "actors/node/node.hpp"
#include "config/node_file.hpp"
#include "tools/hosting/node_setup.hpp"
#include "tools/library/agent_parts.hpp"
#include "tools/library/log.hpp"
#include "tools/library/waiting.hpp"

#include <algorithm>

namespace perdure {

namespace {

using library::await;

[[noreturn]] void conflict(const std::string& message) {
  throw error{"conflict", message};
}

config::provider_options to_config(const provider_options& from) {
  return {from.base_url,    from.api_key, from.wire,   from.auth,
          from.api_version, from.stream,  from.headers};
}

/// The node file that these options come to.
config::node_file
node_file_of(const node_options& options, const config::environment& lookup) {
  config::node_file out;
  const auto has_file = !options.node_file.empty();
  if (has_file)
    out = library::require(config::load_node_file(options.node_file, lookup));
  if (!options.data_dir.empty())
    out.data_dir = options.data_dir;
  if (!options.listen.empty())
    out.listen = options.listen;
  out.agents.insert(out.agents.end(), options.agent_files.begin(),
                    options.agent_files.end());
  for (const auto& [prefix, provider] : options.providers)
    out.providers[prefix] = to_config(provider);
  std::string problems;
  for (const auto& problem : config::validate(out)) {
    std::string path;
    for (const auto& key : problem.path)
      path += (path.empty() ? "" : ".") + key;
    problems += (problems.empty() ? "" : "\n") + path + ": " + problem.message;
  }
  if (!problems.empty())
    library::raise({runtime::errc::invalid_node_file, std::move(problems)});
  // The daemon listens when nothing is said; a program does not.
  if (!has_file && options.listen.empty())
    out.listen.clear();
  return out;
}

/// Settings of a tool that only its server knows.
void add_rule(const std::string& name, const task_config& config,
              runtime::agent_definition& definition) {
  const auto base = runtime::to_json(definition.mcp_policy);
  const auto merged
    = runtime::to_json(library::merged(config, definition.mcp_policy));
  runtime::tool_rule rule;
  rule.selector = json::array({name});
  for (const auto& [key, value] : merged.items())
    if (value != base.at(key))
      rule.policy[key] = value;
  definition.tool_rules.push_back(std::move(rule));
}

void apply(const task_configs& configs, runtime::agent_definition& definition) {
  definition.model_policy
    = library::merged(configs.model_task_config, definition.model_policy);
  for (auto& handler : definition.handlers)
    handler.policy = library::merged(configs.event_stream_handler_task_config,
                                     handler.policy);
  definition.mcp_policy
    = library::merged(configs.mcp_task_config, definition.mcp_policy);
  for (auto& tool : definition.tools)
    tool.policy = library::merged(configs.tool_task_config, tool.policy);
  for (const auto& [name, config] : configs.tool_task_config_by_name) {
    const auto tool
      = std::find_if(definition.tools.begin(), definition.tools.end(),
                     [&name = name](const auto& x) { return x.name == name; });
    const auto* settings = std::get_if<task_config>(&config);
    if (tool == definition.tools.end() && settings != nullptr
        && !definition.mcp_servers.empty()) {
      add_rule(name, *settings, definition);
      continue;
    }
    if (tool == definition.tools.end())
      throw error{"invalid_argument", "tool_task_config_by_name: agent '"
                                        + definition.name + "' has no tool '"
                                        + name + "'"};
    if (settings != nullptr)
      tool->policy = library::merged(*settings, tool->policy);
    else
      tool->is_task = false;
  }
}

bool is_run_id(const std::string& text) {
  return text.size() == 36 && text[8] == '-' && text[13] == '-';
}

} // namespace

struct node::parts {
  node_options options;
  std::vector<actors::agent_deployment> agents;
  std::string token;
  std::unique_ptr<actors::node> started;

  actors::node& running() {
    if (!started)
      conflict("the node is not started: call start() once all agents are "
               "added");
    return *started;
  }

  actors::run_client& runs() {
    return running().runs();
  }

  /// The id of a run, of which a name was given maybe.
  std::string id_of(const std::string& run) {
    auto found = runs().find(run);
    if (found)
      return *found;
    if (is_run_id(run))
      return run;
    library::raise(found.error());
  }
};

node::node(node_options options) : parts_(std::make_unique<parts>()) {
  parts_->options = std::move(options);
}

node::node(node&&) noexcept = default;
node& node::operator=(node&&) noexcept = default;
node::~node() = default;

void node::add(const agent& what, const task_configs& tasks) {
  if (parts_->started)
    conflict("the node has started: agent '" + what.name()
             + "' must be added before, because runs that go on need its "
               "tools");
  auto& agents = parts_->agents;
  if (std::any_of(agents.begin(), agents.end(), [&](const auto& x) {
        return x.definition.name == what.name();
      }))
    conflict("the node has an agent '" + what.name() + "' already");
  actors::agent_deployment served{what.built().definition, what.built().code};
  apply(tasks, served.definition);
  agents.push_back(std::move(served));
}

void node::start() {
  if (parts_->started)
    return;
  const auto log = library::make_logger(parts_->options.log);
  const auto environment = config::process_environment();
  const auto file = node_file_of(parts_->options, environment);
  auto options
    = library::require(hosting::node_options_of(file, environment, log));
  for (auto& agent : parts_->agents)
    options.agents.push_back(agent);
  options.function_threads_max
    = std::max<std::size_t>(1, parts_->options.tool_threads_max);
  options.on_failure = [log](const std::string& reason) {
    log(actors::log_level::error,
        "the journal failed, no run of this process goes on: " + reason);
  };
  parts_->token = options.token;
  parts_->started = library::require(actors::node::start(std::move(options)));
}

void node::stop(std::chrono::milliseconds grace) {
  if (parts_->started)
    parts_->started->stop(grace);
}

std::uint16_t node::port() const {
  return parts_->running().port();
}

std::string node::token() const {
  parts_->running();
  return parts_->token;
}

// -- runs ---------------------------------------------------------------------

std::string node::start_run(const std::string& agent_name, const prompt& what,
                            const run_options& options) {
  auto& runs = parts_->runs();
  return await<actors::created_run>([&](auto done) {
           runs.create(library::create_body(agent_name, what, options),
                       options.run_id, std::move(done));
         })
    .run_id;
}

run_result node::wait(const std::string& run, const wait_options& options) {
  auto& runs = parts_->runs();
  const auto run_id = parts_->id_of(run);
  return library::to_result(await<actors::run_view>([&](auto done) {
    runs.wait(library::wait_request_of(run_id, options), std::move(done));
  }));
}

void node::wait(const std::string& run, const wait_options& options,
                std::function<void(run_result)> done) {
  auto& runs = parts_->runs();
  const auto run_id = parts_->id_of(run);
  runs.wait(
    library::wait_request_of(run_id, options),
    [run_id, done = std::move(done)](runtime::result<actors::run_view> view) {
      if (view)
        return done(library::to_result(std::move(*view)));
      run_result out;
      out.run_id = run_id;
      out.error = run_error{std::string{to_string(view.error().code)},
                            view.error().message};
      done(std::move(out));
    });
}

run_result node::run(const std::string& run) const {
  auto& runs = parts_->runs();
  return library::to_result(library::require(runs.view(parts_->id_of(run))));
}

void node::cancel(const std::string& run, const std::string& reason) {
  parts_->runs().cancel(parts_->id_of(run), reason);
}

// -- people -------------------------------------------------------------------

std::vector<approval> node::approvals() const {
  std::vector<approval> out;
  for (const auto& question : library::require(parts_->runs().questions()))
    out.push_back(library::to_approval(question));
  return out;
}

void node::answer(const approval& question, const decision& what) {
  auto& runs = parts_->runs();
  await<runtime::unit>([&](auto done) {
    runs.answer(question.id,
                library::answer_body(what, question.arguments_digest),
                std::move(done));
  });
}

void node::answer(const std::string& approval_id, const decision& what) {
  answer(approval{.id = approval_id}, what);
}

} // namespace perdure
