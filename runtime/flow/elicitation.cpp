#include "runtime/flow/elicitation.hpp"

#include "runtime/flow/sampling.hpp"
#include "runtime/mcp/elicitation.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/turn_note.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace perdure::runtime {

namespace {

constexpr auto requests_key = "input_requests";

/// The request of one key of a note, as the metadata of a question.
json metadata_of(const json& note, const std::string& key,
                 const json& request) {
  const std::string server{text_or_empty(note, "server")};
  const auto params = value_or_null(request, "params");
  auto out = text_or_empty(request, "method") == "sampling/createMessage"
               ? sampling_request(server, params)
               : elicitation_metadata(server, params);
  out["key"] = key;
  return out;
}

const elicited_answer*
answer_to(const json& question, const std::vector<elicited_answer>& answers) {
  const auto found = std::find_if(
    answers.begin(), answers.end(),
    [&](const elicited_answer& x) { return x.question == question; });
  return found == answers.end() ? nullptr : &*found;
}

} // namespace

json elicitation_metadata(const std::string& server, const json& params) {
  const auto url = value_or_null(params, "url");
  json out{{"server", server},
           {"mode", url.is_string() ? "url" : "form"},
           {"message", value_or_null(params, "message")}};
  if (url.is_string()) {
    out["url"] = url;
    out["elicitation_id"] = value_or_null(params, "elicitationId");
  } else {
    out["schema"] = value_or_null(params, "requestedSchema");
  }
  return out;
}

result<json> accepted_content(const json& question, const json& content) {
  json params{{"message", value_or_null(question, "message")}};
  if (value_or_null(question, "mode") == "url") {
    params["mode"] = "url";
    params["url"] = value_or_null(question, "url");
    params["elicitationId"] = value_or_null(question, "elicitation_id");
  } else {
    params["requestedSchema"] = value_or_null(question, "schema");
  }
  auto asked = mcp::read_elicitation(params);
  if (!asked)
    return asked.error();
  auto answer = mcp::accept(*asked, content);
  if (!answer)
    return answer.error();
  return value_or_null(*answer, "content");
}

json elicitation_result(const elicited_answer& answer) {
  if (is_sampling(answer.question))
    return answer.content;
  switch (answer.verdict) {
    case verdict::approved:
      break;
    case verdict::denied:
    case verdict::answered:
      return mcp::decline();
    case verdict::expired:
      return mcp::dismiss();
  }
  json out{{"action", "accept"}};
  if (!answer.content.is_null())
    out["content"] = answer.content;
  return out;
}

json input_note(const std::string& server, json requests,
                const std::optional<std::string>& request_state,
                const json& task, json known) {
  json out{{"server", server}, {requests_key, std::move(requests)}};
  out["request_state"] = request_state ? json(*request_state) : json();
  out["task"] = task;
  if (known.is_object() && !known.empty())
    out["known"] = std::move(known);
  return out;
}

bool asks_for_work(const json& note) {
  // Answers go to the task that the server has, or with the call once more.
  return names_work(find_value(note, requests_key) == nullptr
                      ? note
                      : value_or_null(note, "task"));
}

std::optional<json> next_input(const task_progress& task) {
  const auto* requests = find_value(task.note, requests_key);
  if (requests == nullptr || !requests->is_object() || task.question
      || task.samplings > 0)
    return std::nullopt;
  for (const auto& [key, request] : requests->items()) {
    auto question = metadata_of(task.note, key, request);
    if (answer_to(question, task.elicited) == nullptr)
      return question;
  }
  return std::nullopt;
}

std::optional<std::string> unsaid_input(const task_progress& task) {
  if (find_value(task.note, requests_key) == nullptr)
    return std::nullopt;
  for (const auto& answer : task.elicited)
    if (is_sampling(answer.question) && answer.verdict != verdict::answered)
      return answer.content.get<std::string>();
  return std::nullopt;
}

json input_responses(const json& note,
                     const std::vector<elicited_answer>& answers) {
  const auto* requests = find_value(note, requests_key);
  if (requests == nullptr || !requests->is_object())
    return nullptr;
  const auto* known = find_value(note, "known");
  auto out = known == nullptr ? json::object() : *known;
  for (const auto& [key, request] : requests->items())
    if (const auto* answer
        = answer_to(metadata_of(note, key, request), answers))
      out[key] = elicitation_result(*answer);
  return out;
}

// -- what a run's state makes of them -----------------------------------------

void run_state::answer_elicitation(task_progress& task,
                                   const question_answered& x,
                                   const open_question& asked) {
  task.elicited.push_back({asked.metadata, x.verdict, x.arguments});
}

bool run_state::asks_at_work() const {
  const auto open = open_tasks();
  return std::any_of(open.begin(), open.end(), [this](const task_ref& task) {
    const auto& asked = progress(task).question;
    return asked && asked->attempt > 0;
  });
}

void run_state::cut_off_questions() {
  for (const auto& task : open_tasks()) {
    auto* progress = open_task(task);
    if (progress == nullptr || !progress->question
        || progress->question->attempt == 0)
      continue;
    const auto attempt = std::exchange(progress->question->attempt, 0);
    // It may have acted before it asked. The question stays open: what is
    // answered will not be asked again, whatever becomes of the attempt.
    progress->is_cut_off = policy(task).on_interrupt != on_interrupt::retry
                           && !asks_for_work(progress->note);
    if (progress->is_cut_off)
      continue;
    progress->attempts_over = std::max(progress->attempts_over, attempt);
    ++progress->attempts_free;
  }
}

} // namespace perdure::runtime
