#pragma once

#include "actors/edges/work_queue.hpp"
#include "actors/mcp/messages.hpp"

#include <caf/send.hpp>

#include <utility>

namespace perdure::actors {

/// Has an actor do the work, between its messages.
template <class Actor>
class actor_queue final : public work_queue {
public:
  explicit actor_queue(Actor actor) : actor_(std::move(actor)) {
    // nop
  }

  void post(work next) override {
    caf::anon_send(actor_, mcp_work{std::move(next)});
  }

  void post_after(std::chrono::milliseconds delay, work next) override {
    caf::delayed_anon_send(actor_, delay, mcp_work{std::move(next)});
  }

private:
  Actor actor_;
};

} // namespace perdure::actors
