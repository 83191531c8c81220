#include "unit/connections/hub_stage.hpp"

#include <caf/typed_event_based_actor.hpp>

namespace perdure::tests {

using namespace actors;

namespace {

/// Time comes from the scheduler.
class stage_world final : public world {
public:
  explicit stage_world(caf::actor_clock& clock) : clock_(clock) {}

  runtime::timestamp now() override {
    return runtime::timestamp{std::chrono::hours{500'000}}
           + std::chrono::duration_cast<std::chrono::microseconds>(
             clock_.now().time_since_epoch());
  }

  double random() override {
    return 0.5;
  }

  std::string make_run_id() override {
    return {};
  }

  std::string make_token() override {
    return {};
  }

private:
  caf::actor_clock& clock_;
};

mcp_caller::behavior_type listener(mcp_caller::pointer, ended_calls* ended) {
  return {
    [=](mcp_call_ended& message) {
      if (!ended->outcomes.emplace(message.token, message).second)
        ++ended->doubles;
    },
    [](const mcp_call_noted&) {},
    [](const mcp_call_progressed&) {},
    [](const mcp_question&) {},
    [](const mcp_question_closed&) {},
    [](const mcp_elicited&) {},
  };
}

} // namespace

hub_stage::system_config::system_config() {
  add_message_types<caf::id_block::perdure_mcp_messages>();
  set("scheduler.policy", caf::atom("testing"));
  set("logger.verbosity", caf::atom("quiet"));
  set("logger.inline-output", true);
}

hub_stage::hub_stage()
  : scheduler_(
    dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())) {
  options.id = "fake";
  auto shared = std::make_shared<services>();
  shared->world = std::make_shared<stage_world>(scheduler_.clock());
  shared->log
    = [this](log_level, const std::string& line) { logs.push_back(line); };
  mcp_world around;
  around.services = std::move(shared);
  // Owned by the stage.
  around.links = std::shared_ptr<mcp_links>{std::shared_ptr<void>{}, &server};
  around.board = board;
  hub = system_.spawn(mcp_hub, around);
}

hub_stage::~hub_stage() {
  for (const auto& caller : callers_)
    caf::anon_send_exit(caller, caf::exit_reason::kill);
  caf::anon_send_exit(hub, caf::exit_reason::user_shutdown);
  run();
  // Timers hold actors that are gone.
  scheduler_.trigger_timeouts();
  run();
}

mcp_caller hub_stage::add_caller() {
  callers_.push_back(system_.spawn(listener, &ended));
  return callers_.back();
}

void hub_stage::hang_up(const mcp_caller& caller) {
  caf::anon_send_exit(caller, caf::exit_reason::kill);
  run();
}

void hub_stage::call(const mcp_caller& caller, std::uint64_t token,
                     const std::string& run_id) {
  mcp::call_request request;
  request.method = "tools/call";
  request.params = {{"name", "echo"}, {"arguments", {{"n", token}}}};
  call(caller, token, std::move(request), run_id);
}

void hub_stage::call(const mcp_caller& caller, std::uint64_t token,
                     mcp::call_request request, const std::string& run_id) {
  caf::anon_send(
    hub,
    mcp_call{{std::make_shared<const mcp::server_options>(options), run_id},
             std::move(request),
             caller,
             token});
}

void hub_stage::run() {
  while (scheduler_.try_run_once()) {
  }
}

void hub_stage::pass(std::chrono::milliseconds time) {
  run();
  // In small steps, so that what a timer sets off has its time as well.
  constexpr std::chrono::milliseconds step{50};
  for (; time.count() > 0; time -= std::min(time, step)) {
    scheduler_.advance_time(std::min(time, step));
    run();
  }
}

mcp_board::entry hub_stage::shown() const {
  const auto all = board->all();
  return all.size() == 1 ? all.front() : mcp_board::entry{};
}

} // namespace perdure::tests
