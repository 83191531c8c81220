#pragma once

#include "runtime/error.hpp"

#include <cassert>
#include <string>
#include <utility>
#include <variant>

namespace perdure::runtime {

/// An expected failure: something the caller can react to. Programmer errors
/// are assertions instead.
struct failure {
  errc code = errc::none;

  /// What, where and what to do about it, as one sentence for a person.
  std::string message;
};

/// Holds a `T` or a `failure`. Stands in for `std::expected` (C++23).
template <class T>
class [[nodiscard]] result {
public:
  result(T value) : content_(std::in_place_index<0>, std::move(value)) {
    // nop: implicit on purpose, so that functions can `return value;`
  }

  /// @pre `reason.code != errc::none`
  result(failure reason) : content_(std::in_place_index<1>, std::move(reason)) {
    assert(std::get<1>(content_).code != errc::none);
  }

  explicit operator bool() const noexcept {
    return content_.index() == 0;
  }

  /// @pre `*this`
  T& operator*() {
    assert(*this);
    return *std::get_if<0>(&content_);
  }

  /// @pre `*this`
  const T& operator*() const {
    assert(*this);
    return *std::get_if<0>(&content_);
  }

  /// @pre `*this`
  T* operator->() {
    return &**this;
  }

  /// @pre `*this`
  const T* operator->() const {
    return &**this;
  }

  /// @pre `!*this`
  const failure& error() const {
    assert(!*this);
    return *std::get_if<1>(&content_);
  }

private:
  std::variant<T, failure> content_;
};

/// The result of something that has no value to give.
struct unit {};

/// Success without a value.
inline result<unit> ok() {
  return unit{};
}

} // namespace perdure::runtime
