#pragma once

#include "runtime/agent/definition.hpp"
#include "runtime/messages/message.hpp"

#include <chrono>
#include <memory>

namespace perdure::runtime {

/// What a local model is asked: everything it may depend on.
struct local_request {
  const message_history& messages;
  const agent_definition& definition;
  /// Model requests of this run before this one.
  std::size_t index = 0;
  /// Counted from 1: the attempt at this request.
  std::uint32_t attempt = 1;
};

/// An answer and the pace at which it is spoken.
struct local_answer {
  model_response response;
  /// Before the first word.
  std::chrono::milliseconds delay{0};
  /// Between two words; zero speaks all at once.
  std::chrono::milliseconds word_delay{0};
};

/// A model without a network: deterministic, for tests, demos and benchmarks.
/// Immutable; usable from any thread.
class local_model {
public:
  virtual ~local_model() = default;

  /// Timestamps of the response are left at zero for the caller to set.
  [[nodiscard]] virtual std::variant<local_answer, attempt_failure>
  answer(const local_request& request) const = 0;
};

/// `test`: calls every tool once with arguments made from its schema, then
/// answers with what the tools returned, as JSON. A structured output is made
/// from its schema too.
std::shared_ptr<const local_model> make_test_model();

/// `script:FILE`: the n-th request of a run gets the n-th recorded answer.
/// The format is described in `script_model.cpp`.
/// @param text content of the script file, see docs/formats.md
/// Errors: errc::invalid_argument, naming the place in the file.
result<std::shared_ptr<const local_model>>
make_script_model(std::string_view text);

} // namespace perdure::runtime
