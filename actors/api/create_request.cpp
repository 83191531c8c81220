#include "actors/api/create_request.hpp"

#include "runtime/flow/deferred.hpp"
#include "runtime/messages/history_json.hpp"
#include "runtime/messages/repair.hpp"

#include <algorithm>
#include <array>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;
using runtime::unit;

namespace {

constexpr auto keys = std::to_array<std::string_view>(
  {"agent", "prompt", "message_history", "deps", "metadata", "tags",
   "usage_limits", "model", "conversation_id", "schedule_at",
   "deferred_tool_results", "event_handlers"});

constexpr std::size_t text_max_bytes = 256;

failure invalid(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

result<unit> check_keys(const json& body) {
  for (const auto& [key, value] : body.items()) {
    if (std::find(keys.begin(), keys.end(), key) != keys.end())
      continue;
    auto message = "unknown field '" + key + "'; valid are: ";
    for (const auto name : keys)
      message += (name == keys.front() ? "" : ", ") + std::string{name};
    return invalid(std::move(message));
  }
  return runtime::ok();
}

/// A field that must be a short string; empty when absent or null.
result<std::string> text_field(const json& body, const char* key) {
  const auto found = body.find(key);
  if (found == body.end() || found->is_null())
    return std::string{};
  if (!found->is_string() || found->get_ref<const std::string&>().empty()
      || found->get_ref<const std::string&>().size() > text_max_bytes)
    return invalid(std::string{key} + " must be a string of 1 to "
                   + std::to_string(text_max_bytes) + " bytes");
  return found->get<std::string>();
}

result<unit> read_prompt(const json& body, runtime::run_input& input) {
  const auto found = body.find("prompt");
  if (found == body.end())
    return runtime::ok();
  if (!found->is_string() && !found->is_array() && !found->is_null())
    return invalid("prompt must be a string, an array of content items, or "
                   "null");
  input.prompt = *found;
  return runtime::ok();
}

result<unit> read_tags(const json& body, runtime::run_input& input) {
  constexpr std::size_t tags_max = 32;
  const auto found = body.find("tags");
  if (found == body.end() || found->is_null())
    return runtime::ok();
  const auto is_tag = [](const json& x) {
    return x.is_string() && !x.get_ref<const std::string&>().empty()
           && x.get_ref<const std::string&>().size() <= text_max_bytes;
  };
  if (!found->is_array() || found->size() > tags_max
      || !std::all_of(found->begin(), found->end(), is_tag))
    return invalid("tags must be an array of at most "
                   + std::to_string(tags_max) + " short strings");
  for (const auto& tag : *found)
    input.tags.push_back(tag.get<std::string>());
  return runtime::ok();
}

result<unit> read_objects(const json& body, runtime::run_input& input) {
  if (const auto found = body.find("deps"); found != body.end())
    input.deps = *found;
  if (const auto found = body.find("metadata"); found != body.end()) {
    if (!found->is_object() && !found->is_null())
      return invalid("metadata must be an object");
    input.metadata = *found;
  }
  if (const auto found = body.find("message_history");
      found != body.end() && !found->is_null()) {
    auto history = runtime::history_from_json(*found);
    if (!history)
      return history.error();
    input.history = std::move(*history);
  }
  if (const auto found = body.find("deferred_tool_results");
      found != body.end())
    input.deferred_results = *found;
  if (const auto found = body.find("usage_limits");
      found != body.end() && !found->is_null()) {
    auto limits = runtime::usage_limits_from_json(*found, input.limits);
    if (!limits)
      return limits.error();
    input.limits = *limits;
  }
  return runtime::ok();
}

/// Names tell the handlers of a run apart, those of its agent included.
result<unit> read_handlers(const json& body, create_request& out) {
  const auto found = body.find("event_handlers");
  if (found == body.end())
    return runtime::ok();
  auto handlers = runtime::handlers_from_request(*found);
  if (!handlers)
    return handlers.error();
  auto all = out.definition->handlers;
  for (auto& handler : *handlers) {
    const auto is_same
      = [&](const auto& other) { return other.name == handler.name; };
    if (std::any_of(all.begin(), all.end(), is_same))
      return invalid("two event handlers of the run are called '" + handler.name
                     + "'; give the new one another name");
    all.push_back(handler);
  }
  out.entry.input.handlers = std::move(*handlers);
  return runtime::ok();
}

result<unit> read_schedule(const json& body, runtime::run_created& entry) {
  auto text = text_field(body, "schedule_at");
  if (!text)
    return text.error();
  if (text->empty())
    return runtime::ok();
  entry.scheduled_at = runtime::from_iso(*text);
  if (!entry.scheduled_at)
    return invalid("schedule_at must be a time like 2026-01-02T03:04:05Z");
  return runtime::ok();
}

result<unit>
read_agent(const services& node, const json& body, create_request& out) {
  auto name = text_field(body, "agent");
  if (!name)
    return name.error();
  if (name->empty())
    return invalid("agent is missing: name one of GET /v1/agents");
  auto agent = node.agents->find(*name);
  if (!agent)
    return agent.error();
  out.definition = agent->definition;
  out.entry.definition_hash = agent->hash;
  out.entry.input.agent = std::move(*name);
  out.entry.input.limits = agent->definition->limits;
  auto model = text_field(body, "model");
  if (!model)
    return model.error();
  out.entry.input.model = std::move(*model);
  // A model that cannot be reached is the caller's to know now, not later.
  const auto& wanted = out.entry.input.model.empty() ? agent->definition->model
                                                     : out.entry.input.model;
  if (wanted.empty())
    return invalid("agent '" + out.entry.input.agent
                   + "' names no model; give one in the request");
  if (auto bound = node.models->resolve(wanted); !bound)
    return bound.error();
  return runtime::ok();
}

/// The conversation that a history belongs to; empty for none.
std::string conversation_of(const runtime::message_history& history) {
  for (auto at = history.rbegin(); at != history.rend(); ++at) {
    const auto& id = std::visit(
      [](const auto& x) -> const auto& { return x.conversation_id; }, **at);
    if (id)
      return *id;
  }
  return {};
}

/// The same for the same request, in whatever order its keys were written.
std::string digest_of(const json& body) {
  const nlohmann::json sorted = body;
  return storage::hash_of(
    sorted.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

result<unit>
check_instructions(const services& node, const create_request& request) {
  for (const auto& item : request.definition->instructions) {
    if (!item.is_template)
      continue;
    auto text = node.language.render(item.text, request.entry.input.deps);
    if (!text)
      return invalid("deps do not fit the agent's instructions: "
                     + text.error().message);
  }
  return runtime::ok();
}

/// Whether a run can start from what it is given.
result<unit> check_start(const create_request& request) {
  const auto& input = request.entry.input;
  if (input.deferred_results.is_null())
    return runtime::check_input(input.history, input.prompt,
                                !request.definition->instructions.empty());
  if (!input.prompt.is_null())
    return invalid("a run that goes on with deferred_tool_results has no "
                   "prompt of its own");
  return runtime::check_deferred(input.history, input.deferred_results);
}

} // namespace

result<create_request>
parse_create(const services& node, const std::string& body,
             const std::string& key) {
  auto value = runtime::parse_json(body);
  if (!value)
    return invalid("the body is not JSON: " + value.error().message);
  return parse_create(node, *value, key);
}

result<create_request>
parse_create(const services& node, const json& body, const std::string& key) {
  if (!body.is_object())
    return invalid("the body must be an object");
  create_request out;
  auto& input = out.entry.input;
  if (auto checked = check_keys(body); !checked)
    return checked.error();
  if (auto read = read_agent(node, body, out); !read)
    return read.error();
  if (auto read = read_prompt(body, input); !read)
    return read.error();
  if (auto read = read_tags(body, input); !read)
    return read.error();
  if (auto read = read_objects(body, input); !read)
    return read.error();
  if (auto read = read_handlers(body, out); !read)
    return read.error();
  if (auto read = read_schedule(body, out.entry); !read)
    return read.error();
  auto conversation = text_field(body, "conversation_id");
  if (!conversation)
    return conversation.error();
  if (auto checked = check_start(out); !checked)
    return checked.error();
  if (auto checked = check_instructions(node, out); !checked)
    return checked.error();
  if (key.size() > text_max_bytes)
    return invalid("Idempotency-Key is longer than "
                   + std::to_string(text_max_bytes) + " bytes");
  out.entry.time = node.world->now();
  out.entry.run_id = node.world->make_run_id();
  out.entry.idempotency_key = key;
  if (!key.empty())
    out.digest = digest_of(body);
  input.conversation_id
    = *conversation == "new" ? std::string{} : *conversation;
  if (conversation->empty())
    input.conversation_id = conversation_of(input.history);
  if (input.conversation_id.empty())
    input.conversation_id = node.world->make_run_id();
  return out;
}

} // namespace perdure::actors
