#define CAF_SUITE models.native_tool

#include "runtime/models/native_tools.hpp"
#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const subject responses{"openai-responses", "openai", "gpt-4o"};
const subject claude{"anthropic", "anthropic", "claude-sonnet-4-5"};
const subject grok{"openai-responses", "xai", "grok-4"};
const subject gemini{"google", "google", "gemini-2.5-flash"};
const subject gemini_3{"google", "google", "gemini-3-flash-preview"};

struct asking {
  native_tool tool;
  json settings;
  bool with_function = false;
};

definition_ptr define(const asking& what) {
  auto definition = std::make_shared<agent_definition>();
  definition->native_tools.push_back(what.tool);
  definition->model_settings = what.settings;
  if (what.with_function) {
    tool_definition tool;
    tool.name = "look";
    definition->tools.push_back(tool);
  }
  return definition;
}

std::unique_ptr<conversation> talk_to(const subject& to, const asking& what) {
  return codec_for(to.wire)->converse({{to.provider, "http://x", to.model},
                                       define(what),
                                       true,
                                       profile_of(to.provider, to.model)});
}

std::string betas_in(const wire_request& request) {
  for (const auto& [name, value] : request.headers)
    if (name == "anthropic-beta")
      return value;
  return {};
}

json ask(const subject& to, const asking& what) {
  auto talk = talk_to(to, what);
  model_request first;
  first.parts.push_back(user_prompt_part{"hello", {}});
  CAF_REQUIRE(talk->add(first));
  return json::parse(whole_body(talk->request({})));
}

std::string refusal(const subject& to, const asking& what) {
  const auto profile = profile_of(to.provider, to.model);
  const auto checked = check_native_tools(
    *define(what), {*perdure::runtime::wire_of(to.wire), to.provider, profile},
    to.model);
  return checked ? "" : checked.error().message;
}

struct form_row {
  subject to;
  const char* kind;
  const char* options;
  const char* tool;
};

const std::vector<form_row> forms{
  {responses, "web_search",
   R"({"search_context_size":"low","user_location":{"city":"Oslo"},)"
   R"("allowed_domains":["a.org"],"external_web_access":false})",
   R"({"type":"web_search","search_context_size":"low",)"
   R"("external_web_access":false,)"
   R"("user_location":{"type":"approximate","city":"Oslo"},)"
   R"("filters":{"allowed_domains":["a.org"]}})"},
  {responses, "code_execution",
   R"({"files":[{"provider_name":"openai","file_id":"f1"},)"
   R"({"provider_name":"google","file_id":"f2"}]})",
   R"({"type":"code_interpreter",)"
   R"("container":{"type":"auto","file_ids":["f1"]}})"},
  {responses, "file_search", R"({"file_store_ids":["v"],"max_num_results":3})",
   R"({"type":"file_search","vector_store_ids":["v"],"max_num_results":3})"},
  {responses, "image_generation",
   R"({"quality":"low","aspect_ratio":"2:3","output_format":"webp"})",
   R"({"type":"image_generation","output_format":"webp","quality":"low",)"
   R"("size":"1024x1536"})"},
  {grok, "x_search",
   R"({"allowed_x_handles":["a"],"from_date":"2026-01-31",)"
   R"("enable_image_understanding":true})",
   R"({"type":"x_search","allowed_x_handles":["a"],"from_date":"2026-01-31",)"
   R"("enable_image_understanding":true})"},
  {claude, "web_search",
   R"({"max_uses":2,"blocked_domains":["b.org"],)"
   R"("search_context_size":"high"})",
   R"({"type":"web_search_20250305","name":"web_search","max_uses":2,)"
   R"("blocked_domains":["b.org"]})"},
  {{"anthropic", "anthropic", "claude-sonnet-4-6"},
   "web_fetch",
   R"({"enable_citations":true,"max_content_tokens":9})",
   R"({"type":"web_fetch_20260209","name":"web_fetch",)"
   R"("max_content_tokens":9,"citations":{"enabled":true}})"},
  {claude, "code_execution", "{}",
   R"({"type":"code_execution_20260120","name":"code_execution"})"},
  {{"anthropic", "anthropic", "claude-sonnet-4-6"},
   "advisor",
   R"({"model":"claude-opus-4-6","max_tokens":2048,"caching":"5m"})",
   R"({"type":"advisor_20260301","name":"advisor",)"
   R"("model":"claude-opus-4-6","max_tokens":2048,)"
   R"("caching":{"type":"ephemeral","ttl":"5m"}})"},
  {gemini, "web_search", "{}", R"({"googleSearch":{}})"},
  {gemini, "web_fetch", "{}", R"({"urlContext":{}})"},
  {gemini, "code_execution", "{}", R"({"codeExecution":{}})"},
  {gemini, "file_search", R"({"file_store_ids":["s"]})",
   R"({"fileSearch":{"fileSearchStoreNames":["s"]}})"},
  {{"openai-chat", "openrouter", "x/y"},
   "web_search",
   R"({"max_uses":1,"blocked_domains":["b.org"]})",
   R"({"type":"openrouter:web_search","parameters":)"
   R"({"excluded_domains":["b.org"],"max_uses":1}})"},
};

