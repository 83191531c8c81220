#include "actors/edges/mcp_http.hpp"

#include "actors/edges/http_text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace perdure::actors {

namespace {

using runtime::mcp::link_failure;

constexpr std::size_t refusal_max_bytes = 65'536;

/// Of a body, in a message to people.
constexpr std::size_t excerpt_size = 300;

class posting_receiver final : public http_receiver {
public:
  posting_receiver(std::shared_ptr<work_queue> queue,
                   std::function<void(http_arrival&)> take)
    : queue_(std::move(queue)), take_(std::move(take)) {
    // nop
  }

  void on_head(http_head head) override {
    post(std::move(head));
  }

  void on_body(std::string chunk) override {
    post(std::move(chunk));
  }

  void on_end(http_failure reason) override {
    post(std::move(reason));
  }

private:
  void post(http_arrival what) {
    queue_->post(
      [take = take_, what = std::move(what)]() mutable { take(what); });
  }

  std::shared_ptr<work_queue> queue_;
  std::function<void(http_arrival&)> take_;
};

/// `text/html; charset=utf-8` is `text/html`.
std::string media_type(std::string_view header) {
  return lower_case(trim(header.substr(0, header.find(';'))));
}

std::string excerpt(std::string_view body) {
  const auto text = trim(body.substr(0, body.find('\n')));
  return std::string{text.substr(0, excerpt_size)};
}

} // namespace

http_request
mcp_http_request(const mcp_http_options& options, std::string method,
                 const std::string& url, runtime::mcp::header_list headers,
                 std::string body) {
  http_request out;
  out.method = std::move(method);
  out.url = url;
  out.headers = options.headers;
  std::move(headers.begin(), headers.end(), std::back_inserter(out.headers));
  if (auto token = options.token ? options.token() : std::string{};
      !token.empty())
    out.headers.emplace_back("Authorization", "Bearer " + token);
  if (!body.empty())
    out.body.push_back(std::make_shared<const std::string>(std::move(body)));
  out.connect_timeout = options.connect_timeout;
  out.timeout = {};
  out.idle_timeout = {};
  // A stream has no end; its messages are bounded one by one.
  out.response_max_bytes = std::numeric_limits<std::uint64_t>::max();
  return out;
}

std::shared_ptr<http_receiver>
queued_receiver(std::shared_ptr<work_queue> queue,
                std::function<void(http_arrival&)> take) {
  return std::make_shared<posting_receiver>(std::move(queue), std::move(take));
}

mcp_http_answer::mcp_http_answer(std::uint64_t message_max_bytes)
  : message_max_bytes_(message_max_bytes), decoder_(message_max_bytes) {
  // nop
}

void mcp_http_answer::begin(http_head head) {
  head_ = std::move(head);
  const auto type = media_type(head_.header("content-type"));
  if (head_.status < 200 || head_.status >= 300)
    form_ = form::refused;
  else if (type == "text/event-stream")
    form_ = form::events;
  else if (type == "application/json" || head_.status != 200)
    form_ = form::whole;
  else
    form_ = form::strange;
}

bool mcp_http_answer::feed(std::string_view chunk,
                           std::vector<runtime::sse_event>& events) {
  if (form_ == form::events) {
    is_too_large_ = !decoder_.feed(chunk, events);
    return !is_too_large_;
  }
  if (form_ == form::whole) {
    is_too_large_ = body_.size() + chunk.size() > message_max_bytes_;
    if (!is_too_large_)
      body_ += chunk;
    return !is_too_large_;
  }
  body_.append(chunk, 0, refusal_max_bytes - body_.size());
  return true;
}

void mcp_http_answer::finish(std::vector<runtime::sse_event>& events) {
  if (form_ == form::events)
    is_too_large_ = !decoder_.finish(events);
}

link_failure mcp_http_answer::failure() const {
  link_failure out;
  out.http_status = head_.status;
  if (is_too_large_) {
    out.what = link_failure::kind::bad_answer;
    out.message = "The server's answer " + over_limit(message_max_bytes_);
    return out;
  }
  if (form_ != form::refused) {
    out.what = link_failure::kind::bad_answer;
    out.message = "The server answered with '"
                  + excerpt(head_.header("content-type"))
                  + "' in place of JSON or events. Check that the URL is that "
                    "of its MCP endpoint.";
    return out;
  }
  out.what = link_failure::kind::http_status;
  out.body = body_;
  out.challenge = head_.header("www-authenticate");
  out.message = "The server answered with HTTP " + std::to_string(head_.status);
  if (head_.status >= 300 && head_.status < 400)
    out.message += ", which is a redirection; none is followed. Configure the "
                   "URL that it leads to";
  else if (const auto text = excerpt(body_); !text.empty())
    out.message += ": " + text;
  return out;
}

link_failure broken(std::string message) {
  link_failure out;
  out.message = std::move(message);
  return out;
}

} // namespace perdure::actors
