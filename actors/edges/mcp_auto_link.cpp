#include "actors/edges/mcp_auto_link.hpp"

#include "actors/edges/mcp_http_link.hpp"
#include "actors/edges/mcp_sse_link.hpp"

#include <optional>
#include <utility>

namespace perdure::actors {

namespace {

using runtime::mcp::exchange_id;
using runtime::mcp::link_failure;

/// Stands between two links and the receiver, and tells it of one of them.
class auto_link final : public mcp_link, private mcp_link_receiver {
public:
  auto_link(mcp_link_context context, mcp_http_options options)
    : context_(std::move(context)), options_(std::move(options)) {
    link_ = make_mcp_http_link({context_.queue, this}, options_);
  }

  void send(runtime::mcp::send message) override {
    if (message.method == "initialize" && !is_old_)
      initialize_ = message;
    link_->send(std::move(message));
  }

  void abandon(exchange_id exchange) override {
    link_->abandon(exchange);
  }

  void listen() override {
    link_->listen();
  }

  void close() override {
    link_->close();
  }

private:
  void on_open() override {
    if (!is_old_)
      return context_.receiver->on_open();
    // The receiver has been at work since the first link was open.
    refusal_.reset();
    link_->send(std::move(*initialize_));
  }

  void on_message(std::string_view text, exchange_id exchange) override {
    context_.receiver->on_message(text, exchange);
  }

  void on_lost(exchange_id exchange, link_failure reason) override {
    const bool may_be_old
      = !is_old_ && initialize_ && initialize_->exchange == exchange
        && (reason.http_status == 400 || reason.http_status == 404
            || reason.http_status == 405);
    if (!may_be_old)
      return context_.receiver->on_lost(exchange, std::move(reason));
    is_old_ = true;
    refusal_ = std::move(reason);
    link_->close();
    link_ = make_mcp_sse_link({context_.queue, this}, options_);
  }

  void on_down(link_failure reason) override {
    // What the first link said is what people can do something about.
    if (refusal_)
      return context_.receiver->on_lost(initialize_->exchange,
                                        std::move(*refusal_));
    context_.receiver->on_down(std::move(reason));
  }

  void on_log(std::string line) override {
    context_.receiver->on_log(std::move(line));
  }

  mcp_link_context context_;
  mcp_http_options options_;
  std::shared_ptr<mcp_link> link_;
  /// HTTP with server-sent events is in use, or being tried.
  bool is_old_ = false;
  std::optional<runtime::mcp::send> initialize_;
  /// Why the first link is of no use, until the second one is.
  std::optional<link_failure> refusal_;
};

} // namespace

std::shared_ptr<mcp_link>
make_mcp_auto_link(mcp_link_context context, mcp_http_options options) {
  return std::make_shared<auto_link>(std::move(context), std::move(options));
}

} // namespace perdure::actors
