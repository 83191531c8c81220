#include "actors/edges/mcp_auth_link.hpp"

#include "actors/edges/mcp_auto_link.hpp"

#include <unordered_map>
#include <utility>

namespace perdure::actors {

namespace {

namespace oauth = runtime::mcp::oauth;
using runtime::mcp::exchange_id;
using runtime::mcp::link_failure;
using namespace std::chrono_literals;

/// Times that one request may be refused for want of a token.
constexpr unsigned refusals_max = 3;

/// A token that is over so soon is replaced before it is shown.
constexpr auto expiry_margin = 10s;

constexpr auto fetch_timeout = 30s;
constexpr std::uint64_t fetch_max_bytes = 1 << 20;

/// A request that may still be refused.
struct attempt {
  runtime::mcp::send message;
  unsigned refusals = 0;
  /// The grant that it was sent with.
  std::uint64_t grant = 0;
};

class auth_link final : public mcp_link,
                        private mcp_link_receiver,
                        public std::enable_shared_from_this<auth_link> {
public:
  auth_link(mcp_link_context context, mcp_http_options options,
            mcp_auth_options auth)
    : context_(std::move(context)), http_(options.http), auth_(std::move(auth)),
      credential_(auth_.credentials->load(auth_.key)) {
    use_grant();
    options.token = [token = token_] { return *token; };
    link_ = make_mcp_auto_link({context_.queue, this}, std::move(options));
  }

  ~auth_link() override {
    stop_flow();
  }

  void send(runtime::mcp::send message) override;

  void abandon(exchange_id exchange) override {
    attempts_.erase(exchange);
    std::erase_if(held_,
                  [=](const auto& held) { return held.exchange == exchange; });
    link_->abandon(exchange);
  }

  void listen() override {
    link_->listen();
  }

  void close() override {
    is_closed_ = true;
    stop_flow();
    link_->close();
  }

private:
  // -- from the link below
  void on_open() override {
    context_.receiver->on_open();
  }

  void on_message(std::string_view text, exchange_id exchange) override {
    attempts_.erase(exchange);
    context_.receiver->on_message(text, exchange);
  }

  void on_lost(exchange_id exchange, link_failure reason) override;

  void on_down(link_failure reason) override {
    stop_flow();
    context_.receiver->on_down(std::move(reason));
  }

  void on_log(std::string line) override {
    context_.receiver->on_log(std::move(line));
  }

  // -- the way to a token
  void begin_flow(const oauth::challenge& refusal);
  void go_on(oauth::step next);
  void perform(oauth::fetch& step);
  void perform(oauth::visit& step);
  void perform(oauth::granted& step);
  void perform(oauth::denied& step);
  void on_fetched(http_arrival& arrived);
  void stop_flow();
  void use_grant();
  [[nodiscard]] bool is_over() const;

  mcp_link_context context_;
  std::shared_ptr<http_client> http_;
  mcp_auth_options auth_;
  mcp_credential credential_;
  std::shared_ptr<std::string> token_ = std::make_shared<std::string>();
  std::shared_ptr<mcp_link> link_;
  std::unordered_map<exchange_id, attempt> attempts_;
  /// Grants so far.
  std::uint64_t grants_ = 0;
  /// What waits for a token.
  std::vector<runtime::mcp::send> held_;
  std::optional<oauth::flow> flow_;
  /// Flows so far; what belongs to an earlier one is ignored.
  std::uint64_t flows_ = 0;
  http_client::id fetch_ = 0;
  oauth::http_answer fetched_;
  /// What began the flow.
  link_failure refusal_;
  bool is_closed_ = false;
};

// -- messages -----------------------------------------------------------------

void auth_link::send(runtime::mcp::send message) {
  if (!flow_ && is_over()) {
    refusal_ = {};
    begin_flow({});
  }
  if (flow_) {
    held_.push_back(std::move(message));
    return;
  }
  if (message.exchange != exchange_id::none) {
    auto& entry = attempts_[message.exchange];
    entry.message = message;
    entry.grant = grants_;
  }
  link_->send(std::move(message));
}

void auth_link::on_lost(exchange_id exchange, link_failure reason) {
  const auto found = attempts_.find(exchange);
  const auto challenge = oauth::read_challenge(reason.challenge);
  const bool wants_token
    = reason.http_status == 401
      || (reason.http_status == 403 && challenge.error == "insufficient_scope");
  if (found == attempts_.end() || !wants_token
      || ++found->second.refusals > refusals_max) {
    attempts_.erase(exchange);
    return context_.receiver->on_lost(exchange, std::move(reason));
  }
  auto message = found->second.message;
  // Another request has got a newer token meanwhile.
  if (!flow_ && found->second.grant < grants_)
    return send(std::move(message));
  held_.push_back(std::move(message));
  if (flow_)
    return;
  refusal_ = std::move(reason);
  begin_flow(challenge);
}

// -- the way to a token -------------------------------------------------------

void auth_link::begin_flow(const oauth::challenge& refusal) {
  auto options = auth_.flow;
  options.clients = credential_.clients;
  options.previous = credential_.grant;
  ++flows_;
  flow_.emplace(std::move(options), auth_.services);
  go_on(flow_->begin(refusal, auth_.now()));
}

void auth_link::go_on(oauth::step next) {
  // Later, since a link does not call back from inside of a call.
  context_.queue->post(
    [link = weak_from_this(), number = flows_, next]() mutable {
      const auto found = link.lock();
      if (found && found->flow_ && found->flows_ == number)
        std::visit([&](auto& step) { found->perform(step); }, next);
    });
}

void auth_link::perform(oauth::fetch& step) {
  http_request request;
  request.method = std::move(step.request.method);
  request.url = std::move(step.request.url);
  request.headers = std::move(step.request.headers);
  if (!step.request.body.empty())
    request.body.push_back(
      std::make_shared<const std::string>(std::move(step.request.body)));
  request.timeout = fetch_timeout;
  request.response_max_bytes = fetch_max_bytes;
  fetched_ = {};
  fetch_ = http_->start(
    std::move(request),
    queued_receiver(context_.queue, [link = weak_from_this(),
                                     number = flows_](http_arrival& arrived) {
      const auto found = link.lock();
      if (found && found->flow_ && found->flows_ == number)
        found->on_fetched(arrived);
    }));
}

void auth_link::on_fetched(http_arrival& arrived) {
  if (const auto* head = std::get_if<http_head>(&arrived)) {
    fetched_.status = head->status;
  } else if (const auto* chunk = std::get_if<std::string>(&arrived)) {
    http_->consumed(fetch_, chunk->size());
    fetched_.body += *chunk;
  } else {
    fetch_ = 0;
    if (std::get<http_failure>(arrived).code != runtime::errc::none)
      fetched_ = {};
    go_on(flow_->answered(fetched_, auth_.now()));
  }
}

void auth_link::perform(oauth::visit& step) {
  if (!auth_.visitor) {
    oauth::denied nobody{{runtime::errc::mcp_unauthorized,
                          "a person has to log in, and none is here to do so"}};
    return perform(nobody);
  }
  auth_.visitor(std::move(step.url),
                [queue = context_.queue, link = weak_from_this(),
                 number = flows_](const std::string& redirect) {
                  queue->post([=] {
                    const auto found = link.lock();
                    if (found && found->flow_ && found->flows_ == number)
                      found->go_on(found->flow_->redirected(redirect));
                  });
                });
}

void auth_link::perform(oauth::granted& step) {
  credential_ = {std::move(step.grant), std::move(step.clients)};
  auth_.credentials->save(auth_.key, credential_);
  ++grants_;
  use_grant();
  flow_.reset();
  for (auto& message : std::exchange(held_, {}))
    send(std::move(message));
}

void auth_link::perform(oauth::denied& step) {
  flow_.reset();
  auto reason = std::exchange(refusal_, {});
  if (step.reason.code == runtime::errc::mcp_unavailable) {
    reason = broken(step.reason.message);
  } else {
    reason.what = link_failure::kind::http_status;
    reason.message = step.reason.message;
    if (reason.http_status == 0)
      reason.http_status = 401;
  }
  for (const auto& message : std::exchange(held_, {})) {
    attempts_.erase(message.exchange);
    if (message.exchange != exchange_id::none)
      context_.receiver->on_lost(message.exchange, reason);
    if (is_closed_)
      return;
  }
}

void auth_link::stop_flow() {
  flow_.reset();
  held_.clear();
  if (fetch_ != 0)
    http_->cancel(std::exchange(fetch_, 0));
}

void auth_link::use_grant() {
  *token_ = credential_.grant ? credential_.grant->access_token : std::string{};
}

bool auth_link::is_over() const {
  const auto& grant = credential_.grant;
  return grant && grant->expires
         && auth_.now() >= *grant->expires - expiry_margin;
}

} // namespace

std::shared_ptr<mcp_link>
make_mcp_auth_link(mcp_link_context context, mcp_http_options options,
                   mcp_auth_options auth) {
  return std::make_shared<auth_link>(std::move(context), std::move(options),
                                     std::move(auth));
}

} // namespace perdure::actors
