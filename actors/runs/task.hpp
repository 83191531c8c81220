#pragma once

#include "actors/messages.hpp"
#include "actors/services.hpp"

#include <caf/typed_actor.hpp>

namespace perdure::actors {

/// The supervisor of a task, as the task sees it.
using task_parent = caf::typed_actor<
  caf::reacts_to<task_ended>, caf::reacts_to<task_remembered>,
  caf::reacts_to<input_wanted>, caf::reacts_to<response_grew>>;

/// What every task knows.
struct task_options {
  services_ptr services;
  task_parent parent;
  runtime::task_ref task;
  std::uint32_t attempt = 1;
  std::string idempotency_key;
  runtime::task_policy policy;
  /// What an attempt before this one was to be remembered by. Null for nothing.
  runtime::json note = {};
};

} // namespace perdure::actors
