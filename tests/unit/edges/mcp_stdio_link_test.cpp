#define CAF_SUITE edges.mcp_stdio_link

#include "actors/edges/mcp_stdio_link.hpp"
#include "unit/edges/link_probe.hpp"

#include <caf/test/unit_test.hpp>

#include <csignal>
#include <filesystem>

#include "support/temp_dir.hpp"

using namespace perdure::actors;
using namespace perdure::tests;
using namespace std::chrono_literals;

namespace {

constexpr auto first = exchange_id{1};
constexpr auto second = exchange_id{2};

struct stage {
  std::shared_ptr<server_processes> processes = make_server_processes();

  /// A link to a server that is a shell script.
  std::unique_ptr<link_probe>
  open(const std::string& script, std::uint64_t message_max_bytes = 1 << 20) {
    mcp_stdio_options options;
    options.processes = processes;
    options.message_max_bytes = message_max_bytes;
    options.server.what.argv = {"sh", "-c", script};
    options.server.what.environment
      = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
    options.server.unread_max_bytes = 1 << 20;
    options.server.exit_grace = 50ms;
    options.server.kill_grace = 50ms;
    return open(std::move(options));
  }

  static std::unique_ptr<link_probe> open(mcp_stdio_options options) {
    return std::make_unique<link_probe>([&](mcp_link_context context) {
      return make_mcp_stdio_link(context, std::move(options));
    });
  }
};

pid_t pid_in_log(link_probe& probe) {
  CAF_REQUIRE(probe.wait([](auto& x) { return !x.logs.empty(); }));
  return std::stoi(probe.look([](auto& x) { return x.logs.front(); }));
}

bool is_gone(pid_t pid) {
  return eventually([=] { return ::kill(pid, 0) != 0; });
}

std::string down_message(link_probe& probe) {
  CAF_REQUIRE(probe.wait_for_down());
  return probe.look([](auto& x) { return x.downs.front().message; });
}

} // namespace

CAF_TEST(messages are lines both ways) {
  stage with;
  auto link = with.open("cat");
  CAF_REQUIRE(link->wait_for_open());
  link->send(R"({"id":1,"method":"a"})", first);
  link->send(R"({"id":1,"result":"über"})");
  CAF_REQUIRE(link->wait_for_messages(2));
  link->look([](auto& probe) {
    CAF_CHECK_EQUAL(probe.messages[0].text, R"({"id":1,"method":"a"})");
    CAF_CHECK_EQUAL(probe.messages[1].text, R"({"id":1,"result":"über"})");
    CAF_CHECK(probe.logs.empty());
    return 0;
  });
}

CAF_TEST(what is no message is for people) {
  stage with;
  auto link = with.open(R"(echo 'Server is up'; echo; printf '  \r\n'
    echo 'oh dear' >&2; echo ' {"method":"a"} '; cat)");
  CAF_REQUIRE(link->wait_for_messages(1));
  CAF_CHECK(link->wait_for_log("stdout: Server is up"));
  CAF_CHECK(link->wait_for_log("oh dear"));
  link->look([](auto& probe) {
    CAF_CHECK_EQUAL(probe.messages[0].text, R"({"method":"a"})");
    CAF_CHECK_EQUAL(probe.logs.size(), 2u);
    return 0;
  });
}

CAF_TEST(half a line and an exit) {
  stage with;
  auto link = with.open(R"(echo 'no licence' >&2; sleep 0.1
    printf '{"id":1,"res'; exit 3)");
  CAF_CHECK_EQUAL(down_message(*link), "The server exited with code 3. It said "
                                       "last: no licence");
  link->look([](auto& probe) {
    CAF_REQUIRE_EQUAL(probe.messages.size(), 1u);
    CAF_CHECK_EQUAL(probe.messages[0].text, R"({"id":1,"res)");
    CAF_CHECK_EQUAL(probe.downs.size(), 1u);
    return 0;
  });
}

CAF_TEST(a server that is killed or cannot be started) {
  stage with;
  auto killed = with.open("kill -9 $$");
  CAF_CHECK_EQUAL(down_message(*killed), "The server was killed by signal 9.");
  mcp_stdio_options options;
  options.processes = with.processes;
  options.server.what.argv = {"no-such-program-anywhere"};
  auto missing = stage::open(std::move(options));
  CAF_CHECK(down_message(*missing).find("could not be started: cannot start "
                                        "no-such-program-anywhere")
            != std::string::npos);
  CAF_CHECK(missing->look([](auto& probe) {
    return probe.downs[0].what == link_failure::kind::unusable;
  }));
  CAF_CHECK(killed->look([](auto& probe) {
    return probe.downs[0].what == link_failure::kind::broken;
  }));
}

