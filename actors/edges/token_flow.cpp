#include "actors/edges/token_flow.hpp"

#include <utility>

namespace perdure::actors {

namespace {

namespace oauth = runtime::mcp::oauth;
using namespace std::chrono_literals;

constexpr auto fetch_timeout = 30s;
constexpr std::uint64_t fetch_max_bytes = 1 << 20;

} // namespace

token_flow::token_flow(token_flow_context context, oauth::flow flow,
                       step_handler take)
  : context_(std::move(context)), flow_(std::move(flow)),
    take_(std::move(take)) {
  // nop
}

token_flow::~token_flow() {
  if (fetch_ != 0)
    context_.http->cancel(fetch_);
}

void token_flow::begin(const oauth::challenge& refusal) {
  go_on(flow_.begin(refusal, context_.now()));
}

void token_flow::redirected(const std::string& url) {
  go_on(flow_.redirected(url));
}

void token_flow::go_on(oauth::step next) {
  context_.queue->post([self = weak_from_this(), next]() mutable {
    if (const auto found = self.lock())
      found->perform(next);
  });
}

void token_flow::perform(oauth::step& next) {
  if (auto* request = std::get_if<oauth::fetch>(&next))
    fetch(std::move(request->request));
  else
    take_(next);
}

void token_flow::fetch(oauth::http_request what) {
  http_request request;
  request.method = std::move(what.method);
  request.url = std::move(what.url);
  request.headers = std::move(what.headers);
  if (!what.body.empty())
    request.body.push_back(
      std::make_shared<const std::string>(std::move(what.body)));
  request.timeout = fetch_timeout;
  request.response_max_bytes = fetch_max_bytes;
  fetched_ = {};
  fetch_ = context_.http->start(
    std::move(request),
    queued_receiver(context_.queue, [self = weak_from_this()](auto& next) {
      if (const auto found = self.lock())
        found->on_arrival(next);
    }));
}

void token_flow::on_arrival(http_arrival& arrived) {
  if (const auto* head = std::get_if<http_head>(&arrived)) {
    fetched_.status = head->status;
  } else if (const auto* chunk = std::get_if<std::string>(&arrived)) {
    context_.http->consumed(fetch_, chunk->size());
    fetched_.body += *chunk;
  } else {
    fetch_ = 0;
    if (std::get<http_failure>(arrived).code != runtime::errc::none)
      fetched_ = {};
    go_on(flow_.answered(fetched_, context_.now()));
  }
}

} // namespace perdure::actors
