#include "actors/edges/child_group.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <utility>

namespace perdure::actors {

namespace {

/// How often the leader is looked at on a kernel without pidfds.
constexpr std::chrono::milliseconds look_interval{20};

} // namespace

child_group::~child_group() {
  end();
}

start_problem child_group::start(epoll_loop& loop, process_guard& guard,
                                 const program& what, std::uint64_t key) {
  place_ = guard.take_place();
  child_ = start_child(what, place_.group());
  if (child_.pid <= 0)
    return std::exchange(child_.problem, {});
  bool watched = loop.watch(child_.output.value(), EPOLLIN, key)
                 && loop.watch(child_.error_output.value(), EPOLLIN, key);
  if (child_.exit)
    watched = watched && loop.watch(child_.exit.value(), EPOLLIN, key);
  else
    look_at_ = epoll_loop::clock::now();
  if (watched)
    return {};
  end();
  close_all(loop);
  return {"cannot start " + what.argv.front()
          + ": the system has no room for another descriptor"};
}

bool child_group::look(epoll_loop& loop) {
  if (leader_exited_ || child_.pid <= 0)
    return false;
  siginfo_t info{};
  const auto found = ::waitid(P_PID, static_cast<id_t>(child_.pid), &info,
                              WEXITED | WNOHANG | WNOWAIT);
  if (found == 0 && info.si_pid == 0) {
    if (look_at_)
      look_at_ = epoll_loop::clock::now() + look_interval;
    return false;
  }
  leader_exited_ = true;
  close(loop, child_.exit);
  look_at_.reset();
  // A node that ignores SIGCHLD loses the status; nothing else can fail here.
  was_signalled_ = found == 0 && info.si_code != CLD_EXITED;
  code_ = found != 0 ? -1 : info.si_status;
  return true;
}

void child_group::signal(int number) const noexcept {
  if (child_.pid > 0)
    ::kill(-child_.pid, number);
}

void child_group::end() noexcept {
  signal(SIGKILL);
  // While the leader is a zombie, the number of the group is its own.
  place_.clear();
  if (child_.pid > 0)
    ::waitpid(std::exchange(child_.pid, -1), nullptr, 0);
}

void child_group::close(epoll_loop& loop, file_descriptor& fd) noexcept {
  if (!fd)
    return;
  loop.forget(fd.value());
  fd.reset();
}

void child_group::close_all(epoll_loop& loop) noexcept {
  for (auto* fd :
       {&child_.input, &child_.output, &child_.error_output, &child_.exit})
    close(loop, *fd);
}

} // namespace perdure::actors
