#include "actors/edges/http_session.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>

namespace perdure::actors {

namespace {

using boost::system::error_code;
using namespace std::chrono_literals;

/// Further requests of the peer that are kept while one is answered.
constexpr std::size_t input_max = 64u << 10;
/// Answers that wait; above it no further request is read.
constexpr std::uint64_t output_soft_max = 256u << 10;
/// Smaller strings are joined, larger ones are written in place.
constexpr std::size_t segment_max = 16u << 10;
constexpr int reads_max = 4;
constexpr auto linger_timeout = 2s;

bool must_wait(const error_code& problem) {
  return problem == boost::asio::error::would_block
         || problem == boost::asio::error::try_again;
}

} // namespace

http_session::http_session(std::shared_ptr<http_worker> worker, socket peer)
  : worker_(std::move(worker)), socket_(std::move(peer)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(boost::asio::ip::tcp::no_delay{true}, ignored);
}

void http_session::start() {
  deadline_ = worker_->now() + worker_->options().idle_timeout;
  wait_readable();
}

void http_session::refuse_connection() {
  refuse(503, "this node has no room for another connection; try again "
              "later");
  wait_readable();
}

// -- input
// ---------------------------------------------------------------------

bool http_session::may_read() const noexcept {
  return !closed_ && !input_ended_
         && (finishing_ || lingering_ || input_.size() < input_max);
}

void http_session::wait_readable() {
  if (reading_ || !may_read())
    return;
  reading_ = true;
  socket_.async_wait(socket::wait_read,
                     [self = shared_from_this()](const error_code& problem) {
                       self->reading_ = false;
                       if (self->closed_)
                         return;
                       if (problem)
                         self->close();
                       else
                         self->on_readable();
                     });
}

void http_session::on_readable() {
  auto& scratch = worker_->scratch;
  for (int i = 0; i < reads_max && may_read(); ++i) {
    error_code problem;
    const auto size = socket_.read_some(boost::asio::buffer(scratch), problem);
    if (must_wait(problem))
      break;
    if (problem == boost::asio::error::eof) {
      on_end_of_input();
      break;
    }
    if (problem) {
      close();
      return;
    }
    take_input({scratch.data(), size});
    if (size < scratch.size())
      break;
  }
  wait_readable();
}

void http_session::on_end_of_input() {
  input_ended_ = true;
  // Nobody waits for an answer that is still being made. One that is made is
  // sent: the peer may have closed its sending side only.
  if (answering_ || lingering_ || output_.empty())
    close();
  else
    finish_connection();
}

void http_session::take_input(std::string_view bytes) {
  if (finishing_ || lingering_)
    return;
  if (input_.empty() && !answering_) {
    process(bytes);
    return;
  }
  input_.append(bytes);
  if (!answering_)
    process({});
}

void http_session::process(std::string_view fresh) {
  if (processing_)
    return;
  processing_ = true;
  // Either the rest of before or what just came: never both.
  const auto kept = std::exchange(input_, {});
  auto input = kept.empty() ? fresh : std::string_view{kept};
  while (!input.empty() && !answering_ && !finishing_ && !closed_) {
    if (output_bytes_ >= output_soft_max)
      write_output();
    // Goes on when there is room again.
    if (output_bytes_ >= output_soft_max)
      break;
    input = read_request(input);
    if (reader_)
      break;
  }
  input_.assign(input);
  processing_ = false;
  flush();
}

std::string_view http_session::read_request(std::string_view input) {
  if (!reader_) {
    // Empty lines before a request are to be ignored.
    const auto begin = input.find_first_not_of("\r\n");
    if (begin == std::string_view::npos)
      return {};
    input.remove_prefix(begin);
    reader_.emplace(worker_->options().body_max_bytes);
    deadline_ = worker_->now() + worker_->options().read_timeout;
  }
  input.remove_prefix(reader_->read(input));
  if (reader_->problem().status != 0) {
    refuse(reader_->problem().status, reader_->problem().message);
    return {};
  }
  if (reader_->take_expectation())
    send("HTTP/1.1 100 Continue\r\n\r\n");
  if (reader_->is_done())
    handle_request();
  return input;
}

void http_session::handle_request() {
  keep_alive_ = reader_->keep_alive() && !worker_->stopping();
  head_only_ = reader_->head_only();
  knows_chunks_ = reader_->knows_chunks();
  auto exchange = std::make_shared<http_exchange>(
    worker_, weak_from_this(), ++number_, std::move(reader_->request));
  reader_.reset();
  deadline_.reset();
  exchange_ = exchange;
  answering_ = true;
  try {
    worker_->state->handler(exchange);
  } catch (...) {
    exchange->respond(500, "application/json",
                      error_body("internal", "the request failed inside the "
                                             "node"));
  }
}

void http_session::finish_exchange() {
  const auto exchange = exchange_.lock();
  exchange_.reset();
  answering_ = false;
  streaming_ = false;
  if (exchange != nullptr)
    exchange->close();
  if (!keep_alive_ || worker_->stopping()) {
    finish_connection();
    return;
  }
  deadline_ = worker_->now() + worker_->options().idle_timeout;
  // The next request may be here already; it also flushes.
  process({});
  wait_readable();
}

// -- output
// --------------------------------------------------------------------

void http_session::send(std::string bytes) {
  if (closed_ || bytes.empty())
    return;
  if (output_.empty())
    last_write_ = worker_->now();
  output_bytes_ += bytes.size();
  if (!output_.empty() && output_.back().size() + bytes.size() < segment_max)
    output_.back().append(bytes);
  else
    output_.push_back(std::move(bytes));
}

void http_session::flush() {
  // Answers to requests that came together leave together.
  if (!processing_)
    write_output();
}

void http_session::write_output() {
  if (closed_ || writing_)
    return;
  while (!output_.empty()) {
    std::array<boost::asio::const_buffer, 16> parts;
    auto offset = output_offset_;
    for (std::size_t i = 0; i < std::min(parts.size(), output_.size()); ++i) {
      parts[i] = boost::asio::buffer(output_[i]) + offset;
      offset = 0;
    }
    error_code problem;
    auto size = socket_.write_some(parts, problem);
    if (must_wait(problem)) {
      wait_writable();
      return;
    }
    if (problem) {
      close();
      return;
    }
    last_write_ = worker_->now();
    output_bytes_ -= size;
    while (size > 0) {
      const auto left = output_.front().size() - output_offset_;
      if (size < left) {
        output_offset_ += size;
        break;
      }
      size -= left;
      output_.pop_front();
      output_offset_ = 0;
    }
  }
  if (finishing_)
    linger();
}

void http_session::wait_writable() {
  writing_ = true;
  socket_.async_wait(socket::wait_write,
                     [self = shared_from_this()](const error_code& problem) {
                       self->writing_ = false;
                       if (self->closed_)
                         return;
                       if (problem) {
                         self->close();
                         return;
                       }
                       self->flush();
                       // Requests that waited for room in the output.
                       if (!self->closed_ && !self->finishing_)
                         self->process({});
                       self->wait_readable();
                     });
}

// -- end
// -----------------------------------------------------------------------

void http_session::finish_connection() {
  finishing_ = true;
  input_.clear();
  flush();
  wait_readable();
}

void http_session::linger() {
  if (lingering_ || closed_)
    return;
  lingering_ = true;
  if (input_ended_) {
    close();
    return;
  }
  error_code problem;
  socket_.shutdown(socket::shutdown_send, problem);
  deadline_ = worker_->now() + linger_timeout;
  if (problem)
    close();
}

void http_session::begin_stop() {
  if (closed_)
    return;
  keep_alive_ = false;
  if (streaming_)
    end_stream();
  else if (!answering_ && output_.empty())
    close();
  else if (!answering_)
    finish_connection();
}

void http_session::tick() {
  if (closed_)
    return;
  const auto now = worker_->now();
  if (!output_.empty()) {
    if (now > last_write_ + worker_->options().idle_timeout)
      close();
    return;
  }
  if (!deadline_ || now < *deadline_)
    return;
  if (reader_ && !finishing_)
    refuse(408, "the request did not arrive in time");
  else
    close();
}

void http_session::close() {
  if (std::exchange(closed_, true))
    return;
  error_code ignored;
  socket_.close(ignored);
  answering_ = false;
  streaming_ = false;
  output_.clear();
  output_bytes_ = 0;
  if (const auto exchange = exchange_.lock())
    exchange->close();
  exchange_.reset();
  worker_->remove(*this);
}

} // namespace perdure::actors
