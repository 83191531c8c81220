#include "runtime/models/native_forms.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_settings.hpp"

#include <algorithm>
#include <map>

namespace perdure::runtime {

namespace {

json located(const json& options) {
  const auto* place = find_object(options, "user_location");
  if (place == nullptr)
    return nullptr;
  json out{{"type", "approximate"}};
  out.update(*place);
  return out;
}

/// The ids of files that were uploaded to the provider that runs the tool.
json own_files(const json& options, std::string_view provider_name) {
  auto ids = json::array();
  if (const auto* files = find_array(options, "files"))
    for (const auto& file : *files)
      if (text_or_empty(file, "provider_name") == provider_name)
        ids.push_back(text_or_empty(file, "file_id"));
  return ids;
}

native_form of_tool(json tool) {
  native_form form;
  form.tools.push_back(std::move(tool));
  return form;
}

failure cannot(std::string why) {
  return {errc::invalid_argument, std::move(why)};
}

// -- Responses ----------------------------------------------------------------

result<native_form>
responses_search(const json& options, const native_target&, const json&) {
  json tool{{"type", "web_search"}};
  copy_settings(tool, options,
                {{"search_context_size", "search_context_size"},
                 {"external_web_access", "external_web_access"}});
  if (auto place = located(options); !place.is_null())
    tool["user_location"] = std::move(place);
  json filters = json::object();
  copy_settings(filters, options,
                {{"allowed_domains", "allowed_domains"},
                 {"blocked_domains", "blocked_domains"}});
  if (!filters.empty())
    tool["filters"] = std::move(filters);
  return of_tool(std::move(tool));
}

result<native_form>
responses_code(const json& options, const native_target& target, const json&) {
  json container{{"type", "auto"}};
  if (auto ids = own_files(options, target.provider_name); !ids.empty())
    container["file_ids"] = std::move(ids);
  return of_tool(
    {{"type", "code_interpreter"}, {"container", std::move(container)}});
}

result<native_form>
responses_files(const json& options, const native_target&, const json&) {
  json tool{{"type", "file_search"}};
  copy_settings(tool, options,
                {{"file_store_ids", "vector_store_ids"},
                 {"max_num_results", "max_num_results"}});
  return of_tool(std::move(tool));
}

result<native_form>
responses_image(const json& options, const native_target&, const json&) {
  static const std::map<std::string_view, std::string_view> sizes{
    {"1:1", "1024x1024"}, {"2:3", "1024x1536"}, {"3:2", "1536x1024"}};
  json tool{{"type", "image_generation"}};
  copy_settings(tool, options,
                {{"action", "action"},
                 {"background", "background"},
                 {"input_fidelity", "input_fidelity"},
                 {"moderation", "moderation"},
                 {"model", "model"},
                 {"output_compression", "output_compression"},
                 {"output_format", "output_format"},
                 {"partial_images", "partial_images"},
                 {"quality", "quality"},
                 {"size", "size"}});
  const auto size = text_or_empty(tool, "size");
  if (!size.empty() && size != "auto" && size.find('x') == size.npos)
    return cannot("its sizes are auto, 1024x1024, 1024x1536 and 1536x1024");
  const auto ratio = text_or_empty(options, "aspect_ratio");
  if (ratio.empty())
    return of_tool(std::move(tool));
  const auto found = sizes.find(ratio);
  if (found == sizes.end())
    return cannot("its aspect ratios are 1:1, 2:3 and 3:2");
  if (!size.empty() && size != "auto" && size != found->second)
    return cannot("its size and its aspect ratio do not agree");
  tool["size"] = found->second;
  return of_tool(std::move(tool));
}

result<native_form>
xai_posts(const json& options, const native_target&, const json&) {
  constexpr std::size_t handles_max = 20;
  json tool{{"type", "x_search"}};
  copy_settings(tool, options,
                {{"allowed_x_handles", "allowed_x_handles"},
                 {"excluded_x_handles", "excluded_x_handles"},
                 {"from_date", "from_date"},
                 {"to_date", "to_date"},
                 {"enable_image_understanding", "enable_image_understanding"},
                 {"enable_video_understanding", "enable_video_understanding"}});
  const auto* allowed = find_array(tool, "allowed_x_handles");
  const auto* excluded = find_array(tool, "excluded_x_handles");
  if (allowed != nullptr && excluded != nullptr)
    return cannot("it takes allowed_x_handles or excluded_x_handles, not both");
  for (const auto* handles : {allowed, excluded})
    if (handles != nullptr && handles->size() > handles_max)
      return cannot("it takes 20 handles at most");
  return of_tool(std::move(tool));
}

// -- Chat Completions, and how gateways differ from it ----------------------

result<native_form>
chat_search(const json& options, const native_target&, const json&) {
  json wishes = json::object();
  copy_settings(wishes, options,
                {{"search_context_size", "search_context_size"}});
  if (const auto* place = find_object(options, "user_location"))
    wishes["user_location"]
      = {{"type", "approximate"}, {"approximate", *place}};
  native_form form;
  form.body["web_search_options"] = std::move(wishes);
  return form;
}

/// Groq's models search by themselves, and are only told where.
result<native_form>
groq_search(const json& options, const native_target&, const json&) {
  json where = json::object();
  copy_settings(where, options,
                {{"allowed_domains", "include_domains"},
                 {"blocked_domains", "exclude_domains"}});
  native_form form;
  if (!where.empty())
    form.body["search_settings"] = std::move(where);
  return form;
}

result<native_form>
router_search(const json& options, const native_target&, const json&) {
  json wishes = json::object();
  copy_settings(wishes, options,
                {{"search_context_size", "search_context_size"},
                 {"allowed_domains", "allowed_domains"},
                 {"blocked_domains", "excluded_domains"},
                 {"max_uses", "max_uses"}});
  if (auto place = located(options); !place.is_null())
    wishes["user_location"] = std::move(place);
  return of_tool(
    {{"type", "openrouter:web_search"}, {"parameters", std::move(wishes)}});
}

// -- Messages -----------------------------------------------------------------

void limit(json& tool, const json& options, const json& settings) {
  copy_settings(tool, options,
                {{"max_uses", "max_uses"},
                 {"allowed_domains", "allowed_domains"},
                 {"blocked_domains", "blocked_domains"}});
  copy_settings(tool, settings,
                {{"anthropic_web_tools_allowed_callers", "allowed_callers"}});
}

result<native_form>
claude_search(const json& options, const native_target& target,
              const json& settings) {
  json tool{{"type", target.profile.filters_web_results
                       ? "web_search_20260209"
                       : "web_search_20250305"},
            {"name", "web_search"}};
  limit(tool, options, settings);
  if (auto place = located(options); !place.is_null())
    tool["user_location"] = std::move(place);
  return of_tool(std::move(tool));
}

result<native_form>
claude_fetch(const json& options, const native_target& target,
             const json& settings) {
  const auto is_new = target.profile.filters_web_results;
  json tool{{"type", is_new ? "web_fetch_20260209" : "web_fetch_20250910"},
            {"name", "web_fetch"}};
  limit(tool, options, settings);
  copy_settings(tool, options, {{"max_content_tokens", "max_content_tokens"}});
  if (const auto* cite = find_value(options, "enable_citations");
      cite != nullptr && *cite == true)
    tool["citations"] = {{"enabled", true}};
  auto form = of_tool(std::move(tool));
  if (!is_new)
    form.betas.insert("web-fetch-2025-09-10");
  return form;
}

result<native_form>
claude_code(const json&, const native_target& target, const json& settings) {
  auto version
    = text_or_empty(settings, "anthropic_code_execution_tool_version");
  if (version.empty() || version == "auto")
    version = target.profile.code_execution_version;
  return of_tool({{"type", "code_execution_" + std::string{version}},
                  {"name", "code_execution"}});
}

result<native_form>
claude_memory(const json&, const native_target&, const json&) {
  auto form = of_tool({{"type", "memory_20250818"}, {"name", "memory"}});
  form.betas.insert("context-management-2025-06-27");
  return form;
}

result<native_form>
claude_advisor(const json& options, const native_target&, const json&) {
  json tool{{"type", "advisor_20260301"}, {"name", "advisor"}};
  copy_settings(tool, options,
                {{"model", "model"},
                 {"max_uses", "max_uses"},
                 {"max_tokens", "max_tokens"}});
  if (const auto ttl = text_or_empty(options, "caching"); !ttl.empty())
    tool["caching"] = {{"type", "ephemeral"}, {"ttl", ttl}};
  auto form = of_tool(std::move(tool));
  form.betas.insert("advisor-tool-2026-03-01");
  return form;
}

// -- Gemini -------------------------------------------------------------------

template <const char* Name>
result<native_form>
gemini_tool(const json&, const native_target&, const json&) {
  json tool;
  tool[Name] = json::object();
  return of_tool(std::move(tool));
}

constexpr char google_search[] = "googleSearch";
constexpr char url_context[] = "urlContext";
constexpr char code_execution[] = "codeExecution";

result<native_form>
gemini_files(const json& options, const native_target&, const json&) {
  json search = json::object();
  copy_settings(search, options, {{"file_store_ids", "fileSearchStoreNames"}});
  return of_tool({{"fileSearch", std::move(search)}});
}

result<native_form>
gemini_image(const json& options, const native_target&, const json&) {
  json config = json::object();
  copy_settings(config, options,
                {{"aspect_ratio", "aspectRatio"}, {"size", "imageSize"}});
  const auto size = text_or_empty(config, "imageSize");
  if (size == "auto" || size.find('x') != size.npos)
    return cannot("its sizes are 512, 1K, 2K and 4K");
  native_form form;
  if (!config.empty())
    form.body["generationConfig"]["imageConfig"] = std::move(config);
  return form;
}

// -- the table ----------------------------------------------------------------

const std::vector<native_row>& rows() {
  using enum wire_format;
  static const std::vector<native_row> all{
    {"web_search",
     openai_responses,
     responses_search,
     {"allowed_domains", "blocked_domains", "external_web_access"}},
    {"code_execution", openai_responses, responses_code, {"files"}},
    {"file_search", openai_responses, responses_files, {}},
    {"image_generation", openai_responses, responses_image, {}},
    {"x_search",
     openai_responses,
     xai_posts,
     {"allowed_x_handles", "excluded_x_handles", "from_date", "to_date"},
     "xai"},
    {"web_search",
     openai_chat,
     groq_search,
     {"allowed_domains", "blocked_domains"},
     "groq"},
    {"web_search",
     openai_chat,
     router_search,
     {"allowed_domains", "blocked_domains", "max_uses"},
     "openrouter"},
    {"web_search", openai_chat, chat_search, {}},
    {"web_search",
     anthropic,
     claude_search,
     {"allowed_domains", "blocked_domains", "max_uses"}},
    {"web_fetch",
     anthropic,
     claude_fetch,
     {"allowed_domains", "blocked_domains", "max_uses"}},
    {"code_execution", anthropic, claude_code, {}},
    {"memory", anthropic, claude_memory, {}},
    {"advisor", anthropic, claude_advisor, {}},
    {"web_search", google, gemini_tool<google_search>, {}},
    {"web_fetch", google, gemini_tool<url_context>, {}},
    {"code_execution", google, gemini_tool<code_execution>, {}},
    {"file_search", google, gemini_files, {}},
    {"image_generation", google, gemini_image, {}},
  };
  return all;
}

} // namespace

const native_row*
find_native_row(std::string_view kind, const native_target& target) {
  const auto& all = rows();
  const auto found = std::find_if(all.begin(), all.end(), [&](const auto& x) {
    return x.kind == kind && x.wire == target.wire
           && (x.provider.empty() || x.provider == target.provider_name);
  });
  return found == all.end() ? nullptr : &*found;
}

} // namespace perdure::runtime
