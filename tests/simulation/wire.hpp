#pragma once

#include "simulation/universe.hpp"

namespace perdure::simulation {

/// One call of a model's answer.
struct wire_call {
  std::string id;
  std::string name;
  /// Text of the arguments, which need not be JSON.
  std::string arguments;
};

/// Answers as Chat Completions gives them, in one piece.
http_answer says(const std::string& text);
http_answer calls(const std::vector<wire_call>& wanted,
                  const std::string& finish_reason = "tool_calls");
/// Neither text nor calls.
http_answer says_nothing(const std::string& finish_reason = "stop");
/// The text as a stream of words. @param pieces sent before the connection
/// breaks; all of them when larger than their number
http_answer streams(const std::string& text, std::size_t pieces = SIZE_MAX);

http_answer refuses(unsigned status, const std::string& retry_after = {});
http_answer unreachable();
/// Ends at the timeout of the exchange.
http_answer silence(std::chrono::milliseconds timeout);

actors::process_result prints(const std::string& output);
actors::process_result exits(int code, const std::string& error_output = {});
actors::process_result hangs();

} // namespace perdure::simulation
