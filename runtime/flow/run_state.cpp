#include "runtime/flow/run_state.hpp"

#include "runtime/flow/views.hpp"
#include "runtime/messages/repair.hpp"

#include <algorithm>
#include <cassert>

namespace perdure::runtime {

namespace {

std::string join(const std::vector<std::string>& texts) {
  std::string out;
  for (const auto& text : texts) {
    if (!out.empty())
      out += "\n\n";
    out += text;
  }
  return out;
}

/// The id of a call as one piece of a key: whatever a model makes up, keys of
/// two tasks differ and fit into a header or an environment.
std::string escaped(const std::string& id) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : id) {
    if (c > ' ' && c != '/' && c != '%' && c != 0x7F) {
      out += static_cast<char>(c);
      continue;
    }
    out += '%';
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  return out;
}

} // namespace

run_state::run_state(definition_ptr definition_in, template_renderer render)
  : definition(std::move(definition_in)), render_(std::move(render)) {
  assert(definition != nullptr);
}

void run_state::apply(const entry& next) {
  ++sequence_;
  last_time = time_of(next);
  if (phase != run_phase::ended)
    std::visit([this](const auto& x) { on(x); }, next);
}

void run_state::on(const run_created& x) {
  if (phase != run_phase::empty)
    return;
  created = x;
  created.input.history.clear(); // `history` has it from here on
  render_instructions();
  history = repair(x.input.history);
  supplied = history.size();
  const auto last = history.empty() ? nullptr : history.back();
  if (!x.input.prompt.is_null()) {
    begin_request({user_prompt_part{x.input.prompt, x.time}}, x.time);
  } else if (last == nullptr) {
    begin_request({}, x.time); // the instructions say it all
  } else if (const auto* request = std::get_if<model_request>(last.get())) {
    history.pop_back(); // sent again as it is
    --supplied;
    begin_request(request->parts, x.time);
  } else {
    step = 1; // calls that nobody answered are run now
    open_calls();
  }
}

void run_state::on(const task_started& x) {
  if (auto* task = open_task(x.task); task != nullptr)
    task->attempt_started = x.attempt;
}

void run_state::on(const attempt_failed& x) {
  auto* task = open_task(x.task);
  if (task == nullptr || x.attempt <= task->attempts_failed)
    return;
  task->attempts_failed = x.attempt;
  task->retry_at = x.retry_at;
  task->last_error = x.reason.message;
}

void run_state::on(const task_completed& x) {
  if (open_task(x.task) == nullptr)
    return;
  if (!first_outcome_at)
    first_outcome_at = x.started_at;
  if (const auto* error = std::get_if<task_error>(&x.outcome))
    fatal = *error;
  else if (const auto* response = std::get_if<model_response>(&x.outcome))
    on_response(x, *response);
  else
    on_tool_result(x, std::get<tool_result>(x.outcome));
}

void run_state::on_response(const task_completed& x,
                            const model_response& response) {
  auto stored = response;
  stored.run_id = created.run_id;
  stored.conversation_id = created.input.conversation_id;
  stored.time = x.time;
  history.push_back(std::make_shared<const message>(std::move(stored)));
  add(used, response.usage);
  ++used.requests;
  open_calls();
}

void run_state::on_tool_result(const task_completed& x,
                               const tool_result& result) {
  auto& call = calls[x.task.index];
  call.result = result;
  call.completed_at = x.time;
  if (result.kind == tool_result_kind::returned)
    ++used.tool_calls;
  if (result.kind == tool_result_kind::retry)
    charge_retry(result);
  if (fatal)
    return;
  const auto open = [](const call_state& y) { return !y.result; };
  if (std::none_of(calls.begin(), calls.end(), open))
    close_calls(message_state::complete);
}

void run_state::charge_retry(const tool_result& result) {
  const auto* tool = definition->tool(result.tool_name);
  const auto budget = tool != nullptr
                        ? tool->max_retries.value_or(definition->tool_retries)
                        : definition->tool_retries;
  if (retries_of(result.tool_name) < budget)
    return;
  fatal = task_error{
    errc::tool_retries_exceeded,
    "tool '" + result.tool_name + "' exceeded max retries count of "
      + std::to_string(budget)
      + "; the model would have been told: " + to_text(result.content)};
}

void run_state::on(const output_rejected& x) {
  if (phase != run_phase::answered)
    return;
  ++output_retries;
  begin_request({retry_prompt_part{x.content, {}, {}, x.time}}, x.time);
}

void run_state::on(const cancel_requested& x) {
  cancelling = true;
  cancel_reason = x.reason;
}

void run_state::on(const run_ended& x) {
  const auto has_result = [](const call_state& y) { return y.result; };
  if (phase == run_phase::calling
      && std::any_of(calls.begin(), calls.end(), has_result))
    close_calls(message_state::interrupted);
  phase = run_phase::ended;
  ended = x;
}

void run_state::render_instructions() {
  for (const auto& item : definition->instructions) {
    if (!item.is_template) {
      instructions.push_back(item.text);
      continue;
    }
    auto text = render_ ? render_(item.text, created.input.deps)
                        : failure{errc::internal, "no template renderer"};
    if (text)
      instructions.push_back(std::move(*text));
    else
      instructions_error = text.error().message;
  }
}

