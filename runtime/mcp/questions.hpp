#pragma once

#include "runtime/mcp/outbox.hpp"

#include <chrono>
#include <map>
#include <optional>

namespace perdure::runtime::mcp {

/// What a legacy server has asked in the middle of calls and still waits for.
class questions {
public:
  /// A question that was open, and for how long the call was held by it.
  struct closed {
    call_id call{};
    std::chrono::microseconds held{0};
  };

  /// @pre both outlive it
  questions(const session_options& options, outbox& out);

  /// Hands the request on as `asked`, or refuses it when the client has not
  /// declared that it can do this.
  void ask(const rpc_request& request, call_id call, timestamp now);

  /// @returns nothing when there is no such question (any more)
  std::optional<closed>
  answer(question_id question, const json& result, timestamp now);
  std::optional<closed> refuse(question_id question, std::int64_t code,
                               std::string_view message, timestamp now);

  [[nodiscard]] bool is_open(call_id call) const;

  /// The server does not want to know any more.
  std::optional<closed> withdraw(const rpc_id& id, timestamp now);
  /// The call is over.
  void withdraw(call_id call);
  void withdraw_all();

private:
  struct open_question {
    rpc_id id;
    call_id call{};
    timestamp asked_at{};
  };

  /// @returns why the client cannot be asked this; empty when it can
  [[nodiscard]] std::string refusal(const rpc_request& request) const;
  std::optional<open_question> take(question_id question);

  const session_options& options_;
  outbox& out_;
  std::map<question_id, open_question> open_;
  std::uint64_t last_ = 0;
};

} // namespace perdure::runtime::mcp
