#include "actors/edges/server_process.hpp"

#include "actors/edges/read_some.hpp"

#include <algorithm>
#include <signal.h>

namespace perdure::actors {

namespace {

constexpr std::uint64_t unconsumed_max = 1ull << 20;

} // namespace

server_process::server_process(std::uint64_t id, server_request request,
                               std::shared_ptr<server_receiver> receiver)
  : id_(id), request_(std::move(request)), receiver_(std::move(receiver)) {
  // nop
}

// -- on any thread ------------------------------------------------------------

void server_process::write(std::string_view bytes) {
  const std::lock_guard guard{mutex_};
  if (is_overrun_)
    return;
  is_overrun_ = unwritten_.size() + bytes.size() > request_.unread_max_bytes;
  if (!is_overrun_)
    unwritten_ += bytes;
}

bool server_process::consume(std::size_t bytes) noexcept {
  const auto before = unconsumed_.fetch_sub(bytes);
  return before - bytes <= unconsumed_max && paused_.load();
}

void server_process::close() {
  const std::lock_guard guard{mutex_};
  is_closing_ = true;
}

// -- on the loop's thread -----------------------------------------------------

void server_process::start(epoll_loop& loop, process_guard& guard) {
  auto problem = child_.start(loop, guard, request_.what, id_);
  if (problem.text.empty()) {
    advance(loop);
    return;
  }
  end_.end = process_end::not_started;
  end_.message = std::move(problem.text);
  end_.is_lasting = problem.is_lasting;
}

void server_process::advance(epoll_loop& loop) {
  if (over())
    return;
  // The exit is looked at first: what the leader wrote before is then read.
  look_after_leader(loop);
  begin_close();
  write_input(loop);
  read_outputs(loop);
}

void server_process::look_after_leader(epoll_loop& loop) {
  if (!child_.look(loop))
    return;
  terminate_at_.reset();
  end_until_.reset();
  give_up_at_ = epoll_loop::clock::now() + output_grace;
  end_.code = child_.code();
  end_.end
    = child_.was_signalled() ? process_end::signalled : process_end::exited;
}

void server_process::begin_close() {
  const std::lock_guard guard{mutex_};
  if (!is_closing_ || closed_)
    return;
  closed_ = true;
  if (!child_.leader_exited())
    terminate_at_ = epoll_loop::clock::now() + request_.exit_grace;
}

void server_process::write_input(epoll_loop& loop) {
  if (!child_.input())
    return;
  const std::lock_guard guard{mutex_};
  std::size_t written = 0;
  bool is_broken = false;
  while (written < unwritten_.size()) {
    const auto size
      = ::write(child_.input().value(), unwritten_.data() + written,
                unwritten_.size() - written);
    if (size < 0 && errno == EINTR)
      continue;
    is_broken = size < 0 && errno != EAGAIN;
    if (size < 0)
      break;
    written += static_cast<std::size_t>(size);
  }
  unwritten_.erase(0, written);
  if (is_overrun_)
    end_by_force("it has left "
                 + std::to_string(request_.unread_max_bytes >> 20)
                 + " MiB of its input unread");
  if (is_broken)
    expect_end("it has closed its input");
  if (is_broken || is_overrun_ || (closed_ && unwritten_.empty())) {
    child_group::close(loop, child_.input());
    return;
  }
  // Watched only while it is blocked: a pipe is writable nearly always.
  if (!unwritten_.empty())
    input_watched_ = loop.watch(child_.input().value(), EPOLLOUT, id_);
  else if (std::exchange(input_watched_, false))
    loop.forget(child_.input().value());
}

void server_process::read_outputs(epoll_loop& loop) {
  drained_ = true;
  if (must_pause()) {
    drained_ = false;
    watch_outputs(loop, false);
    return;
  }
  watch_outputs(loop, true);
  read(loop, child_.output(), &server_receiver::on_output);
  read(loop, child_.error_output(), &server_receiver::on_error_output);
}

void server_process::read(epoll_loop& loop, file_descriptor& fd,
                          output_callback callback) {
  if (!fd)
    return;
  std::string chunk;
  const auto end = read_some(fd, [&](const char* data, std::size_t size) {
    chunk.append(data, size);
    return true;
  });
  if (end == read_end::more)
    drained_ = false;
  if (end == read_end::closed) {
    child_group::close(loop, fd);
    if (!child_.output())
      expect_end("it has closed its output");
  }
  if (chunk.empty())
    return;
  unconsumed_.fetch_add(chunk.size());
  try {
    gate.pass([&] { ((*receiver_).*callback)(std::move(chunk)); });
  } catch (...) {
    end_by_force("the reader of its output failed");
  }
}

void server_process::watch_outputs(epoll_loop& loop, bool wanted) {
  if (wanted == outputs_watched_)
    return;
  outputs_watched_ = wanted;
  for (auto* fd : {&child_.output(), &child_.error_output()}) {
    if (!*fd)
      continue;
    if (!wanted)
      loop.forget(fd->value());
    else if (!loop.watch(fd->value(), EPOLLIN, id_))
      end_by_force("the system has no room for another descriptor");
  }
}

bool server_process::must_pause() noexcept {
  if (unconsumed_.load() <= unconsumed_max) {
    paused_.store(false);
    return false;
  }
  // Said before it is looked at again: `consume` does it the other way round,
  // so that one of the two sees the other.
  paused_.store(true);
  if (unconsumed_.load() > unconsumed_max)
    return true;
  paused_.store(false);
  return false;
}

void server_process::on_moment(time_point now) {
  const auto due = [now](std::optional<time_point>& when) {
    const bool is_due = when && *when <= now;
    if (is_due)
      when.reset();
    return is_due;
  };
  if (due(terminate_at_)) {
    child_.signal(SIGTERM);
    kill_at_ = now + request_.kill_grace;
  }
  if (due(kill_at_))
    kill();
  if (due(end_until_))
    end_by_force(why_end_);
  if (due(give_up_at_)) {
    kill();
    gave_up_ = true;
  }
}

void server_process::expect_end(std::string_view why) {
  if (child_.leader_exited() || end_until_)
    return;
  why_end_ = why;
  end_until_ = epoll_loop::clock::now() + request_.kill_grace;
}

void server_process::end_by_force(std::string_view why) {
  if (end_.message.empty())
    end_.message = why;
  kill();
}

void server_process::kill() {
  terminate_at_.reset();
  kill_at_.reset();
  end_until_.reset();
  child_.signal(SIGKILL);
}

bool server_process::over() const noexcept {
  if (end_.end == process_end::not_started)
    return true;
  return child_.leader_exited()
         && (child_.is_silent() || gate.closed() || (gave_up_ && drained_));
}

std::optional<server_process::time_point>
server_process::next_moment() const noexcept {
  std::optional<time_point> next;
  for (const auto& when :
       {terminate_at_, kill_at_, end_until_, give_up_at_, child_.next_look()})
    if (when && (!next || *when < *next))
      next = when;
  return next;
}

void server_process::deliver() {
  // What is left of the group must not outlive the result.
  child_.end();
  try {
    gate.pass([this] { receiver_->on_end(std::move(end_)); });
  } catch (...) {
    // A receiver's mistake must not end the programs of the others.
  }
}

} // namespace perdure::actors
