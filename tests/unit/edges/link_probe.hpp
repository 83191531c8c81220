#pragma once

#include "actors/edges/mcp_link.hpp"
#include "unit/edges/waiting.hpp"
#include "unit/edges/work_thread.hpp"

#include <algorithm>

namespace perdure::tests {

using runtime::mcp::exchange_id;
using runtime::mcp::link_failure;

struct heard_message {
  std::string text;
  exchange_id exchange = exchange_id::none;
};

struct heard_loss {
  exchange_id exchange = exchange_id::none;
  link_failure reason;
};

/// A link, a thread to use it on, and what it told.
class link_probe final : public actors::mcp_link_receiver {
public:
  /// Opens the link that `make(context)` makes.
  template <class Make>
  explicit link_probe(Make make) : queue_(std::make_shared<work_thread>()) {
    link_ = queue_->run_here([&] {
      return make(actors::mcp_link_context{queue_, this});
    });
  }

  ~link_probe() override {
    queue_->run_here([this] { link_.reset(); });
  }

  void send(std::string text, exchange_id exchange = exchange_id::none,
            std::string method = {}, runtime::mcp::header_list headers = {}) {
    queue_->run_here([&] {
      link_->send(
        {std::move(text), exchange, std::move(method), std::move(headers)});
    });
  }

  void abandon(exchange_id exchange) {
    queue_->run_here([&] { link_->abandon(exchange); });
  }

  void listen() {
    queue_->run_here([this] { link_->listen(); });
  }

  void close() {
    queue_->run_here([this] { link_->close(); });
  }

  /// Looks at what was heard, on the link's thread.
  template <class Look>
  auto look(Look what) {
    return queue_->run_here([&] { return what(*this); });
  }

  template <class Predicate>
  bool wait(Predicate what) {
    return eventually([&] { return look(what); });
  }

  bool wait_for_open() {
    return wait([](auto& probe) { return probe.opened == 1; });
  }

  bool wait_for_messages(std::size_t count) {
    return wait([=](auto& probe) { return probe.messages.size() >= count; });
  }

  bool wait_for_losses(std::size_t count) {
    return wait([=](auto& probe) { return probe.losses.size() >= count; });
  }

  bool wait_for_down() {
    return wait([](auto& probe) { return !probe.downs.empty(); });
  }

  bool wait_for_log(std::string_view part) {
    return wait([=](auto& probe) {
      return std::any_of(
        probe.logs.begin(), probe.logs.end(),
        [=](const auto& line) { return line.find(part) != std::string::npos; });
    });
  }

  void on_open() override {
    ++opened;
  }

  void on_message(std::string_view text, exchange_id exchange) override {
    messages.push_back({std::string{text}, exchange});
  }

  void on_lost(exchange_id exchange, link_failure reason) override {
    losses.push_back({exchange, std::move(reason)});
  }

  void on_down(link_failure reason) override {
    downs.push_back(std::move(reason));
  }

  void on_log(std::string line) override {
    logs.push_back(std::move(line));
  }

  int opened = 0;
  std::vector<heard_message> messages;
  std::vector<heard_loss> losses;
  std::vector<link_failure> downs;
  std::vector<std::string> logs;

private:
  std::shared_ptr<work_thread> queue_;
  std::shared_ptr<actors::mcp_link> link_;
};

} // namespace perdure::tests
