#define CAF_SUITE flow.rows_outputs

#include "runtime/models/request_plan.hpp"
#include "unit/flow/rows_support.hpp"

// How the output of a run is asked for and read; docs/testing.md has the list.

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

const std::string good = R"({"n": 1})";

/// What the model was told last, when that is all it was told.
std::string asked_again(const conversation& run) {
  return run.told().size() == 1 ? told_at(run, 0) : std::string{};
}

request_plan plan(const agent_definition& definition) {
  return plan_requests(definition, profile_of_model(definition.model));
}

/// `{"n": number}` or a bare number.
agent_definition either(output_mode mode) {
  auto out = answering(end_strategy::graceful, {}, mode);
  output_type count;
  count.name = "A count";
  count.json_schema = {{"type", "integer"}};
  out.output.types.push_back(std::move(count));
  return out;
}

} // namespace

CAF_TEST(row 3.6 mode tool takes calls of output tools and no text) {
  const auto definition = answering(end_strategy::graceful);
  CAF_CHECK(plan(definition).choice == tool_choice::required);
  conversation run{definition};
  run.says({text(good)});
  CAF_CHECK_EQUAL(asked_again(run),
                  "retry: \"Please include your response in a tool call.\"");
  CAF_CHECK_EQUAL(run.state().output_retries, 1u);
  run.says({final_call("c1", good)});
  CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
}

CAF_TEST(row 3.6 text may be an output besides output tools) {
  auto definition = answering(end_strategy::graceful);
  definition.output.allow_text = true;
  CAF_CHECK(plan(definition).choice == tool_choice::automatic);
  conversation run{definition};
  run.says({text("None.")});
  CAF_CHECK_EQUAL(run.output(), "None.");
}

CAF_TEST(row 3.6 mode native reads text as JSON of the schema) {
  const auto definition
    = answering(end_strategy::graceful, {"look"}, output_mode::native);
  CAF_REQUIRE(plan(definition).format);
  CAF_CHECK(!plan(definition).any_object);
  CAF_CHECK_EQUAL(plan(definition).tools.size(), 1u);
  conversation run{definition};
  run.says({text(good)});
  CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
}

CAF_TEST(row 3.6 mode prompted puts the schema into the instructions) {
  auto definition
    = answering(end_strategy::graceful, {}, output_mode::prompted);
  const auto asked = plan(definition).instructions;
  CAF_CHECK(asked.find(R"("type":"object")") != std::string::npos);
  definition.output.prompt_template = "Like this: {schema}!";
  CAF_CHECK(plan(definition).instructions.starts_with("Like this: {"));
}

CAF_TEST(row 3.6 fences around JSON do not matter) {
  for (const auto mode : {output_mode::native, output_mode::prompted})
    for (const auto* said :
         {"```json\n{\"n\": 1}\n```", "Here:\n```\n{\"n\": 1}\n```\nDone.",
          "```json\n{\"n\": 1}"}) {
      conversation run{answering(end_strategy::graceful, {}, mode)};
      run.says({text(said)});
      CAF_CHECK_EQUAL(to_text(run.output()), R"({"n":1})");
    }
}

CAF_TEST(row 3.6 text that does not fit is told within the output budget) {
  for (const auto* said : {"one", R"({"n": "one"})", "[1]"}) {
    conversation run{
      answering(end_strategy::graceful, {}, output_mode::native)};
    run.says({text(said)});
    CAF_REQUIRE(run.goes_on());
    const auto& part = run.told<retry_prompt_part>(0);
    CAF_CHECK(part.content.is_array());
    CAF_CHECK(!part.tool_name);
    run.says({text(said)});
    CAF_CHECK(run.failure() == errc::output_retries_exceeded);
  }
}

