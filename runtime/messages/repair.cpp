#include "runtime/messages/repair.hpp"

#include "runtime/messages/content_items.hpp"

#include <algorithm>
#include <map>

namespace perdure::runtime {

namespace {

constexpr auto interrupted_text
  = "The tool call was interrupted before a result was produced.";

/// The id that `part` answers; nullptr when it is no result of a call.
const std::string* answered_id(const request_part& part) {
  if (const auto* value = std::get_if<tool_return_part>(&part))
    return &value->tool_call_id;
  if (const auto* retry = std::get_if<retry_prompt_part>(&part))
    if (retry->tool_name)
      return &retry->tool_call_id;
  return nullptr;
}

bool is_result(const request_part& part) {
  return answered_id(part) != nullptr;
}

/// Calls that have no result yet. Providers reuse ids, even in one response, so
/// that a result belongs to the latest response that waits for its id.
class open_calls {
public:
  void add(std::size_t message_index, const model_response& response) {
    for (const auto* call : function_calls(response))
      calls_[call->tool_call_id][message_index].push_back(call);
  }

  /// @returns whether a call waited for a result under `id`
  bool answer(const std::string& id) {
    const auto found = calls_.find(id);
    if (found == calls_.end())
      return false;
    auto& waiting = found->second;
    auto& calls = waiting.rbegin()->second;
    calls.erase(calls.begin());
    if (calls.empty())
      waiting.erase(std::prev(waiting.end()));
    if (waiting.empty())
      calls_.erase(found);
    return true;
  }

  bool contains(std::size_t message_index, const tool_call_part* call) const {
    const auto found = calls_.find(call->tool_call_id);
    if (found == calls_.end())
      return false;
    const auto calls = found->second.find(message_index);
    return calls != found->second.end()
           && std::find(calls->second.begin(), calls->second.end(), call)
                != calls->second.end();
  }

  std::vector<const tool_call_part*>
  of(std::size_t message_index, const model_response& response) const {
    auto result = function_calls(response);
    std::erase_if(result, [&](const tool_call_part* call) {
      return !contains(message_index, call);
    });
    return result;
  }

private:
  using waiting_calls
    = std::map<std::size_t, std::vector<const tool_call_part*>>;

  std::map<std::string, waiting_calls> calls_;
};

message_ptr share(message value) {
  return std::make_shared<const message>(std::move(value));
}

/// Item 1: drops the results whose call is absent or comes later. A request of
/// which nothing is left goes too, but for the one to be answered.
message_history drop_orphans(const message_history& history, open_calls& open) {
  message_history result;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (const auto* response = std::get_if<model_response>(&*history[i])) {
      open.add(result.size(), *response);
      result.push_back(history[i]);
      continue;
    }
    const auto& request = std::get<model_request>(*history[i]);
    std::vector<bool> keep;
    for (const auto& part : request.parts) {
      const auto* id = answered_id(part);
      keep.push_back(id == nullptr || open.answer(*id));
    }
    const auto kept = std::count(keep.begin(), keep.end(), true);
    if (static_cast<std::size_t>(kept) == keep.size()) {
      result.push_back(history[i]);
    } else if (kept > 0 || i + 1 == history.size()) {
      auto copy = request;
      copy.parts.clear();
      for (std::size_t j = 0; j < keep.size(); ++j)
        if (keep[j])
          copy.parts.push_back(request.parts[j]);
      result.push_back(share(std::move(copy)));
    }
  }
  return result;
}

tool_return_part
interrupted_return(const tool_call_part& call, const model_response& response) {
  tool_return_part result;
  result.tool_name = call.tool_name;
  result.content = interrupted_text;
  result.tool_call_id = call.tool_call_id;
  result.metadata = json::object();
  result.metadata["pydantic_ai_synthesized_tool_return"] = true;
  result.time = response.time;
  result.outcome = tool_outcome::interrupted;
  return result;
}

/// Puts `added` after the results that `request` has.
void insert_results(model_request& request, std::vector<request_part> added) {
  const auto last
    = std::find_if(request.parts.rbegin(), request.parts.rend(), is_result);
  request.parts.insert(last.base(), std::make_move_iterator(added.begin()),
                       std::make_move_iterator(added.end()));
}

/// Item 2: adds a result for each call that has none.
message_history
answer_open_calls(const message_history& history, const open_calls& open) {
  message_history result;
  std::vector<request_part> added;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (const auto* request = std::get_if<model_request>(&*history[i])) {
      if (added.empty()) {
        result.push_back(history[i]);
      } else {
        auto copy = *request;
        insert_results(copy, std::exchange(added, {}));
        result.push_back(share(std::move(copy)));
      }
      continue;
    }
    const auto& response = std::get<model_response>(*history[i]);
    result.push_back(history[i]);
    const auto is_last = i + 1 == history.size();
    if (is_last && response.state != message_state::interrupted)
      continue;
    for (const auto* call : open.of(i, response))
      added.emplace_back(interrupted_return(*call, response));
    const auto is_followed
      = !is_last && std::holds_alternative<model_request>(*history[i + 1]);
    if (added.empty() || is_followed)
      continue;
    model_request request;
    request.parts = std::exchange(added, {});
    if (response.time != timestamp{})
      request.time = response.time;
    request.run_id = response.run_id;
    request.conversation_id = response.conversation_id;
    result.push_back(share(std::move(request)));
  }
  return result;
}

