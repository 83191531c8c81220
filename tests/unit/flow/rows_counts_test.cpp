#define CAF_SUITE flow.rows_counts

#include "unit/flow/rows_support.hpp"

// What budgets count from one step to the next, and responses that were cut.

using namespace perdure::runtime;
using namespace perdure::runtime::test;
using kind = tool_result_kind;

CAF_TEST(row 3.5 a response that is not empty is asked for again when cut) {
  conversation run{plain_definition()};
  run.says({thought("Hm."), provider_call()}, finish_reason::length);
  CAF_CHECK(run.goes_on());
}

CAF_TEST(row 3.7 the count of a tool stays while others are called) {
  conversation run{with_tools({"a", "b"})};
  run.says({call("c1", "a")}).ends(0, kind::retry);
  run.says({call("c2", "b")}).ends(0, kind::returned);
  CAF_CHECK_EQUAL(run.state().retries_of("a"), 1u);
  run.says({call("c3", "a")}).ends(0, kind::retry);
  CAF_CHECK(run.failure() == errc::tool_retries_exceeded);
}

CAF_TEST(row 3.7 the count of a tool stays when it fails) {
  conversation run{with_tools({"a"})};
  run.says({call("c1", "a")}).ends(0, kind::retry);
  run.says({call("c2", "a")}).ends(0, kind::failed);
  CAF_CHECK_EQUAL(run.state().retries_of("a"), 1u);
}
