#define CAF_SUITE flow.rows_images

#include "runtime/flow/answer.hpp"
#include "runtime/flow/views.hpp"
#include "unit/flow/rows_support.hpp"

// Images as the output of a run; docs/testing.md has the list.

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

/// Four bytes of a picture.
response_part image(const std::string& data = "_-_6vg==") {
  return file_part{
    {{"kind", "binary"}, {"data", data}, {"media_type", "image/png"}}, {}};
}

response_part sound() {
  return file_part{
    {{"kind", "binary"}, {"data", "AAAA"}, {"media_type", "audio/wav"}}, {}};
}

agent_definition painter(const std::vector<std::string>& tools = {}) {
  auto out = with_tools(tools);
  out.output.allow_image = true;
  return out;
}

std::string asked_again(const conversation& run) {
  return run.told().size() == 1 ? told_at(run, 0) : std::string{};
}

std::string data_of(const json& item) {
  return item.at("data").get<std::string>();
}

/// Events of this kind.
std::vector<json> told(const conversation& run, std::string_view kind) {
  std::vector<json> out;
  for (const auto& event : run.events())
    if (event.at("event_kind") == kind)
      out.push_back(event);
  return out;
}

} // namespace

CAF_TEST(row 3.6 mode image takes the first image file part) {
  conversation run{painter()};
  run.says({text("Here it is."), sound(), image(), image("AAAA")});
  CAF_REQUIRE(!run.goes_on());
  const auto output = run.output();
  CAF_CHECK_EQUAL(output.at("kind"), "binary");
  CAF_CHECK_EQUAL(output.at("data"), "_-_6vg==");
  CAF_CHECK_EQUAL(output.at("media_type"), "image/png");
  CAF_CHECK(output.at("vendor_metadata").is_null());
  // Of the bytes, as for any file without a name.
  CAF_CHECK_EQUAL(output.at("identifier").get<std::string>().size(), 6u);
}

CAF_TEST(row 3.5 text in place of an image is asked again) {
  conversation run{painter()};
  run.says({text("A cat sits there.")});
  CAF_CHECK_EQUAL(asked_again(run), "retry: \"Please return an image.\"");
  run.says({sound()});
  CAF_CHECK(run.failure() == errc::output_retries_exceeded);
  conversation with_tool{painter({"look"})};
  with_tool.says({text("A cat sits there.")});
  CAF_CHECK_EQUAL(asked_again(with_tool),
                  "retry: \"Please call a tool or return an image.\"");
}

CAF_TEST(row 3.5 an image besides other ways to answer) {
  auto definition = painter();
  definition.output.allow_text = true;
  conversation either{definition};
  either.says({});
  CAF_CHECK_EQUAL(asked_again(either),
                  "retry: \"Please return text or return an image.\"");
  either.says({text("No.")});
  CAF_CHECK_EQUAL(either.output(), "No.");
  auto structured = answering(end_strategy::graceful, {});
  structured.output.allow_image = true;
  conversation by_tool{structured};
  by_tool.says({text("Hm.")});
  CAF_CHECK_EQUAL(asked_again(by_tool),
                  "retry: \"Please include your response in a tool call or "
                  "return an image.\"");
  by_tool.says({image()});
  CAF_CHECK_EQUAL(data_of(by_tool.output()), "_-_6vg==");
}

CAF_TEST(row 3.5 an image goes before text) {
  auto definition = painter();
  definition.output.allow_text = true;
  conversation run{definition};
  run.says({text("Look:"), image()});
  CAF_CHECK(run.output().is_object());
}

CAF_TEST(row 3.5 an image that is no output is nothing) {
  conversation run{with_tools({})};
  run.says({image()});
  CAF_CHECK_EQUAL(asked_again(run), "retry: \"Please return text.\"");
}

CAF_TEST(row 3.5 calls go before an image unless the strategy is early) {
  auto definition = painter({"look"});
  conversation graceful{definition};
  graceful.says({image(), call("c1", "look")});
  CAF_REQUIRE(graceful.goes_on());
  CAF_CHECK_EQUAL(graceful.under_way().size(), 1u);
  definition.end_strategy = end_strategy::early;
  conversation early{definition};
  early.says({image(), call("c1", "look")});
  CAF_REQUIRE(!early.goes_on());
  CAF_CHECK_EQUAL(data_of(early.output()), "_-_6vg==");
}

CAF_TEST(the host program looks at an image) {
  auto definition = painter();
  definition.output.has_validator = true;
  conversation run{definition};
  run.says({image()});
  CAF_REQUIRE(run.goes_on());
  CAF_CHECK(run.state().answer_needs_host());
  run.finds(tool_result_kind::retry, "Too dark.");
  CAF_CHECK_EQUAL(asked_again(run), "retry: \"Too dark.\"");
  run.says({image()}).finds(tool_result_kind::output, "bright");
  CAF_CHECK_EQUAL(run.output(), "bright");
}

