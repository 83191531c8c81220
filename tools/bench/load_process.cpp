#include "tools/bench/load_process.hpp"

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace perdure::bench {

namespace {

using runtime::json;

void write_line(int descriptor, const json& value) {
  auto text = value.dump() + '\n';
  for (std::size_t done = 0; done < text.size();) {
    const auto size
      = ::write(descriptor, text.data() + done, text.size() - done);
    if (size <= 0)
      std::_Exit(1);
    done += static_cast<std::size_t>(size);
  }
}

/// Empty when the other side has gone.
std::string read_line(int descriptor) {
  std::string line;
  char buffer[65'536];
  while (line.empty() || line.back() != '\n') {
    const auto size = ::read(descriptor, buffer, sizeof buffer);
    if (size <= 0)
      return {};
    line.append(buffer, static_cast<std::size_t>(size));
  }
  return line;
}

[[noreturn]] void serve(int commands, int answers) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    const auto line = read_line(commands);
    if (line.empty())
      std::_Exit(0);
    const auto command = json::parse(line);
    load work;
    work.port = command["port"];
    work.token = command["token"];
    work.target = command["target"];
    work.body = command["body"];
    work.connections = command["connections"];
    work.requests = command["requests"];
    work.warm_up = command["warm_up"];
    const auto result = run_load(work);
    write_line(answers, {{"elapsed", result.elapsed.count()},
                         {"latencies_us", result.latencies_us},
                         {"errors", result.errors},
                         {"first_error", result.first_error}});
  }
}

} // namespace

load_process::load_process() {
  int to_child[2];
  int from_child[2];
  if (::pipe(to_child) != 0 || ::pipe(from_child) != 0)
    throw std::system_error{errno, std::generic_category(), "pipe"};
  child_ = ::fork();
  if (child_ < 0)
    throw std::system_error{errno, std::generic_category(), "fork"};
  if (child_ == 0) {
    ::close(to_child[1]);
    ::close(from_child[0]);
    serve(to_child[0], from_child[1]);
  }
  ::close(to_child[0]);
  ::close(from_child[1]);
  commands_ = to_child[1];
  answers_ = from_child[0];
}

load_process::~load_process() {
  ::close(commands_); // the child reads the end and goes
  ::close(answers_);
  ::waitpid(child_, nullptr, 0);
}

load_result load_process::run(const load& work) {
  write_line(commands_, {{"port", work.port},
                         {"token", work.token},
                         {"target", work.target},
                         {"body", work.body},
                         {"connections", work.connections},
                         {"requests", work.requests},
                         {"warm_up", work.warm_up}});
  const auto answer = json::parse(read_line(answers_));
  load_result out;
  out.elapsed = std::chrono::duration<double>{answer["elapsed"].get<double>()};
  out.latencies_us = answer["latencies_us"].get<std::vector<std::uint32_t>>();
  out.errors = answer["errors"];
  out.first_error = answer["first_error"];
  return out;
}

} // namespace perdure::bench
