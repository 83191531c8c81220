#include "actors/edges/running_process.hpp"

#include "actors/edges/read_some.hpp"

#include <algorithm>
#include <signal.h>

namespace perdure::actors {

namespace {

using namespace std::chrono_literals;

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

void running_process::start(epoll_loop& loop, process_guard& guard) {
  auto problem = child_.start(loop, guard, request_, id_).text;
  if (problem.empty() && !loop.watch(child_.input().value(), EPOLLOUT, id_))
    problem = "cannot start " + request_.argv.front()
              + ": the system has no room for another descriptor";
  if (!problem.empty()) {
    fail(loop, std::move(problem));
    return;
  }
  if (request_.timeout > 0ms)
    timeout_at_ = epoll_loop::clock::now() + request_.timeout;
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
  if (!child_.input())
    return;
  while (written_ < request_.input.size()) {
    const auto size
      = ::write(child_.input().value(), request_.input.data() + written_,
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
  child_group::close(loop, child_.input());
  request_.input = {};
}

void running_process::read_output(epoll_loop& loop) {
  if (!child_.output())
    return;
  const auto end = read_some(
    child_.output(), [this](const char* data, std::size_t size) {
      if (append_bounded(result_.output, data, size, request_.output_max_bytes))
        return true;
      if (result_.end != process_end::timed_out)
        result_.end = process_end::output_too_large;
      return false;
    });
  if (end != read_end::closed)
    return;
  if (result_.end == process_end::output_too_large)
    kill();
  child_group::close(loop, child_.output());
}

void running_process::read_error_output(epoll_loop& loop) {
  if (!child_.error_output())
    return;
  const auto end = read_some(child_.error_output(), [this](const char* data,
                                                           std::size_t size) {
    append_bounded(result_.error_output, data, size, request_.error_max_bytes);
    return true;
  });
  if (end == read_end::closed)
    child_group::close(loop, child_.error_output());
}

void running_process::look_after_leader(epoll_loop& loop) {
  if (!child_.look(loop))
    return;
  timeout_at_.reset();
  give_up_at_ = epoll_loop::clock::now() + output_grace;
  result_.code = child_.code();
  if (result_.end == process_end::exited && child_.was_signalled())
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
    child_.signal(SIGTERM);
    kill_at_ = now + request_.kill_grace;
  }
  if (due(kill_at_))
    kill();
  if (due(give_up_at_)) {
    kill();
    gave_up_ = true;
  }
}

void running_process::kill() {
  kill_at_.reset();
  timeout_at_.reset();
  child_.signal(SIGKILL);
}

bool running_process::over() const noexcept {
  if (result_.end == process_end::not_started)
    return true;
  return child_.leader_exited()
         && (child_.is_silent() || gave_up_ || gate.closed());
}

std::optional<running_process::time_point>
running_process::next_moment() const noexcept {
  std::optional<time_point> next;
  for (const auto& when :
       {timeout_at_, kill_at_, give_up_at_, child_.next_look()})
    if (when && (!next || *when < *next))
      next = when;
  return next;
}

void running_process::deliver() {
  // What is left of the group must not outlive the result.
  child_.end();
  try {
    gate.pass([this] { done_(std::move(result_)); });
  } catch (...) {
    // A caller's mistake must not end the programs of the others.
  }
}

void running_process::fail(epoll_loop& loop, std::string problem) {
  child_.end();
  child_.close_all(loop);
  result_.end = process_end::not_started;
  result_.message = std::move(problem);
}

} // namespace perdure::actors
