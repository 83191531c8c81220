#define CAF_SUITE connections.hub

#include "unit/connections/hub_stage.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using namespace perdure::tests;
using namespace std::chrono_literals;
using actors::mcp_state;
using conduct = fake_server::conduct;
using mcp::call_failure_kind;

CAF_TEST(200 runs share a connection and no answer is mixed up) {
  hub_stage stage;
  std::vector<actors::mcp_caller> callers;
  for (int run = 0; run < 200; ++run)
    callers.push_back(stage.add_caller());
  for (std::uint64_t token = 1; token <= 1'000; ++token)
    stage.call(callers[token % 200], token, std::to_string(token % 200));
  stage.run();
  CAF_REQUIRE_EQUAL(stage.ended.outcomes.size(), 1'000u);
  for (std::uint64_t token = 1; token <= 1'000; ++token)
    CAF_CHECK_EQUAL(stage.ended.result(token), json({{"n", token}}));
  CAF_CHECK_EQUAL(stage.ended.doubles, 0u);
  CAF_CHECK_EQUAL(stage.server.opened, 1u);
  CAF_CHECK_EQUAL(stage.server.received("initialize"), 1u);
  const auto shown = stage.shown();
  CAF_CHECK_EQUAL(shown.status.calls_total, 1'000u);
  CAF_CHECK_EQUAL(shown.status.calls_in_flight, 0u);
}

CAF_TEST(a connection shows how it is doing) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  mcp::call_request list;
  list.method = "tools/list";
  stage.call(caller, 1, list);
  stage.run();
  CAF_REQUIRE(stage.ended.result(1).is_object());
  const auto status = stage.shown().status;
  CAF_CHECK_EQUAL(status.server_id, "fake");
  CAF_CHECK_EQUAL(status.transport, "stdio");
  CAF_CHECK(status.state == mcp_state::ready);
  CAF_CHECK(status.era == mcp::era::legacy);
  CAF_CHECK_EQUAL(status.version, "2025-11-25");
  CAF_CHECK_EQUAL(status.server_info["name"], "fake");
  CAF_CHECK(status.tools == std::vector<std::string>({"echo", "add"}));
  CAF_CHECK(status.latency.has_value());
  CAF_CHECK(status.last_error.empty());
}

CAF_TEST(a server of its own for each run) {
  hub_stage stage;
  stage.options.scope = mcp::connection_scope::per_run;
  const auto caller = stage.add_caller();
  stage.call(caller, 1, "run-a");
  stage.call(caller, 2, "run-b");
  stage.call(caller, 3, "run-a");
  stage.run();
  CAF_CHECK_EQUAL(stage.ended.outcomes.size(), 3u);
  CAF_CHECK_EQUAL(stage.server.opened, 2u);
  caf::anon_send(stage.hub, actors::mcp_run_left{"run-a"});
  stage.run();
  CAF_CHECK_EQUAL(stage.server.closed, 1u);
  CAF_CHECK_EQUAL(stage.shown().status.run_id, "run-b");
  // What the server is was found out before.
  const auto questions = stage.server.received("server/discover");
  stage.call(caller, 4, "run-a");
  stage.run();
  CAF_CHECK_EQUAL(stage.server.opened, 3u);
  CAF_CHECK_EQUAL(stage.server.received("server/discover"), questions);
}

CAF_TEST(credentials tell connections apart and settings of tools do not ) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.options.env["KEY"] = "${KEY_OF_A}";
  stage.call(caller, 1);
  stage.options.prefix = "other";
  stage.options.allowed_tools = {"echo"};
  stage.call(caller, 2);
  stage.run();
  CAF_CHECK_EQUAL(stage.server.opened, 1u);
  stage.options.env["KEY"] = "${KEY_OF_B}";
  stage.call(caller, 3);
  stage.run();
  CAF_CHECK_EQUAL(stage.server.opened, 2u);
  CAF_CHECK_EQUAL(stage.ended.outcomes.size(), 3u);
}

CAF_TEST(calls are lost with their connection and the next one restarts it) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::dies_of_calls;
  stage.call(caller, 1);
  stage.run();
  const auto* lost = stage.ended.failure(1);
  CAF_REQUIRE(lost != nullptr);
  CAF_CHECK(lost->kind == call_failure_kind::lost);
  CAF_CHECK(lost->is_retryable());
  CAF_CHECK(lost->message.find("it exited with code 3.") != std::string::npos);
  CAF_CHECK(stage.shown().status.state == mcp_state::idle);
  CAF_CHECK_EQUAL(stage.shown().status.restarts, 1u);
  CAF_CHECK_EQUAL(stage.shown().status.last_error, "it exited with code 3.");
  stage.server.now = conduct::good;
  stage.call(caller, 2);
  stage.run();
  CAF_CHECK_EQUAL(stage.ended.result(2), json({{"n", 2}}));
  CAF_CHECK_EQUAL(stage.server.opened, 2u);
}

CAF_TEST(a server that cannot stay up is quarantined and tried again) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::dies_at_once;
  stage.call(caller, 1);
  stage.run();
  // At once, then later.
  CAF_CHECK_EQUAL(stage.server.opened, 2u);
  CAF_CHECK(stage.shown().status.state == mcp_state::waiting);
  CAF_CHECK(stage.ended.outcomes.empty());
  stage.pass(300ms);
  CAF_CHECK_EQUAL(stage.server.opened, 3u);
  stage.pass(10s);
  CAF_CHECK_EQUAL(stage.server.opened, 5u);
  CAF_CHECK(stage.shown().status.state == mcp_state::quarantined);
  const auto* refused = stage.ended.failure(1);
  CAF_REQUIRE(refused != nullptr);
  CAF_CHECK(refused->kind == call_failure_kind::not_sent);
  CAF_CHECK(refused->message.find("exited with code 1") != std::string::npos);
  // Whoever tells of it says whose connection it is.
  CAF_CHECK(refused->message.find("MCP server") == std::string::npos);
  // Nobody waits for what will not come.
  stage.call(caller, 2);
  stage.run();
  CAF_REQUIRE(stage.ended.failure(2) != nullptr);
  CAF_CHECK(stage.ended.outcomes.at(2).retry_at == stage.shown().status.until);
  CAF_CHECK_EQUAL(stage.server.opened, 5u);
  stage.server.now = conduct::good;
  stage.pass(60s);
  stage.call(caller, 3);
  stage.run();
  CAF_CHECK_EQUAL(stage.ended.result(3), json({{"n", 3}}));
  CAF_CHECK(stage.shown().status.state == mcp_state::ready);
}

