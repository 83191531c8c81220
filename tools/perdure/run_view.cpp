#include "tools/perdure/run_view.hpp"

#include "tools/perdure/approval_view.hpp"
#include "tools/perdure/table.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace perdure::client {

using runtime::json;
using runtime::timestamp;

namespace {

void add_field(std::string& out, std::string name, std::string_view value) {
  if (value.empty())
    return;
  constexpr std::size_t name_width = 14;
  name.resize(name_width, ' ');
  out += name;
  for (const auto c : value) {
    out += c;
    if (c == '\n')
      out += std::string(name_width, ' ');
  }
  out += "\n";
}

std::string time_text(const json& run, const char* key, timestamp now) {
  const auto text = text_of(run, key);
  return text.empty()
           ? text
           : relative_time(field_of(run, key), now) + "  (" + text + ")";
}

std::string joined(const json& texts) {
  std::string out;
  for (const auto& text : texts)
    out += (out.empty() ? "" : ", ") + plain_text(text);
  return out;
}

std::string error_text(const json& error) {
  if (!error.is_object())
    return {};
  return text_of(error, "type") + ": " + text_of(error, "message");
}

/// `1.2 s`, `3 s so far`, or nothing.
std::string task_time(const json& task) {
  const auto begun = runtime::from_iso(text_of(task, "started_at"));
  const auto ended = runtime::from_iso(text_of(task, "ended_at"));
  return begun && ended ? duration_text(*ended - *begun) : "-";
}

/// How long a person has been asked, and may take.
std::string wait_text(const json& row, timestamp now) {
  const auto kind = text_of(row, "what");
  std::string out = kind == "approval"   ? ": a person must allow it"
                    : kind == "external" ? ": somebody must hand in its result"
                                         : ": it was interrupted, and a person "
                                           "must say whether to run it again";
  out += "; asked " + relative_time(field_of(row, "since"), now);
  if (const auto& expires = field_of(row, "expires_at"); !expires.is_null())
    out += ", expires " + relative_time(expires, now);
  return out;
}

std::string task_name(const json& task) {
  if (const auto tool = text_of(task, "tool_name"); !tool.empty())
    return "tool " + tool;
  return text_of(task, "kind") == "output" ? "output" : "model request";
}

std::string task_remark(const json& task, timestamp now) {
  auto out = error_text(field_of(task, "error"));
  if (const auto& next = field_of(task, "next_attempt_at"); !next.is_null())
    out = "again " + relative_time(next, now) + (out.empty() ? "" : "; " + out);
  if (auto from = text_of(task, "cached_from"); !from.empty())
    out = "cached from " + from;
  return out;
}

} // namespace

std::string run_text(const json& run, timestamp now) {
  std::string out;
  const auto& input = field_of(run, "input");
  add_field(out, "run", text_of(run, "id"));
  add_field(out, "agent", text_of(run, "agent"));
  add_field(out, "state", text_of(run, "state"));
  if (field_of(run, "error").is_null())
    add_field(out, "reason", text_of(run, "reason"));
  add_field(out, "error", error_text(field_of(run, "error")));
  add_field(out, "created", time_text(run, "created_at", now));
  add_field(out, "ended", time_text(run, "ended_at", now));
  const auto begun = runtime::from_iso(text_of(run, "created_at"));
  const auto ended = runtime::from_iso(text_of(run, "ended_at"));
  if (begun && ended)
    add_field(out, "took", duration_text(*ended - *begun));
  add_field(out, "used", usage_text(field_of(run, "usage")));
  add_field(out, "model", text_of(input, "model"));
  if (const auto& tags = field_of(run, "tags"); tags.is_array())
    add_field(out, "tags", joined(tags));
  if (const auto& metadata = field_of(run, "metadata"); !metadata.is_null())
    add_field(out, "metadata", runtime::to_text(metadata));
  if (const auto& deps = field_of(input, "deps"); !deps.is_null())
    add_field(out, "deps", runtime::to_text(deps));
  add_field(out, "conversation", text_of(input, "conversation_id"));
  add_field(out, "definition", text_of(run, "definition"));
  if (const auto& prompt = field_of(input, "prompt"); !prompt.is_null())
    add_field(out, "prompt", plain_text(prompt));
  if (const auto& output = field_of(run, "output"); output.is_string())
    add_field(out, "output", output.get_ref<const std::string&>());
  else if (is_image(output))
    add_field(out, "output",
              image_text(output) + "\n" + save_command(text_of(run, "id"), {}));
  else if (!output.is_null())
    add_field(out, "output", pretty_text(output));
  return out;
}

