#include "runtime/messages/model_text.hpp"

namespace perdure::runtime {

namespace {

std::string content_text(const json& content) {
  if (content.is_string())
    return content.get<std::string>();
  if (content.is_null())
    return {};
  return to_text(content);
}

/// The errors as the model gets them: `ctx` may hold anything, and without a
/// tool the rejected value is the model's last answer, which it still has.
json visible_errors(const retry_prompt_part& part) {
  auto result = json::array();
  for (const auto& item : part.content) {
    auto error = item;
    if (error.is_object()) {
      const auto loc = error.find("loc");
      const auto depth
        = loc != error.end() && loc->is_array() ? loc->size() : 0;
      error.erase("ctx");
      if (!part.tool_name && depth <= 1)
        error.erase("input");
    }
    result.push_back(std::move(error));
  }
  return result;
}

std::string description_of(const retry_prompt_part& part) {
  if (!part.content.is_array()) {
    auto text = content_text(part.content);
    return part.tool_name ? text : "Validation feedback:\n" + text;
  }
  const auto count = part.content.size();
  const auto* noun = count == 1 ? " validation error" : " validation errors";
  const auto errors
    = visible_errors(part).dump(2, ' ', false, json::error_handler_t::replace);
  return std::to_string(count) + noun + ":\n```json\n" + errors + "\n```";
}

} // namespace

std::string text_of(const tool_return_part& part) {
  if (part.outcome == tool_outcome::failed)
    return to_text(json{{"error", content_text(part.content)}});
  if (part.outcome == tool_outcome::retried)
    return to_text(json{{"error", part.content}});
  return content_text(part.content);
}

std::string text_of(const retry_prompt_part& part) {
  return description_of(part) + "\n\nFix the errors and try again.";
}

std::string arguments_text(const tool_call_part& part) {
  if (part.args.is_object())
    return to_text(part.args);
  if (part.args.is_null())
    return "{}";
  const auto raw = content_text(part.args);
  if (raw.empty())
    return "{}";
  if (const auto parsed = parse_json(raw); parsed && parsed->is_object())
    return raw;
  return to_text(json{{"INVALID_JSON", raw}});
}

} // namespace perdure::runtime
