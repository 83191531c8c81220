#include "tools/perdure/run_printer.hpp"

#include "runtime/flow/questions.hpp"
#include "tools/perdure/approval_view.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

#include <algorithm>
#include <utility>

namespace perdure::client {

using runtime::json;
using runtime::timestamp;

namespace {

/// Columns of a note on something that is no screen.
constexpr std::size_t note_width_max = 200;

/// What a tool gave back, or what the model was told instead.
std::string result_text(const json& part) {
  auto text = one_line(plain_text(field_of(part, "content")));
  if (text_of(part, "part_kind") == "retry-prompt")
    return "asked to try again: " + text;
  const auto outcome = text_of(part, "outcome");
  return outcome.empty() || outcome == "success" ? text : outcome + ": " + text;
}

std::string error_text(const json& error) {
  const auto message = one_line(text_of(error, "message"));
  const auto type = text_of(error, "type");
  if (message.empty())
    return type.empty() ? "for an unknown reason" : type;
  return type.empty() ? message : message + " (" + type + ")";
}

std::string duration_of(const json& run) {
  const auto begun = runtime::from_iso(text_of(run, "created_at"));
  const auto ended = runtime::from_iso(text_of(run, "ended_at"));
  return begun && ended ? duration_text(*ended - *begun) : std::string{};
}

} // namespace

std::string question_id(const std::string& run_id, const json& event) {
  runtime::question_ref ref{run_id, {}, 1};
  ref.task.step = static_cast<std::uint32_t>(count_of(event, "step"));
  ref.task.index = static_cast<std::uint32_t>(count_of(event, "index"));
  ref.number = static_cast<std::uint32_t>(count_of(event, "number"));
  const auto task = text_of(event, "task");
  for (const auto kind :
       {runtime::task_kind::tool_call, runtime::task_kind::output})
    if (task == to_string(kind))
      ref.task.kind = kind;
  return to_string(ref);
}

run_printer::run_printer(console& screen, run_printer_options options)
  : screen_(screen), options_(options) {
  // nop
}

void run_printer::on_event(const json& event, timestamp now) {
  const auto kind = text_of(event, "event_kind");
  if (kind == "part_start") {
    on_part_start(event);
  } else if (kind == "part_delta") {
    on_part_delta(event);
  } else if (kind == "part_end") {
    on_part_end(event);
  } else if (kind == "function_tool_call") {
    on_call(event);
  } else if (kind == "function_tool_result") {
    on_result(event);
  } else if (kind == "output_tool_call") {
    close_response();
    remember_call(field_of(event, "part"));
  } else if (kind == "output_tool_result") {
    on_output_result(event);
  } else if (kind == "question_asked") {
    on_question(event);
  } else if (kind == "question_answered") {
    on_answer(event);
  } else if (kind == "sampling_requested") {
    note("server " + text_of(event, "server") + " asks the model", tone::dim);
  } else if (kind == "run_taken_over") {
    note("the run goes on after its node ended", tone::dim);
  } else if (kind == "task_retry") {
    on_retry(event, now);
  } else if (kind == "output_rejected") {
    close_response();
    note("the answer was not usable; the model is asked again: "
           + one_line(plain_text(field_of(event, "content"))),
         tone::warning);
  } else if (kind == "agent_run_result" || kind == "task_failed") {
    close_response();
  } else if (kind == "run_state") {
    on_state(event);
  }
}

// -- text ---------------------------------------------------------------------

void run_printer::on_part_start(const json& event) {
  const auto& part = field_of(event, "part");
  const auto index = count_of(event, "index");
  in_response_ = true;
  if (text_of(part, "part_kind") != "text") {
    // A part that was text is something else now.
    if (const auto found = texts_.find(index); found != texts_.end())
      start_over(index);
    texts_.erase(index);
    return;
  }
  texts_[index].confirmed = 0;
  grow(index, text_of(part, "content"));
}

void run_printer::on_part_delta(const json& event) {
  const auto& delta = field_of(event, "delta");
  const auto index = count_of(event, "index");
  if (text_of(delta, "part_delta_kind") == "text" && texts_.contains(index))
    grow(index, text_of(delta, "content_delta"));
}

void run_printer::on_part_end(const json& event) {
  const auto& part = field_of(event, "part");
  const auto index = count_of(event, "index");
  const auto found = texts_.find(index);
  if (found == texts_.end() || text_of(part, "part_kind") != "text")
    return;
  const auto whole = text_of(part, "content");
  if (whole == found->second.printed)
    return;
  // What came in pieces was not all of it, or less than was said before.
  found->second.confirmed = 0;
  grow(index, whole);
  if (texts_[index].printed != whole) {
    start_over(index);
    grow(index, whole);
  }
}

void run_printer::grow(std::int64_t index, std::string_view text) {
  auto& part = texts_[index];
  const auto size = std::min(text.size(), part.printed.size() - part.confirmed);
  if (part.printed.compare(part.confirmed, size, text.substr(0, size)) != 0) {
    const auto again = part.printed.substr(0, part.confirmed);
    start_over(index);
    grow(index, again);
    grow(index, text);
    return;
  }
  part.confirmed += size;
  text.remove_prefix(size);
  if (text.empty())
    return;
  part.printed += text;
  part.confirmed = part.printed.size();
  if (!options_.live_text)
    return;
  // Text goes on over the border of two parts; anything else is a new line.
  if (index != last_index_ && (index != last_index_ + 1 || index == 0))
    screen_.end_line();
  last_index_ = index;
  screen_.out(text);
}

void run_printer::start_over(std::int64_t index) {
  texts_.erase(texts_.lower_bound(index), texts_.end());
  texts_[index] = {};
  last_index_ = -1;
  if (!options_.live_text)
    return;
  screen_.end_line();
  note("the connection to the model was lost; it answers anew:", tone::warning);
}

void run_printer::close_response() {
  if (!std::exchange(in_response_, false))
    return;
  if (options_.live_text)
    screen_.end_line();
  answer_.clear();
  for (const auto& [index, text] : texts_)
    answer_ += text.printed;
  texts_.clear();
  calls_.clear();
  last_index_ = -1;
}

// -- tools and states ---------------------------------------------------------

void run_printer::remember_call(const json& part) {
  const auto& args = field_of(part, "args");
  calls_.push_back({text_of(part, "tool_call_id"), text_of(part, "tool_name"),
                    args.is_null() ? std::string{} : one_line(plain_text(args)),
                    true});
}

const run_printer::told_call* run_printer::call_at(std::int64_t index) const {
  return index >= 0 && index < static_cast<std::int64_t>(calls_.size())
           ? &calls_[static_cast<std::size_t>(index)]
           : nullptr;
}

void run_printer::on_call(const json& event) {
  close_response();
  remember_call(field_of(event, "part"));
  const auto& call = calls_.back();
  note("-> " + call.name + (call.args.empty() ? "" : " ") + call.args,
       tone::dim);
}

void run_printer::on_output_result(const json& event) {
  const auto& part = field_of(event, "part");
  // A good one is the output of the run, which is printed at its end.
  if (text_of(part, "part_kind") == "retry-prompt")
    note("the answer was not usable; " + result_text(part), tone::warning);
}

void run_printer::on_question(const json& event) {
  close_response();
  const auto kind = text_of(event, "kind");
  const auto* call = text_of(event, "task") == "tool_call"
                       ? call_at(count_of(event, "index"))
                       : nullptr;
  json question{{"kind", kind}, {"task", field_of(event, "task")}};
  question["tool_name"] = field_of(event, "tool_name");
  auto line = "waits for a person to " + question_text(question);
  if (call != nullptr && !call->args.empty())
    line += " " + call->args;
  note(line, tone::warning);
  if (!options_.has_notes)
    return;
  if (const auto expires = text_of(event, "expires_at"); !expires.empty())
    screen_.note("  not later than " + expires, tone::dim);
  screen_.note(answer_commands(kind,
                               short_id(question_id(options_.run_id, event)),
                               options_.repeat_options),
               tone::dim);
}

void run_printer::on_answer(const json& event) {
  const auto* call = call_at(count_of(event, "index"));
  auto line = text_of(event, "verdict");
  if (call != nullptr)
    line += ": " + call->name;
  if (const auto by = text_of(event, "decided_by"); !by.empty())
    line += ", by " + one_line(by);
  note(line, tone::dim);
}

void run_printer::on_result(const json& event) {
  const auto& part = field_of(event, "part");
  const auto id = text_of(part, "tool_call_id");
  const auto open = std::count_if(calls_.begin(), calls_.end(),
                                  [](const auto& x) { return x.is_open; });
  for (auto& call : calls_)
    if (call.id == id)
      call.is_open = false;
  const auto name = open > 1 ? text_of(part, "tool_name") + " " : std::string{};
  note("<- " + name + result_text(part), tone::dim);
}

void run_printer::on_retry(const json& event, timestamp now) {
  const auto index = count_of(event, "index");
  const auto kind = text_of(event, "task_kind");
  std::string what = kind == "mcp_request" ? "listing a server's tools"
                     : kind == "sampling"  ? "asking the model for a server"
                                           : "the model request";
  if (kind == "tool_call") {
    const auto* call = call_at(index);
    what = call == nullptr ? "a tool call" : call->name;
  }
  const auto at = runtime::from_iso(text_of(event, "retry_at"));
  note(what + " failed: " + error_text(field_of(event, "error")) + "; attempt "
         + std::to_string(count_of(event, "attempt") + 1)
         + (at && *at > now ? " " + relative_time(*at, now) : " followed"),
       tone::warning);
}

void run_printer::on_state(const json& event) {
  const auto state = text_of(event, "state");
  if (state == "scheduled")
    note("the run is scheduled; it starts when its time has come", tone::dim);
  else if (state == "cancelling")
    note("the run is being cancelled: " + one_line(text_of(event, "reason")),
         tone::warning);
  else if (state != "running")
    close_response();
}

void run_printer::note(std::string_view text, tone look) {
  if (!options_.has_notes)
    return;
  const auto width = screen_.err_style().width;
  screen_.note(clip(text, width == 0 ? note_width_max : width), look);
}

// -- the end ------------------------------------------------------------------

bool run_printer::was_printed(const json& output) const {
  if (!options_.live_text || answer_.empty())
    return false;
  if (output.is_string())
    return answer_ == output.get_ref<const std::string&>();
  const auto told = runtime::parse_json(answer_);
  return told && runtime::same_json(*told, output);
}

void run_printer::finish(const json& run) {
  close_response();
  const auto state = text_of(run, "state");
  const auto& output = field_of(run, "output");
  if (state == "completed" && !was_printed(output)) {
    screen_.end_line();
    if (is_image(output))
      screen_.out(image_text(output));
    else if (output.is_string() || !screen_.out_style().is_terminal)
      screen_.out(plain_text(output));
    else
      screen_.out(pretty_text(output));
  }
  screen_.end_line();
  if (is_image(output) && options_.has_notes)
    screen_.note(save_command(text_of(run, "id"), options_.repeat_options),
                 tone::dim);
  tell_end(run);
}

void run_printer::tell_end(const json& run) {
  const auto state = text_of(run, "state");
  const auto& error = field_of(run, "error");
  if (state == "failed")
    screen_.complain("the run failed: " + error_text(error));
  if (!options_.has_notes)
    return;
  auto line = state;
  if (const auto took = duration_of(run); !took.empty())
    line += (state == "completed" ? " in " : " after ") + took;
  line += ": ";
  if (state == "cancelled" && !text_of(error, "message").empty())
    line += one_line(text_of(error, "message")) + "; ";
  line += usage_text(field_of(run, "usage"));
  line += "; run " + text_of(run, "id");
  screen_.note(line, state == "completed" ? tone::dim : tone::warning);
}

} // namespace perdure::client