CAF_TEST(an answer of 50 MB is dropped and its exchange lost) {
  stage with;
  auto link = with.open(R"(read -r one; read -r two
    printf '{"result":"'; head -c 50000000 /dev/zero | tr '\0' x
    printf '","jsonrpc":"2.0","id":1}\n'
    echo '{"id":2,"result":{}}'; cat)");
  link->send(R"({"id":1,"method":"a"})", first);
  link->send(R"({"id":2,"method":"a"})", second);
  CAF_REQUIRE(link->wait_for_losses(1));
  CAF_REQUIRE(link->wait_for_messages(1));
  link->look([](auto& probe) {
    CAF_CHECK(probe.losses[0].exchange == first);
    const auto& reason = probe.losses[0].reason;
    CAF_CHECK(reason.what == link_failure::kind::bad_answer);
    CAF_CHECK_EQUAL(reason.message,
                    "The server's answer is larger than 33554432 bytes, the "
                    "limit of a message; max_message_bytes of the server's "
                    "entry sets it.");
    CAF_CHECK_EQUAL(probe.messages[0].text, R"({"id":2,"result":{}})");
    CAF_CHECK(probe.downs.empty());
    return 0;
  });
}

CAF_TEST(a flood waits until it is dealt with) {
  struct counter final : server_receiver {
    void on_output(std::string chunk) override {
      received += chunk.size();
    }
    void on_error_output(std::string) override {}
    void on_end(server_end) override {
      ended = true;
    }
    std::atomic<std::size_t> received{0};
    std::atomic<bool> ended{false};
  };
  constexpr std::size_t total = 64 << 20;
  stage with;
  auto receiver = std::make_shared<counter>();
  server_request request;
  request.what.argv = {"sh", "-c", "yes | head -c 67108864"};
  request.what.environment = {{"PATH", "/usr/bin:/bin"}};
  const auto id = with.processes->start(request, receiver);
  CAF_REQUIRE(eventually([&] { return receiver->received > 1 << 20; }));
  std::this_thread::sleep_for(200ms);
  CAF_CHECK(receiver->received <= 4 << 20);
  CAF_CHECK(!receiver->ended);
  std::size_t consumed = 0;
  CAF_CHECK(eventually([&] {
    const auto now = receiver->received.load();
    with.processes->consumed(id, now - std::exchange(consumed, now));
    return now == total && receiver->ended;
  }));
}

CAF_TEST(endless lines of errors are cut) {
  stage with;
  auto link = with.open(R"(yes | tr -d '\n' | head -c 10000000 >&2
    echo >&2; echo 'next' >&2; cat)");
  CAF_REQUIRE(link->wait_for_log("next"));
  link->look([](auto& probe) {
    CAF_REQUIRE_EQUAL(probe.logs.size(), 2u);
    CAF_CHECK(probe.logs[0].size() <= 4'096);
    CAF_CHECK_EQUAL(probe.logs[1], "next");
    return 0;
  });
}

CAF_TEST(a server that never reads is given up) {
  stage with;
  auto link = with.open("sleep 1000");
  for (int i = 0; i < 12; ++i)
    link->send('"' + std::string(100'000, 'x') + '"');
  CAF_CHECK(down_message(*link).find("1 MiB of its input unread")
            != std::string::npos);
}

CAF_TEST(a server that closes its input is given up) {
  stage with;
  auto link = with.open("exec 0<&-; echo closed >&2; sleep 1000");
  CAF_REQUIRE(link->wait_for_log("closed"));
  link->send("{}");
  CAF_CHECK(down_message(*link).find("it has closed its input")
            != std::string::npos);
}

CAF_TEST(a server that closes its output is given up) {
  stage with;
  auto link = with.open("exec 1>&-; exec sleep 1000");
  CAF_CHECK(down_message(*link).find("it has closed its output")
            != std::string::npos);
}

CAF_TEST(what the server has started does not keep it alive) {
  stage with;
  auto link = with.open("sleep 1000 & echo $! >&2; exit 0");
  const auto left_behind = pid_in_log(*link);
  CAF_CHECK_EQUAL(down_message(*link), "The server exited with code 0. It said "
                                       "last: "
                                         + std::to_string(left_behind));
  CAF_CHECK(is_gone(left_behind));
}

CAF_TEST(a closed server has time to end) {
  stage with;
  temp_dir folder;
  const auto file = folder.path() / "ended";
  auto link = with.open("cat; touch " + file.string());
  CAF_REQUIRE(link->wait_for_open());
  link->close();
  link.reset();
  CAF_CHECK(eventually([&] { return std::filesystem::exists(file); }));
}

CAF_TEST(a closed server that does not want to end is killed) {
  stage with;
  auto link = with.open("trap '' TERM; echo $$ >&2; while :; do sleep 1; done");
  const auto pid = pid_in_log(*link);
  link->close();
  CAF_CHECK(is_gone(pid));
  CAF_CHECK(link->look([](auto& probe) { return probe.downs.empty(); }));
}

CAF_TEST(a server does not outlive its link) {
  stage with;
  auto link = with.open("echo $$ >&2; sleep 1000");
  const auto pid = pid_in_log(*link);
  link.reset();
  CAF_CHECK(is_gone(pid));
}
