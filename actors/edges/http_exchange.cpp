#include "actors/edges/http_exchange.hpp"

#include "actors/edges/http_session.hpp"

namespace perdure::actors {

namespace {

/// A callback that throws is its owner's mistake; the server goes on.
void call_guarded(const std::function<void()>& callback) {
  try {
    callback();
  } catch (...) {
    return;
  }
}

/// Once the server has no thread any more, the caller's has to do.
void call_on(http_worker& worker, std::function<void()> callback) {
  if (!worker.post([callback] { call_guarded(callback); }))
    call_guarded(callback);
}

} // namespace

http_exchange::http_exchange(std::shared_ptr<http_worker> worker,
                             std::weak_ptr<http_session> session,
                             std::uint64_t number, server_request request)
  : request_(std::move(request)), worker_(std::move(worker)),
    session_(std::move(session)), number_(number) {
  // nop
}

http_exchange::~http_exchange() {
  if (over_)
    return;
  worker_->post([session = session_, number = number_] {
    if (auto found = session.lock())
      found->abandon(number);
  });
  // The session cannot reach this object any more to say that it is over.
  for (auto& callback : on_close_)
    call_on(*worker_, std::move(callback));
}

const server_request& http_exchange::request() const noexcept {
  return request_;
}

void http_exchange::respond(
  unsigned status, std::string_view content_type, std::string body,
  std::vector<std::pair<std::string, std::string>> headers) {
  submit(whole_answer{status, std::string{content_type}, std::move(body),
                      std::move(headers)});
}

void http_exchange::begin_stream(std::string_view content_type) {
  submit(stream_begin{std::string{content_type}});
}

void http_exchange::write(std::string chunk) {
  submit(stream_chunk{std::move(chunk)});
}

void http_exchange::end_stream() {
  submit(stream_end{});
}

void http_exchange::after(std::chrono::milliseconds delay,
                          std::function<void()> callback) {
  submit(delayed{delay, std::move(callback)});
}

void http_exchange::on_close(std::function<void()> callback) {
  {
    const std::lock_guard guard{mutex_};
    if (!over_) {
      on_close_.push_back(std::move(callback));
      return;
    }
  }
  call_on(*worker_, std::move(callback));
}

void http_exchange::submit(call what) {
  {
    const std::lock_guard guard{mutex_};
    if (over_)
      return;
    calls_.push_back(std::move(what));
    if (!worker_->on_thread()) {
      if (std::exchange(scheduled_, true))
        return;
      worker_->post([self = shared_from_this()] { self->perform_calls(); });
      return;
    }
  }
  // What another thread submitted before is performed first, by this call.
  perform_calls();
}

void http_exchange::perform_calls() {
  std::vector<call> calls;
  {
    const std::lock_guard guard{mutex_};
    scheduled_ = false;
    calls.swap(calls_);
  }
  const auto session = session_.lock();
  if (session == nullptr)
    return;
  for (auto& what : calls)
    if (session->is_current(number_))
      std::visit([&](auto& known) { perform(*session, std::move(known)); },
                 what);
}

void http_exchange::perform(http_session& session, whole_answer what) {
  session.respond(what.status, what.content_type, std::move(what.body),
                  what.headers);
}

void http_exchange::perform(http_session& session, stream_begin what) {
  session.begin_stream(what.content_type);
}

void http_exchange::perform(http_session& session, stream_chunk what) {
  session.write(std::move(what.bytes));
}

void http_exchange::perform(http_session& session, stream_end) {
  session.end_stream();
}

void http_exchange::perform(http_session&, delayed what) {
  const auto timer = timers_.emplace(timers_.end(), worker_->io, what.delay);
  timer->async_wait(
    [weak = weak_from_this(), timer, callback = std::move(what.callback)](
      const boost::system::error_code& problem) {
      const auto self = weak.lock();
      // The end has emptied the list, even of timers that had gone off.
      if (problem || self == nullptr || self->timers_ended_)
        return;
      self->timers_.erase(timer);
      call_guarded(callback);
    });
}

void http_exchange::close() {
  std::vector<std::function<void()>> callbacks;
  {
    const std::lock_guard guard{mutex_};
    over_ = true;
    calls_.clear();
    callbacks.swap(on_close_);
  }
  timers_ended_ = true;
  timers_.clear();
  // Posted: the caller of the last `write` may hold a lock that they need.
  for (auto& callback : callbacks)
    call_on(*worker_, std::move(callback));
}

} // namespace perdure::actors