CAF_TEST(row 3.6 auto is what the profile of the model says) {
  auto definition
    = answering(end_strategy::graceful, {}, output_mode::automatic);
  model_profile profile;
  CAF_CHECK(output_mode_for(definition, profile) == output_mode::tool);
  profile.default_output = output_mode::native;
  CAF_CHECK(output_mode_for(definition, profile) == output_mode::native);
  definition.output.mode = output_mode::prompted;
  CAF_CHECK(output_mode_for(definition, profile) == output_mode::prompted);
}

CAF_TEST(row 3.6 a mode that the model does not have is refused) {
  const auto definition
    = answering(end_strategy::graceful, {"look"}, output_mode::native);
  model_profile profile;
  CAF_CHECK(check_output(definition, profile, "m"));
  profile.supports_format_with_tools = false;
  CAF_CHECK(!check_output(definition, profile, "m"));
  profile = {};
  profile.supports_json_schema = false;
  const auto refused = check_output(definition, profile, "m");
  CAF_REQUIRE(!refused);
  CAF_CHECK(refused.error().code == errc::invalid_argument);
}

CAF_TEST(row 3.6 names and descriptions of output tools) {
  const auto only = output_tools(answering(end_strategy::graceful).output);
  CAF_REQUIRE_EQUAL(only.size(), 1u);
  CAF_CHECK_EQUAL(only[0].name, "final_result");
  CAF_CHECK_EQUAL(only[0].description,
                  "The final response which ends this conversation");
  auto several = either(output_mode::tool);
  several.output.types.push_back(several.output.types.back());
  const auto tools = output_tools(several.output);
  CAF_REQUIRE_EQUAL(tools.size(), 3u);
  CAF_CHECK_EQUAL(tools[0].name, "final_result_Answer");
  CAF_CHECK_EQUAL(tools[1].name, "final_result_A_count");
  CAF_CHECK_EQUAL(tools[2].name, "final_result_A_count_2");
  CAF_CHECK_EQUAL(tools[0].description,
                  "Answer: The final response which ends this conversation");
}

CAF_TEST(row 3.6 values that are no objects are wrapped) {
  const auto tools = output_tools(either(output_mode::tool).output);
  CAF_CHECK(tools[1].parameters["properties"].contains("response"));
  conversation run{either(output_mode::tool)};
  run.says({call("c1", "final_result_A_count", R"({"response": 3})")});
  CAF_CHECK_EQUAL(run.output(), 3);
}

CAF_TEST(row 3.6 one of several types is tagged in text) {
  for (const auto mode : {output_mode::native, output_mode::prompted}) {
    const auto format = format_of(either(mode).output);
    const auto& variants = format.schema["properties"]["result"]["anyOf"];
    CAF_REQUIRE_EQUAL(variants.size(), 2u);
    CAF_CHECK_EQUAL(variants[0]["properties"]["kind"]["const"], "Answer");
    conversation run{either(mode)};
    run.says(
      {text(R"({"result": {"kind": "A count", "data": {"response": 3}}})")});
    CAF_CHECK_EQUAL(run.output(), 3);
    conversation other{either(mode)};
    other.says({text(R"({"result": {"kind": "Answer", "data": {"n": 1}}})")});
    CAF_CHECK_EQUAL(to_text(other.output()), R"({"n":1})");
    conversation wrong{either(mode)};
    wrong.says({text(R"({"result": {"kind": "Else", "data": 1}})")});
    CAF_CHECK(told_at(wrong, 0).find("Answer, A count") != std::string::npos);
  }
}

CAF_TEST(row 3.6 what the host program makes of an output is the output) {
  auto definition = answering(end_strategy::graceful, {}, output_mode::native);
  definition.output.types[0].has_function = true;
  conversation run{definition};
  run.says({text(good)});
  CAF_REQUIRE(run.goes_on());
  run.finds(tool_result_kind::retry, "Too small.");
  CAF_CHECK_EQUAL(asked_again(run), "retry: \"Too small.\"");
  run.says({text(good)}).finds(tool_result_kind::output, "one");
  CAF_CHECK_EQUAL(run.output(), "one");
}
