#include "runtime/mcp/result_reader.hpp"

#include "runtime/mcp/failure_reader.hpp"
#include "runtime/mcp/outbox.hpp"

#include <array>
#include <utility>

namespace perdure::runtime::mcp {

namespace {

constexpr const char* idempotency_key = "perdure/idempotency-key";

/// Only these may ask for something first.
bool may_need_input(std::string_view method) noexcept {
  return method == "tools/call" || method == "prompts/get"
         || method == "resources/read";
}

call_failure bad_answer(std::string message) {
  return {.kind = call_failure_kind::bad_answer,
          .message = std::move(message),
          .data = {},
          .challenge = {}};
}

result_reading read_needs_input(const json& result, const call_request& call,
                                const json& roots) {
  if (!may_need_input(call.method))
    return bad_answer(call.method + " cannot need input");
  needs_input out;
  out.requests = json::object();
  if (const auto* requests = object_at(result, "inputRequests"))
    for (const auto& [key, request] : requests->items()) {
      if (text_at(request, "method") == "roots/list" && !roots.is_null())
        out.responses[key] = roots;
      else
        out.requests[key] = request;
    }
  if (const auto state = result.find("requestState"); state != result.end()) {
    if (!state->is_string())
      return bad_answer("the requestState is no string");
    out.request_state = state->get<std::string>();
  }
  if (out.requests.empty() && out.responses.empty() && !out.request_state)
    return bad_answer("the server needs input and does not say what");
  return out;
}

} // namespace

result_reading read_result(json result, const call_request& call, era spoken,
                           const json& roots) {
  if (!result.is_object())
    return bad_answer("the result is no object");
  if (spoken == era::legacy) {
    if (call.as_task && call.method == "tools/call")
      if (auto task = task_in(result, spoken))
        return std::move(*task);
    return completed{std::move(result)};
  }
  const auto found = result.find("resultType");
  if (found == result.end() || *found == "complete")
    return completed{std::move(result)};
  if (*found == "input_required")
    return read_needs_input(result, call, roots);
  if (*found == "task" && call.method == "tools/call") {
    if (auto task = task_in(result, spoken))
      return std::move(*task);
    return bad_answer("the server began a task and does not name it");
  }
  return bad_answer("a result of the unknown type " + to_text(*found));
}

result_reading read_error(const rpc_error& error, const call_request& call) {
  const auto is_url_wanted = error.code == rpc_code::url_elicitation_required
                             && may_need_input(call.method)
                             && error.data.is_object();
  if (!is_url_wanted)
    return to_call_failure(error);
  needs_input out;
  out.requests = json::object();
  const auto listed = error.data.find("elicitations");
  if (listed != error.data.end() && listed->is_array())
    for (const auto& item : *listed) {
      auto key = text_at(item, "elicitationId");
      if (key.empty() || text_at(item, "url").empty())
        return to_call_failure(error);
      auto params = item;
      params["mode"] = "url";
      out.requests[std::move(key)]
        = json{{"method", "elicitation/create"}, {"params", std::move(params)}};
    }
  if (out.requests.empty())
    return to_call_failure(error);
  return out;
}

json params_of(const call_request& call, era spoken, std::int64_t token) {
  auto out = call.params.is_object() ? call.params : json::object();
  if (call.wants_progress || !call.idempotency_key.empty()) {
    auto& meta = out["_meta"];
    if (!meta.is_object())
      meta = json::object();
    if (call.wants_progress)
      meta["progressToken"] = token;
    if (!call.idempotency_key.empty())
      meta[idempotency_key] = call.idempotency_key;
  }
  if (spoken == era::legacy) {
    if (call.as_task && call.method == "tools/call") {
      out["task"] = json::object();
      if (call.hard_timeout.count() > 0)
        out["task"]["ttl"] = call.hard_timeout.count();
    }
    return out;
  }
  if (may_need_input(call.method)) {
    if (call.input_responses.is_object())
      out["inputResponses"] = call.input_responses;
    if (call.request_state)
      out["requestState"] = *call.request_state;
  }
  return out;
}

json roots_result(const std::vector<std::string>& uris) {
  auto roots = json::array();
  for (const auto& uri : uris)
    roots.push_back(json{{"uri", uri}});
  return json{{"roots", std::move(roots)}};
}

std::string_view items_key(std::string_view method) noexcept {
  constexpr auto keys
    = std::to_array<std::pair<std::string_view, std::string_view>>(
      {{"tools/list", "tools"},
       {"prompts/list", "prompts"},
       {"resources/list", "resources"},
       {"resources/templates/list", "resourceTemplates"},
       {"tasks/list", "tasks"}});
  for (const auto& [name, key] : keys)
    if (name == method)
      return key;
  return {};
}

} // namespace perdure::runtime::mcp