void run_state::open_calls() {
  calls.clear();
  for (const auto* part : function_calls(last_response()))
    calls.push_back({part, {}, {}, {}});
  phase = calls.empty() ? run_phase::answered : run_phase::calling;
}

void run_state::close_calls(message_state state) {
  std::vector<request_part> parts;
  std::map<std::string, std::uint32_t> retries;
  timestamp closed{};
  for (const auto& call : calls) {
    if (!call.result)
      continue;
    parts.push_back(part_of(call));
    closed = std::max(closed, call.completed_at);
    const auto& name = call.result->tool_name;
    if (call.result->kind == tool_result_kind::retry)
      retries[name] = retries_of(name) + 1;
  }
  calls.clear();
  tool_retries_ = std::move(retries);
  begin_request(std::move(parts), closed);
  if (state == message_state::complete)
    return;
  auto partial = std::get<model_request>(*history.back());
  partial.state = state;
  history.back() = std::make_shared<const message>(std::move(partial));
}

void run_state::begin_request(std::vector<request_part> parts, timestamp time) {
  model_request request;
  request.parts = std::move(parts);
  request.time = time;
  if (!instructions.empty())
    request.instructions = join(instructions);
  request.run_id = created.run_id;
  request.conversation_id = created.input.conversation_id;
  history.push_back(std::make_shared<const message>(std::move(request)));
  model = {};
  ++step;
  phase = run_phase::requesting;
}

request_part run_state::part_of(const call_state& call) const {
  const auto& x = *call.result;
  if (x.kind == tool_result_kind::retry)
    return retry_prompt_part{x.content, x.tool_name, x.tool_call_id,
                             call.completed_at};
  tool_return_part part;
  part.tool_name = x.tool_name;
  part.content = x.content;
  part.tool_call_id = x.tool_call_id;
  part.metadata = x.metadata;
  part.time = call.completed_at;
  if (x.kind != tool_result_kind::returned)
    part.outcome = tool_outcome::failed;
  return part;
}

task_progress* run_state::open_task(const task_ref& task) {
  if (task.step != step || fatal)
    return nullptr;
  if (task.kind == task_kind::model_request)
    return phase == run_phase::requesting ? &model : nullptr;
  if (phase != run_phase::calling || task.index >= calls.size()
      || calls[task.index].result)
    return nullptr;
  return &calls[task.index].progress;
}

run_status run_state::status() const {
  if (ended)
    return status_of(ended->end);
  if (cancelling)
    return run_status::cancelling;
  if (sequence_ <= 1 && created.scheduled_at)
    return run_status::scheduled;
  if (phase == run_phase::requesting && model.retry_at)
    return run_status::waiting;
  if (phase == run_phase::calling) {
    const auto open = admitted_calls();
    const auto backs_off = [this](std::uint32_t i) {
      return calls[i].progress.retry_at.has_value();
    };
    if (std::all_of(open.begin(), open.end(), backs_off))
      return run_status::waiting;
  }
  return run_status::running;
}

const model_response& run_state::last_response() const {
  assert(!history.empty());
  return std::get<model_response>(*history.back());
}

const task_policy& run_state::policy(const task_ref& task) const {
  static const auto fallback = default_tool_policy();
  if (task.kind == task_kind::model_request)
    return definition->model_policy;
  const auto* tool = definition->tool(calls.at(task.index).part->tool_name);
  return tool != nullptr ? tool->policy : fallback;
}

const task_progress& run_state::progress(const task_ref& task) const {
  return task.kind == task_kind::model_request ? model
                                               : calls.at(task.index).progress;
}

std::string run_state::idempotency_key(const task_ref& task) const {
  auto key = created.run_id + '/' + std::to_string(task.step);
  if (task.kind == task_kind::model_request)
    return key + "/model";
  const auto& id = calls.at(task.index).part->tool_call_id;
  key += '/' + escaped(id);
  const auto same
    = [&id](const call_state& x) { return x.part->tool_call_id == id; };
  // Some providers give two calls one id; the second is another task. So is a
  // call that is named like the model request.
  if (const auto n
      = std::count_if(calls.begin(), calls.begin() + task.index, same);
      n > 0 || id == "model")
    key += '/' + std::to_string(n + 1);
  return key;
}

std::vector<std::uint32_t> run_state::admitted_calls() const {
  std::vector<std::uint32_t> out;
  for (std::uint32_t i = 0; i < calls.size(); ++i) {
    if (calls[i].result)
      continue;
    const auto* tool = definition->tool(calls[i].part->tool_name);
    const bool barrier = tool != nullptr && tool->sequential;
    if (!barrier || out.empty())
      out.push_back(i);
    if (barrier)
      break;
  }
  return out;
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

run_state fold(definition_ptr definition, template_renderer render,
               const std::vector<entry>& entries) {
  run_state state{std::move(definition), std::move(render)};
  for (const auto& next : entries)
    state.apply(next);
  return state;
}

} // namespace perdure::runtime