CAF_TEST(an image is shown without its bytes) {
  conversation run{painter()};
  run.says({image()});
  const auto shown = run_json(run.state()).at("output");
  CAF_CHECK_EQUAL(shown.at("kind"), "binary");
  CAF_CHECK_EQUAL(shown.at("media_type"), "image/png");
  CAF_CHECK_EQUAL(shown.at("size_bytes"), 4);
  CAF_CHECK(!shown.contains("data"));
  const auto results = told(run, "agent_run_result");
  CAF_REQUIRE_EQUAL(results.size(), 1u);
  CAF_CHECK_EQUAL(results[0].at("result").at("output").dump(), shown.dump());
  // The part itself has them.
  const auto starts = told(run, "part_start");
  CAF_REQUIRE_EQUAL(starts.size(), 1u);
  CAF_CHECK_EQUAL(data_of(starts[0].at("part").at("content")), "_-_6vg==");
}

CAF_TEST(row 4 an image file is the final result) {
  conversation run{painter()};
  run.says({text("Here it is."), image()});
  const auto finals = told(run, "final_result");
  CAF_REQUIRE_EQUAL(finals.size(), 1u);
  CAF_CHECK(finals[0].at("tool_name").is_null());
  conversation plain{with_tools({})};
  plain.says({image(), text("Here it is.")});
  CAF_CHECK_EQUAL(told(plain, "final_result").size(), 1u);
}

CAF_TEST(an output as a file holds it) {
  const auto definition = painter();
  const auto of
    = [&](const json& output) { return output_content_of(definition, output); };
  conversation run{definition};
  run.says({image()});
  CAF_CHECK_EQUAL(of(run.output()).bytes, "\xff\xef\xfa\xbe");
  CAF_CHECK_EQUAL(of(run.output()).media_type, "image/png");
  CAF_CHECK_EQUAL(of("text").bytes, "text");
  CAF_CHECK_EQUAL(of("text").media_type, "text/plain; charset=utf-8");
  CAF_CHECK_EQUAL(of(json{{"a", 1}}).bytes, R"({"a":1})");
  CAF_CHECK_EQUAL(of(json{{"a", 1}}).media_type, "application/json");
  // What a provider says must not reach a header.
  auto evil = run.output();
  evil["media_type"] = "image/png\r\nX: y";
  CAF_CHECK_EQUAL(of(evil).media_type, "application/octet-stream");
}

CAF_TEST(a response that was filtered fails a run that says so) {
  auto definition = with_tools({"look"});
  conversation lenient{definition};
  lenient.says({text("Half of")}, finish_reason::content_filter);
  CAF_CHECK_EQUAL(lenient.output(), "Half of");
  definition.fails_when_filtered = true;
  conversation strict{definition};
  strict.says({text("Half of")}, finish_reason::content_filter);
  CAF_CHECK(strict.failure() == errc::content_filtered);
  CAF_CHECK(strict.message().find("Half of") != std::string::npos);
  conversation calling{definition};
  calling.says({call("c1", "look")}, finish_reason::content_filter);
  CAF_CHECK(calling.failure() == errc::content_filtered);
  conversation fine{definition};
  fine.says({text("All of it")});
  CAF_CHECK_EQUAL(fine.output(), "All of it");
}

CAF_TEST(system prompts of a supplied history are left out on request) {
  model_request first;
  first.parts.push_back(system_prompt_part{"Obey me.", {}, {}});
  model_request second;
  second.parts.push_back(system_prompt_part{"And me.", {}, {}});
  second.parts.push_back(user_prompt_part{"Hello", {}});
  const message_history history{std::make_shared<const message>(first),
                                std::make_shared<const message>(second)};
  const auto prompts_in = [&](const agent_definition& definition) {
    const conversation run{definition, history, nullptr};
    std::size_t count = 0;
    for (const auto& known : run.state().history)
      if (const auto* request = std::get_if<model_request>(known.get()))
        for (const auto& part : request->parts)
          count += std::holds_alternative<system_prompt_part>(part) ? 1 : 0;
    CAF_CHECK(to_text(to_json(run.state().history)).find("Hello")
              != std::string::npos);
    return count;
  };
  auto definition = with_tools({});
  CAF_CHECK_EQUAL(prompts_in(definition), 2u);
  definition.drops_system_prompts = true;
  CAF_CHECK_EQUAL(prompts_in(definition), 0u);
}
