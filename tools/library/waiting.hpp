#pragma once

#include "actors/node/run_client.hpp"
#include "tools/library/convert.hpp"

#include <future>
#include <memory>
#include <utility>

namespace perdure::library {

/// Starts a call of a node and waits for its answer; a failure is thrown.
/// @param start takes the callback
template <class T, class Start>
T await(Start start) {
  // The callback may still be on its way out when the answer is here.
  auto promise = std::make_shared<std::promise<runtime::result<T>>>();
  auto answer = promise->get_future();
  start([promise](runtime::result<T> value) {
    promise->set_value(std::move(value));
  });
  return require(answer.get());
}

/// What the client is asked to wait for. What the program's `on_event` throws
/// ends its view of the run, not the run.
actors::wait_request
wait_request_of(const std::string& run_id, const wait_options& options);

} // namespace perdure::library