/// Reads `events` as a stream. @returns the parts of the response
std::vector<response_part>
read_stream(const subject& from, const std::vector<json>& events) {
  int ids = 0;
  auto reader = codec_for(from.wire)->read(
    {{from.provider, "http://x", from.model},
     profile_of(from.provider, from.model),
     "text/event-stream",
     [&ids] { return "pyd_ai_" + std::to_string(++ids); }});
  const auto ignore = [](const response_event&) {};
  for (const auto& event : events)
    CAF_REQUIRE(!reader->feed("data: " + event.dump() + "\n\n", ignore));
  auto result = reader->finish({}, ignore);
  CAF_REQUIRE(std::holds_alternative<model_response>(result));
  return std::get<model_response>(result).parts;
}

json messages_of(const subject& to, std::vector<response_part> parts) {
  auto talk = talk_to(to, {{"web_search"}, nullptr});
  model_response response;
  response.provider_name = to.provider;
  response.parts = std::move(parts);
  CAF_REQUIRE(talk->add(response));
  return json::parse(whole_body(talk->request({})));
}

json done(const json& item) {
  return {{"type", "response.output_item.done"},
          {"output_index", item.value("index", 0)},
          {"item", item}};
}

const json completed{
  {"type", "response.completed"},
  {"response", {{"status", "completed"}, {"output", json::array()}}}};

} // namespace

CAF_TEST(native tools in the form of each api) {
  for (const auto& row : forms) {
    CAF_MESSAGE(row.to.wire << " " << row.kind);
    const asking what{{row.kind, false, json::parse(row.options)}, nullptr};
    CAF_CHECK_EQUAL(refusal(row.to, what), "");
    const auto tools = ask(row.to, what).at("tools");
    CAF_REQUIRE_EQUAL(tools.size(), 1u);
    CAF_CHECK(same_json(tools[0], json::parse(row.tool)));
  }
}

CAF_TEST(native tools that are no elements of the list of tools) {
  const auto search = ask(
    {"openai-chat", "openai", "gpt-4o-search-preview"},
    {{"web_search",
      false,
      {{"search_context_size", "low"}, {"user_location", {{"country", "NO"}}}}},
     nullptr});
  CAF_CHECK(!search.contains("tools"));
  CAF_CHECK_EQUAL(search.at("web_search_options").dump(),
                  R"({"search_context_size":"low","user_location":)"
                  R"({"type":"approximate","approximate":{"country":"NO"}}})");
  const auto groq
    = ask({"openai-chat", "groq", "groq/compound"},
          {{"web_search", false, {{"allowed_domains", {"a.org"}}}}, nullptr});
  CAF_CHECK_EQUAL(groq.at("search_settings").dump(),
                  R"({"include_domains":["a.org"]})");
  const auto image
    = ask({"google", "google", "gemini-3-pro-image"},
          {{"image_generation", false, {{"size", "2K"}}}, nullptr});
  const auto& config = image.at("generationConfig");
  CAF_CHECK_EQUAL(config.at("imageConfig").dump(), R"({"imageSize":"2K"})");
  CAF_CHECK_EQUAL(config.at("responseModalities").dump(),
                  R"(["TEXT","IMAGE"])");
}

CAF_TEST(native tools beside functions) {
  const asking both{{"web_search"}, nullptr, true};
  const auto body = ask(gemini_3, both);
  CAF_CHECK_EQUAL(body.at("tools").size(), 2u);
  CAF_CHECK_EQUAL(body.at("toolConfig").at("includeServerSideToolInvocations"),
                  true);
  CAF_CHECK(!ask(gemini, {{"web_search"}, nullptr}).contains("toolConfig"));
  CAF_CHECK_EQUAL(refusal(gemini, both),
                  "the model gemini-2.5-flash takes no native tools together "
                  "with others");
  CAF_CHECK_EQUAL(ask(responses, both).at("tools").size(), 2u);
  // The mark is on the last of all tools.
  const auto marked
    = ask(claude,
          {{"web_search"}, {{"anthropic_cache_tool_definitions", true}}, true});
  CAF_CHECK(!marked.at("tools")[0].contains("cache_control"));
  CAF_CHECK(marked.at("tools")[1].contains("cache_control"));
}

