#define CAF_SUITE conformance.mcp.suite

#include "conformance/mcp/outside_programs.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

using namespace perdure::tests;

namespace {

/// All scenarios that a revision wants of clients. Those that cannot pass yet
/// are in a list of their own, and so are none that can.
void check_requirements(const std::string& revision) {
  temp_dir results;
  const auto run = run_program(
    {node_js(), module_file("@modelcontextprotocol/conformance/dist/index.js"),
     "client", "--command", MCP_CLIENT, "--requirements", revision,
     "--expected-failures",
     PERDURE_SOURCE_DIR "/tests/conformance/mcp/expected_failures.yml", "-o",
     results.path().string()},
    {}, std::chrono::minutes{4});
  CAF_MESSAGE(run.output);
  CAF_CHECK_EQUAL(run.exit_code, 0);
  CAF_CHECK(run.output.find("tools_call") != std::string::npos);
}

} // namespace

CAF_TEST(the client does what 2025 - 11 - 25 wants) {
  check_requirements("2025-11-25");
}

CAF_TEST(the client does what 2026 - 07 - 28 wants) {
  check_requirements("2026-07-28");
}
