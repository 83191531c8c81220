#include "actors/runs/output_task.hpp"

#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::json;
using runtime::tool_result;
using runtime::tool_result_kind;

namespace {

/// What the host program says: the output, or what the model is told.
runtime::output_reply
process(const output_task_options& options, const runtime::host_code& code) {
  const auto& output = options.definition->output;
  runtime::output_invocation next{options.context, {}, options.given.value};
  if (!options.is_text) {
    next.type = output.types[options.given.type].name;
    if (const auto found = code.outputs.find(next.type);
        found != code.outputs.end()) {
      auto reply = found->second(next);
      if (std::holds_alternative<runtime::tool_retry>(reply))
        return reply;
      next.value = std::get<json>(std::move(reply));
    }
  }
  for (const auto& validate : code.validators) {
    auto reply = validate(next);
    if (std::holds_alternative<runtime::tool_retry>(reply))
      return reply;
    next.value = std::get<json>(std::move(reply));
  }
  return std::move(next.value);
}

runtime::attempt_failure failed(std::string message) {
  return {errc::tool_error, std::move(message), true, {}, 0};
}

runtime::attempt_outcome run(const output_task_options& options) {
  const auto code = options.services->agents->code(options.definition->name);
  tool_result result;
  if (options.call) {
    result.tool_name = options.call->tool_name;
    result.tool_call_id = options.call->tool_call_id;
  }
  try {
    auto reply = process(options, *code);
    if (auto* value = std::get_if<json>(&reply)) {
      result.kind = tool_result_kind::output;
      result.content = std::move(*value);
    } else {
      result.kind = tool_result_kind::retry;
      result.content = std::move(std::get<runtime::tool_retry>(reply).message);
    }
    return result;
  } catch (const std::exception& reason) {
    // The host's code is the one place where an exception is expected.
    return failed(std::string{"the host program's check of the output threw: "}
                  + reason.what());
  } catch (...) {
    return failed("the host program's check of the output threw something "
                  "unknown");
  }
}

} // namespace

caf::behavior
output_task(caf::event_based_actor* self, output_task_options options) {
  const auto started_at = options.services->world->now();
  self->send(options.parent, task_ended{{options.task, options.attempt,
                                         started_at, run(options)}});
  return {}; // nothing is left to do
}

} // namespace perdure::actors
