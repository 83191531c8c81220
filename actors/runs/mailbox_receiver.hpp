#pragma once

#include "actors/edges/http_client.hpp"
#include "actors/messages.hpp"

#include <caf/send.hpp>

#include <utility>

namespace perdure::actors {

/// Carries what arrives on the client's thread to the mailbox of `Actor`, which
/// reacts to `http_arrived`.
template <class Actor>
class mailbox_receiver final : public http_receiver {
public:
  explicit mailbox_receiver(Actor task) : task_(std::move(task)) {}

  void on_head(http_head head) override {
    caf::anon_send(task_, http_arrived{std::move(head)});
  }

  void on_body(std::string chunk) override {
    caf::anon_send(task_, http_arrived{std::move(chunk)});
  }

  void on_end(http_failure reason) override {
    caf::anon_send(task_, http_arrived{std::move(reason)});
    task_ = nullptr;
  }

private:
  Actor task_;
};

} // namespace perdure::actors