CAF_TEST(a person ends a quarantine) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::dies_at_once;
  stage.call(caller, 1);
  stage.pass(10s);
  CAF_REQUIRE(stage.shown().status.state == mcp_state::quarantined);
  stage.server.now = conduct::good;
  caf::anon_send(stage.hub, actors::forgive_atom_v, std::string{"other"});
  stage.run();
  CAF_CHECK(stage.shown().status.state == mcp_state::quarantined);
  caf::anon_send(stage.hub, actors::forgive_atom_v, std::string{"fake"});
  stage.call(caller, 2);
  stage.run();
  CAF_CHECK_EQUAL(stage.ended.result(2), json({{"n", 2}}));
}

CAF_TEST(a call whose caller goes away is cancelled) {
  hub_stage stage;
  const auto stays = stage.add_caller();
  const auto leaves = stage.add_caller();
  stage.server.now = conduct::silent;
  stage.call(stays, 1);
  stage.call(leaves, 2);
  stage.call(leaves, 3);
  stage.run();
  CAF_CHECK_EQUAL(stage.server.received("notifications/cancelled"), 0u);
  stage.hang_up(leaves);
  CAF_CHECK_EQUAL(stage.server.received("notifications/cancelled"), 2u);
  CAF_CHECK_EQUAL(stage.shown().status.calls_in_flight, 1u);
  CAF_CHECK(stage.ended.outcomes.empty());
}

