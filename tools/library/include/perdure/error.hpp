#pragma once

#include <stdexcept>
#include <string>

namespace perdure {

/// What the library throws: something was asked for that cannot be. A run that
/// fails is not an exception but a `run_result`.
class error : public std::runtime_error {
public:
  error(std::string code, const std::string& message);

  /// Stable name of the kind of error, e.g. `unknown_model`; docs/errors.md
  /// has a row for each.
  [[nodiscard]] const std::string& code() const noexcept {
    return code_;
  }

private:
  std::string code_;
};

/// A JSON value does not have the form that a C++ type asks for.
class invalid_value : public error {
public:
  invalid_value(std::string place, const std::string& problem);

  /// Keys and positions that lead to the place, e.g. `items.0.price`; empty for
  /// the whole value.
  [[nodiscard]] const std::string& place() const noexcept {
    return place_;
  }

private:
  std::string place_;
};

} // namespace perdure
