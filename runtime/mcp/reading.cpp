#include "runtime/mcp/reading.hpp"

#include "runtime/mcp/content.hpp"
#include "runtime/mcp/outbox.hpp"
#include "runtime/mcp/result_reader.hpp"

#include <array>
#include <utility>

namespace perdure::runtime::mcp {

namespace {

constexpr std::string_view nothing
  = R"({"type":"object","properties":{},"additionalProperties":false})";

constexpr std::string_view a_uri = R"({"type":"object","properties":{)"
                                   R"("uri":{"type":"string"}},)"
                                   R"("required":["uri"],)"
                                   R"("additionalProperties":false})";

constexpr std::string_view a_prompt
  = R"({"type":"object","properties":{"name":{"type":"string"},)"
    R"("arguments":{"type":"object",)"
    R"("additionalProperties":{"type":"string"}}},)"
    R"("required":["name"],"additionalProperties":false})";

constexpr auto tools = std::to_array<reading_tool>({
  {tool_action::list_resources, "list_resources",
   "Lists the resources that can be read.", nothing, "resources"},
  {tool_action::list_templates, "list_resource_templates",
   "Lists the forms of URIs of further resources that can be read.", nothing,
   "resources"},
  {tool_action::read_resource, "read_resource", "Reads the resource at a URI.",
   a_uri, "resources"},
  {tool_action::list_prompts, "list_prompts",
   "Lists the prompts that there are, and the arguments that they take.",
   nothing, "prompts"},
  {tool_action::get_prompt, "get_prompt",
   "Gets a prompt, filled in with the arguments.", a_prompt, "prompts"},
});

std::string_view method_of(tool_action action) noexcept {
  switch (action) {
    case tool_action::list_resources:
      return "resources/list";
    case tool_action::list_templates:
      return "resources/templates/list";
    case tool_action::read_resource:
      return "resources/read";
    case tool_action::list_prompts:
      return "prompts/list";
    case tool_action::get_prompt:
      return "prompts/get";
    case tool_action::call:
      break;
  }
  return "tools/call";
}

/// Icons and the like are for people.
json listed_value(const json& item) {
  auto out = json::object();
  if (!item.is_object())
    return out;
  for (const auto* key : {"uri", "uriTemplate", "name", "title", "description",
                          "mimeType", "size", "arguments"})
    if (const auto found = item.find(key); found != item.end())
      out[key] = *found;
  return out;
}

/// Files stand by themselves, since only then they are shown as such.
json message_value(const json& message) {
  const auto* content = object_at(message, "content");
  auto value = content == nullptr ? json{} : part_value(*content);
  if (text_at(value, "kind") == "binary")
    return value;
  return {{"role", text_at(message, "role")}, {"content", std::move(value)}};
}

template <class View>
json values_at(const json& result, std::string_view key, View view) {
  auto out = json::array();
  const auto found = result.is_object() ? result.find(key) : result.end();
  if (result.is_object() && found != result.end() && found->is_array())
    for (const auto& item : *found)
      out.push_back(view(item));
  return out;
}

} // namespace

std::span<const reading_tool> reading_tools() noexcept {
  return tools;
}

bool is_list(tool_action action) noexcept {
  return !items_key(method_of(action)).empty();
}

void ask_for(tool_action action, const json& arguments, call_request& request) {
  request.method = method_of(action);
  request.all_pages = is_list(action);
  if (!request.all_pages)
    request.params = arguments;
}

json read_value(tool_action action, const json& result) {
  if (is_list(action))
    return values_at(result, items_key(method_of(action)), listed_value);
  if (action == tool_action::read_resource)
    return one_or_all(values_at(result, "contents", resource_value));
  return one_or_all(values_at(result, "messages", message_value));
}

} // namespace perdure::runtime::mcp
