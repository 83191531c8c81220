#pragma once

#include "runtime/flow/machine.hpp"
#include "runtime/flow/settle.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"

#include <nlohmann/json.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

/// Short ways to say what a run went through.
namespace perdure::runtime::test {

using namespace std::chrono_literals;

inline timestamp at(std::int64_t seconds) {
  return timestamp{std::chrono::seconds{1'800'000'000 + seconds}};
}

inline agent_definition plain_definition() {
  agent_definition out;
  out.name = "helper";
  out.model = "openai:gpt-4o";
  out.model_policy = default_model_policy();
  return out;
}

inline tool_definition plain_tool(const std::string& name) {
  tool_definition out;
  out.name = name;
  out.policy = default_tool_policy();
  return out;
}

inline definition_ptr share(agent_definition value) {
  return std::make_shared<const agent_definition>(std::move(value));
}

inline run_created created(json prompt = "Do it.") {
  run_created out;
  out.time = at(0);
  out.run_id = "01900000-0000-7000-8000-000000000001";
  out.input.agent = "helper";
  out.input.prompt = std::move(prompt);
  return out;
}

inline tool_call_part
call(const std::string& id, const std::string& tool, json args = "{}") {
  tool_call_part out;
  out.tool_name = tool;
  out.tool_call_id = id;
  out.args = std::move(args);
  return out;
}

inline model_response response(std::vector<response_part> parts) {
  model_response out;
  out.parts = std::move(parts);
  out.usage.input_tokens = 20;
  out.usage.output_tokens = 5;
  out.finish_reason = finish_reason::stop;
  return out;
}

inline task_ref model_task(std::uint32_t step) {
  return {step, task_kind::model_request, 0};
}

inline task_ref tool_task(std::uint32_t step, std::uint32_t index) {
  return {step, task_kind::tool_call, index};
}

inline entry
answered(std::uint32_t step, model_response value, timestamp time = at(1)) {
  return task_completed{time, model_task(step), 1, at(0), std::move(value)};
}

inline entry returned(std::uint32_t step, std::uint32_t index,
                      const tool_call_part& made, json content = "fine",
                      tool_result_kind kind = tool_result_kind::returned) {
  return task_completed{
    at(2), tool_task(step, index), 1, at(1),
    tool_result{
      made.tool_name, made.tool_call_id, kind, std::move(content), {}}};
}

/// What somebody said to the n-th question about the first call.
inline entry decided(std::uint32_t number, verdict value) {
  question_answered out;
  out.time = at(5);
  out.task = tool_task(1, 0);
  out.number = number;
  out.verdict = value;
  return out;
}

inline entry ended(timestamp time = at(1)) {
  return run_ended{time, run_end::completed, "Done.", errc::none, {}};
}

inline attempt_failure busy(errc code = errc::model_http_error) {
  return {code, "busy", true, {}, 503};
}

/// Wants a number at `n`.
class number_schema final : public schema {
public:
  std::vector<schema_error> validate(const json& value) const override {
    if (value.contains("n") && value["n"].is_number())
      return {};
    return {{json::array({"n"}), "a number is required"}};
  }

  const std::vector<std::string>& unenforced() const noexcept override {
    static const std::vector<std::string> none;
    return none;
  }
};

inline agent_definition with_tools(const std::vector<std::string>& names) {
  auto out = plain_definition();
  for (const auto& name : names)
    out.tools.push_back(plain_tool(name));
  return out;
}

inline agent_definition with_list() {
  return with_tools({"list"});
}

/// Its tool wants a number at `n`.
inline agent_definition with_add() {
  auto out = with_tools({"add"});
  out.tools[0].schema = std::make_shared<number_schema>();
  return out;
}

/// A run that has come this far.
inline run_state
run_with(agent_definition definition, const std::vector<entry>& entries) {
  return fold(share(std::move(definition)), {}, entries);
}

/// The only entry, which is the end of the run.
inline const run_ended* end_of(const std::vector<entry>& entries) {
  return entries.size() == 1 ? std::get_if<run_ended>(&entries.front())
                             : nullptr;
}

inline const start_task* start_of(const command& value) {
  return std::get_if<start_task>(&value);
}

} // namespace perdure::runtime::test
