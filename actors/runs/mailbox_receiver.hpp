#pragma once

#include "actors/edges/http_client.hpp"
#include "actors/messages.hpp"

#include <caf/send.hpp>

#include <cstdint>
#include <utility>

namespace perdure::actors {

/// Carries what arrives on the client's thread to the mailbox of `Actor`, which
/// reacts to `http_arrived`. An actor with several exchanges numbers them.
template <class Actor>
class mailbox_receiver final : public http_receiver {
public:
  explicit mailbox_receiver(Actor task, std::uint64_t exchange = 0)
    : task_(std::move(task)), exchange_(exchange) {}

  void on_head(http_head head) override {
    caf::anon_send(task_, http_arrived{std::move(head), exchange_});
  }

  void on_body(std::string chunk) override {
    caf::anon_send(task_, http_arrived{std::move(chunk), exchange_});
  }

  void on_end(http_failure reason) override {
    caf::anon_send(task_, http_arrived{std::move(reason), exchange_});
    task_ = nullptr;
  }

private:
  Actor task_;
  std::uint64_t exchange_;
};

} // namespace perdure::actors