CAF_TEST(settings that shape native tools) {
  const auto own
    = ask(responses,
          {{"web_search"},
           {{"openai_native_tools", {{{"type", "computer_use_preview"}}}}}});
  CAF_REQUIRE_EQUAL(own.at("tools").size(), 2u);
  CAF_CHECK_EQUAL(own.at("tools")[1].at("type"), "computer_use_preview");
  const auto callers
    = ask(claude, {{"web_search"},
                   {{"anthropic_web_tools_allowed_callers", {"direct"}}}});
  CAF_CHECK_EQUAL(callers.at("tools")[0].at("allowed_callers").dump(),
                  R"(["direct"])");
  const auto code
    = ask(claude, {{"code_execution"},
                   {{"anthropic_code_execution_tool_version", "20250825"}}});
  CAF_CHECK_EQUAL(code.at("tools")[0].at("type"), "code_execution_20250825");
}

CAF_TEST(beta features that native tools need) {
  const auto betas = [](const subject& to, const char* kind) {
    return betas_in(talk_to(to, {{kind}, nullptr})->request({}));
  };
  CAF_CHECK_EQUAL(betas(claude, "web_search"), "");
  CAF_CHECK_EQUAL(betas(claude, "web_fetch"), "web-fetch-2025-09-10");
  CAF_CHECK_EQUAL(betas(claude, "memory"), "context-management-2025-06-27");
}

CAF_TEST(what a provider lacks is refused unless it is optional) {
  CAF_CHECK_EQUAL(
    refusal({"openai-chat", "openai", "gpt-4o"}, {{"web_search"}, nullptr}),
    "the native tool web_search cannot be used with the model "
    "gpt-4o: it has none");
  CAF_CHECK_EQUAL(refusal(responses, {{"web_fetch"}, nullptr}),
                  "the native tool web_fetch cannot be used with the model "
                  "gpt-4o: it has web_search, code_execution, file_search, "
                  "image_generation");
  const asking optional{{"web_fetch", true}, nullptr};
  CAF_CHECK_EQUAL(refusal(responses, optional), "");
  CAF_CHECK(!ask(responses, optional).contains("tools"));
  // What restricts a tool is never left out in silence.
  CAF_CHECK_EQUAL(
    refusal(gemini, {{"web_search", false, {{"max_uses", 1}}}, nullptr}),
    "the native tool web_search cannot be used with the model "
    "gemini-2.5-flash: it cannot be held to max_uses");
}

CAF_TEST(what may be said of a native tool) {
  CAF_CHECK_EQUAL(check_native_tool({"web_search"}), "");
  CAF_CHECK(check_native_tool({"telepathy"})
              .starts_with("unknown native tool 'telepathy'; valid: web_search,"
                           " web_fetch, "));
  CAF_CHECK_EQUAL(
    check_native_tool({"code_execution", false, {{"max_uses", 1}}}),
    "unknown option 'max_uses' of code_execution; valid: files");
  CAF_CHECK_EQUAL(check_native_tool({"web_fetch", false, {{"max_uses", "1"}}}),
                  "max_uses must be integer");
  CAF_CHECK_EQUAL(check_native_tool({"file_search"}),
                  "'file_store_ids' of file_search is missing");
}

