#pragma once

#include "runtime/result.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::config {

/// Where a value of a template comes from.
struct template_path {
  /// `@root` starts at the deps, `@index` and so on are about the innermost
  /// `each`.
  enum class start : std::uint8_t { here, root, index, key, first, last };

  start from = start::here;
  /// Number of `../`.
  std::size_t parents = 0;
  std::vector<std::string> keys;
};

struct template_node {
  enum class kind : std::uint8_t { text, value, if_, unless, each, with };

  kind type = kind::text;
  std::string text;
  template_path path;
  std::vector<template_node> body;
  /// After `{{else}}`.
  std::vector<template_node> otherwise;
};

/// Errors: errc::invalid_argument with the line
runtime::result<std::vector<template_node>>
parse_template(std::string_view text);

} // namespace perdure::config
