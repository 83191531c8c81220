#include "runtime/models/responses_native.hpp"

#include "runtime/messages/content_items.hpp"
#include "runtime/messages/model_text.hpp"
#include "runtime/models/json_read.hpp"

#include <algorithm>
#include <array>

namespace perdure::runtime {

namespace {

struct item_kind {
  std::string_view type;
  std::string_view kind;
};

constexpr auto kinds = std::to_array<item_kind>({
  {"web_search_call", "web_search"},
  {"file_search_call", "file_search"},
  {"code_interpreter_call", "code_execution"},
  {"image_generation_call", "image_generation"},
  {"x_search_call", "x_search"},
  {"mcp_list_tools", "mcp_server"},
  {"mcp_call", "mcp_server"},
});

provider_data own(const response_draft& draft, std::string_view id) {
  provider_data data;
  data.provider_name = draft.identity.provider_name;
  if (!id.empty())
    data.id = std::string{id};
  return data;
}

/// `item` without the keys whose value is null.
json without_nulls(const json& item) {
  auto out = json::object();
  for (const auto& [key, value] : item.items())
    if (!value.is_null())
      out[key] = value;
  return out;
}

json mcp_args(const json& item) {
  if (text_or_empty(item, "type") == "mcp_list_tools")
    return {{"action", "list_tools"}};
  const auto args = parse_or_discard(text_or_empty(item, "arguments"));
  return {{"action", "call_tool"},
          {"tool_name", text_or_empty(item, "name")},
          {"tool_args", args.is_object() ? args : json::object()}};
}

/// What the model asked for; null when the item does not say.
json args_of(const json& item) {
  const auto type = text_or_empty(item, "type");
  if (type == "web_search_call") {
    const auto* action = find_object(item, "action");
    if (action == nullptr)
      return nullptr;
    auto args = without_nulls(*action);
    args.erase("sources");
    return args;
  }
  if (type == "file_search_call")
    return {{"queries", item.value("queries", json::array())}};
  if (type == "code_interpreter_call")
    return {{"container_id", text_or_empty(item, "container_id")},
            {"code", text_or_empty(item, "code")}};
  return type.starts_with("mcp_") ? mcp_args(item) : json{};
}

/// Texts that code printed.
json logs_of(const json& item) {
  auto logs = json::array();
  if (const auto* outputs = find_array(item, "outputs"))
    for (const auto& output : *outputs)
      if (text_or_empty(output, "type") == "logs")
        logs.push_back(text_or_empty(output, "logs"));
  return logs;
}

json content_of(const json& item) {
  const auto type = text_or_empty(item, "type");
  const auto pick = [&](std::initializer_list<const char*> keys) {
    auto out = json::object();
    for (const auto* key : keys)
      if (item.contains(key))
        out[key] = item[key];
    return out;
  };
  if (type == "mcp_list_tools")
    return pick({"tools", "error"});
  if (type == "mcp_call")
    return pick({"output", "error"});
  json content{{"status", text_or_empty(item, "status")}};
  if (const auto* action = find_object(item, "action"))
    if (const auto* sources = find_array(*action, "sources"))
      content["sources"] = *sources;
  if (const auto* results = find_array(item, "results"))
    content["results"] = *results;
  if (auto logs = logs_of(item); !logs.empty())
    content["logs"] = std::move(logs);
  if (type != "image_generation_call")
    return content;
  for (const auto* key : {"background", "quality", "size", "revised_prompt"})
    if (const auto* value = find_value(item, key))
      content[key] = *value;
  if (find_text(item, "result") != nullptr)
    content["status"] = "completed";
  return content;
}

void add_image(response_draft& draft, const std::string& key, const json& item,
               std::string_view media_type, std::string_view data,
               const delta_sink& sink) {
  json file{{"kind", "binary"},
            {"data", url_safe_base64(data).value_or(std::string{data})},
            {"media_type", media_type}};
  draft.parts.add_part(
    key, file_part{std::move(file), own(draft, text_or_empty(item, "id"))},
    sink);
}

void add_images(response_draft& draft, const std::string& key, const json& item,
                const delta_sink& sink) {
  if (const auto* image = find_text(item, "result")) {
    const auto format = text_or_empty(item, "output_format");
    add_image(draft, key + "/file", item,
              "image/" + std::string{format.empty() ? "png" : format}, *image,
              sink);
  }
  const auto* outputs = find_array(item, "outputs");
  for (std::size_t i = 0; outputs != nullptr && i < outputs->size(); ++i) {
    const auto url = text_or_empty((*outputs)[i], "url");
    const auto comma = url.find(";base64,");
    if (!url.starts_with("data:") || comma == url.npos)
      continue;
    constexpr std::size_t scheme = 5;
    constexpr std::size_t marker = 8;
    add_image(draft, key + "/file" + std::to_string(i), item,
              url.substr(scheme, comma - scheme), url.substr(comma + marker),
              sink);
  }
}

} // namespace

std::string native_kind_of(const json& item) {
  const auto type = text_or_empty(item, "type");
  const auto* found = std::find_if(
    kinds.begin(), kinds.end(), [&](const auto& x) { return x.type == type; });
  if (found == kinds.end())
    return {};
  std::string kind{found->kind};
  if (kind == "mcp_server")
    kind += ":" + std::string{text_or_empty(item, "server_label")};
  return kind;
}

void begin_native_item(response_draft& draft, const std::string& key,
                       const json& item, const delta_sink& sink) {
  const auto id = text_or_empty(item, "id");
  const auto kind = native_kind_of(item);
  call_piece piece{kind, id, {}, own(draft, id)};
  piece.builtin = true;
  draft.parts.add_call(key, std::move(piece), sink);
}

void take_native_item(response_draft& draft, const std::string& key,
                      const json& item, const delta_sink& sink) {
  if (draft.parts.find(key) == nullptr)
    begin_native_item(draft, key, item, sink);
  call_piece args;
  args.args = args_of(item);
  if (!args.args.is_null())
    draft.parts.add_call(key, std::move(args), sink);
  draft.parts.end(key, sink);
  add_images(draft, key, item, sink);
  builtin_tool_return_part made;
  made.tool_name = native_kind_of(item);
  made.tool_call_id = text_or_empty(item, "id");
  made.content = content_of(item);
  made.provider = own(draft, {});
  draft.parts.add_part(key + "/return", std::move(made), sink);
}

json native_item_of(const tool_call_part& call) {
  const auto id = call.provider.id.value_or(call.tool_call_id);
  const auto args = parse_or_discard(arguments_text(call));
  const auto& kind = call.tool_name;
  if (kind == "web_search")
    return {{"id", id},
            {"type", "web_search_call"},
            {"action", args},
            {"status", "completed"}};
  if (kind == "file_search")
    return {{"id", id},
            {"type", "file_search_call"},
            {"queries", args.value("queries", json::array())},
            {"status", "completed"}};
  // What came of these is with the provider.
  if (kind == "code_execution")
    return {{"id", id},
            {"type", "code_interpreter_call"},
            {"code", text_or_empty(args, "code")},
            {"container_id", text_or_empty(args, "container_id")},
            {"outputs", nullptr},
            {"status", "completed"}};
  if (kind == "image_generation")
    return {{"id", id}, {"type", "image_generation_call"}};
  if (!kind.starts_with("mcp_server:"))
    return nullptr;
  const auto server = kind.substr(kind.find(':') + 1);
  if (text_or_empty(args, "action") == "list_tools")
    return {{"id", id},
            {"type", "mcp_list_tools"},
            {"server_label", server},
            {"tools", json::array()}};
  return {{"id", id},
          {"type", "mcp_call"},
          {"server_label", server},
          {"name", text_or_empty(args, "tool_name")},
          {"arguments", to_text(args.value("tool_args", json::object()))},
          {"output", nullptr},
          {"error", nullptr}};
}

void finish_native_item(std::vector<json>& items,
                        const builtin_tool_return_part& part) {
  const auto status = text_or_empty(part.content, "status");
  if (status.empty())
    return;
  for (auto& item : items)
    if (item.contains("status") && !native_kind_of(item).empty()
        && text_or_empty(item, "id") == part.tool_call_id)
      item["status"] = status;
}

} // namespace perdure::runtime
