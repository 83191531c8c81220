#include "actors/edges/mcp_stdio_link.hpp"

#include "actors/edges/http_text.hpp"
#include "actors/edges/line_cutter.hpp"
#include "runtime/mcp/outline.hpp"

#include <charconv>
#include <utility>

namespace perdure::actors {

namespace {

using runtime::mcp::exchange_id;
using runtime::mcp::link_failure;
using runtime::mcp::outline;

/// Of a line for people; the rest of it is dropped.
constexpr std::size_t log_line_max = 4'096;

/// A session numbers its requests as it numbers their exchanges.
exchange_id exchange_of(const std::string& id) {
  std::uint64_t number = 0;
  const auto* const end = id.data() + id.size();
  const auto [rest, error] = std::from_chars(id.data(), end, number);
  return error == std::errc{} && rest == end ? exchange_id{number}
                                             : exchange_id::none;
}

class stdio_link final : public mcp_link,
                         public std::enable_shared_from_this<stdio_link> {
public:
  stdio_link(mcp_link_context context, mcp_stdio_options options)
    : context_(std::move(context)), options_(std::move(options)),
      lines_(options_.message_max_bytes) {
    // nop
  }

  ~stdio_link() override {
    if (server_ != 0 && !is_closed_)
      options_.processes->cancel(server_);
  }

  void start();

  void send(runtime::mcp::send message) override {
    if (server_ == 0)
      return;
    message.text += '\n';
    options_.processes->write(server_, message.text);
  }

  void abandon(exchange_id) override {
    // An answer that nobody waits for is ignored when it comes.
  }

  void listen() override {
    // Whatever the server says comes over the one pipe.
  }

  void close() override {
    if (server_ != 0 && !std::exchange(is_closed_, true))
      options_.processes->close(server_);
  }

  // -- what the server does, on the queue

  void on_output(std::string_view chunk) {
    options_.processes->consumed(server_, chunk.size());
    lines_.feed(chunk, [this](auto piece, bool cut, bool is_end) {
      on_line(piece, cut, is_end);
    });
  }

  void on_error_output(std::string_view chunk) {
    options_.processes->consumed(server_, chunk.size());
    error_lines_.feed(chunk, [this](auto piece, bool, bool is_end) {
      on_error_line(piece, is_end);
    });
  }

  void on_end(const server_end& reason);

private:
  void on_line(std::string_view piece, bool cut, bool is_end);
  void on_long_line(std::string_view piece, bool is_end);
  void on_error_line(std::string_view piece, bool is_end);
  void log(std::string line) {
    if (!is_closed_)
      context_.receiver->on_log(std::move(line));
  }

  mcp_link_context context_;
  mcp_stdio_options options_;
  server_processes::id server_ = 0;
  bool is_closed_ = false;
  line_cutter lines_;
  line_cutter error_lines_{log_line_max};
  bool error_line_goes_on_ = false;
  std::string last_words_;
  /// Of the long line that goes on.
  outline outline_;
};

/// Carries what happens on the thread of the processes to the link's queue.
class queueing_receiver final : public server_receiver {
public:
  queueing_receiver(std::shared_ptr<work_queue> queue,
                    std::weak_ptr<stdio_link> link)
    : queue_(std::move(queue)), link_(std::move(link)) {
    // nop
  }

  void on_output(std::string chunk) override {
    post([chunk = std::move(chunk)](stdio_link& to) { to.on_output(chunk); });
  }

  void on_error_output(std::string chunk) override {
    post([chunk = std::move(chunk)](stdio_link& to) {
      to.on_error_output(chunk);
    });
  }

  void on_end(server_end reason) override {
    post([reason = std::move(reason)](stdio_link& to) { to.on_end(reason); });
  }

private:
  template <class Work>
  void post(Work work) {
    queue_->post([link = link_, work = std::move(work)] {
      if (const auto found = link.lock())
        work(*found);
    });
  }

  std::shared_ptr<work_queue> queue_;
  std::weak_ptr<stdio_link> link_;
};

void stdio_link::start() {
  server_ = options_.processes->start(
    std::move(options_.server),
    std::make_shared<queueing_receiver>(context_.queue, weak_from_this()));
  // A program cannot say when it is ready; what is written waits in the pipe.
  context_.queue->post([link = weak_from_this()] {
    if (const auto found = link.lock(); found && !found->is_closed_)
      found->context_.receiver->on_open();
  });
}

void stdio_link::on_line(std::string_view piece, bool cut, bool is_end) {
  if (cut)
    return on_long_line(piece, is_end);
  const auto text = trim(piece);
  if (text.empty() || is_closed_)
    return;
  if (text.front() != '{' && text.front() != '[')
    return log("stdout: " + std::string{text.substr(0, log_line_max)});
  context_.receiver->on_message(text, exchange_id::none);
}

void stdio_link::on_long_line(std::string_view piece, bool is_end) {
  outline_.feed(piece);
  if (!is_end || is_closed_)
    return;
  const auto what = std::exchange(outline_, {});
  const auto limit = over_limit(options_.message_max_bytes);
  const auto exchange
    = what.is_answer() ? exchange_of(what.id()) : exchange_id::none;
  if (exchange == exchange_id::none)
    return log("A message of the server was dropped: it " + limit);
  link_failure reason;
  reason.what = link_failure::kind::bad_answer;
  reason.message = "The server's answer " + limit;
  context_.receiver->on_lost(exchange, std::move(reason));
}

void stdio_link::on_error_line(std::string_view piece, bool is_end) {
  // Of a line without end its first piece is enough.
  const bool goes_on = std::exchange(error_line_goes_on_, !is_end);
  auto text = trim(piece);
  if (goes_on || text.empty())
    return;
  last_words_ = text.substr(0, log_line_max);
  log(last_words_);
}

void stdio_link::on_end(const server_end& reason) {
  lines_.finish(
    [this](auto piece, bool cut, bool is_end) { on_line(piece, cut, is_end); });
  error_lines_.finish(
    [this](auto piece, bool, bool is_end) { on_error_line(piece, is_end); });
  server_ = 0;
  if (std::exchange(is_closed_, true))
    return;
  link_failure failure;
  if (reason.is_lasting)
    failure.what = link_failure::kind::unusable;
  if (reason.end == process_end::not_started)
    failure.message
      = "The server could not be started: " + reason.message + '.';
  else if (reason.end == process_end::signalled)
    failure.message
      = "The server was killed by signal " + std::to_string(reason.code);
  else
    failure.message
      = "The server exited with code " + std::to_string(reason.code);
  if (reason.end != process_end::not_started)
    failure.message += reason.message.empty()
                         ? std::string{"."}
                         : ", because " + reason.message + '.';
  if (!last_words_.empty())
    failure.message += " It said last: " + last_words_;
  context_.receiver->on_down(std::move(failure));
}

} // namespace

std::shared_ptr<mcp_link>
make_mcp_stdio_link(mcp_link_context context, mcp_stdio_options options) {
  auto link
    = std::make_shared<stdio_link>(std::move(context), std::move(options));
  link->start();
  return link;
}

} // namespace perdure::actors
