#include "runtime/messages/message.hpp"

#include "runtime/messages/decimal.hpp"

#include <limits>

namespace perdure::runtime {

namespace {

/// Counts come from providers and from files: never overflow.
std::int64_t saturating_sum(std::int64_t left, std::int64_t right) noexcept {
  constexpr auto max = std::numeric_limits<std::int64_t>::max();
  constexpr auto min = std::numeric_limits<std::int64_t>::min();
  if (right > 0 && left > max - right)
    return max;
  if (right < 0 && left < min - right)
    return min;
  return left + right;
}

void add_count(std::int64_t& sum, std::int64_t more) noexcept {
  sum = saturating_sum(sum, more);
}

void add_details(json& sum, const json& more) {
  if (!more.is_object() || more.empty())
    return;
  if (!sum.is_object())
    sum = json::object();
  for (const auto& [key, value] : more.items()) {
    if (!value.is_number_integer())
      continue;
    const auto found = sum.find(key);
    if (found == sum.end())
      sum[key] = value;
    else if (found->is_number_integer())
      *found
        = saturating_sum(found->get<std::int64_t>(), value.get<std::int64_t>());
  }
}

} // namespace

void add(usage& sum, const usage& more) {
  add_count(sum.input_tokens, more.input_tokens);
  add_count(sum.cache_write_tokens, more.cache_write_tokens);
  add_count(sum.cache_read_tokens, more.cache_read_tokens);
  add_count(sum.output_tokens, more.output_tokens);
  add_count(sum.input_audio_tokens, more.input_audio_tokens);
  add_count(sum.cache_audio_read_tokens, more.cache_audio_read_tokens);
  add_count(sum.output_audio_tokens, more.output_audio_tokens);
  add_details(sum.details, more.details);
  if (!more.cost)
    return;
  if (!sum.cost) {
    sum.cost = more.cost;
    return;
  }
  if (auto total = add_decimals(*sum.cost, *more.cost))
    sum.cost = std::move(*total);
}

std::vector<const tool_call_part*>
function_calls(const model_response& response) {
  std::vector<const tool_call_part*> result;
  for (const auto& part : response.parts)
    if (const auto* call = std::get_if<tool_call_part>(&part))
      if (!call->builtin)
        result.push_back(call);
  return result;
}

} // namespace perdure::runtime
