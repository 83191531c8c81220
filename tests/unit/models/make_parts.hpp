#pragma once

#include "runtime/messages/message.hpp"

/// Parts with the fields that matter to a test.
namespace perdure::test {

inline runtime::text_part said(std::string content) {
  return {std::move(content), {}};
}

inline runtime::system_prompt_part system_prompt(std::string content) {
  return {std::move(content), {}, {}};
}

inline runtime::tool_call_part
called(std::string tool, runtime::json args, std::string id) {
  runtime::tool_call_part part;
  part.tool_name = std::move(tool);
  part.args = std::move(args);
  part.tool_call_id = std::move(id);
  return part;
}

inline runtime::tool_return_part
returned(std::string tool, runtime::json content, std::string id) {
  runtime::tool_return_part part;
  part.tool_name = std::move(tool);
  part.content = std::move(content);
  part.tool_call_id = std::move(id);
  return part;
}

inline runtime::retry_prompt_part
retried(runtime::json content, std::optional<std::string> tool,
        std::string id) {
  return {std::move(content), std::move(tool), std::move(id), {}};
}

} // namespace perdure::test
