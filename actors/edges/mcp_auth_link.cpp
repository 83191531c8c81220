#include "actors/edges/mcp_auth_link.hpp"

#include "actors/edges/mcp_auto_link.hpp"
#include "actors/edges/token_flow.hpp"
#include "runtime/mcp/oauth/discovery.hpp"

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

/// A request that may still be refused.
struct attempt {
  runtime::mcp::send message;
  unsigned refusals = 0;
  /// That it was sent with; empty for none.
  std::string token;
};

class auth_link final : public mcp_link,
                        private mcp_link_receiver,
                        public std::enable_shared_from_this<auth_link> {
public:
  auth_link(mcp_link_context context, mcp_http_options options,
            mcp_auth_options auth)
    : context_(std::move(context)), http_(options.http),
      auth_(std::move(auth)) {
    look_up();
    options.token = [token = token_] { return *token; };
    link_ = make_mcp_auto_link({context_.queue, this}, std::move(options));
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
  /// The next login is to bring these scopes, too.
  void ask_for_more(const std::string& scope);
  void keep(const mcp_credential& what);
  void on_step(oauth::step& next);
  void perform(oauth::fetch&) {
    // the flow does it
  }
  void perform(oauth::visit& step);
  void perform(oauth::granted& step);
  void perform(oauth::denied& step);
  void transmit(runtime::mcp::send message);
  void send_held();
  void stop_flow();
  /// Takes what is granted by now, whoever got it.
  void look_up();
  [[nodiscard]] bool is_over() const;

  mcp_link_context context_;
  std::shared_ptr<http_client> http_;
  mcp_auth_options auth_;
  mcp_credential credential_;
  std::shared_ptr<std::string> token_ = std::make_shared<std::string>();
  std::shared_ptr<mcp_link> link_;
  std::unordered_map<exchange_id, attempt> attempts_;
  /// What waits for a token.
  std::vector<runtime::mcp::send> held_;
  std::shared_ptr<token_flow> flow_;
  /// That was there when the flow began.
  std::string flow_token_;
  /// What began the flow.
  link_failure refusal_;
  bool is_closed_ = false;
};

// -- messages -----------------------------------------------------------------

void auth_link::send(runtime::mcp::send message) {
  look_up();
  if (!flow_ && is_over()) {
    refusal_ = {};
    begin_flow({});
  }
  if (flow_) {
    held_.push_back(std::move(message));
    return;
  }
  transmit(std::move(message));
}

void auth_link::transmit(runtime::mcp::send message) {
  if (message.exchange != exchange_id::none) {
    auto& entry = attempts_[message.exchange];
    entry.message = message;
    entry.token = *token_;
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
  look_up();
  // Another request, or a person, has got a newer token meanwhile.
  if (!flow_ && found->second.token != *token_)
    return send(std::move(message));
  held_.push_back(std::move(message));
  if (flow_)
    return;
  refusal_ = std::move(reason);
  begin_flow(challenge);
}

// -- the way to a token -------------------------------------------------------

void auth_link::begin_flow(const oauth::challenge& refusal) {
  if (!auth_.visitor && refusal.error == "insufficient_scope")
    ask_for_more(refusal.scope);
  auto options = auth_.flow;
  options.has_person = static_cast<bool>(auth_.visitor);
  options.clients = credential_.clients;
  options.previous = credential_.grant;
  flow_token_ = *token_;
  flow_ = std::make_shared<token_flow>(
    token_flow_context{http_, context_.queue, auth_.now},
    oauth::flow{std::move(options), auth_.services},
    [link = weak_from_this()](oauth::step& next) {
      if (const auto found = link.lock())
        found->on_step(next);
    });
  flow_->begin(refusal);
}

void auth_link::ask_for_more(const std::string& scope) {
  const auto granted
    = credential_.grant ? credential_.grant->scope : std::string{};
  credential_.wanted_scope = oauth::union_of_scopes(granted, scope);
  keep(credential_);
}

void auth_link::keep(const mcp_credential& what) {
  const auto kept = auth_.credentials->save(auth_.key, what);
  if (!kept)
    context_.receiver->on_log("The credentials are lost at the next start: "
                              + kept.error().message);
}

void auth_link::on_step(oauth::step& next) {
  std::visit([this](auto& step) { perform(step); }, next);
}

void auth_link::perform(oauth::visit& step) {
  auth_.visitor(std::move(step.url),
                [queue = context_.queue,
                 flow = std::weak_ptr{flow_}](const std::string& redirect) {
                  queue->post([=] {
                    if (const auto found = flow.lock())
                      found->redirected(redirect);
                  });
                });
}

void auth_link::perform(oauth::granted& step) {
  keep({std::move(step.grant), std::move(step.clients)});
  flow_.reset();
  send_held();
}

/// However short it lives, a new token is shown once.
void auth_link::send_held() {
  look_up();
  for (auto& message : std::exchange(held_, {}))
    transmit(std::move(message));
}

void auth_link::perform(oauth::denied& step) {
  flow_.reset();
  look_up();
  // A refresh token works once, and another link was faster.
  if (!token_->empty() && *token_ != flow_token_)
    return send_held();
  auto reason = std::exchange(refusal_, {});
  if (step.reason.code == runtime::errc::mcp_unavailable) {
    reason = broken(step.reason.message);
  } else {
    reason.what = link_failure::kind::http_status;
    reason.message = step.reason.message;
    // What the server said is less than why there is no token.
    reason.body.clear();
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
}

void auth_link::look_up() {
  credential_ = auth_.credentials->load(auth_.key);
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
