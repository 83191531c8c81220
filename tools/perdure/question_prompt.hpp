#pragma once

#include "tools/perdure/commands.hpp"

namespace perdure::client {

/// Asks the person at the terminal what a run asks, and hands the decision in.
/// No answer but a clear yes or no decides anything.
///
/// Threads: waits for a line on standard input, or for Ctrl-C
class question_prompt {
public:
  explicit question_prompt(const workplace& at);

  /// Whether there is a person at a terminal who may be asked.
  [[nodiscard]] bool can_ask() const;

  /// Puts the question of the event, if it is still open.
  /// @returns false after Ctrl-C
  bool put(const std::string& question_id);

private:
  bool ask(const runtime::json& question);
  void decide(const runtime::json& question, bool approved);

  const workplace& at_;
};

} // namespace perdure::client
