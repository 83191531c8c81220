#include "runtime/flow/answer.hpp"
#include "runtime/flow/call_label.hpp"
#include "runtime/flow/run_state.hpp"
#include "runtime/flow/screening.hpp"
#include "runtime/flow/views.hpp"
#include "runtime/models/profile.hpp"
#include "runtime/models/request_plan.hpp"

#include <algorithm>
#include <cassert>

/// What a run's state says, without changing it.
namespace perdure::runtime {

run_status run_state::status() const {
  if (ended)
    return status_of(ended->end);
  if (cancelling)
    return run_status::cancelling;
  if (sequence_ <= 1 && created.scheduled_at)
    return run_status::scheduled;
  if (is_held())
    return run_status::running; // its event handler is at work
  const auto waits = [this](const task_ref& task) {
    return progress(task).retry_at.has_value();
  };
  const auto tasks = admitted_tasks();
  const auto is_asked = [this](const sampling_state& x) {
    return is_open(x) && x.progress.question;
  };
  const auto asks
    = phase == run_phase::calling
      && (is_deferred(*definition, calls)
          || std::any_of(samplings.begin(), samplings.end(), is_asked));
  if (tasks.empty() ? asks || model.question || answer.question
                    : std::all_of(tasks.begin(), tasks.end(), waits))
    return run_status::waiting;
  return run_status::running;
}

const model_response& run_state::last_response() const {
  assert(!history.empty());
  const auto& last = *history.back();
  // Behind an answer that an output tool gave stand the results of its round.
  return std::holds_alternative<model_response>(last)
           ? std::get<model_response>(last)
           : std::get<model_response>(*history.at(history.size() - 2));
}

task_policy run_state::policy(const task_ref& task) const {
  if (task.kind == task_kind::model_request || task.kind == task_kind::sampling)
    return definition->model_policy;
  if (task.kind == task_kind::mcp_request) {
    auto policy = definition->mcp_policy;
    policy.on_interrupt = on_interrupt::retry; // it only reads
    return policy;
  }
  if (task.kind != task_kind::tool_call)
    return default_tool_policy();
  const auto& call = calls.at(task.index);
  const auto* tool = definition->tool(call.part->tool_name);
  auto policy = default_tool_policy();
  if (tool != nullptr && tool->is_task)
    policy = tool->policy;
  else if (tool != nullptr)
    policy.timeout = tool->policy.timeout;
  if (call.progress.is_approved) {
    policy.retries = 0;
    if (policy.on_interrupt == on_interrupt::retry)
      policy.on_interrupt = on_interrupt::ask;
  }
  return policy;
}

const task_progress& run_state::progress(const task_ref& task) const {
  if (task.kind == task_kind::tool_call)
    return calls.at(task.index).progress;
  if (task.kind == task_kind::mcp_request)
    return servers.at(task.index).progress;
  if (task.kind == task_kind::sampling)
    return samplings.at(task.index).progress;
  return task.kind == task_kind::output ? answer : model;
}

std::string run_state::idempotency_key(const task_ref& task) const {
  auto key = created.run_id + '/' + std::to_string(task.step);
  if (task.kind == task_kind::model_request)
    // Another model is asked something else.
    return fallback == 0 ? key + "/model"
                         : key + "/model/" + std::to_string(fallback + 1);
  if (task.kind == task_kind::sampling)
    return key + "/model/sampling/" + std::to_string(task.index + 1);
  if (task.kind == task_kind::output)
    return key + "/output";
  if (task.kind == task_kind::mcp_request)
    return key + "/tools/"
           + call_label(definition->mcp_servers.at(task.index).id, task.index);
  const auto& id = calls.at(task.index).part->tool_call_id;
  key += '/' + call_label(id, task.index);
  const auto same
    = [&id](const call_state& x) { return x.part->tool_call_id == id; };
  // Some providers give two calls one id; the second is another task. So is a
  // call that is named like another kind of task.
  if (const auto n
      = std::count_if(calls.begin(), calls.begin() + task.index, same);
      n > 0 || id == "model" || id == "output")
    key += '/' + std::to_string(n + 1);
  // Other arguments are other work, even if a first attempt was made before.
  if (!calls.at(task.index).arguments.is_null())
    key += "/changed/" + std::to_string(calls[task.index].progress.questions);
  return key;
}

std::vector<task_ref> run_state::open_tasks() const {
  std::vector<task_ref> out;
  if (phase == run_phase::requesting)
    out.push_back({step, task_kind::model_request, 0});
  else if (phase == run_phase::preparing) {
    for (std::uint32_t i = 0; i < servers.size(); ++i)
      if (!servers[i].listing)
        out.push_back({step, task_kind::mcp_request, i});
  } else if (phase == run_phase::answered && answer_needs_host()
             && !answer_result)
    out.push_back({step, task_kind::output, 0});
  else if (phase == run_phase::calling)
    for (std::uint32_t i = 0; i < calls.size(); ++i)
      if (!calls[i].result)
        out.push_back({step, task_kind::tool_call, i});
  for (std::uint32_t i = 0; i < samplings.size(); ++i)
    if (is_open(samplings[i]))
      out.push_back({step, task_kind::sampling, i});
  return out;
}

std::vector<task_ref> run_state::admitted_tasks() const {
  if (phase == run_phase::calling) {
    std::vector<task_ref> out;
    for (const auto i : admitted_calls(*definition, calls))
      out.push_back({step, task_kind::tool_call, i});
    for (std::uint32_t i = 0; i < samplings.size(); ++i) {
      // What nobody may want any more is not paid for.
      const auto& x = samplings[i];
      const auto& call = calls[x.call].progress;
      if (is_open(x) && !x.progress.question && !call.question
          && !call.is_cut_off)
        out.push_back({step, task_kind::sampling, i});
    }
    return out;
  }
  auto out = open_tasks();
  std::erase_if(out, [this](const task_ref& task) {
    return progress(task).question.has_value();
  });
  return out;
}

const std::string& run_state::model_in_use() const {
  if (fallback > 0 && fallback <= definition->fallback_models.size())
    return definition->fallback_models[fallback - 1];
  return created.input.model.empty() ? definition->model : created.input.model;
}

output_mode run_state::mode_in_use() const {
  return output_mode_for(*definition, profile_of_model(model_in_use()));
}

bool run_state::answer_needs_host() const {
  if (output || !definition->output.asks_host())
    return false;
  const auto reading = read_answer(*definition, mode_in_use(), last_response());
  const auto* given = std::get_if<runtime::answer>(&reading);
  return given != nullptr && given->needs_host;
}

question_asked run_state::question(const task_ref& task, question_kind kind,
                                   timestamp now) const {
  question_asked asked;
  asked.time = now;
  asked.task = task;
  asked.number = progress(task).questions + 1;
  asked.kind = kind;
  if (task.kind != task_kind::tool_call)
    return asked;
  const auto& part = *calls.at(task.index).part;
  asked.tool_name = part.tool_name;
  asked.tool_call_id = part.tool_call_id;
  if (const auto* tool = definition->tool(part.tool_name)) {
    if (tool->expires_after)
      asked.expires_at = now + *tool->expires_after;
    asked.on_expiry = tool->on_expiry;
  }
  return asked;
}

std::uint32_t run_state::open_questions() const {
  std::uint32_t count = 0;
  for (const auto& task : open_tasks())
    count += progress(task).question ? 1 : 0;
  return count;
}

std::optional<timestamp> run_state::deadline() const {
  const auto& limit = created.input.limits.time_limit;
  if (!limit)
    return std::nullopt;
  return created.scheduled_at.value_or(created.time) + *limit;
}

std::uint32_t run_state::retries_of(const std::string& tool_name) const {
  const auto found = tool_retries_.find(tool_name);
  return found == tool_retries_.end() ? 0 : found->second;
}

} // namespace perdure::runtime
