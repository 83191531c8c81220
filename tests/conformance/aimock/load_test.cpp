#define CAF_SUITE conformance.aimock_load

#include "conformance/aimock/guide.hpp"

#include <caf/test/unit_test.hpp>

#include <set>

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::size_t runs_per_wire = 100;

std::set<std::string> start_runs(const real_node& node) {
  std::set<std::string> out;
  for (std::size_t i = 0; i < runs_per_wire; ++i) {
    const json request{{"agent", "guide"},
                       {"prompt", "This is one of many: " + std::to_string(i)},
                       {"tags", json::array({"many"})}};
    const auto answer = node.api().post("/v1/runs", runtime::to_text(request));
    CAF_REQUIRE_EQUAL(answer.status, 201);
    out.insert(answer.value()["id"].get<std::string>());
  }
  return out;
}

} // namespace

// Goal: nothing is lost, mixed up or done twice when many runs are under way.
// Method: runs that differ in their prompts are started faster than they can
// end; each has to have its own prompt, its call, its result and its answer.
CAF_TEST(many runs at the same time are all right) {
  for (const auto& spoken : wires()) {
    CAF_MESSAGE(spoken.name);
    guided_node with{spoken};
    const auto ids = start_runs(with.node);
    CAF_CHECK_EQUAL(ids.size(), runs_per_wire);
    std::set<std::string> prompts;
    for (const auto& id : ids) {
      const auto run = with.node.api().wait_for_state(id, "completed");
      CAF_REQUIRE(run.is_object());
      CAF_REQUIRE_EQUAL(run["state"], "completed");
      CAF_CHECK_EQUAL(run["output"], "Tromsø is as cold as ever.");
      CAF_CHECK_EQUAL(run["usage"]["input_tokens"], 18);
      CAF_CHECK_EQUAL(run["usage"]["output_tokens"], 8);
      const auto messages
        = with.node.api().get("/v1/runs/" + id + "/messages").value();
      CAF_REQUIRE_EQUAL(messages.size(), 4u);
      prompts.insert(messages[0]["parts"][0]["content"].get<std::string>());
      CAF_CHECK_EQUAL(messages[2]["parts"][0]["content"], "3 degrees");
    }
    CAF_CHECK_EQUAL(prompts.size(), runs_per_wire);
    const auto requests = with.provider.new_requests(2 * runs_per_wire);
    CAF_CHECK_EQUAL(requests.size(), 2 * runs_per_wire);
    std::set<std::string> keys;
    for (const auto& request : requests)
      keys.insert(request["headers"].value("idempotency-key", ""));
    CAF_CHECK_EQUAL(keys.size(), 2 * runs_per_wire);
    const auto executed = with.executed("call_many");
    const std::string once{R"({"city":"Tromsø"})"};
    CAF_CHECK_EQUAL(executed.size(), runs_per_wire * once.size());
    CAF_CHECK_EQUAL(with.node.terminate(), 0);
  }
}
