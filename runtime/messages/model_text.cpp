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

/// Marks what may be in a model's own words off from what a person says.
std::string
framed(const char* before, const std::string& tag, const std::string& text) {
  return std::string{before} + "\n<pyai:" + tag + ">\n" + text
         + "\n</pyai:" + tag + ">";
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

std::optional<std::string> text_of(const opaque_part& part) {
  const auto member = [&](const char* key) {
    const auto found = part.value.find(key);
    return found == part.value.end() ? json{} : *found;
  };
  if (!part.value.is_object())
    return std::nullopt;
  const auto kind = member("part_kind");
  const auto content = member("content");
  if (kind == "compaction") {
    // One that a provider made means something to that provider alone.
    if (!content.is_string() || !member("provider_name").is_null())
      return std::nullopt;
    return framed("Another model has summarized what was said before:",
                  "conversation_summary", content.get<std::string>());
  }
  if (kind != "retry-feedback" || content.is_null())
    return std::nullopt;
  const auto retry = member("retry");
  const auto cause = retry.is_object() ? retry.value("cause", json{}) : json{};
  if (cause == "no_output")
    return content_text(content);
  return framed("The application could not use this answer:",
                cause == "validation_error" ? "validation_errors"
                                            : "retry_feedback",
                content_text(content));
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
