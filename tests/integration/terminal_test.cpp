// Goal: who watches a run on a terminal is asked what the run asks.
// Method: the real client on a pseudo terminal, the real node behind it.

#define CAF_SUITE integration.terminal

#include "integration/people_fixture.hpp"

#include <caf/test/unit_test.hpp>

#include "support/terminal.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::string_view question
  = "approve wipe {\"n\":1}?  y: yes, n: no, Enter: later";

struct fixture : people_node {
  fixture() {
    write_agent("desk", "wipe", json::object());
    start();
  }

  /// Somebody runs the agent and watches.
  std::unique_ptr<terminal> watch(std::vector<std::string> more = {}) {
    std::vector<std::string> argv{PERDURE_BINARY_DIR "/bin/perdure", "run",
                                  "desk", "Do it."};
    argv.insert(argv.end(), more.begin(), more.end());
    return std::make_unique<terminal>(
      argv,
      std::vector<std::string>{"TERM=xterm",
                               "PERDURE_URL=http://127.0.0.1:"
                                 + std::to_string(node.api().port()),
                               "PERDURE_DATA_DIR=" + node.data_dir().string()});
  }

  /// The only run.
  std::string run_id() const {
    const auto runs = node.api().get("/v1/runs").value();
    CAF_REQUIRE_EQUAL(runs["runs"].size(), 1u);
    return runs["runs"][0]["id"];
  }

  void check_end(terminal& screen, int code) const {
    const auto ended = screen.ends();
    CAF_REQUIRE(ended);
    if (*ended != code)
      CAF_MESSAGE(screen.screen());
    CAF_CHECK_EQUAL(*ended, code);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(terminal_tests, fixture)

CAF_TEST(y approves the call) {
  for (const auto* yes : {"y\n", "Y\n", " yes \n"}) {
    const auto before = wiped();
    const auto screen = watch();
    CAF_REQUIRE(screen->sees(question));
    CAF_CHECK_EQUAL(wiped(), before);
    screen->types(yes);
    CAF_CHECK(screen->sees("All done."));
    check_end(*screen, 0);
    CAF_CHECK_EQUAL(wiped(), before + "1\n");
  }
}

CAF_TEST(n denies the call and the run goes on) {
  const auto screen = watch();
  CAF_REQUIRE(screen->sees(question));
  screen->types("n\n");
  CAF_CHECK(screen->sees("All done."));
  check_end(*screen, 0);
  CAF_CHECK_EQUAL(wiped(), "");
  CAF_CHECK_EQUAL(told(run_id(), "outcome"), "denied");
}

CAF_TEST(any other answer leaves the question to others) {
  for (const auto* later : {"\n", "maybe\n", "yn\n"}) {
    const auto screen = watch();
    CAF_REQUIRE(screen->sees(question));
    screen->types(later);
    CAF_CHECK(screen->sees("the run goes on waiting; to decide later:"));
    CAF_CHECK(screen->sees("perdure approve "));
    const auto open = node.api().get("/v1/approvals").value()["approvals"];
    CAF_REQUIRE_EQUAL(open.size(), 1u);
    CAF_CHECK_EQUAL(decide(open[0], {{"decision", "approve"}}).status, 200);
    CAF_CHECK(screen->sees("All done."));
    check_end(*screen, 0);
  }
}

CAF_TEST(an answer that comes second is told so) {
  const auto screen = watch();
  CAF_REQUIRE(screen->sees(question));
  const auto asked = question_of(run_id());
  CAF_CHECK_EQUAL(decide(asked, {{"decision", "deny"}}).status, 200);
  ended(run_id());
  screen->types("y\n");
  CAF_CHECK(screen->sees("has ended"));
  CAF_CHECK(screen->sees("All done."));
  check_end(*screen, 0);
  CAF_CHECK_EQUAL(wiped(), "");
}

CAF_TEST(an interrupt at the question leaves the run waiting) {
  const auto screen = watch();
  CAF_REQUIRE(screen->sees(question));
  screen->types("\x03");
  check_end(*screen, 0);
  CAF_CHECK(screen->screen().find("perdure attach") != std::string::npos);
  CAF_CHECK_EQUAL(kind_asked(run_id()), "approval");
}

CAF_TEST(nobody is asked where the output is for programs) {
  for (const auto* option : {"--json", "--quiet"}) {
    const auto screen = watch({option});
    json asked;
    CAF_REQUIRE(wait_until([&] {
      const auto open = node.api().get("/v1/approvals").value()["approvals"];
      if (open.empty())
        return false;
      asked = open[0];
      return true;
    }));
    CAF_CHECK_EQUAL(decide(asked, {{"decision", "deny"}}).status, 200);
    check_end(*screen, 0);
    CAF_CHECK(screen->screen().find("y: yes") == std::string::npos);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
