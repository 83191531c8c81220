#pragma once

#include "runtime/flow/entry.hpp"

#include <cstddef>
#include <cstdint>

namespace perdure::storage {

/// What an entry says in one word, for those who count and do not read. Never
/// stored: the values may change.
enum class entry_sort : std::uint8_t {
  run_created,
  run_completed,
  run_failed,
  run_cancelled,
  /// An attempt failed and another one follows.
  model_retried,
  model_answered,
  model_failed,
  tool_retried,
  /// Nothing was executed: the call was wrong, or needless.
  tool_refused,
  tool_returned,
  /// The tool asked the model to try again.
  tool_asked_again,
  /// The model was told that it failed.
  tool_failed,
  tool_unknown,
  /// A person did not allow it.
  tool_denied,
  /// An output tool gave the run's output.
  output_given,
  question_asked,
  question_answered,
  /// It failed the run.
  tool_broken,
  /// What the run itself asked of an MCP server.
  server_retried,
  server_answered,
  server_failed,
  other,
};

constexpr std::size_t entry_sorts
  = static_cast<std::size_t>(entry_sort::other) + 1;

[[nodiscard]] entry_sort sort_of(const runtime::entry& value) noexcept;

} // namespace perdure::storage
