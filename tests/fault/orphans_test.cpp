// Goal: a killed node leaves nothing behind that still acts.
// Method: a tool whose programs ignore all signals that can be ignored; SIGKILL
//         of the real node, and of nothing else.

#define CAF_SUITE fault.orphans

#include "fault/rig.hpp"

#include <caf/test/unit_test.hpp>

#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

CAF_TEST(all processes of a tool die with the node) {
  rig rig;
  const auto pid_file = rig.write_stubborn_agent("stubborn");
  rig.node.start();
  const auto run_id = rig.create("stubborn");
  const auto pids = pids_in(pid_file, 6);
  CAF_REQUIRE_EQUAL(pids.size(), 6u);
  for (const auto pid : pids)
    CAF_CHECK(is_alive(pid));
  rig.node.kill9();
  for (const auto pid : pids)
    CAF_CHECK(wait_until([&] { return !is_alive(pid); }));
  // What guarded them holds nothing that the next node needs.
  rig.node.start();
  const auto again = pids_in(pid_file, 12);
  CAF_REQUIRE_EQUAL(again.size(), 12u);
  CAF_CHECK_EQUAL(rig.node.terminate(), 0);
  for (const auto pid : again)
    CAF_CHECK(wait_until([&] { return !is_alive(pid); }));
}
