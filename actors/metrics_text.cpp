// How the numbers of a node are written for Prometheus.

#include "actors/metrics.hpp"
#include "actors/services.hpp"

#include <charconv>

namespace perdure::actors {

namespace {

using storage::entry_sort;
using sorts = std::vector<entry_sort>;

class text {
public:
  /// Begins a metric; `type` is counter, gauge or histogram.
  text&
  metric(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    out_.append("# HELP ").append(name).append(" ").append(help).append("\n");
    out_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    return *this;
  }

  /// One line of it; `labels` as they stand between the braces.
  template <class Number>
  text& value(Number number, std::string_view labels = {},
              std::string_view suffix = {}) {
    out_.append(name_).append(suffix);
    if (!labels.empty())
      out_.append("{").append(labels).append("}");
    out_ += ' ';
    add(number);
    out_ += '\n';
    return *this;
  }

  [[nodiscard]] std::string take() {
    return std::move(out_);
  }

  template <class Number>
  static std::string digits(Number number) {
    std::array<char, 32> buffer;
    const auto end
      = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    return {buffer.data(), end};
  }

private:
  template <class Number>
  void add(Number number) {
    out_ += digits(number);
  }

  std::string_view name_;
  std::string out_;
};

std::uint64_t sum(const metrics& numbers, const sorts& which) {
  std::uint64_t out = 0;
  for (const auto sort : which)
    out += numbers.entries[static_cast<std::size_t>(sort)].value();
  return out;
}

std::string label(std::string_view name, std::string_view value) {
  return std::string{name} + "=\"" + std::string{value} + "\"";
}

struct row {
  std::string_view kind;
  std::string_view outcome;
  sorts which;
};

void add_rows(text& out, const metrics& numbers, const std::vector<row>& rows) {
  for (const auto& [kind, outcome, which] : rows)
    out.value(sum(numbers, which),
              label("kind", kind) + "," + label("outcome", outcome));
}

void add_runs(text& out, const metrics& numbers, const node_health& health,
              const run_counts& runs) {
  out.metric("perdure_runs", "gauge", "Runs in the journal by state.");
  for (const auto& [status, count] : runs)
    out.value(count, label("state", runtime::to_string(status)));
  out.metric("perdure_runs_active", "gauge", "Runs in memory.")
    .value(health.active_runs.load());
  out.metric("perdure_runs_queued", "gauge", "Runs that wait their turn.")
    .value(health.queued_runs.load());
  out.metric("perdure_runs_created_total", "counter", "Runs created.")
    .value(sum(numbers, {entry_sort::run_created}));
  out
    .metric("perdure_runs_ended_total", "counter",
            "Runs that ended, by final state.")
    .value(sum(numbers, {entry_sort::run_completed}), "state=\"completed\"")
    .value(sum(numbers, {entry_sort::run_failed}), "state=\"failed\"")
    .value(sum(numbers, {entry_sort::run_cancelled}), "state=\"cancelled\"");
}

void add_tasks(text& out, const metrics& numbers) {
  constexpr std::string_view model = "model_request";
  constexpr std::string_view tool = "tool_call";
  constexpr std::string_view server = "mcp_request";
  out.metric("perdure_tasks_total", "counter",
             "Tasks with an outcome, by kind and outcome.");
  add_rows(
    out, numbers,
    {{model, "completed", {entry_sort::model_answered}},
     {model, "failed", {entry_sort::model_failed}},
     {tool, "completed", {entry_sort::tool_returned}},
     {tool, "asked_again", {entry_sort::tool_asked_again}},
     {tool, "output", {entry_sort::output_given}},
     {tool, "refused", {entry_sort::tool_refused}},
     {tool, "denied", {entry_sort::tool_denied}},
     {tool, "failed", {entry_sort::tool_failed, entry_sort::tool_broken}},
     {tool, "unknown", {entry_sort::tool_unknown}},
     {server, "completed", {entry_sort::server_answered}},
     {server, "failed", {entry_sort::server_failed}}});
  out.metric("perdure_task_attempts_total", "counter",
             "Attempts at tasks, by kind and outcome.");
  add_rows(
    out, numbers,
    {{model, "succeeded", {entry_sort::model_answered}},
     {model, "failed", {entry_sort::model_retried, entry_sort::model_failed}},
     {tool,
      "succeeded",
      {entry_sort::tool_returned, entry_sort::tool_asked_again}},
     {tool,
      "failed",
      {entry_sort::tool_retried, entry_sort::tool_failed,
       entry_sort::tool_broken}},
     {tool, "unknown", {entry_sort::tool_unknown}},
     {server, "succeeded", {entry_sort::server_answered}},
     {server,
      "failed",
      {entry_sort::server_retried, entry_sort::server_failed}}});
  out.metric("perdure_questions_total", "counter", "Questions to people.")
    .value(sum(numbers, {entry_sort::question_asked}), "event=\"asked\"")
    .value(sum(numbers, {entry_sort::question_answered}), "event=\"answered\"");
  out
    .metric("perdure_model_requests_in_flight", "gauge",
            "Requests that providers are answering.")
    .value(numbers.model_requests.value());
  out.metric("perdure_tool_calls_in_flight", "gauge", "Tool calls under way.")
    .value(numbers.tool_calls.value());
}

void add_journal(text& out, const metrics& numbers, const node_health& health) {
  std::uint64_t entries = 0;
  for (const auto& sort : numbers.entries)
    entries += sort.value();
  out
    .metric("perdure_journal_full", "gauge",
            "1 while new runs are refused for want of room.")
    .value(health.journal_full ? 1 : 0);
  out
    .metric("perdure_journal_commits_total", "counter",
            "Transactions, each with one sync of the disk.")
    .value(numbers.commits.value());
  out
    .metric("perdure_journal_entries_total", "counter",
            "Entries that became durable.")
    .value(entries);
  out
    .metric("perdure_journal_entry_bytes_total", "counter",
            "Bytes of these entries and their blobs.")
    .value(numbers.entry_bytes.value());
  out
    .metric("perdure_journal_refused_total", "counter",
            "Appends that were refused, tries of one that waits included.")
    .value(numbers.batches_refused.value());
  const auto& times = numbers.commit_time;
  constexpr auto& bounds = duration_histogram::bounds_seconds;
  out.metric("perdure_journal_commit_seconds", "histogram",
             "Time of a transaction with its sync.");
  for (std::size_t i = 0; i < bounds.size(); ++i)
    out.value(times.count_up_to(i), label("le", text::digits(bounds[i])),
              "_bucket");
  const auto all = times.count_up_to(bounds.size());
  out.value(all, "le=\"+Inf\"", "_bucket")
    .value(times.sum_seconds(), {}, "_sum")
    .value(all, {}, "_count");
}

} // namespace

std::string prometheus_text(const metrics& numbers, const node_health& health,
                            const run_counts& runs) {
  text out;
  add_runs(out, numbers, health, runs);
  add_tasks(out, numbers);
  add_journal(out, numbers, health);
  out.metric("perdure_http_requests_total", "counter",
             "Requests that the API answered, by class of status.");
  for (std::size_t digit = 1; digit < numbers.http_answers.size(); ++digit)
    out.value(numbers.http_answers[digit].value(),
              label("status", text::digits(digit) + "xx"));
  return out.take();
}

} // namespace perdure::actors
