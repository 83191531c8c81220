#include "runtime/flow/entry_events.hpp"

#include "runtime/flow/answer.hpp"
#include "runtime/flow/deferred.hpp"
#include "runtime/flow/sampling.hpp"
#include "runtime/flow/screening.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/messages/history_json.hpp"
#include "runtime/models/request_plan.hpp"

#include <utility>

namespace perdure::runtime {

namespace {

json final_result_json(const tool_call_part* call) {
  return {
    {"event_kind", "final_result"},
    {"tool_name", call == nullptr ? json() : json(call->tool_name)},
    {"tool_call_id", call == nullptr ? json() : json(call->tool_call_id)}};
}

bool is_output(const agent_definition& definition, const std::string& tool) {
  return output_tool_index(definition.output, tool).has_value();
}

/// Whether text may be the output.
bool is_text_final(const agent_definition& definition) {
  const auto& output = definition.output;
  return output.takes_text()
         || (output.is_structured()
             && output_mode_for(definition, profile_of_model(definition.model))
                  != output_mode::tool);
}

/// Collects the events of one entry.
struct collector {
  const agent_definition& definition;
  const std::set<std::uint32_t>& seen;
  std::vector<json> out;

  void on(const run_created& x) {
    out.push_back({{"event_kind", "run_state"},
                   {"state", x.scheduled_at ? "scheduled" : "running"}});
    const auto calls = resumed_calls(x.input, x.time);
    for (const auto& call : calls)
      on_resumed(call);
    for (const auto& call : calls)
      if (call.answer && call.answer->result)
        result(*call.answer->result, x.time, false);
  }

  void on(const task_started&) {
    // an intent is no news to a watcher
  }

  void on(const attempt_failed& x) {
    out.push_back(
      {{"event_kind", "task_retry"},
       {"task_kind", to_string(x.task.kind)},
       {"step", x.task.step},
       {"index", x.task.index},
       {"attempt", x.attempt},
       {"error",
        {{"type", to_string(x.reason.code)}, {"message", x.reason.message}}},
       {"retry_at", to_iso(x.retry_at)}});
  }

  void on(const task_completed& x) {
    if (x.task.kind == task_kind::sampling)
      return sampled(x);
    std::visit([&](const auto& y) { outcome(x, y); }, x.outcome);
  }

  void sampled(const task_completed& x) {
    const auto answer = sampled_answer(nullptr, x.outcome);
    const auto is_said = answer.verdict == verdict::answered;
    out.push_back({{"event_kind", "sampling_completed"},
                   {"step", x.task.step},
                   {"index", x.task.index},
                   {"result", is_said ? answer.content : json()},
                   {"error", is_said ? json() : answer.content}});
  }

  void outcome(const task_completed& entry, const model_response& x) {
    bool final_told = false;
    for (std::uint32_t i = 0; i < x.parts.size(); ++i) {
      // Numbers stay the same for all watchers: what is left out keeps its own.
      const bool known = seen.contains(i);
      const auto part = to_json(x.parts[i]);
      json start{{"event_kind", "part_start"},
                 {"index", i},
                 {"part", part},
                 {"previous_part_kind", kind_of(x, i, -1)}};
      if (!entry.cached_from.empty())
        start["cached"] = true;
      add(known, std::move(start));
      if (auto final = final_result_of(definition, x.parts[i]);
          !final_told && !final.is_null()) {
        final_told = true;
        add(known, std::move(final));
      }
      if (has_end(x.parts[i]))
        add(known, {{"event_kind", "part_end"},
                    {"index", i},
                    {"part", part},
                    {"next_part_kind", kind_of(x, i, 1)}});
    }
    for (const auto* call : function_calls(x))
      out.push_back(call_json(*call, is_valid(*call)));
  }

  void outcome(const task_completed& entry, const tool_result& x) {
    if (entry.task.kind == task_kind::output)
      return; // the end of the run, or the rejection, tells of it
    result(x, entry.time, !entry.cached_from.empty());
  }

  void outcome(const task_completed&, const tool_listing& x) {
    auto tools = json::array();
    for (const auto& tool : x.tools)
      if (tool.is_object())
        tools.push_back(tool.value("name", json()));
    out.push_back({{"event_kind", "tools_listed"},
                   {"server", x.server},
                   {"hash", x.hash},
                   {"tools", std::move(tools)}});
  }

  void outcome(const task_completed&, const task_error& x) {
    out.push_back(
      {{"event_kind", "task_failed"},
       {"error", {{"type", to_string(x.code)}, {"message", x.message}}}});
  }

  void on(const output_rejected& x) {
    out.push_back({{"event_kind", "output_rejected"}, {"content", x.content}});
  }

  void on(const cancel_requested& x) {
    out.push_back({{"event_kind", "run_state"},
                   {"state", "cancelling"},
                   {"reason", x.reason}});
  }

  void on(const run_ended& x) {
    if (x.end == run_end::completed) {
      if (is_deferred_requests(definition, x.output))
        out.push_back(
          {{"event_kind", "deferred_tool_requests"}, {"requests", x.output}});
      out.push_back(
        {{"event_kind", "agent_run_result"},
         {"result", {{"output", shown_output(definition, x.output)}}}});
    }
    out.push_back({{"event_kind", "run_state"},
                   {"state", to_string(status_of(x.end))},
                   {"error", error_json(x)}});
  }

  void on(const task_noted&) {
    // nor is what a new owner would go on with
  }

