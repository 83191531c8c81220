#include "actors/runs/host_call.hpp"

namespace perdure::actors {

using runtime::attempt_outcome;
using runtime::json;
using runtime::question_kind;
using runtime::tool_result;
using runtime::tool_result_kind;

namespace {

attempt_outcome failed(std::string message) {
  return runtime::attempt_failure{
    runtime::errc::tool_error, std::move(message), true, {}, 0};
}

/// The host's code is the one place where an exception is expected.
template <class Call>
attempt_outcome guarded(const std::string& what, Call call) {
  try {
    return call();
  } catch (const std::exception& reason) {
    return failed(what + " threw: " + reason.what());
  } catch (...) {
    return failed(what + " threw something unknown");
  }
}

attempt_outcome
outcome_of(const runtime::tool_invocation& call, runtime::tool_reply reply) {
  tool_result result{
    call.tool_name, call.tool_call_id, tool_result_kind::returned, {}, {}, {}};
  if (auto* value = std::get_if<json>(&reply)) {
    result.content = std::move(*value);
  } else if (auto* full = std::get_if<runtime::tool_return>(&reply)) {
    result.content = std::move(full->value);
    result.metadata = std::move(full->metadata);
    result.extra = std::move(full->content);
  } else if (auto* retry = std::get_if<runtime::tool_retry>(&reply)) {
    result.kind = tool_result_kind::retry;
    result.content = std::move(retry->message);
  } else if (auto* failed = std::get_if<runtime::tool_failed>(&reply)) {
    result.kind = tool_result_kind::failed;
    result.content = std::move(failed->message);
  } else if (auto* asks = std::get_if<runtime::tool_needs_approval>(&reply)) {
    return runtime::tool_question{question_kind::approval,
                                  std::move(asks->metadata)};
  } else {
    return runtime::tool_question{
      question_kind::external,
      std::move(std::get<runtime::tool_deferred>(reply).metadata)};
  }
  return result;
}

/// The output, or what the model is told.
runtime::output_reply
process(const runtime::host_code& code, runtime::output_invocation next) {
  if (const auto found = code.outputs.find(next.type);
      found != code.outputs.end()) {
    auto reply = found->second(next);
    if (std::holds_alternative<runtime::tool_retry>(reply))
      return reply;
    next.value = std::get<json>(std::move(reply));
  }
  for (const auto& validate : code.validators) {
    auto reply = validate(next);
    if (std::holds_alternative<runtime::tool_retry>(reply))
      return reply;
    next.value = std::get<json>(std::move(reply));
  }
  return std::move(next.value);
}

} // namespace

attempt_outcome
call_tool(const host_code_ptr& code, const runtime::tool_invocation& call) {
  return guarded("tool '" + call.tool_name + "'", [&] {
    return outcome_of(call, code->tools.at(call.tool_name)(call));
  });
}

attempt_outcome
call_handler(const host_code_ptr& code, const runtime::event_invocation& call) {
  return guarded("event handler '" + call.handler + "'",
                 [&]() -> attempt_outcome {
                   code->handlers.at(call.handler)(call);
                   return tool_result{};
                 });
}

attempt_outcome
call_output(const host_code_ptr& code, const runtime::output_invocation& given,
            tool_result answer) {
  return guarded("the host program's check of the output",
                 [&]() -> attempt_outcome {
                   auto reply = process(*code, given);
                   if (auto* value = std::get_if<json>(&reply)) {
                     answer.kind = tool_result_kind::output;
                     answer.content = std::move(*value);
                   } else {
                     auto& retry = std::get<runtime::tool_retry>(reply);
                     answer.kind = tool_result_kind::retry;
                     answer.content = std::move(retry.message);
                   }
                   return std::move(answer);
                 });
}

} // namespace perdure::actors