CAF_TEST(items of the responses api come and go back) {
  const std::vector<json> items{
    {{"index", 0},
     {"type", "web_search_call"},
     {"id", "ws_1"},
     {"status", "completed"},
     {"action",
      {{"type", "search"}, {"query", "q"}, {"sources", {{{"url", "u"}}}}}}},
    {{"index", 1},
     {"type", "code_interpreter_call"},
     {"id", "ci_1"},
     {"status", "completed"},
     {"code", "1+1"},
     {"container_id", "c_1"},
     {"outputs",
      {{{"type", "logs"}, {"logs", "2"}},
       {{"type", "image"}, {"url", "data:image/png;base64,YQ=="}}}}},
    {{"index", 2},
     {"type", "image_generation_call"},
     {"id", "ig_1"},
     {"status", "generating"},
     {"result", "Yg=="},
     {"output_format", "webp"}},
    {{"index", 3},
     {"type", "file_search_call"},
     {"id", "fs_1"},
     {"status", "completed"},
     {"queries", {"a"}},
     {"results", {{{"text", "t"}}}}},
    {{"index", 4},
     {"type", "compaction"},
     {"id", "cmp_1"},
     {"encrypted_content", "s3"}},
  };
  std::vector<json> events;
  for (const auto& item : items) {
    events.push_back(
      {{"type", "response.output_item.added"},
       {"output_index", item.at("index")},
       {"item", {{"type", item.at("type")}, {"id", item.at("id")}}}});
    events.push_back(done(item));
  }
  events.push_back(completed);
  const auto parts = read_stream(responses, events);
  CAF_REQUIRE_EQUAL(parts.size(), 11u);
  const auto& search = std::get<tool_call_part>(parts[0]);
  CAF_CHECK(search.builtin);
  CAF_CHECK_EQUAL(search.tool_name, "web_search");
  CAF_CHECK_EQUAL(search.args.dump(), R"({"type":"search","query":"q"})");
  const auto& found = std::get<builtin_tool_return_part>(parts[1]);
  CAF_CHECK_EQUAL(found.tool_call_id, "ws_1");
  CAF_CHECK_EQUAL(found.content.dump(),
                  R"({"status":"completed","sources":[{"url":"u"}]})");
  const auto& code = std::get<tool_call_part>(parts[2]);
  CAF_CHECK_EQUAL(code.args.dump(), R"({"container_id":"c_1","code":"1+1"})");
  CAF_CHECK_EQUAL(std::get<file_part>(parts[3]).content.at("data"), "YQ==");
  CAF_CHECK_EQUAL(
    std::get<builtin_tool_return_part>(parts[4]).content.at("logs").dump(),
    R"(["2"])");
  CAF_CHECK_EQUAL(std::get<file_part>(parts[6]).content.at("media_type"),
                  "image/webp");

  const auto input = messages_of(responses, parts).at("input");
  CAF_REQUIRE_EQUAL(input.size(), 5u);
  CAF_CHECK_EQUAL(
    input[0].dump(),
    R"({"id":"ws_1","type":"web_search_call","action":{"type":"search",)"
    R"("query":"q"},"status":"completed"})");
  CAF_CHECK_EQUAL(input[1].at("container_id"), "c_1");
  CAF_CHECK_EQUAL(input[2].dump(),
                  R"({"id":"ig_1","type":"image_generation_call"})");
  CAF_CHECK_EQUAL(input[3].at("queries").dump(), R"(["a"])");
  CAF_CHECK_EQUAL(input[4].at("encrypted_content"), "s3");

  // Elsewhere they mean nothing: all that is left is the user's silence.
  const auto elsewhere
    = messages_of({"openai-responses", "house", "m"}, parts).at("input");
  CAF_REQUIRE_EQUAL(elsewhere.size(), 1u);
  CAF_CHECK_EQUAL(elsewhere[0].at("role"), "user");
}

CAF_TEST(a search for posts is a call and what came of it) {
  const json body{{"id", "r1"},
                  {"status", "completed"},
                  {"model", "grok-4"},
                  {"output", json::array({{{"type", "x_search_call"},
                                           {"id", "xs_1"},
                                           {"status", "completed"}}})},
                  {"usage", {{"input_tokens", 1}, {"output_tokens", 1}}}};
  const auto seen
    = read_whole(grok.wire, "application/json", body.dump(), grok.provider);
  const auto& parts = response_in(seen).parts;
  CAF_REQUIRE_EQUAL(parts.size(), 2u);
  const auto& call = std::get<tool_call_part>(parts[0]);
  CAF_CHECK(call.builtin);
  CAF_CHECK_EQUAL(call.tool_name, "x_search");
  CAF_CHECK_EQUAL(call.tool_call_id, "xs_1");
  const auto& made = std::get<builtin_tool_return_part>(parts[1]);
  CAF_CHECK_EQUAL(made.content.at("status"), "completed");
}

