#pragma once

#include "runtime/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace perdure::config {

/// A regular expression of a JSON Schema (ECMAScript), matched in time linear
/// in the text and with a bounded stack, whatever the model sends.
///
/// Units:   code points; broken UTF-8 counts as U+FFFD
/// Errors:  errc::unsupported_schema: back-references, look-behind, named
///          groups, Unicode classes, patterns that are too large
/// Threads: immutable; usable from any thread
class pattern {
public:
  static runtime::result<pattern> compile(std::string_view text);

  /// Whether any part of `text` matches. Text over 256 KiB never does.
  [[nodiscard]] bool matches(std::string_view text) const;

private:
  struct program;

  explicit pattern(std::shared_ptr<const program> content);

  std::shared_ptr<const program> program_;
};

/// Checks a pattern that is matched by backtracking (`patternProperties`):
/// on top of what `pattern::compile` refuses, nested unbounded repetition.
runtime::result<runtime::unit>
check_backtracking_pattern(std::string_view text);

} // namespace perdure::config
