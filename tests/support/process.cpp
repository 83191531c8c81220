#include "support/process.hpp"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/program.hpp"
#include "support/temp_dir.hpp"
#include "support/waiting.hpp"

namespace perdure::tests {

process::process(const process_setup& setup) {
  const program image{setup.argv, setup.environment};
  const auto output = setup.output.string();
  const auto parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0)
    throw std::runtime_error("cannot fork");
  if (pid_ > 0)
    return;
  // Only async-signal-safe calls from here on.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent)
    ::_exit(126);
  const int in = ::open("/dev/null", O_RDONLY);
  const int out = ::open(output.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
  if (in < 0 || out < 0 || ::dup2(in, 0) < 0 || ::dup2(out, 1) < 0
      || ::dup2(out, 2) < 0)
    ::_exit(126);
  image.execute();
}

process::~process() {
  if (exit_code_)
    return;
  send(SIGKILL);
  wait(patience);
}

void process::send(int signal) const {
  if (!exit_code_)
    ::kill(pid_, signal);
}

std::optional<int> process::wait(std::chrono::milliseconds limit) {
  const auto ended = [this] {
    int status = 0;
    if (exit_code_ || ::waitpid(pid_, &status, WNOHANG) != pid_)
      return exit_code_.has_value();
    exit_code_
      = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  };
  wait_until(ended, limit);
  return exit_code_;
}

finished run_program(const std::vector<std::string>& argv,
                     const std::vector<std::string>& environment,
                     std::chrono::milliseconds limit) {
  const temp_dir place;
  const auto output = place.path() / "output";
  finished out;
  process program{{argv, environment, output}};
  out.exit_code = program.wait(limit);
  out.output = read_text(output);
  return out;
}

} // namespace perdure::tests
