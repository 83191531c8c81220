#include "actors/edges/http_worker.hpp"

#include "actors/edges/epoll_loop.hpp"
#include "actors/edges/http_session.hpp"

#include <ctime>

namespace perdure::actors {

namespace {

constexpr std::chrono::milliseconds tick_interval{100};

std::string http_date(std::time_t time) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(),
                                  "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return {text.data(), size};
}

} // namespace

std::size_t http_server_state::add_connection() {
  const std::lock_guard guard{mutex_};
  return ++connections_;
}

void http_server_state::remove_connection() {
  const std::lock_guard guard{mutex_};
  if (--connections_ == 0)
    idle_.notify_all();
}

bool http_server_state::wait_until_idle(std::chrono::milliseconds limit) {
  std::unique_lock guard{mutex_};
  return idle_.wait_for(guard, limit, [this] { return connections_ == 0; });
}

http_worker::http_worker(std::shared_ptr<http_server_state> server_state)
  : state(std::move(server_state)) {
  // nop
}

void http_worker::start() {
  now_ = std::chrono::steady_clock::now();
  date_ = http_date(std::time(nullptr));
  schedule_tick();
  thread_ = std::thread{[this] { run(); }};
}

void http_worker::run() {
  block_signals();
  io.run();
  {
    const std::lock_guard guard{mutex_};
    ended_ = true;
  }
  // What was posted between the end of `run` and the flag.
  io.restart();
  io.run();
}

void http_worker::finish() {
  post([this] {
    finishing_ = true;
    timer_.cancel();
    work_.reset();
  });
  if (thread_.joinable())
    thread_.join();
}

bool http_worker::post(std::function<void()> task) {
  const std::lock_guard guard{mutex_};
  if (ended_)
    return false;
  boost::asio::post(io, std::move(task));
  return true;
}

void http_worker::add(std::shared_ptr<http_session> session) {
  session->position = sessions_.size();
  sessions_.push_back(std::move(session));
}

void http_worker::remove(http_session& session) {
  const auto position = session.position;
  // Kept until the end: the caller is a member of it.
  const auto removed = std::move(sessions_[position]);
  if (position + 1 != sessions_.size()) {
    sessions_[position] = std::move(sessions_.back());
    sessions_[position]->position = position;
  }
  sessions_.pop_back();
  state->remove_connection();
}

void http_worker::begin_stop() {
  stopping_ = true;
  const auto sessions = sessions_;
  for (const auto& session : sessions)
    session->begin_stop();
}

void http_worker::close_all() {
  const auto sessions = sessions_;
  for (const auto& session : sessions)
    session->close();
}

void http_worker::schedule_tick() {
  if (finishing_)
    return;
  timer_.expires_after(tick_interval);
  timer_.async_wait([this](boost::system::error_code problem) {
    if (!problem)
      tick();
  });
}

void http_worker::tick() {
  now_ = std::chrono::steady_clock::now();
  date_ = http_date(std::time(nullptr));
  // Backwards: closing one puts the last, which was looked at, in its place.
  for (auto i = sessions_.size(); i > 0; --i)
    if (i <= sessions_.size()) {
      const auto session = sessions_[i - 1];
      session->tick();
    }
  schedule_tick();
}

} // namespace perdure::actors
