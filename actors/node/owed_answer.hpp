#pragma once

#include "runtime/result.hpp"

#include <functional>
#include <utility>

namespace perdure::actors {

/// A callback that is called once for sure: at the latest when its owner goes
/// away without an answer, which happens when the node stops.
template <class T>
class owed_answer {
public:
  owed_answer() = default;
  explicit owed_answer(std::function<void(runtime::result<T>)> callback)
    : callback_(std::move(callback)) {}
  owed_answer(owed_answer&& other) noexcept
    : callback_(std::exchange(other.callback_, nullptr)) {}
  owed_answer& operator=(owed_answer&& other) noexcept {
    std::swap(callback_, other.callback_);
    return *this;
  }
  ~owed_answer() {
    give(runtime::failure{runtime::errc::unavailable,
                          "the node has stopped; the run goes on when it is "
                          "started again"});
  }

  void give(runtime::result<T> answer) {
    if (auto callback = std::exchange(callback_, nullptr))
      callback(std::move(answer));
  }

private:
  std::function<void(runtime::result<T>)> callback_;
};

} // namespace perdure::actors
