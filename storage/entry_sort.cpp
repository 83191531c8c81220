#include "storage/entry_sort.hpp"

namespace perdure::storage {

namespace {

bool is_model(const runtime::task_ref& task) noexcept {
  return task.kind == runtime::task_kind::model_request
         || task.kind == runtime::task_kind::sampling;
}

bool is_server(const runtime::task_ref& task) noexcept {
  return task.kind == runtime::task_kind::mcp_request;
}

entry_sort sort_of_result(runtime::tool_result_kind kind) noexcept {
  switch (kind) {
    case runtime::tool_result_kind::returned:
      return entry_sort::tool_returned;
    case runtime::tool_result_kind::retry:
      return entry_sort::tool_asked_again;
    case runtime::tool_result_kind::failed:
      return entry_sort::tool_failed;
    case runtime::tool_result_kind::unknown:
      return entry_sort::tool_unknown;
    case runtime::tool_result_kind::denied:
      return entry_sort::tool_denied;
    case runtime::tool_result_kind::output:
      return entry_sort::output_given;
    case runtime::tool_result_kind::skipped:
      return entry_sort::tool_refused;
  }
  return entry_sort::other;
}

struct sorter {
  entry_sort operator()(const runtime::run_created&) const noexcept {
    return entry_sort::run_created;
  }

  entry_sort operator()(const runtime::attempt_failed& x) const noexcept {
    return is_model(x.task)    ? entry_sort::model_retried
           : is_server(x.task) ? entry_sort::server_retried
                               : entry_sort::tool_retried;
  }

  entry_sort operator()(const runtime::task_completed& x) const noexcept {
    const bool failed = std::holds_alternative<runtime::task_error>(x.outcome);
    if (is_model(x.task))
      return failed ? entry_sort::model_failed : entry_sort::model_answered;
    if (is_server(x.task))
      return failed ? entry_sort::server_failed : entry_sort::server_answered;
    const auto* result = std::get_if<runtime::tool_result>(&x.outcome);
    if (result == nullptr)
      return entry_sort::tool_broken;
    if (x.attempts == 0 && result->kind == runtime::tool_result_kind::retry)
      return entry_sort::tool_refused;
    return sort_of_result(result->kind);
  }

  entry_sort operator()(const runtime::run_ended& x) const noexcept {
    switch (x.end) {
      case runtime::run_end::completed:
        return entry_sort::run_completed;
      case runtime::run_end::failed:
        return entry_sort::run_failed;
      case runtime::run_end::cancelled:
        return entry_sort::run_cancelled;
    }
    return entry_sort::other;
  }

  entry_sort operator()(const runtime::question_asked&) const noexcept {
    return entry_sort::question_asked;
  }

  entry_sort operator()(const runtime::question_answered&) const noexcept {
    return entry_sort::question_answered;
  }

  template <class Other>
  entry_sort operator()(const Other&) const noexcept {
    return entry_sort::other;
  }
};

} // namespace

entry_sort sort_of(const runtime::entry& value) noexcept {
  return std::visit(sorter{}, value);
}

} // namespace perdure::storage
