#include "actors/edges/mcp_http_link.hpp"

#include "actors/edges/http_text.hpp"
#include "runtime/mcp/outline.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace perdure::actors {

namespace {

using runtime::mcp::exchange_id;
using runtime::mcp::header_list;
using runtime::mcp::link_failure;
using runtime::mcp::outline;
using std::chrono::milliseconds;

constexpr milliseconds retry_delay{1'000};
constexpr milliseconds retry_delay_max{30'000};
constexpr milliseconds farewell_timeout{5'000};

/// How long a stream may stay open after its answer.
constexpr milliseconds end_grace{5'000};

/// Times in a row that a stream with an answer to come may break without an
/// event.
constexpr unsigned failures_max = 5;

const std::string* find(const header_list& headers, std::string_view name) {
  const auto found
    = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
        return lower_case(header.first) == name;
      });
  return found == headers.end() ? nullptr : &found->second;
}

/// One message with its answer, or the stream of what the server says by
/// itself.
struct stream {
  explicit stream(const mcp_http_options& options)
    : answer(options.message_max_bytes) {
    // nop
  }

  std::uint64_t number = 0;
  exchange_id exchange = exchange_id::none;
  bool is_initialize = false;
  /// Goes on where it ended.
  bool is_resumable = false;
  /// A stream of the server's own messages.
  bool is_listening = false;
  /// Is on with a GET of its own, after it broke.
  bool is_resumed = false;
  bool is_answered = false;
  http_client::id http = 0;
  mcp_http_answer answer;
  std::string last_id;
  std::optional<milliseconds> retry;
  unsigned failures = 0;
};

using stream_ptr = std::shared_ptr<stream>;

class http_link final : public mcp_link,
                        public std::enable_shared_from_this<http_link> {
public:
  http_link(mcp_link_context context, mcp_http_options options)
    : context_(std::move(context)), options_(std::move(options)) {
    // nop
  }

  ~http_link() override {
    cancel_all();
  }

  void start() {
    context_.queue->post([link = weak_from_this()] {
      if (const auto found = link.lock(); found && !found->is_closed_)
        found->context_.receiver->on_open();
    });
  }

  void send(runtime::mcp::send message) override;
  void abandon(exchange_id exchange) override;
  void listen() override;
  void close() override;

private:
  [[nodiscard]] header_list headers_of_session() const;
  [[nodiscard]] bool is_on(const stream_ptr& what) const;
  void start(const stream_ptr& what, http_request request);
  void reconnect(const stream_ptr& what);
  void drop(const stream_ptr& what);
  void cancel_all();

  // -- what arrives
  void on(const stream_ptr& what, http_head& head);
  void on(const stream_ptr& what, std::string& chunk);
  void on(const stream_ptr& what, const http_failure& end);
  void take_events(const stream_ptr& what,
                   const std::vector<runtime::sse_event>& events);
  void expect_end(const stream_ptr& what);
  void finish_whole(const stream_ptr& what);
  void refuse(const stream_ptr& what);
  void go_on_later(const stream_ptr& what, std::string reason);
  void lose(const stream_ptr& what, link_failure reason);
  void lose_session(const stream_ptr& what);

  mcp_link_context context_;
  mcp_http_options options_;
  std::unordered_map<std::uint64_t, stream_ptr> streams_;
  std::uint64_t next_number_ = 1;
  /// Of the legacy era; empty without one.
  std::string session_;
  std::string version_;
  bool is_closed_ = false;
};

// -- what is sent -------------------------------------------------------------

header_list http_link::headers_of_session() const {
  header_list out;
  if (!session_.empty())
    out.emplace_back("Mcp-Session-Id", session_);
  return out;
}

void http_link::send(runtime::mcp::send message) {
  if (is_closed_)
    return;
  auto what = std::make_shared<stream>(options_);
  what->exchange = message.exchange;
  what->is_initialize = message.method == "initialize";
  what->is_resumable = find(message.headers, "mcp-method") == nullptr;
  if (what->is_initialize)
    session_.clear();
  if (const auto* version = find(message.headers, "mcp-protocol-version"))
    version_ = *version;
  auto headers = headers_of_session();
  headers.emplace_back("Content-Type", "application/json");
  headers.emplace_back("Accept", "application/json, text/event-stream");
  std::move(message.headers.begin(), message.headers.end(),
            std::back_inserter(headers));
  start(what, mcp_http_request(options_, "POST", options_.url,
                               std::move(headers), std::move(message.text)));
}

void http_link::listen() {
  if (is_closed_)
    return;
  auto what = std::make_shared<stream>(options_);
  what->is_resumable = true;
  what->is_listening = true;
  reconnect(what);
}

void http_link::reconnect(const stream_ptr& what) {
  what->answer = mcp_http_answer{options_.message_max_bytes};
  auto headers = headers_of_session();
  headers.emplace_back("Accept", "text/event-stream");
  if (!version_.empty())
    headers.emplace_back("MCP-Protocol-Version", version_);
  if (!what->last_id.empty())
    headers.emplace_back("Last-Event-ID", what->last_id);
  start(what,
        mcp_http_request(options_, "GET", options_.url, std::move(headers)));
}

void http_link::start(const stream_ptr& what, http_request request) {
  if (what->number == 0)
    what->number = next_number_++;
  streams_.emplace(what->number, what);
  auto receiver = queued_receiver(
    context_.queue, [link = weak_from_this(), what](http_arrival& arrived) {
      if (const auto found = link.lock(); found && found->is_on(what))
        std::visit([&](auto& x) { found->on(what, x); }, arrived);
    });
  what->http = options_.http->start(std::move(request), std::move(receiver));
}

bool http_link::is_on(const stream_ptr& what) const {
  return !is_closed_ && streams_.contains(what->number);
}

void http_link::abandon(exchange_id exchange) {
  const auto found
    = std::find_if(streams_.begin(), streams_.end(), [&](const auto& entry) {
        return entry.second->exchange == exchange;
      });
  if (exchange != exchange_id::none && found != streams_.end())
    drop(found->second);
}

void http_link::drop(const stream_ptr& what) {
  if (what->http != 0)
    options_.http->cancel(std::exchange(what->http, 0));
  streams_.erase(what->number);
}

void http_link::cancel_all() {
  for (const auto& [number, what] : std::exchange(streams_, {}))
    if (what->http != 0)
      options_.http->cancel(what->http);
}

void http_link::close() {
  if (std::exchange(is_closed_, true))
    return;
  cancel_all();
  if (session_.empty())
    return;
  auto headers = headers_of_session();
  if (!version_.empty())
    headers.emplace_back("MCP-Protocol-Version", version_);
  auto farewell
    = mcp_http_request(options_, "DELETE", options_.url, std::move(headers));
  farewell.timeout = farewell_timeout;
  // Whatever comes of it; many servers know no such thing.
  options_.http->start(std::move(farewell),
                       queued_receiver(context_.queue, [](http_arrival&) {}));
}

// -- what arrives -------------------------------------------------------------

void http_link::on(const stream_ptr& what, http_head& head) {
  what->answer.begin(std::move(head));
  if (what->is_initialize
      && what->answer.shape() != mcp_http_answer::form::refused)
    session_ = what->answer.header("mcp-session-id");
}

void http_link::on(const stream_ptr& what, std::string& chunk) {
  options_.http->consumed(what->http, chunk.size());
  std::vector<runtime::sse_event> events;
  const bool fits = what->answer.feed(chunk, events);
  take_events(what, events);
  if (!fits && is_on(what))
    lose(what, what->answer.failure());
}

void http_link::take_events(const stream_ptr& what,
                            const std::vector<runtime::sse_event>& events) {
  const auto& decoder = what->answer.events();
  if (const auto delay = decoder.reconnect_delay())
    what->retry = delay;
  if (!decoder.last_id().empty())
    what->last_id = decoder.last_id();
  for (const auto& event : events) {
    what->failures = 0;
    const bool is_message = event.event.empty() || event.event == "message";
    if (event.data.empty() || !is_message)
      continue;
    if (!what->is_answered && outline{event.data}.is_answer())
      expect_end(what);
    context_.receiver->on_message(event.data, what->exchange);
    if (!is_on(what))
      return;
  }
}

void http_link::expect_end(const stream_ptr& what) {
  what->is_answered = true;
  context_.queue->post_after(end_grace, [link = weak_from_this(), what] {
    if (const auto found = link.lock(); found && found->is_on(what))
      found->drop(what);
  });
}

void http_link::on(const stream_ptr& what, const http_failure& end) {
  what->http = 0;
  const bool is_whole = end.code == runtime::errc::none;
  switch (what->answer.shape()) {
    case mcp_http_answer::form::refused:
      return refuse(what);
    case mcp_http_answer::form::strange:
      return lose(what, what->answer.failure());
    case mcp_http_answer::form::whole:
      return is_whole ? finish_whole(what) : lose(what, broken(end.message));
    case mcp_http_answer::form::none:
    case mcp_http_answer::form::events:
      break;
  }
  if (is_whole) {
    std::vector<runtime::sse_event> events;
    what->answer.finish(events);
    take_events(what, events);
    if (!is_on(what))
      return;
  }
  if (what->is_answered)
    return drop(what);
  auto reason = is_whole ? std::string{"The server closed the stream before it "
                                       "had answered."}
                         : end.message;
  const bool can_go_on
    = what->is_listening || (what->is_resumable && !what->last_id.empty());
  if (can_go_on)
    return go_on_later(what, std::move(reason));
  lose(what, broken(std::move(reason)));
}

void http_link::finish_whole(const stream_ptr& what) {
  drop(what);
  if (what->exchange == exchange_id::none)
    return;
  const auto text = trim(what->answer.body());
  if (!text.empty())
    return context_.receiver->on_message(text, what->exchange);
  auto reason = broken("The server took the request and gave no answer.");
  reason.what = link_failure::kind::bad_answer;
  reason.http_status = what->answer.status();
  context_.receiver->on_lost(what->exchange, std::move(reason));
}

void http_link::refuse(const stream_ptr& what) {
  const auto status = what->answer.status();
  const auto id = outline{what->answer.body()}.id();
  // Some servers say 400 of a session that they do not know; they do not name
  // the request then, which they do when they refuse it.
  if (!session_.empty() && !what->is_initialize
      && (status == 404 || (status == 400 && (id.empty() || id == "null"))))
    return lose_session(what);
  auto reason = what->answer.failure();
  if (what->is_listening && status < 500) {
    drop(what);
    if (status != 405)
      context_.receiver->on_log("It offers no stream of its own. "
                                + reason.message);
    return;
  }
  if (what->is_listening || (what->is_resumed && status >= 500))
    return go_on_later(what, std::move(reason.message));
  lose(what, std::move(reason));
}

void http_link::go_on_later(const stream_ptr& what, std::string reason) {
  // Reset by each event: a server may hang up and have itself called again.
  ++what->failures;
  if (!what->is_listening && what->failures > failures_max)
    return lose(what, broken(std::move(reason)));
  auto delay = what->retry.value_or(retry_delay);
  if (what->failures > 1)
    delay = std::min<milliseconds>(
      std::max(delay, retry_delay) * (1LL << std::min(what->failures - 1, 10U)),
      retry_delay_max);
  what->is_resumed = true;
  context_.queue->post_after(delay, [link = weak_from_this(), what] {
    if (const auto found = link.lock(); found && found->is_on(what))
      found->reconnect(what);
  });
}

void http_link::lose(const stream_ptr& what, link_failure reason) {
  drop(what);
  if (what->exchange != exchange_id::none)
    context_.receiver->on_lost(what->exchange, std::move(reason));
  else
    context_.receiver->on_log(std::move(reason.message));
}

void http_link::lose_session(const stream_ptr& what) {
  link_failure reason;
  reason.what = link_failure::kind::session_lost;
  reason.http_status = what->answer.status();
  reason.message = "The server does not know the session any more.";
  drop(what);
  if (what->exchange != exchange_id::none)
    return context_.receiver->on_lost(what->exchange, std::move(reason));
  is_closed_ = true;
  cancel_all();
  context_.receiver->on_down(std::move(reason));
}

} // namespace

std::shared_ptr<mcp_link>
make_mcp_http_link(mcp_link_context context, mcp_http_options options) {
  auto link
    = std::make_shared<http_link>(std::move(context), std::move(options));
  link->start();
  return link;
}

} // namespace perdure::actors