  void on(const run_taken_over&) {
    out.push_back({{"event_kind", "run_taken_over"}});
  }

  void on(const question_asked& x) {
    out.push_back(
      {{"event_kind", "question_asked"},
       {"kind", to_string(x.kind)},
       {"task", to_string(x.task.kind)},
       {"step", x.task.step},
       {"index", x.task.index},
       {"number", x.number},
       {"tool_name", text_or_null(x.tool_name)},
       {"tool_call_id", text_or_null(x.tool_call_id)},
       {"expires_at", x.expires_at ? json(to_iso(*x.expires_at)) : json()},
       {"metadata", x.metadata}});
  }

  void on(const question_answered& x) {
    out.push_back({{"event_kind", "question_answered"},
                   {"task", to_string(x.task.kind)},
                   {"step", x.task.step},
                   {"index", x.task.index},
                   {"number", x.number},
                   {"verdict", to_string(x.verdict)},
                   {"decided_by", text_or_null(x.decided_by)}});
    if (x.result)
      result(*x.result, x.time, false);
  }

  void on(const event_handled&) {
    // nor that somebody was told of an event
  }

  void on(const sampling_requested& x) {
    out.push_back({{"event_kind", "sampling_requested"},
                   {"step", x.task.step},
                   {"index", x.task.index},
                   {"call", x.call},
                   {"server", x.request.at("server")},
                   {"params", x.request.at("params")}});
  }

private:
  /// A call that was made before this run; where somebody has given its result
  /// nobody looks at its arguments.
  void on_resumed(const resumed_call& call) {
    if (call.answer && call.answer->result) {
      out.push_back(call_json(*call.part, nullptr));
      return;
    }
    auto made = *call.part;
    if (call.answer && !call.answer->arguments.is_null())
      made.args = call.answer->arguments;
    out.push_back(call_json(*call.part, is_valid(made)));
  }

  [[nodiscard]] bool is_valid(const tool_call_part& call) const {
    const auto type = output_tool_index(definition.output, call.tool_name);
    return type ? std::holds_alternative<output_value>(
             read_output_call(definition.output, *type, call.args))
                : !refuse(definition, call).has_value();
  }

  [[nodiscard]] json
  call_json(const tool_call_part& call, json args_valid) const {
    return {{"event_kind", is_output(definition, call.tool_name)
                             ? "output_tool_call"
                             : "function_tool_call"},
            {"part", to_json(response_part{call})},
            {"args_valid", std::move(args_valid)}};
  }

  static json text_or_null(const std::string& text) {
    return text.empty() ? json() : json(text);
  }

  void result(const tool_result& x, timestamp time, bool cached) {
    request_part part;
    if (x.kind == tool_result_kind::retry)
      part = retry_prompt_part{x.content, x.tool_name, x.tool_call_id, time};
    else
      part = tool_return_part{x.tool_name,
                              x.kind == tool_result_kind::output
                                ? json("Final result processed.")
                                : x.content,
                              x.tool_call_id,
                              {},
                              x.metadata,
                              time,
                              outcome_of(x.kind)};
    const auto output = is_output(definition, x.tool_name);
    json event{
      {"event_kind", output ? "output_tool_result" : "function_tool_result"},
      {"part", to_json(part)}};
    if (!output)
      event["content"] = x.extra;
    if (cached)
      event["cached"] = true;
    out.push_back(std::move(event));
  }

  static tool_outcome outcome_of(tool_result_kind kind) {
    switch (kind) {
      case tool_result_kind::denied:
        return tool_outcome::denied;
      case tool_result_kind::failed:
      case tool_result_kind::unknown:
        return tool_outcome::failed;
      default:
        return tool_outcome::success;
    }
  }

  void add(bool known, json event) {
    out.push_back(known ? json() : std::move(event));
  }

  static bool has_end(const response_part& part) {
    return std::holds_alternative<text_part>(part)
           || std::holds_alternative<thinking_part>(part)
           || std::holds_alternative<tool_call_part>(part);
  }

  static json kind_of(const model_response& x, std::uint32_t index, int step) {
    const auto at = static_cast<std::int64_t>(index) + step;
    if (at < 0 || at >= static_cast<std::int64_t>(x.parts.size()))
      return nullptr;
    return to_json(x.parts[static_cast<std::size_t>(at)])["part_kind"];
  }
};

} // namespace

json final_result_of(const agent_definition& definition,
                     const response_part& part) {
  if (std::holds_alternative<text_part>(part))
    return is_text_final(definition) ? final_result_json(nullptr) : json();
  if (const auto* file = std::get_if<file_part>(&part))
    return is_image_output(definition, file->content)
             ? final_result_json(nullptr)
             : json();
  const auto* call = std::get_if<tool_call_part>(&part);
  if (call == nullptr || call->builtin)
    return {};
  if (is_output(definition, call->tool_name))
    return final_result_json(call);
  const auto* tool = definition.tool(call->tool_name);
  const auto is_deferred
    = tool != nullptr && definition.ends_when_deferred
      && (tool->requires_approval || tool->kind == tool_kind::external);
  return is_deferred ? final_result_json(nullptr) : json();
}

std::vector<json>
entry_events(const agent_definition& definition, const entry& value,
             const std::set<std::uint32_t>& seen) {
  collector events{definition, seen, {}};
  std::visit([&events](const auto& x) { events.on(x); }, value);
  return std::move(events.out);
}

} // namespace perdure::runtime
