// Goal: a run survives the program that it is a part of: the next one, started
//       with the same run id, goes on without repeating what was done (D3).
// Method: a program is killed with SIGKILL in the middle of a tool; each
//         execution of a tool leaves a line with its idempotency key.

#define CAF_SUITE library.survival

#include <caf/test/unit_test.hpp>

#include <csignal>
#include <map>
#include <sstream>
#include <vector>

#include "support/process.hpp"
#include "support/temp_dir.hpp"
#include "support/waiting.hpp"

using namespace perdure::tests;

namespace {

process_setup worker(const temp_dir& place) {
  process_setup out;
  out.argv = {PERDURE_BINARY_DIR "/bin/library_worker", place.path().string()};
  out.output = place.path() / "output";
  return out;
}

/// Idempotency keys of the executions of each tool.
std::map<std::string, std::vector<std::string>> effects(const temp_dir& place) {
  std::map<std::string, std::vector<std::string>> out;
  std::istringstream lines{read_text(place.path() / "effects")};
  std::string tool;
  std::string key;
  while (lines >> tool >> key)
    out[tool].push_back(key);
  return out;
}

} // namespace

CAF_TEST(a killed program goes on where it was) {
  const temp_dir place;
  place.write("script.json", R"({"responses": [
    {"tool_calls": [{"tool": "first"}]},
    {"tool_calls": [{"tool": "slow"}]},
    {"tool_calls": [{"tool": "last"}]},
    {"text": "survived"}]})");
  {
    process first{worker(place)};
    CAF_REQUIRE(wait_until([&] { return effects(place).contains("slow"); }));
    first.send(SIGKILL);
    CAF_REQUIRE(first.wait(patience));
  }
  place.write("go", "");
  process second{worker(place)};
  CAF_CHECK_EQUAL(second.wait(patience).value_or(-1), 0);
  const auto output = read_text(place.path() / "output");
  CAF_CHECK_NOT_EQUAL(output.find(R"("survived")"), std::string::npos);
  const auto made = effects(place);
  CAF_CHECK_EQUAL(made.at("first").size(), 1u);
  CAF_CHECK_EQUAL(made.at("last").size(), 1u);
  // It was under way, so it ran again, under the same key.
  CAF_REQUIRE_EQUAL(made.at("slow").size(), 2u);
  CAF_CHECK_EQUAL(made.at("slow")[0], made.at("slow")[1]);

  // The third one finds the run finished.
  process third{worker(place)};
  CAF_CHECK_EQUAL(third.wait(patience).value_or(-1), 0);
  CAF_CHECK_EQUAL(read_text(place.path() / "output"), output + output);
  CAF_CHECK(effects(place) == made);
}