CAF_TEST(a connection that nobody uses is closed and comes back) {
  hub_stage stage;
  stage.options.idle_timeout = 10s;
  const auto caller = stage.add_caller();
  stage.call(caller, 1);
  stage.pass(9s);
  CAF_CHECK_EQUAL(stage.server.closed, 0u);
  stage.pass(2s);
  CAF_CHECK_EQUAL(stage.server.closed, 1u);
  CAF_CHECK(stage.shown().status.state == mcp_state::idle);
  CAF_CHECK_EQUAL(stage.shown().status.restarts, 0u);
  stage.call(caller, 2);
  stage.run();
  CAF_CHECK_EQUAL(stage.ended.result(2), json({{"n", 2}}));
  CAF_CHECK_EQUAL(stage.server.opened, 2u);
  CAF_CHECK_EQUAL(stage.server.received("server/discover"), 1u);
}

CAF_TEST(a connection is not idle while a call is under way) {
  hub_stage stage;
  stage.options.idle_timeout = 1s;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::silent;
  stage.call(caller, 1);
  stage.pass(5s);
  CAF_CHECK_EQUAL(stage.server.closed, 0u);
}

CAF_TEST(a server that never opens is given up in time) {
  hub_stage stage;
  stage.options.init_timeout = 5s;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::shut;
  stage.call(caller, 1);
  stage.pass(4s);
  CAF_CHECK(stage.shown().status.state == mcp_state::opening);
  stage.pass(2s);
  CAF_CHECK_EQUAL(stage.shown().status.restarts, 1u);
  CAF_CHECK(stage.shown().status.last_error.find("init_timeout")
            != std::string::npos);
}

CAF_TEST(a program that is not there fails the call at once) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::missing;
  for (std::uint64_t token = 1; token <= 7; ++token) {
    stage.call(caller, token);
    stage.run();
    const auto* failure = stage.ended.failure(token);
    CAF_REQUIRE(failure != nullptr);
    CAF_CHECK(failure->kind == call_failure_kind::unusable);
    CAF_CHECK(!failure->is_retryable());
    CAF_CHECK_EQUAL(failure->message, "cannot start fake: it is not there.");
  }
  CAF_CHECK_EQUAL(stage.server.opened, 7u);
  CAF_CHECK(stage.shown().status.state == mcp_state::idle);
  CAF_CHECK_EQUAL(stage.shown().status.restarts, 0u);
  stage.server.now = conduct::good;
  stage.call(caller, 8);
  stage.run();
  CAF_CHECK_EQUAL(stage.ended.result(8), json({{"n", 8}}));
}

CAF_TEST(options that cannot be used fail the call) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::unreachable;
  stage.call(caller, 1);
  stage.run();
  const auto* failure = stage.ended.failure(1);
  CAF_REQUIRE(failure != nullptr);
  CAF_CHECK(!failure->is_retryable());
  CAF_CHECK(failure->message.find("KEY is not set") != std::string::npos);
  stage.server.now = conduct::good;
  stage.call(caller, 2);
  stage.run();
  CAF_CHECK_EQUAL(stage.ended.result(2), json({{"n", 2}}));
}

CAF_TEST(a flood of words does not flood the log) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.call(caller, 1);
  stage.run();
  stage.logs.clear();
  stage.server.say(10'000);
  stage.run();
  CAF_CHECK_EQUAL(stage.logs.size(), 51u);
  CAF_CHECK(stage.logs.back().find("left out") != std::string::npos);
  const auto kept = stage.shown().log;
  CAF_CHECK_EQUAL(kept.size(), actors::mcp_board::lines_max);
  CAF_CHECK_EQUAL(kept.back().text, "line 9999");
  stage.pass(11s);
  stage.server.say(1);
  stage.run();
  CAF_CHECK_EQUAL(stage.logs.size(), 52u);
}

CAF_TEST(nobody waits for a connection that is gone) {
  hub_stage stage;
  const auto caller = stage.add_caller();
  stage.server.now = conduct::silent;
  stage.call(caller, 1);
  stage.run();
  caf::anon_send_exit(stage.hub, caf::exit_reason::user_shutdown);
  stage.run();
  const auto* lost = stage.ended.failure(1);
  CAF_REQUIRE(lost != nullptr);
  CAF_CHECK(lost->kind == call_failure_kind::lost);
  CAF_CHECK_EQUAL(stage.server.closed, 1u);
  CAF_CHECK(stage.board->all().empty());
}
