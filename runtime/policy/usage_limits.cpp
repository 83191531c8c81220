#include "runtime/policy/usage_limits.hpp"

#include "runtime/field_reader.hpp"

#include <array>
#include <limits>
#include <utility>

namespace perdure::runtime {

namespace {

using limit = std::optional<std::int64_t>;

struct limit_field {
  std::string_view name;
  limit usage_limits::*member;
};

constexpr std::array<limit_field, 6> limit_fields{{
  {"request_limit", &usage_limits::request_limit},
  {"tool_calls_limit", &usage_limits::tool_calls_limit},
  {"input_tokens_limit", &usage_limits::input_tokens_limit},
  {"output_tokens_limit", &usage_limits::output_tokens_limit},
  {"total_tokens_limit", &usage_limits::total_tokens_limit},
  {"per_request_input_tokens_limit",
   &usage_limits::per_request_input_tokens_limit},
}};

/// Limits of Pydantic AI that cannot be kept here.
constexpr std::array<std::pair<std::string_view, const char*>, 2>
  refused_fields{{
    {"cost_limit", "is not supported: the node has no prices of models; use "
                   "total_tokens_limit"},
    {"count_tokens_before_request",
     "is not supported: tokens are counted when the provider has answered; "
     "use per_request_input_tokens_limit"},
  }};

/// Sum of two counts; the largest number instead of an overflow.
std::int64_t sum(std::int64_t left, std::int64_t right) noexcept {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  return right > 0 && left > max - right ? max : left + right;
}

failure
exceeded(std::string_view name, std::int64_t value, const std::string& used) {
  const std::string key{name};
  return {errc::usage_limit_exceeded,
          "the " + key + " of " + std::to_string(value) + " is exceeded: "
            + used + "; raise usage_limits." + key + " or set it to null"};
}

result<unit> check(std::string_view name, const limit& bound, std::int64_t used,
                   std::string_view noun) {
  if (!bound || used <= *bound)
    return ok();
  return exceeded(name, *bound,
                  "the run used " + std::to_string(used) + ' '
                    + std::string{noun});
}

std::int64_t total_tokens(const usage& used) noexcept {
  return sum(used.input_tokens, used.output_tokens);
}

} // namespace

result<unit>
check_before_request(const usage_limits& limits, const run_usage& used) {
  if (limits.request_limit && used.requests >= *limits.request_limit)
    return exceeded("request_limit", *limits.request_limit,
                    "the run made " + std::to_string(used.requests)
                      + " model requests and needs another one");
  if (auto checked = check("input_tokens_limit", limits.input_tokens_limit,
                           used.input_tokens, "input tokens");
      !checked)
    return checked;
  return check("total_tokens_limit", limits.total_tokens_limit,
               total_tokens(used), "tokens");
}

result<unit> check_after_response(const usage_limits& limits,
                                  const run_usage& used, const usage& last) {
  if (auto checked = check("input_tokens_limit", limits.input_tokens_limit,
                           used.input_tokens, "input tokens");
      !checked)
    return checked;
  if (auto checked = check("output_tokens_limit", limits.output_tokens_limit,
                           used.output_tokens, "output tokens");
      !checked)
    return checked;
  if (auto checked = check("total_tokens_limit", limits.total_tokens_limit,
                           total_tokens(used), "tokens");
      !checked)
    return checked;
  const auto& bound = limits.per_request_input_tokens_limit;
  if (bound && last.input_tokens > *bound)
    return exceeded("per_request_input_tokens_limit", *bound,
                    "the last request used " + std::to_string(last.input_tokens)
                      + " input tokens");
  return ok();
}

result<unit> check_before_calls(const usage_limits& limits,
                                const run_usage& used, std::int64_t count) {
  const auto& bound = limits.tool_calls_limit;
  if (!bound || sum(used.tool_calls, count) <= *bound)
    return ok();
  return exceeded("tool_calls_limit", *bound,
                  "the run made " + std::to_string(used.tool_calls)
                    + " tool calls and the model asks for "
                    + std::to_string(count) + " more");
}

result<usage_limits>
usage_limits_from_json(const json& value, usage_limits base) {
  if (!value.is_object())
    return failure{errc::invalid_argument, "usage_limits: must be an object"};
  std::string problem;
  auto known = value;
  field_reader all{value, "usage_limits", problem};
  for (const auto& [name, why] : refused_fields) {
    const auto found = value.find(std::string{name});
    if (found != value.end() && !found->is_null() && *found != false)
      all.fail(name, why);
    known.erase(std::string{name});
  }
  field_reader in{known, "usage_limits", problem};
  in.only({"request_limit", "tool_calls_limit", "input_tokens_limit",
           "output_tokens_limit", "total_tokens_limit",
           "per_request_input_tokens_limit", "time_limit_seconds"});
  for (const auto& [name, member] : limit_fields)
    if (value.contains(std::string{name}))
      base.*member = in.count(name);
  if (value.contains("time_limit_seconds"))
    base.time_limit = in.duration("time_limit_seconds");
  if (!problem.empty())
    return failure{errc::invalid_argument, std::move(problem)};
  return base;
}

json to_json(const usage_limits& limits) {
  auto result = json::object();
  for (const auto& [name, member] : limit_fields) {
    const auto& bound = limits.*member;
    result[std::string{name}] = bound ? json(*bound) : json{};
  }
  result["time_limit_seconds"]
    = limits.time_limit ? to_seconds(*limits.time_limit) : json{};
  return result;
}

} // namespace perdure::runtime
