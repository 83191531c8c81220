#include "support/terminal.hpp"

#include <array>
#include <csignal>
#include <poll.h>
#include <pty.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/program.hpp"
#include "support/waiting.hpp"

namespace perdure::tests {

terminal::terminal(const std::vector<std::string>& argv,
                   const std::vector<std::string>& environment) {
  const program image{argv, environment};
  // Wide enough that no line of a test is broken.
  winsize size{};
  size.ws_row = 40;
  size.ws_col = 200;
  pid_ = ::forkpty(&descriptor_, nullptr, nullptr, &size);
  if (pid_ < 0)
    throw std::runtime_error("cannot make a terminal");
  if (pid_ > 0)
    return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  image.execute();
}

terminal::~terminal() {
  if (!exit_code_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(descriptor_);
}

bool terminal::read() {
  pollfd source{descriptor_, POLLIN, 0};
  while (::poll(&source, 1, 0) > 0) {
    std::array<char, 4'096> bytes{};
    const auto count = ::read(descriptor_, bytes.data(), bytes.size());
    if (count <= 0)
      return false; // the last program on it has gone
    screen_.append(bytes.data(), static_cast<std::size_t>(count));
  }
  return true;
}

bool terminal::sees(std::string_view text) {
  auto found = std::string::npos;
  wait_until([&] {
    const auto is_open = read();
    found = screen_.find(text, seen_);
    return found != std::string::npos || !is_open;
  });
  if (found == std::string::npos)
    return false;
  seen_ = found + text.size();
  return true;
}

void terminal::types(std::string_view keys) const {
  if (::write(descriptor_, keys.data(), keys.size())
      != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error("nobody reads what is typed");
}

std::optional<int> terminal::ends() {
  wait_until([&] {
    read();
    int status = 0;
    if (!exit_code_ && ::waitpid(pid_, &status, WNOHANG) == pid_)
      exit_code_
        = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return exit_code_.has_value();
  });
  read();
  return exit_code_;
}

} // namespace perdure::tests
