#include "actors/edges/running_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <signal.h>
#include <sys/wait.h>

namespace perdure::actors {

namespace {

using namespace std::chrono_literals;

/// How long the output may stay open after the leader has exited.
constexpr auto output_grace = 500ms;

/// How often the leader is looked at on a kernel without pidfds.
constexpr auto poll_interval = 20ms;

/// Reads per visit, so that one noisy process cannot starve the others.
constexpr int reads_max = 16;

enum class read_end { more, closed };

/// Reads what is there; `take(data, size)` gets it and may say stop.
template <class Take>
read_end read_some(const file_descriptor& fd, Take&& take) {
  std::array<char, 65'536> buffer;
  for (int i = 0; i < reads_max; ++i) {
    const auto size = ::read(fd.value(), buffer.data(), buffer.size());
    if (size > 0) {
      if (!take(buffer.data(), static_cast<std::size_t>(size)))
        return read_end::closed;
      continue;
    }
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return read_end::more;
    return read_end::closed;
  }
  return read_end::more;
}

/// Appends as much as fits. @returns whether all of it did.
bool append_bounded(std::string& text, const char* data, std::size_t size,
                    std::uint64_t size_max) {
  const auto room = size_max - std::min<std::uint64_t>(size_max, text.size());
  text.append(data, std::min<std::uint64_t>(room, size));
  return size <= room;
}

} // namespace

running_process::running_process(std::uint64_t id, process_request request,
                                 std::function<void(process_result)> done)
  : id_(id), request_(std::move(request)), done_(std::move(done)) {
  // nop
}

running_process::~running_process() {
  end_group();
}

void running_process::start(epoll_loop& loop, process_guard& guard) {
  place_ = guard.take_place();
  child_ = start_child(request_, place_.group());
  if (child_.pid <= 0) {
    fail(loop, std::move(child_.problem));
    return;
  }
  const auto now = epoll_loop::clock::now();
  if (request_.timeout > 0ms)
    timeout_at_ = now + request_.timeout;
  bool watched = loop.watch(child_.output.value(), EPOLLIN, id_)
                 && loop.watch(child_.error_output.value(), EPOLLIN, id_)
                 && loop.watch(child_.input.value(), EPOLLOUT, id_);
  polled_ = !child_.exit;
  if (polled_)
    poll_at_ = now;
  else
    watched = watched && loop.watch(child_.exit.value(), EPOLLIN, id_);
  if (!watched) {
    fail(loop, "cannot start " + request_.argv.front()
                 + ": the system has no room for another descriptor");
    return;
  }
  advance(loop);
}

void running_process::advance(epoll_loop& loop) {
  if (over())
    return;
  // The exit is looked at first: what the leader wrote before is then read.
  look_after_leader(loop);
  write_input(loop);
  read_output(loop);
  read_error_output(loop);
}

void running_process::write_input(epoll_loop& loop) {
  if (!child_.input)
    return;
  while (written_ < request_.input.size()) {
    const auto size
      = ::write(child_.input.value(), request_.input.data() + written_,
                request_.input.size() - written_);
    if (size < 0 && errno == EINTR)
      continue;
    if (size < 0 && errno == EAGAIN)
      return;
    // A program need not read its input: EPIPE is no error.
    if (size < 0)
      break;
    written_ += static_cast<std::size_t>(size);
  }
  close(loop, child_.input);
  request_.input = {};
}

void running_process::read_output(epoll_loop& loop) {
  if (!child_.output)
    return;
  const auto end = read_some(
    child_.output, [this](const char* data, std::size_t size) {
      if (append_bounded(result_.output, data, size, request_.output_max_bytes))
        return true;
      if (result_.end != process_end::timed_out)
        result_.end = process_end::output_too_large;
      return false;
    });
  if (end == read_end::more)
    return;
  if (result_.end == process_end::output_too_large)
    kill();
  close(loop, child_.output);
}

void running_process::read_error_output(epoll_loop& loop) {
  if (!child_.error_output)
    return;
  const auto end = read_some(child_.error_output, [this](const char* data,
                                                         std::size_t size) {
    append_bounded(result_.error_output, data, size, request_.error_max_bytes);
    return true;
  });
  if (end == read_end::closed)
    close(loop, child_.error_output);
}

void running_process::look_after_leader(epoll_loop& loop) {
  if (leader_exited_)
    return;
  siginfo_t info{};
  const auto found = ::waitid(P_PID, static_cast<id_t>(child_.pid), &info,
                              WEXITED | WNOHANG | WNOWAIT);
  if (found == 0 && info.si_pid == 0)
    return;
  leader_exited_ = true;
  close(loop, child_.exit);
  poll_at_.reset();
  timeout_at_.reset();
  give_up_at_ = epoll_loop::clock::now() + output_grace;
  // A node that ignores SIGCHLD loses the status; nothing else can fail here.
  const bool exited = found != 0 || info.si_code == CLD_EXITED;
  result_.code = found != 0 ? -1 : info.si_status;
  if (result_.end == process_end::exited && !exited)
    result_.end = process_end::signalled;
}

void running_process::on_moment(time_point now) {
  const auto due = [now](std::optional<time_point>& when) {
    const bool is_due = when && *when <= now;
    if (is_due)
      when.reset();
    return is_due;
  };
  if (due(timeout_at_)) {
    if (result_.end == process_end::exited)
      result_.end = process_end::timed_out;
    signal_group(SIGTERM);
    kill_at_ = now + request_.kill_grace;
  }
  if (due(kill_at_))
    kill();
  if (due(give_up_at_)) {
    kill();
    gave_up_ = true;
  }
  if (due(poll_at_))
    poll_at_ = now + poll_interval;
}

void running_process::kill() {
  kill_at_.reset();
  timeout_at_.reset();
  signal_group(SIGKILL);
}

bool running_process::over() const noexcept {
  if (result_.end == process_end::not_started)
    return true;
  const bool silent = !child_.output && !child_.error_output;
  return leader_exited_ && (silent || gave_up_ || gate.closed());
}

std::optional<running_process::time_point>
running_process::next_moment() const noexcept {
  std::optional<time_point> next;
  for (const auto& when : {timeout_at_, kill_at_, give_up_at_, poll_at_})
    if (when && (!next || *when < *next))
      next = when;
  return next;
}

void running_process::deliver() {
  // What is left of the group must not outlive the result.
  end_group();
  try {
    gate.pass([this] { done_(std::move(result_)); });
  } catch (...) {
    // A caller's mistake must not end the programs of the others.
  }
}

void running_process::fail(epoll_loop& loop, std::string problem) {
  end_group();
  for (auto* fd :
       {&child_.input, &child_.output, &child_.error_output, &child_.exit})
    close(loop, *fd);
  result_.end = process_end::not_started;
  result_.message = std::move(problem);
}

void running_process::signal_group(int signal) const noexcept {
  if (child_.pid > 0)
    ::kill(-child_.pid, signal);
}

void running_process::end_group() noexcept {
  signal_group(SIGKILL);
  // While the leader is a zombie, the number of the group is its own.
  place_.clear();
  if (child_.pid > 0)
    ::waitpid(std::exchange(child_.pid, -1), nullptr, 0);
}

void running_process::close(epoll_loop& loop, file_descriptor& fd) noexcept {
  if (!fd)
    return;
  loop.forget(fd.value());
  fd.reset();
}

} // namespace perdure::actors
