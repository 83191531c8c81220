#include "runtime/flow/server_outcome.hpp"

#include "runtime/flow/elicitation.hpp"
#include "runtime/flow/sampling.hpp"
#include "runtime/mcp/call_result.hpp"
#include "runtime/mcp/reading.hpp"
#include "runtime/mcp/tool_list.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/policy/canonical_text.hpp"

#include <limits>
#include <utility>

namespace perdure::runtime {

namespace {

attempt_failure failed(const mcp::server_options& server, errc code,
                       const std::string& message, bool retryable) {
  return {code, "MCP server '" + server.id + "': " + message, retryable, {}, 0};
}

attempt_failure
failed(const mcp::server_options& server, const mcp::call_failure& reason) {
  auto out = failed(server, reason.code_of_error(), reason.message,
                    reason.is_retryable());
  if (reason.http_status <= std::numeric_limits<std::uint16_t>::max())
    out.status = static_cast<std::uint16_t>(reason.http_status);
  return out;
}

tool_result
told(const tool_call_part& call, tool_result_kind kind, json content) {
  return {call.tool_name, call.tool_call_id, kind, std::move(content), {}, {}};
}

attempt_outcome
outcome_of(const mcp::server_options& server, const tool_call_part& call,
           mcp::tool_answer answer) {
  if (auto* value = std::get_if<json>(&answer))
    return told(call, tool_result_kind::returned, std::move(*value));
  if (auto* retry = std::get_if<tool_retry>(&answer))
    return told(call, tool_result_kind::retry, std::move(retry->message));
  if (auto* told_of = std::get_if<tool_failed>(&answer))
    return told(call, tool_result_kind::failed, std::move(told_of->message));
  const auto& reason = std::get<failure>(answer);
  return failed(server, reason.code,
                "tool '" + call.tool_name + "': " + reason.message, false);
}

bool has(const json& capabilities, const char* what) {
  return capabilities.is_object() && capabilities.contains(what);
}

/// Why a server may not ask for this, or nothing: more was not offered to it.
std::optional<std::string>
refusal(const mcp::server_options& server, const json& request) {
  const auto method = text_or_empty(request, "method");
  if (method == "elicitation/create")
    return std::nullopt;
  if (method != "sampling/createMessage" || !server.sampling)
    return "it asks for what this client does not have";
  const auto* params = find_object(request, "params");
  const auto plan = plan_sampling(
    {}, sampling_request(server.id, params == nullptr ? json() : *params));
  if (plan)
    return std::nullopt;
  return "it asks for a sampling that cannot be made: " + plan.error().message;
}

attempt_outcome
ask(const mcp::server_options& server, mcp::needs_input&& wanted) {
  if (!wanted.requests.is_object())
    return failed(server, errc::mcp_error, "what it asks for is no object",
                  false);
  for (const auto& request : wanted.requests)
    if (auto reason = refusal(server, request))
      return failed(server, errc::mcp_error, *reason, false);
  return input_needed{input_note(server.id, std::move(wanted.requests),
                                 wanted.request_state, wanted.note,
                                 std::move(wanted.responses))};
}

} // namespace

attempt_outcome
outcome_of_list(const mcp::server_options& server, std::string instructions,
                const json& capabilities, mcp::call_outcome outcome,
                const text_digest& digest) {
  if (mcp::is_unknown_method(outcome))
    outcome = mcp::completed{{{"tools", json::array()}}};
  if (const auto* reason = std::get_if<mcp::call_failure>(&outcome)) {
    auto out = failed(server, *reason);
    // Nothing is lost by asking once more.
    out.retryable = out.retryable || out.code == errc::mcp_error;
    return out;
  }
  const auto* done = std::get_if<mcp::completed>(&outcome);
  if (done == nullptr)
    return failed(server, errc::mcp_error,
                  "it wants input before it lists its tools", false);
  tool_listing out{server.id,
                   std::move(instructions),
                   mcp::read_tools(done->result, server).source,
                   {},
                   has(capabilities, "resources"),
                   has(capabilities, "prompts")};
  std::string text;
  add_canonical(text, out.tools);
  out.hash = digest(text);
  return out;
}

attempt_outcome
outcome_of_call(const mcp::server_options& server, const tool_definition& tool,
                const tool_call_part& call, mcp::call_outcome outcome,
                bool goes_on) {
  if (auto* wanted = std::get_if<mcp::needs_input>(&outcome))
    return ask(server, std::move(*wanted));
  if (mcp::is_list(tool.mcp.action) && mcp::is_unknown_method(outcome))
    return told(call, tool_result_kind::returned, json::array());
  if (const auto* done = std::get_if<mcp::completed>(&outcome)) {
    if (tool.mcp.action != mcp::tool_action::call)
      return told(call, tool_result_kind::returned,
                  mcp::read_value(tool.mcp.action, done->result));
    return outcome_of(server, call,
                      mcp::read_tool_result(done->result,
                                            tool.mcp.output_schema.get(),
                                            server.on_tool_error));
  }
  const auto& reason = std::get<mcp::call_failure>(outcome);
  if (reason.kind != mcp::call_failure_kind::refused || reason.is_retryable())
    return failed(server, reason);
  // It has forgotten what it had begun: the next attempt begins anew.
  if (goes_on)
    return failed(server, errc::mcp_error, reason.message, true);
  return outcome_of(server, call,
                    mcp::read_tool_failure(reason, server.on_tool_error));
}

} // namespace perdure::runtime
