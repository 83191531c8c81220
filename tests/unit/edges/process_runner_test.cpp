#define CAF_SUITE edges.process_runner

#include "actors/edges/process_runner.hpp"
#include "unit/edges/waiting.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <mutex>
#include <signal.h>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace perdure::actors;
using namespace std::chrono_literals;
using perdure::tests::eventually;

#if defined(__SANITIZE_THREAD__)
// The node that a test kills is a fork of the test with threads of its own.
extern "C" const char* __tsan_default_options() {
  return "die_after_fork=0";
}
#endif

namespace {

using clock_type = std::chrono::steady_clock;

process_request shell(std::string script) {
  process_request request;
  request.argv = {"sh", "-c", std::move(script)};
  request.environment = {{"PATH", "/usr/local/bin:/usr/bin:/bin"}};
  return request;
}

process_result run(process_runner& runner, process_request request) {
  auto promise = std::make_shared<std::promise<process_result>>();
  auto future = promise->get_future();
  runner.start(std::move(request), [promise](process_result result) {
    promise->set_value(std::move(result));
  });
  if (future.wait_for(60s) != std::future_status::ready)
    CAF_FAIL("the process has no result");
  return future.get();
}

bool is_alive(pid_t pid) {
  // A zombie whose parent is slow is dead for our purposes.
  std::ifstream status{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(status, text); // what ends while it is read reads as nothing
  const auto end = text.rfind(')');
  return end != std::string::npos && text.size() > end + 2
         && text[end + 2] != 'Z';
}

pid_t pid_in(const std::string& text) {
  return static_cast<pid_t>(std::strtol(text.c_str(), nullptr, 10));
}

bool is_guard(pid_t pid) {
  std::string name;
  std::ifstream{"/proc/" + std::to_string(pid) + "/comm"} >> name;
  return name == "perdure-guard";
}

/// The children of this process but for the runner's guard.
std::vector<pid_t> children() {
  std::vector<pid_t> result;
  for (const auto& task :
       std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::ifstream file{task.path() / "children"};
    for (pid_t pid = 0; file >> pid;)
      if (!is_guard(pid))
        result.push_back(pid);
  }
  return result;
}

/// A folder that goes away with the test.
struct scratch_folder {
  scratch_folder() {
    std::string pattern = "/tmp/edges_test_XXXXXX";
    path = ::mkdtemp(pattern.data());
  }

  ~scratch_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }

  std::filesystem::path path;
};

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

} // namespace

CAF_TEST(exit codes outputs and signals are told apart) {
  auto runner = make_process_runner();
  auto good = run(*runner, shell("echo out; echo err >&2"));
  CAF_CHECK(good.end == process_end::exited);
  CAF_CHECK_EQUAL(good.code, 0);
  CAF_CHECK_EQUAL(good.output, "out\n");
  CAF_CHECK_EQUAL(good.error_output, "err\n");
  auto bad = run(*runner, shell("exit 37"));
  CAF_CHECK(bad.end == process_end::exited);
  CAF_CHECK_EQUAL(bad.code, 37);
  auto killed = run(*runner, shell("kill -USR1 $$"));
  CAF_CHECK(killed.end == process_end::signalled);
  CAF_CHECK_EQUAL(killed.code, SIGUSR1);
}

CAF_TEST(handlers and masks of the node do not reach the child) {
  ::signal(SIGUSR2, SIG_IGN);
  auto runner = make_process_runner();
  auto result = run(*runner, shell("kill -USR2 $$; echo survived"));
  CAF_CHECK(result.end == process_end::signalled);
  CAF_CHECK_EQUAL(result.code, SIGUSR2);
  result = run(*runner, shell("grep -E 'SigBlk|SigIgn' /proc/self/status"));
  CAF_CHECK_EQUAL(result.output, "SigBlk:\t0000000000000000\n"
                                 "SigIgn:\t0000000000000000\n");
  ::signal(SIGUSR2, SIG_DFL);
}

CAF_TEST(the input is written while the output is read) {
  auto runner = make_process_runner();
  auto request = shell("cat");
  for (int i = 0; request.input.size() < 10'000'000; ++i)
    request.input += std::to_string(i) + '\n';
  request.output_max_bytes = 20'000'000;
  const auto expected = request.input;
  const auto result = run(*runner, std::move(request));
  CAF_CHECK(result.end == process_end::exited);
  CAF_CHECK(result.output == expected);
}

CAF_TEST(input that nobody reads is no error) {
  auto runner = make_process_runner();
  auto request = shell("exec <&-; echo done");
  request.input.assign(5'000'000, 'x');
  const auto result = run(*runner, std::move(request));
  CAF_CHECK(result.end == process_end::exited);
  CAF_CHECK_EQUAL(result.code, 0);
  CAF_CHECK_EQUAL(result.output, "done\n");
}

