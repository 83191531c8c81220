#include "runtime/agent/native_tool.hpp"

#include "runtime/value_types.hpp"

#include <algorithm>

namespace perdure::runtime {

namespace {

using option = native_tool_option;

option plain(std::string_view name, std::string_view takes) {
  return {name, takes};
}

option needed(std::string_view name, std::string_view takes) {
  return {name, takes, true};
}

option narrow(std::string_view name, std::string_view takes) {
  return {name, takes, false, true};
}

const std::vector<native_tool_kind>& kinds() {
  static const std::vector<native_tool_kind> all{
    {"web_search",
     {plain("search_context_size", "low|medium|high"),
      plain("user_location", "object"), narrow("allowed_domains", "strings"),
      narrow("blocked_domains", "strings"), narrow("max_uses", "integer"),
      narrow("external_web_access", "boolean")}},
    {"web_fetch",
     {narrow("allowed_domains", "strings"),
      narrow("blocked_domains", "strings"), narrow("max_uses", "integer"),
      plain("enable_citations", "boolean"),
      plain("max_content_tokens", "integer")}},
    {"code_execution", {narrow("files", "list")}},
    {"image_generation",
     {plain("action", "generate|edit|auto"),
      plain("background", "transparent|opaque|auto"),
      plain("input_fidelity", "high|low"), plain("moderation", "auto|low"),
      plain("model", "string"), plain("output_compression", "integer"),
      plain("output_format", "png|webp|jpeg"),
      plain("partial_images", "integer"),
      plain("quality", "low|medium|high|auto"),
      plain("size", "auto|1024x1024|1024x1536|1536x1024|512|1K|2K|4K"),
      plain("aspect_ratio", "string")}},
    {"file_search",
     {needed("file_store_ids", "strings"), plain("max_num_results", "integer"),
      plain("instructions", "string"),
      plain("retrieval_mode", "hybrid|semantic|keyword")}},
    {"x_search",
     {narrow("allowed_x_handles", "strings"),
      narrow("excluded_x_handles", "strings"), narrow("from_date", "string"),
      narrow("to_date", "string"),
      plain("enable_image_understanding", "boolean"),
      plain("enable_video_understanding", "boolean")}},
    {"memory", {}},
    {"advisor",
     {needed("model", "string"), plain("max_uses", "integer"),
      plain("max_tokens", "integer"), plain("caching", "5m|1h")}},
  };
  return all;
}

std::string option_names(const native_tool_kind& kind) {
  std::string names;
  for (const auto& option : kind.options)
    names += (names.empty() ? "" : ", ") + std::string{option.name};
  return names.empty() ? "none" : names;
}

} // namespace

json to_json(const std::vector<native_tool>& tools) {
  auto out = json::array();
  for (const auto& tool : tools) {
    json value{{"kind", tool.kind}};
    if (tool.optional)
      value["optional"] = true;
    value.update(tool.options);
    out.push_back(std::move(value));
  }
  return out;
}

std::span<const native_tool_kind> native_tool_kinds() {
  return kinds();
}

const native_tool_kind* find_native_tool(std::string_view kind) {
  const auto& all = kinds();
  const auto found = std::find_if(
    all.begin(), all.end(), [&](const auto& x) { return x.name == kind; });
  return found == all.end() ? nullptr : &*found;
}

std::string check_native_tool(const native_tool& tool) {
  const auto* kind = find_native_tool(tool.kind);
  if (kind == nullptr)
    return "unknown native tool '" + tool.kind
           + "'; valid: " + native_tool_names();
  for (const auto& [name, value] : tool.options.items()) {
    const auto known = std::find_if(
      kind->options.begin(), kind->options.end(),
      [&name = name](const auto& option) { return option.name == name; });
    if (known == kind->options.end())
      return "unknown option '" + name + "' of " + tool.kind
             + "; valid: " + option_names(*kind);
    if (!value.is_null() && !fits(value, known->takes))
      return name + " must be " + in_words(known->takes);
  }
  for (const auto& option : kind->options)
    if (option.is_required && !tool.options.contains(std::string{option.name}))
      return "'" + std::string{option.name} + "' of " + tool.kind
             + " is missing";
  return {};
}

std::string native_tool_names() {
  std::string names;
  for (const auto& kind : kinds())
    names += (names.empty() ? "" : ", ") + std::string{kind.name};
  return names;
}

} // namespace perdure::runtime
