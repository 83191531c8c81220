#include "actors/edges/mcp_sse_link.hpp"

#include "actors/edges/url.hpp"

#include <unordered_map>
#include <utility>

namespace perdure::actors {

namespace {

using runtime::mcp::exchange_id;
using runtime::mcp::header_list;
using runtime::mcp::link_failure;

/// A message on its way to the server; the answer comes over the stream.
struct post {
  explicit post(const mcp_http_options& options)
    : answer(options.message_max_bytes) {
    // nop
  }

  std::uint64_t number = 0;
  exchange_id exchange = exchange_id::none;
  http_client::id http = 0;
  mcp_http_answer answer;
};

class sse_link final : public mcp_link,
                       public std::enable_shared_from_this<sse_link> {
public:
  sse_link(mcp_link_context context, mcp_http_options options)
    : context_(std::move(context)), options_(std::move(options)),
      answer_(options_.message_max_bytes) {
    // nop
  }

  ~sse_link() override {
    close();
  }

  void start();
  void send(runtime::mcp::send message) override;

  void abandon(exchange_id) override {
    // The answer comes over the stream of all, and is ignored there.
  }

  void listen() override {
    // The one stream is that of the server's own messages, too.
  }

  void close() override;

private:
  /// Has `take(link, arrived)` called for what arrives, while the link is.
  template <class Take>
  http_client::id request(http_request&& what, Take take);

  void on_stream(http_head& head);
  void on_stream(std::string& chunk);
  void on_stream(const http_failure& end);
  void take_events(const std::vector<runtime::sse_event>& events);
  void take_endpoint(const std::string& reference);
  void on_post(const std::shared_ptr<post>& what, http_arrival& arrived);
  void go_down(link_failure reason);

  mcp_link_context context_;
  mcp_http_options options_;
  http_client::id stream_ = 0;
  mcp_http_answer answer_;
  /// Where messages go; empty until the server has said it.
  std::string endpoint_;
  std::unordered_map<std::uint64_t, std::shared_ptr<post>> posts_;
  std::uint64_t next_number_ = 1;
  bool is_closed_ = false;
};

template <class Take>
http_client::id sse_link::request(http_request&& what, Take take) {
  return options_.http->start(
    std::move(what),
    queued_receiver(
      context_.queue, [link = weak_from_this(), take](http_arrival& arrived) {
        if (const auto found = link.lock(); found && !found->is_closed_)
          take(*found, arrived);
      }));
}

void sse_link::start() {
  stream_ = request(mcp_http_request(options_, "GET", options_.url,
                                     {{"Accept", "text/event-stream"}}),
                    [](sse_link& link, http_arrival& arrived) {
                      std::visit([&](auto& x) { link.on_stream(x); }, arrived);
                    });
}

void sse_link::send(runtime::mcp::send message) {
  if (is_closed_ || endpoint_.empty())
    return;
  auto what = std::make_shared<post>(options_);
  what->number = next_number_++;
  what->exchange = message.exchange;
  posts_.emplace(what->number, what);
  message.headers.emplace_back("Content-Type", "application/json");
  what->http = request(mcp_http_request(options_, "POST", endpoint_,
                                        std::move(message.headers),
                                        std::move(message.text)),
                       [what](sse_link& link, http_arrival& arrived) {
                         link.on_post(what, arrived);
                       });
}

void sse_link::close() {
  if (std::exchange(is_closed_, true))
    return;
  if (stream_ != 0)
    options_.http->cancel(stream_);
  for (const auto& [number, what] : posts_)
    options_.http->cancel(what->http);
}

// -- what arrives -------------------------------------------------------------

void sse_link::on_stream(http_head& head) {
  answer_.begin(std::move(head));
}

void sse_link::on_stream(std::string& chunk) {
  options_.http->consumed(stream_, chunk.size());
  std::vector<runtime::sse_event> events;
  const bool fits = answer_.feed(chunk, events);
  take_events(events);
  // Without ends of events nothing after it can be told apart.
  if (!fits && !is_closed_)
    go_down(answer_.failure());
}

void sse_link::take_events(const std::vector<runtime::sse_event>& events) {
  for (const auto& event : events) {
    if (event.event == "endpoint")
      take_endpoint(event.data);
    else if (!event.data.empty()
             && (event.event.empty() || event.event == "message"))
      context_.receiver->on_message(event.data, exchange_id::none);
    if (is_closed_)
      return;
  }
}

void sse_link::take_endpoint(const std::string& reference) {
  if (!endpoint_.empty())
    return;
  auto endpoint = resolve_url(options_.url, reference);
  // Credentials are for the server that they were configured for.
  if (!endpoint || !is_same_origin(options_.url, *endpoint)) {
    auto reason = broken("The server wants messages to be sent to '" + reference
                         + "', which is not at its own origin.");
    reason.what = link_failure::kind::bad_answer;
    return go_down(std::move(reason));
  }
  endpoint_ = std::move(*endpoint);
  context_.receiver->on_open();
}

void sse_link::on_stream(const http_failure& end) {
  stream_ = 0;
  const auto shape = answer_.shape();
  if (end.code != runtime::errc::none)
    return go_down(broken(end.message));
  if (shape == mcp_http_answer::form::events)
    return go_down(broken("The server closed its stream."));
  if (shape != mcp_http_answer::form::whole)
    return go_down(answer_.failure());
  auto reason = broken("The server answered without a stream of events.");
  reason.what = link_failure::kind::bad_answer;
  go_down(std::move(reason));
}

void sse_link::on_post(const std::shared_ptr<post>& what,
                       http_arrival& arrived) {
  if (auto* head = std::get_if<http_head>(&arrived)) {
    what->answer.begin(std::move(*head));
    return;
  }
  std::vector<runtime::sse_event> none;
  if (const auto* chunk = std::get_if<std::string>(&arrived)) {
    options_.http->consumed(what->http, chunk->size());
    // What a server says here besides its status means nothing.
    static_cast<void>(what->answer.feed(*chunk, none));
    return;
  }
  posts_.erase(what->number);
  const auto& end = std::get<http_failure>(arrived);
  const bool is_refused
    = what->answer.shape() == mcp_http_answer::form::refused;
  if (end.code == runtime::errc::none && !is_refused)
    return;
  auto reason = is_refused ? what->answer.failure() : broken(end.message);
  if (what->exchange != exchange_id::none)
    context_.receiver->on_lost(what->exchange, std::move(reason));
  else
    context_.receiver->on_log(std::move(reason.message));
}

void sse_link::go_down(link_failure reason) {
  close();
  context_.receiver->on_down(std::move(reason));
}

} // namespace

std::shared_ptr<mcp_link>
make_mcp_sse_link(mcp_link_context context, mcp_http_options options) {
  auto link
    = std::make_shared<sse_link>(std::move(context), std::move(options));
  link->start();
  return link;
}

} // namespace perdure::actors