CAF_TEST(too much output kills the process and just enough does not ) {
  auto runner = make_process_runner();
  auto request = shell("echo $$ >&2; yes");
  request.output_max_bytes = 100'000;
  auto result = run(*runner, std::move(request));
  CAF_CHECK(result.end == process_end::output_too_large);
  CAF_CHECK_EQUAL(result.output.size(), 100'000u);
  CAF_CHECK(!is_alive(pid_in(result.error_output)));
  request = shell("printf 12345");
  request.output_max_bytes = 5;
  result = run(*runner, std::move(request));
  CAF_CHECK(result.end == process_end::exited);
  CAF_CHECK_EQUAL(result.output, "12345");
}

CAF_TEST(too much error output is dropped) {
  auto runner = make_process_runner();
  auto request = shell("head -c 1000000 /dev/zero >&2; echo fine");
  request.error_max_bytes = 1'000;
  const auto result = run(*runner, std::move(request));
  CAF_CHECK(result.end == process_end::exited);
  CAF_CHECK_EQUAL(result.error_output.size(), 1'000u);
  CAF_CHECK_EQUAL(result.output, "fine\n");
}

CAF_TEST(a timeout kills grandchildren too) {
  auto runner = make_process_runner();
  // Both ignore SIGTERM, so that only SIGKILL to the whole group helps.
  auto request = shell("trap '' TERM; sleep 1000 & echo $!; wait; sleep 1000");
  request.timeout = 300ms;
  request.kill_grace = 200ms;
  const auto begin = clock_type::now();
  const auto result = run(*runner, std::move(request));
  const auto took = clock_type::now() - begin;
  CAF_CHECK(result.end == process_end::timed_out);
  CAF_CHECK(took >= 500ms);
  CAF_CHECK(took < 10s);
  const auto grandchild = pid_in(result.output);
  CAF_REQUIRE(grandchild > 0);
  CAF_CHECK(eventually([&] { return !is_alive(grandchild); }));
}

CAF_TEST(a process may end in good order after a timeout) {
  auto runner = make_process_runner();
  auto request = shell("trap 'echo bye; exit 3' TERM; sleep 1000 & wait");
  request.timeout = 300ms;
  request.kill_grace = 20s;
  const auto begin = clock_type::now();
  const auto result = run(*runner, std::move(request));
  CAF_CHECK(result.end == process_end::timed_out);
  CAF_CHECK_EQUAL(result.code, 3);
  CAF_CHECK_EQUAL(result.output, "bye\n");
  CAF_CHECK(clock_type::now() - begin < 15s);
}

CAF_TEST(grandchildren with an open pipe do not hold up the result) {
  auto runner = make_process_runner();
  const auto begin = clock_type::now();
  const auto result = run(*runner, shell("sleep 1000 & echo $!"));
  CAF_CHECK(result.end == process_end::exited);
  CAF_CHECK_EQUAL(result.code, 0);
  CAF_CHECK(clock_type::now() - begin < 10s);
  const auto grandchild = pid_in(result.output);
  CAF_REQUIRE(grandchild > 0);
  CAF_CHECK(eventually([&] { return !is_alive(grandchild); }));
  // One that left the group keeps its life but not the result.
  const auto escaped
    = run(*runner, shell("setsid sleep 5 & echo $!; sleep 0.2"));
  CAF_CHECK(escaped.end == process_end::exited);
  CAF_CHECK(clock_type::now() - begin < 10s);
}

CAF_TEST(cancel kills the group and no callback follows) {
  auto runner = make_process_runner();
  scratch_folder folder;
  std::atomic<int> calls{0};
  const auto file = folder.path / "pids";
  const auto process = runner->start(
    shell("sleep 1000 & echo $$ $! > " + file.string() + "; wait"),
    [&](process_result) { ++calls; });
  CAF_REQUIRE(eventually(
    [&] { return read_file(file).find('\n') != std::string::npos; }));
  pid_t leader = 0;
  pid_t grandchild = 0;
  std::istringstream{read_file(file)} >> leader >> grandchild;
  CAF_REQUIRE(is_alive(leader));
  CAF_REQUIRE(is_alive(grandchild));
  runner->cancel(process);
  CAF_CHECK(eventually([&] { return !is_alive(leader); }));
  CAF_CHECK(eventually([&] { return !is_alive(grandchild); }));
  runner->cancel(process);
  runner->cancel(process + 1'000);
  CAF_CHECK_EQUAL(run(*runner, shell("echo on")).output, "on\n");
  CAF_CHECK_EQUAL(calls.load(), 0);
}

CAF_TEST(cancel races with start and with the end) {
  auto runner = make_process_runner();
  struct flags {
    std::atomic<bool> cancelled{false};
    std::atomic<bool> called_late{false};
  };
  bool late = false;
  for (int i = 0; i < 200; ++i) {
    auto seen = std::make_shared<flags>();
    const auto process = runner->start(shell("exit 0"), [seen](auto) {
      if (seen->cancelled)
        seen->called_late = true;
    });
    std::this_thread::sleep_for(std::chrono::microseconds{i * 20});
    runner->cancel(process);
    seen->cancelled = true;
    late = late || seen->called_late;
  }
  CAF_CHECK(!late);
  CAF_CHECK_EQUAL(run(*runner, shell("echo on")).output, "on\n");
}

CAF_TEST(what cannot be started says why) {
  auto runner = make_process_runner();
  scratch_folder folder;
  const auto refused = [&](process_request request, std::string_view part) {
    const auto result = run(*runner, std::move(request));
    CAF_CHECK(result.end == process_end::not_started);
    if (result.message.find(part) == std::string::npos)
      CAF_ERROR("unexpected message: " << result.message);
    CAF_CHECK(result.message.find(part) != std::string::npos);
  };
  process_request request;
  refused(request, "without a name");
  request.argv = {"no-such-program-here"};
  refused(request, "not found in the PATH");
  request.argv = {"/no/such/program"};
  refused(request, "No such file");
  const auto plain = folder.path / "plain";
  std::ofstream{plain} << "text";
  request.argv = {plain.string()};
  refused(request, "Permission denied");
  request.argv = {"plain"};
  request.environment = {{"PATH", folder.path.string()}};
  refused(request, "Permission denied");
  ::chmod(plain.c_str(), 0755);
  refused(request, "Exec format error");
  request.argv = {folder.path.string()};
  refused(request, "Permission denied");
  request = shell("true");
  request.directory = "/no/such/directory";
  refused(request, "/no/such/directory: No such file");
  request = shell("true");
  request.argv[2].push_back('\0');
  refused(request, "zero byte");
  request = shell("true");
  request.environment.emplace_back("A=B", "c");
  refused(request, "A=B");
  // Every result came although all of them failed at different points.
  CAF_CHECK_EQUAL(run(*runner, shell("echo on")).output, "on\n");
}

CAF_TEST(the environment and the directory are exactly as asked) {
  auto runner = make_process_runner();
  ::setenv("EDGES_TEST_SECRET", "leaked", 1);
  process_request request;
  request.argv = {"/usr/bin/env"};
  request.environment = {{"B", "two words"}, {"A", ""}, {"C", "x=y"}};
  auto result = run(*runner, std::move(request));
  CAF_CHECK_EQUAL(result.output, "B=two words\nA=\nC=x=y\n");
  request = {};
  request.argv = {"/bin/pwd"};
  request.directory = "/usr/lib";
  CAF_CHECK_EQUAL(run(*runner, std::move(request)).output, "/usr/lib\n");
}

CAF_TEST(the program is looked up in the PATH of the child) {
  auto runner = make_process_runner();
  scratch_folder folder;
  const auto tool = folder.path / "own-tool";
  std::ofstream{tool} << "#!/bin/sh\necho own \"$@\"\n";
  ::chmod(tool.c_str(), 0755);
  process_request request;
  request.argv = {"own-tool", "a b", "", "c"};
  request.environment = {{"PATH", "/nowhere:" + folder.path.string()}};
  const auto result = run(*runner, request);
  CAF_CHECK_EQUAL(result.output, "own a b  c\n");
  request.environment = {{"PATH", "/nowhere"}};
  CAF_CHECK(run(*runner, request).end == process_end::not_started);
  request.argv = {"./own-tool"};
  request.directory = folder.path.string();
  CAF_CHECK_EQUAL(run(*runner, request).output, "own\n");
}

CAF_TEST(no descriptor of the node reaches the child) {
  // Without O_CLOEXEC, as a careless library would open it.
  const int leaky = ::open("/dev/null", O_RDONLY);
  CAF_REQUIRE(leaky >= 3);
  auto runner = make_process_runner();
  process_request request;
  request.argv = {"/bin/ls", "/proc/self/fd"};
  const auto result = run(*runner, std::move(request));
  // 3 is the folder that ls reads.
  CAF_CHECK_EQUAL(result.output, "0\n1\n2\n3\n");
  ::close(leaky);
}

CAF_TEST(two hundred processes run at once and leave nothing behind) {
  const auto count_descriptors = [] {
    const std::filesystem::directory_iterator folder{"/proc/self/fd"};
    return std::distance(begin(folder), end(folder));
  };
  auto runner = make_process_runner();
  run(*runner, shell("true"));
  const auto before = count_descriptors();
  std::mutex mutex;
  std::vector<std::string> outputs;
  for (int i = 0; i < 200; ++i) {
    auto request = shell("read x; sleep 0.3; echo $x");
    request.input = std::to_string(i) + '\n';
    runner->start(std::move(request), [&](process_result result) {
      const std::lock_guard guard{mutex};
      outputs.push_back(result.output);
    });
  }
  CAF_CHECK(eventually([&] {
    const std::lock_guard guard{mutex};
    return outputs.size() == 200;
  }));
  std::sort(outputs.begin(), outputs.end());
  outputs.erase(std::unique(outputs.begin(), outputs.end()), outputs.end());
  CAF_CHECK_EQUAL(outputs.size(), 200u);
  CAF_CHECK(eventually([] { return children().empty(); }));
  CAF_CHECK(eventually([&] { return count_descriptors() == before; }));
}

CAF_TEST(the runner takes its processes with it) {
  scratch_folder folder;
  const auto file = folder.path / "pids";
  std::atomic<int> calls{0};
  {
    auto runner = make_process_runner();
    runner->start(
      shell("sleep 1000 & echo $$ $! > " + file.string() + "; wait"),
      [&](process_result) { ++calls; });
    CAF_REQUIRE(eventually(
      [&] { return read_file(file).find('\n') != std::string::npos; }));
  }
  pid_t leader = 0;
  pid_t grandchild = 0;
  std::istringstream{read_file(file)} >> leader >> grandchild;
  CAF_CHECK(!is_alive(leader));
  CAF_CHECK(eventually([&] { return !is_alive(grandchild); }));
  CAF_CHECK(children().empty());
  CAF_CHECK_EQUAL(calls.load(), 0);
}

CAF_TEST(a killed node leaves neither children nor their children running) {
  scratch_folder folder;
  const auto node = ::fork();
  if (node == 0) {
    auto runner = make_process_runner();
    for (const auto* name : {"one", "two"}) {
      const auto file = (folder.path / name).string();
      runner->start(shell("trap '' TERM; sleep 1000 & echo $$ $! > " + file
                          + "_; mv " + file + "_ " + file + "; wait"),
                    [](process_result) {});
    }
    ::pause();
  }
  CAF_REQUIRE(node > 0);
  std::vector<pid_t> processes;
  for (const auto* name : {"one", "two"}) {
    const auto file = folder.path / name;
    CAF_REQUIRE(eventually([&] { return std::filesystem::exists(file); }));
    std::ifstream pids{file};
    for (pid_t pid = 0; pids >> pid;)
      processes.push_back(pid);
  }
  CAF_REQUIRE_EQUAL(processes.size(), 4u);
  for (const auto pid : processes)
    CAF_CHECK(is_alive(pid));
  ::kill(node, SIGKILL);
  ::waitpid(node, nullptr, 0);
  for (const auto pid : processes)
    CAF_CHECK(eventually([&] { return !is_alive(pid); }));
}

CAF_TEST(the guard holds nothing open and goes with its runner) {
  std::array<int, 2> ends{};
  CAF_REQUIRE_EQUAL(::pipe(ends.data()), 0);
  auto runner = make_process_runner();
  ::close(ends[1]);
  char byte = 0;
  CAF_CHECK_EQUAL(::read(ends[0], &byte, 1), 0); // nobody could write any more
  ::close(ends[0]);
  pid_t guard = 0;
  std::ifstream own{"/proc/self/task/" + std::to_string(::gettid())
                    + "/children"};
  for (pid_t pid = 0; own >> pid;)
    if (is_guard(pid))
      guard = pid;
  CAF_REQUIRE(guard > 0);
  ::kill(guard, SIGTERM);
  ::kill(guard, SIGINT);
  CAF_CHECK_EQUAL(run(*runner, shell("echo on")).output, "on\n");
  CAF_CHECK(is_alive(guard));
  runner.reset();
  CAF_CHECK(!is_alive(guard));
}

CAF_TEST(a callback may start another process and may throw) {
  auto runner = make_process_runner();
  std::promise<std::string> second;
  runner->start(shell("echo first"), [&](process_result) {
    runner->start(shell("echo second"), [&](process_result result) {
      second.set_value(result.output);
    });
    throw std::runtime_error("a mistake");
  });
  auto future = second.get_future();
  CAF_REQUIRE(future.wait_for(20s) == std::future_status::ready);
  CAF_CHECK_EQUAL(future.get(), "second\n");
}
