#pragma once

#include "actors/messages.hpp"
#include "actors/services.hpp"
#include "runtime/agent/host_code.hpp"
#include "runtime/flow/settle.hpp"

#include <caf/send.hpp>

#include <functional>
#include <memory>
#include <utility>

/// Calls into the host program. What it throws is a failed attempt.
namespace perdure::actors {

using host_code_ptr = std::shared_ptr<const runtime::host_code>;

/// One call of a tool. @pre `code` has a function of the tool's name
runtime::attempt_outcome
call_tool(const host_code_ptr& code, const runtime::tool_invocation& call);

/// What the program makes of an output: the function of its type, then the
/// validators in order.
/// @param answer names the output tool's call; without names for a text
runtime::attempt_outcome
call_output(const host_code_ptr& code, const runtime::output_invocation& given,
            runtime::tool_result answer);

/// @pre `code` has a handler of the name
runtime::attempt_outcome
call_handler(const host_code_ptr& code, const runtime::event_invocation& call);

/// Does `work` where it may block, and sends `function_ended` to `task`.
template <class Handle>
void call_host(const services& node, Handle task,
               std::function<runtime::attempt_outcome()> work) {
  auto call = [task = std::move(task), work = std::move(work)] {
    caf::anon_send(task, function_ended{work()});
  };
  if (node.functions)
    node.functions->start(std::move(call));
  else
    call();
}

} // namespace perdure::actors
