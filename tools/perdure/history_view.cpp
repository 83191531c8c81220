#include "tools/perdure/history_view.hpp"

#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

namespace perdure::client {

using runtime::json;

namespace {

/// Media are named, not printed.
std::string item_text(const json& item) {
  if (item.is_string())
    return item.get<std::string>();
  const auto kind = text_of(item, "kind");
  if (kind.empty())
    return runtime::to_text(item);
  for (const auto* key : {"content", "text"})
    if (kind == "text" && field_of(item, key).is_string())
      return text_of(item, key);
  for (const auto* key : {"url", "media_type"})
    if (auto text = text_of(item, key); !text.empty())
      return "[" + kind + " " + text + "]";
  return "[" + kind + "]";
}

std::string content_text(const json& content) {
  if (!content.is_array())
    return plain_text(content);
  std::string out;
  for (const auto& item : content)
    out += (out.empty() ? "" : "\n") + item_text(item);
  return out;
}

std::string part_text(const json& part, const std::string& speaker) {
  const auto kind = text_of(part, "part_kind");
  const auto content = content_text(field_of(part, "content"));
  const auto name = text_of(part, "tool_name");
  if (kind == "system-prompt")
    return "[system] " + content;
  if (kind == "user-prompt")
    return "[user] " + content;
  if (kind == "text")
    return "[" + speaker + "] " + content;
  if (kind == "thinking")
    return "[" + speaker + ", thinking] " + content;
  if (kind == "tool-call" || kind == "builtin-tool-call") {
    const auto& args = field_of(part, "args");
    return "-> " + name + (args.is_null() ? "" : " " + plain_text(args));
  }
  if (kind == "tool-return" || kind == "builtin-tool-return") {
    const auto outcome = text_of(part, "outcome");
    const bool bad = !outcome.empty() && outcome != "success";
    return "<- " + name + (bad ? " (" + outcome + ")" : "") + " " + content;
  }
  if (kind == "file")
    return "[" + speaker + "] " + item_text(field_of(part, "content"));
  if (kind == "retry-prompt")
    return "<- " + (name.empty() ? "" : name + " ") + "(asked to try again) "
           + content;
  return "[" + (kind.empty() ? "part" : kind) + "] " + runtime::to_text(part);
}

} // namespace

std::string history_text(const json& history) {
  std::string out;
  std::string instructions;
  for (const auto& message : history) {
    // The same instructions go with every request: once is enough.
    if (auto text = text_of(message, "instructions");
        !text.empty() && text != instructions) {
      out += "[instructions] " + text + "\n";
      instructions = std::move(text);
    }
    const auto model = text_of(message, "model_name");
    const auto speaker = model.empty() ? "model" : "model " + model;
    for (const auto& part : field_of(message, "parts"))
      out += part_text(part, speaker) + "\n";
  }
  return out;
}

} // namespace perdure::client
