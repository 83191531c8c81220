#include "tools/library/convert.hpp"

#include "runtime/flow/run_status.hpp"
#include "runtime/time.hpp"

#include <utility>

namespace perdure::library {

namespace {

using clock = std::chrono::system_clock;

clock::time_point time_of(const json& text) {
  const auto time = runtime::from_iso(text.get_ref<const std::string&>());
  return time ? clock::time_point{*time} : clock::time_point{};
}

run_state state_of(const std::string& name) {
  using runtime::run_status;
  switch (runtime::status_from_string(name).value_or(run_status::failed)) {
    case run_status::scheduled:
      return run_state::scheduled;
    case run_status::pending:
      return run_state::pending;
    case run_status::running:
      return run_state::running;
    case run_status::waiting:
      return run_state::waiting;
    case run_status::paused:
      return run_state::paused;
    case run_status::cancelling:
      return run_state::cancelling;
    case run_status::completed:
      return run_state::completed;
    case run_status::failed:
      return run_state::failed;
    case run_status::cancelled:
      return run_state::cancelled;
  }
  return run_state::failed;
}

run_usage usage_of(const json& usage) {
  const auto count
    = [&](const char* key) { return usage.value(key, std::int64_t{0}); };
  return {count("requests"), count("tool_calls"), count("input_tokens"),
          count("output_tokens"), usage};
}

runtime::on_interrupt to_runtime(on_interrupt what) {
  switch (what) {
    case on_interrupt::retry:
      return runtime::on_interrupt::retry;
    case on_interrupt::fail:
      return runtime::on_interrupt::fail;
    case on_interrupt::ask:
      return runtime::on_interrupt::ask;
  }
  return runtime::on_interrupt::retry;
}

runtime::cache_scope to_runtime(cache_scope scope) {
  switch (scope) {
    case cache_scope::definition:
      return runtime::cache_scope::definition;
    case cache_scope::agent:
      return runtime::cache_scope::agent;
    case cache_scope::all:
      return runtime::cache_scope::all;
  }
  return runtime::cache_scope::definition;
}

/// Adds the field unless it says nothing.
void add(json& body, const char* key, const json& value) {
  if (!value.is_null() && value != "")
    body[key] = value;
}

} // namespace

void raise(const runtime::failure& reason) {
  throw error{std::string{to_string(reason.code)}, reason.message};
}

runtime::usage_limits to_runtime(const usage_limits& limits) {
  return {limits.request_limit,      limits.tool_calls_limit,
          limits.input_tokens_limit, limits.output_tokens_limit,
          limits.total_tokens_limit, limits.per_request_input_tokens_limit,
          limits.time_limit};
}

runtime::task_policy
merged(const task_config& config, runtime::task_policy base) {
  if (config.retries)
    base.retries = *config.retries;
  if (!config.retry_delays.empty())
    base.retry_delays = config.retry_delays;
  if (config.retry_delay_max)
    base.delay_max = *config.retry_delay_max;
  if (config.timeout)
    base.timeout = config.timeout;
  if (config.on_interrupt)
    base.on_interrupt = to_runtime(*config.on_interrupt);
  if (config.cache_policy)
    base.cache.mode = *config.cache_policy == cache_policy::inputs
                        ? runtime::cache_mode::inputs
                        : runtime::cache_mode::none;
  if (!config.cache_exclude.empty())
    base.cache.exclude = config.cache_exclude;
  if (config.cache_expiration)
    base.cache.expiration = config.cache_expiration;
  if (config.cache_scope)
    base.cache.scope = to_runtime(*config.cache_scope);
  return base;
}

runtime::tool_reply to_runtime(tool_reply reply) {
  struct converter {
    runtime::tool_reply operator()(json& x) const {
      return std::move(x);
    }
    runtime::tool_reply operator()(tool_return& x) const {
      return runtime::tool_return{std::move(x.value), x.content.content(),
                                  std::move(x.metadata)};
    }
    runtime::tool_reply operator()(retry& x) const {
      return runtime::tool_retry{std::move(x.message)};
    }
    runtime::tool_reply operator()(failed& x) const {
      return runtime::tool_failed{std::move(x.message)};
    }
    runtime::tool_reply operator()(needs_approval& x) const {
      return runtime::tool_needs_approval{std::move(x.metadata)};
    }
    runtime::tool_reply operator()(deferred& x) const {
      return runtime::tool_deferred{std::move(x.metadata)};
    }
  };
  return std::visit(converter{}, reply.content());
}

runtime::output_reply to_runtime(output_reply reply) {
  auto& content = reply.content();
  if (auto* asks = std::get_if<retry>(&content))
    return runtime::tool_retry{std::move(asks->message)};
  return std::get<json>(std::move(content));
}

json create_body(const std::string& agent, const prompt& what,
                 const run_options& options) {
  json body{{"agent", agent}};
  add(body, "prompt", what.content());
  add(body, "message_history", options.message_history);
  add(body, "deferred_tool_results", options.deferred_tool_results);
  add(body, "deps", options.deps);
  add(body, "metadata", options.metadata);
  add(body, "model", options.model);
  add(body, "conversation_id", options.conversation_id);
  if (!options.tags.empty())
    body["tags"] = options.tags;
  if (options.usage_limits)
    body["usage_limits"] = runtime::to_json(to_runtime(*options.usage_limits));
  if (options.schedule_at)
    body["schedule_at"]
      = runtime::to_iso(std::chrono::time_point_cast<std::chrono::microseconds>(
        *options.schedule_at));
  return body;
}

json answer_body(const decision& what, const std::string& arguments_digest) {
  json body{{"decision", what.kind}};
  add(body, "arguments", what.arguments);
  add(body, "message", what.message);
  if (what.kind == "answer")
    body["result"] = what.result;
  add(body, "metadata", what.metadata);
  add(body, "decided_by", what.decided_by);
  add(body, "arguments_digest", arguments_digest);
  return body;
}

run_context to_context(const runtime::host_context& from) {
  run_context out;
  out.run_id = from.run_id;
  out.agent = from.agent;
  out.idempotency_key = from.idempotency_key;
  out.attempt = from.attempt;
  out.retry = from.retry;
  out.deps = from.deps;
  out.metadata = from.metadata;
  out.stop = from.stop;
  return out;
}

run_context to_context(const runtime::tool_invocation& from) {
  auto out = to_context(static_cast<const runtime::host_context&>(from));
  out.tool_name = from.tool_name;
  out.tool_call_id = from.tool_call_id;
  out.is_approved = from.is_approved;
  out.approval_metadata = from.approval_metadata;
  return out;
}

event to_event(const runtime::event_envelope& from) {
  return {from.sequence, clock::time_point{from.time},
          from.event.value("event_kind", std::string{}), from.event};
}

event to_event(const runtime::event_invocation& from) {
  const auto& data = from.envelope.at("event");
  const auto time
    = runtime::from_iso(from.envelope.at("time").get<std::string>());
  return {from.number, clock::time_point{time.value_or(runtime::timestamp{})},
          data.value("event_kind", std::string{}), data};
}

approval to_approval(const json& question) {
  approval out;
  const auto text = [&](const char* key) {
    const auto& value = question.at(key);
    return value.is_string() ? value.get<std::string>() : std::string{};
  };
  out.id = text("id");
  out.run_id = text("run_id");
  out.agent = text("agent");
  const auto kind = text("kind");
  out.kind = kind == "external"   ? approval_kind::external
             : kind == "in_doubt" ? approval_kind::in_doubt
                                  : approval_kind::approval;
  out.tool_name = text("tool_name");
  out.tool_call_id = text("tool_call_id");
  out.arguments = question.at("arguments");
  out.arguments_digest = text("arguments_digest");
  out.metadata = question.at("metadata");
  out.asked_at = time_of(question.at("asked_at"));
  if (const auto& expiry = question.at("expires_at"); !expiry.is_null())
    out.expires_at = time_of(expiry);
  return out;
}

run_result to_result(actors::run_view view) {
  run_result out;
  out.run_id = view.run["id"].get<std::string>();
  out.state = state_of(view.run["state"].get<std::string>());
  out.output = std::move(view.output);
  if (const auto& reason = view.run["error"]; !reason.is_null())
    out.error = run_error{reason["type"].get<std::string>(),
                          reason["message"].get<std::string>()};
  out.usage = usage_of(view.run["usage"]);
  out.messages = std::move(view.messages);
  for (const auto& question : view.questions)
    out.approvals.push_back(to_approval(question));
  out.run = std::move(view.run);
  return out;
}

} // namespace perdure::library