CAF_TEST(what claude runs comes and goes back as it was) {
  const json caller{{"type", "code_execution_20260120"}, {"tool_id", "s0"}};
  const std::vector<json> blocks{
    {{"type", "server_tool_use"},
     {"id", "s1"},
     {"name", "bash_code_execution"},
     {"input", {{"command", "ls"}}},
     {"caller", caller}},
    {{"type", "bash_code_execution_tool_result"},
     {"tool_use_id", "s1"},
     {"content", {{"type", "bash_code_execution_result"}, {"stdout", "a"}}}},
    {{"type", "server_tool_use"},
     {"id", "s2"},
     {"name", "web_fetch"},
     {"input", {{"url", "http://a"}}},
     {"caller", {{"type", "direct"}}}},
  };
  std::vector<json> events;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    events.push_back({{"type", "content_block_start"},
                      {"index", i},
                      {"content_block", blocks[i]}});
    events.push_back({{"type", "content_block_stop"}, {"index", i}});
  }
  events.push_back(
    {{"type", "message_delta"}, {"delta", {{"stop_reason", "end_turn"}}}});
  events.push_back({{"type", "message_stop"}});
  const auto parts = read_stream(claude, events);
  CAF_REQUIRE_EQUAL(parts.size(), 3u);
  const auto& call = std::get<tool_call_part>(parts[0]);
  CAF_CHECK_EQUAL(call.tool_name, "code_execution");
  CAF_CHECK_EQUAL(call.provider.provider_details.at("anthropic_tool_name"),
                  "bash_code_execution");
  CAF_CHECK_EQUAL(std::get<builtin_tool_return_part>(parts[1]).tool_name,
                  "code_execution");
  const auto back = messages_of(claude, parts).at("messages")[1].at("content");
  CAF_REQUIRE_EQUAL(back.size(), 3u);
  CAF_CHECK(same_json(back[0], blocks[0]));
  CAF_CHECK(same_json(back[1], blocks[1]));
  CAF_CHECK(!back[2].contains("caller"));
}

CAF_TEST(what gemini says of its searches) {
  const json grounded{
    {"candidates",
     {{{"content", {{"parts", {{{"text", "It rains."}}}}}},
       {"finishReason", "STOP"},
       {"urlContextMetadata",
        {{"urlMetadata", {{{"retrievedUrl", "http://a"}}}}}},
       {"groundingMetadata",
        {{"webSearchQueries", {"rain"}},
         {"groundingChunks", {{{"web", {{"uri", "http://b"}}}}}}}}}}}};
  const auto parts = read_stream(gemini, {grounded});
  CAF_REQUIRE_EQUAL(parts.size(), 5u);
  CAF_CHECK_EQUAL(std::get<tool_call_part>(parts[1]).tool_name, "web_fetch");
  CAF_CHECK_EQUAL(std::get<tool_call_part>(parts[1]).args.dump(),
                  R"({"urls":["http://a"]})");
  const auto& search = std::get<tool_call_part>(parts[3]);
  CAF_CHECK_EQUAL(search.args.dump(), R"({"queries":["rain"]})");
  const auto& found = std::get<builtin_tool_return_part>(parts[4]);
  CAF_CHECK_EQUAL(found.tool_call_id, search.tool_call_id);
  CAF_CHECK_EQUAL(found.content.dump(), R"([{"uri":"http://b"}])");
  // It does not know the ids that were made up for it.
  const auto contents = messages_of(gemini, parts).at("contents");
  CAF_CHECK_EQUAL(contents.back().at("parts").size(), 1u);
}

CAF_TEST(what gemini 3 says of its searches) {
  const json called{
    {"candidates",
     {{{"content",
        {{"parts",
          {{{"toolCall",
             {{"id", "t1"},
              {"toolType", "GOOGLE_SEARCH_WEB"},
              {"args", {{"queries", {"rain"}}}}}},
            {"thoughtSignature", "s1"}},
           {{"toolResponse",
             {{"id", "t1"},
              {"toolType", "GOOGLE_SEARCH_WEB"},
              {"response", {{"x", 1}}}}}},
           {{"text", "It rains."}}}}}},
       {"finishReason", "STOP"},
       {"groundingMetadata", {{"webSearchQueries", {"rain"}}}}}}}};
  const auto parts = read_stream(gemini_3, {called});
  CAF_REQUIRE_EQUAL(parts.size(), 3u);
  CAF_CHECK_EQUAL(std::get<tool_call_part>(parts[0]).tool_name, "web_search");
  const auto back
    = messages_of(gemini_3, parts).at("contents").back().at("parts");
  const auto& sent = called.at("candidates")[0].at("content").at("parts");
  CAF_REQUIRE_EQUAL(back.size(), sent.size());
  for (std::size_t i = 0; i < sent.size(); ++i)
    CAF_CHECK(same_json(back[i], sent[i]));
}