template <class T>
void replace_if_set(T& value, const T& newer) {
  if (newer)
    value = newer;
}

void replace_if_set(json& value, const json& newer) {
  if (!newer.is_null())
    value = newer;
}

bool may_merge(const model_request& left, const model_request& right) {
  return !left.instructions || !right.instructions
         || *left.instructions == *right.instructions;
}

void merge(model_request& sum, const model_request& more) {
  sum.parts.insert(sum.parts.end(), more.parts.begin(), more.parts.end());
  std::stable_partition(sum.parts.begin(), sum.parts.end(), is_result);
  replace_if_set(sum.time, more.time);
  replace_if_set(sum.instructions, more.instructions);
  replace_if_set(sum.run_id, more.run_id);
  replace_if_set(sum.conversation_id, more.conversation_id);
  replace_if_set(sum.metadata, more.metadata);
  if (more.state != message_state::complete)
    sum.state = more.state;
}

/// A response that no model gave, e.g. one written by an application.
bool is_synthetic(const model_response& response) {
  return !response.provider_response_id && !response.model_name;
}

bool may_merge(const model_response& left, const model_response& right) {
  return is_synthetic(left) && is_synthetic(right);
}

void merge(model_response& sum, const model_response& more) {
  sum.parts.insert(sum.parts.end(), more.parts.begin(), more.parts.end());
  add(sum.usage, more.usage);
  replace_if_set(sum.provider_name, more.provider_name);
  replace_if_set(sum.provider_url, more.provider_url);
  replace_if_set(sum.provider_details, more.provider_details);
  replace_if_set(sum.run_id, more.run_id);
  replace_if_set(sum.conversation_id, more.conversation_id);
  replace_if_set(sum.metadata, more.metadata);
  if (more.time != timestamp{})
    sum.time = more.time;
  if (more.finish_reason != finish_reason::none)
    sum.finish_reason = more.finish_reason;
  // Whether calls are open depends on how the last one ended.
  sum.state = more.state;
}

/// Merges `right` into `left` if both are of the kind `T` and belong together.
template <class T>
bool try_merge(message_ptr& left, const message& right) {
  const auto* old = std::get_if<T>(&*left);
  const auto* more = std::get_if<T>(&right);
  if (old == nullptr || more == nullptr || !may_merge(*old, *more))
    return false;
  auto sum = *old;
  merge(sum, *more);
  left = share(std::move(sum));
  return true;
}

/// Item 3: merges neighbours.
message_history merge_neighbours(const message_history& history) {
  message_history result;
  for (const auto& item : history)
    if (result.empty()
        || (!try_merge<model_request>(result.back(), *item)
            && !try_merge<model_response>(result.back(), *item)))
      result.push_back(item);
  return result;
}

} // namespace

message_history repair(const message_history& history) {
  open_calls open;
  const auto with_calls = drop_orphans(history, open);
  return merge_neighbours(answer_open_calls(with_calls, open));
}

history_tail tail_of(const message_history& history) {
  history_tail result;
  open_calls open;
  std::size_t last_index = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (const auto* response = std::get_if<model_response>(&*history[i])) {
      open.add(i, *response);
      result.last_response = response;
      result.ends_in_request = false;
      last_index = i;
      continue;
    }
    result.ends_in_request = true;
    for (const auto& part : std::get<model_request>(*history[i]).parts)
      if (const auto* id = answered_id(part))
        open.answer(*id);
  }
  if (result.last_response != nullptr)
    result.open_calls = open.of(last_index, *result.last_response);
  return result;
}

result<unit> check_input(const message_history& history, const json& prompt,
                         bool has_instructions) {
  if (prompt.is_null()) {
    if (history.empty() && !has_instructions)
      return failure{errc::invalid_argument,
                     "there is nothing to say to the model: give a prompt, a "
                     "message_history or instructions"};
    return ok();
  }
  if (auto problem = check_user_content(prompt, "prompt"); !problem.empty())
    return failure{errc::invalid_argument, std::move(problem)};
  const auto tail = tail_of(history);
  if (tail.ends_in_request || tail.last_response == nullptr)
    return ok();
  const auto state = tail.last_response->state;
  if (state == message_state::suspended)
    return failure{errc::invalid_message_history,
                   "message_history: the last response is suspended, it must "
                   "be continued without a prompt"};
  if (!tail.open_calls.empty() && state != message_state::interrupted)
    return failure{errc::invalid_message_history,
                   "message_history: the last response calls the tool \""
                     + tail.open_calls.front()->tool_name
                     + "\" and has no result; leave out the prompt to run it, "
                       "or add its result"};
  return ok();
}

} // namespace perdure::runtime