std::string why_text(const json& why, timestamp now) {
  std::string out;
  add_field(out, "run", text_of(why, "id"));
  add_field(out, "state", text_of(why, "state"));
  add_field(out, "reason", text_of(why, "reason"));
  std::string waits;
  for (const auto& row : field_of(why, "waiting_for")) {
    waits += waits.empty() ? "" : "\n";
    waits += text_of(row, "task");
    if (text_of(row, "what") == "retry")
      waits += ": attempt " + std::to_string(count_of(row, "attempt")) + " "
               + relative_time(field_of(row, "at"), now)
               + ", after: " + one_line(text_of(row, "after"));
    else if (const auto question = text_of(row, "question"); !question.empty())
      waits += wait_text(row, now) + "\n"
               + answer_commands(text_of(row, "what"), short_id(question), {});
    else
      waits += ": attempt " + std::to_string(count_of(row, "attempt"))
               + " is under way";
  }
  add_field(out, "waits for", waits.empty() ? "nothing" : waits);
  if (const auto& wake = field_of(why, "wake_at"); !wake.is_null())
    add_field(out, "goes on", time_text(why, "wake_at", now));
  return out;
}

std::string runs_text(const json& runs, timestamp now, std::size_t width) {
  table out{{"RUN", "AGENT", "STATE", "CREATED", "TAGS", "REASON"}};
  for (const auto& run : runs) {
    const auto& tags = field_of(run, "tags");
    out.add({text_of(run, "id"), text_of(run, "agent"), text_of(run, "state"),
             relative_time(field_of(run, "created_at"), now),
             tags.is_array() ? joined(tags) : std::string{},
             text_of(run, "reason")});
  }
  return out.text(width);
}

std::string tasks_text(const json& tasks, timestamp now, std::size_t width) {
  table out{{"STEP", "TASK", "STATE", "ATTEMPTS", "TOOK", "USED", "REMARK"}};
  for (const auto& task : tasks) {
    const auto& usage = field_of(task, "usage");
    const auto tokens
      = count_of(usage, "input_tokens") + count_of(usage, "output_tokens");
    out.add({std::to_string(count_of(task, "step")), task_name(task),
             text_of(task, "state"), std::to_string(count_of(task, "attempts")),
             task_time(task), usage.is_null() ? "-" : counted(tokens, "token"),
             task_remark(task, now)});
  }
  return out.text(width);
}

std::string agents_text(const json& agents, std::size_t width) {
  table out{{"AGENT", "MODEL", "TOOLS", "DESCRIPTION"}};
  for (const auto& agent : agents) {
    std::string tools;
    for (const auto& tool : field_of(agent, "tools"))
      tools += (tools.empty() ? "" : ", ") + text_of(tool, "name");
    out.add({text_of(agent, "name"), text_of(agent, "model"), tools,
             text_of(agent, "description")});
  }
  return out.text(width);
}

std::string event_text(const json& envelope, std::size_t width) {
  auto event = field_of(envelope, "event");
  auto kind = text_of(event, "event_kind");
  if (event.is_object())
    event.erase("event_kind");
  kind.resize(std::max<std::size_t>(kind.size(), 20), ' ');
  return clip(text_of(envelope, "time") + "  " + kind + "  "
                + one_line(runtime::to_text(event)),
              width)
         + "\n";
}

} // namespace perdure::client
