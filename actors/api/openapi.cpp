#include "actors/api/openapi.hpp"

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

namespace perdure::actors {

using runtime::json;

namespace {

json text_of(std::string_view description) {
  return {{"description", description}};
}

json parameter(std::string_view name, std::string_view where,
               std::string_view type, std::string_view description) {
  return {{"name", name},
          {"in", where},
          {"required", where == "path"},
          {"description", description},
          {"schema", {{"type", type}}}};
}

json operation(std::string_view id, std::string_view summary, json parameters,
               json responses) {
  responses["default"]
    = {{"description", "An error."},
       {"content",
        {{"application/json",
          {{"schema", {{"$ref", "#/components/schemas/error"}}}}}}}};
  return {{"operationId", id},
          {"summary", summary},
          {"parameters", std::move(parameters)},
          {"responses", std::move(responses)}};
}

json create_operation() {
  auto out = operation(
    "createRun", "Create a run; durable when this answers.",
    json::array({parameter("wait", "query", "integer",
                           "Seconds to wait for the run's end, up to 3600."),
                 parameter("Idempotency-Key", "header", "string",
                           "The same key again names the same run.")}),
    json{{"201", text_of("The new run.")},
         {"200", text_of("The run that the key belonged to.")}});
  out["requestBody"]
    = {{"required", true},
       {"content",
        {{"application/json",
          {{"schema", {{"$ref", "#/components/schemas/create"}}}}}}}};
  return out;
}

json run_parameter() {
  return parameter("id", "path", "string", "UUID of the run.");
}

json read_operation(std::string_view id, std::string_view summary) {
  return operation(id, summary, json::array({run_parameter()}),
                   json{{"200", text_of(summary)}});
}

json paths() {
  json out;
  out["/v1/runs"]
    = {{"post", create_operation()},
       {"get",
        operation(
          "listRuns", "Runs, newest first.",
          json::array(
            {parameter("state", "query", "string", "Only runs in this state."),
             parameter("agent", "query", "string", "Only runs of this agent."),
             parameter("tag", "query", "string", "Only runs with this tag."),
             parameter("since", "query", "string",
                       "Only runs created at or after this time."),
             parameter("limit", "query", "integer", "At most 1000."),
             parameter("cursor", "query", "string", "Of the page before.")}),
          json{{"200", text_of("A page of runs and the next cursor.")}})}};
  out["/v1/runs/{id}"] = {{"get", read_operation("getRun", "The run.")}};
  out["/v1/runs/{id}/messages"]
    = {{"get", read_operation("getMessages", "The message history.")}};
  out["/v1/runs/{id}/tasks"]
    = {{"get", read_operation("getTasks", "Its tasks with attempts.")}};
  out["/v1/runs/{id}/journal"]
    = {{"get", read_operation("getJournal", "Its raw entries.")}};
  out["/v1/runs/{id}/why"]
    = {{"get", read_operation("getWhy", "What the run waits for.")}};
  auto events = operation(
    "getEvents", "Server-sent events: stored ones, then live ones.",
    json::array({run_parameter(),
                 parameter("Last-Event-ID", "header", "integer",
                           "Number of the last event already seen."),
                 parameter("follow", "query", "boolean",
                           "false ends the stream after what is stored.")}),
    json{{"200",
          {{"description", "The events."},
           {"content", {{"text/event-stream", json::object()}}}}}});
  out["/v1/runs/{id}/events"] = {{"get", std::move(events)}};
  out["/v1/runs/{id}/cancel"]
    = {{"post", operation("cancelRun", "End the run as cancelled.",
                          json::array({run_parameter()}),
                          json{{"202", text_of("It is being cancelled.")}})}};
  out["/v1/agents"]
    = {{"get", operation("listAgents", "The agents of the node.", json::array(),
                         json{{"200", text_of("The agents.")}})}};
  out["/v1/agents/{name}"]
    = {{"get",
        operation("getAgent", "One agent with its definition.",
                  json::array({parameter("name", "path", "string", "Name.")}),
                  json{{"200", text_of("The agent.")}})}};
  out["/healthz"]
    = {{"get", operation("health", "The process answers.", json::array(),
                         json{{"200", text_of("It does.")}})}};
  out["/readyz"]
    = {{"get", operation("ready", "The node takes new runs.", json::array(),
                         json{{"200", text_of("It does.")},
                              {"503", text_of("It does not, and why.")}})}};
  out["/metrics"] = {
    {"get",
     operation("metrics", "Numbers of the node for Prometheus.", json::array(),
               json{{"200",
                     {{"description", "The numbers."},
                      {"content", {{"text/plain", json::object()}}}}}})}};
  return out;
}

json schemas() {
  const auto text = json{{"type", "string"}};
  json create{{"type", "object"},
              {"required", {"agent"}},
              {"additionalProperties", false}};
  create["properties"]
    = {{"agent", text},
       {"prompt", {{"type", {"string", "array", "null"}}}},
       {"message_history", {{"type", {"array", "null"}}}},
       {"deps", json::object()},
       {"metadata", {{"type", {"object", "null"}}}},
       {"tags", {{"type", "array"}, {"items", text}}},
       {"usage_limits", {{"type", {"object", "null"}}}},
       {"event_handlers",
        {{"type", {"array", "null"}}, {"items", {{"type", "object"}}}}},
       {"model", text},
       {"conversation_id", text},
       {"schedule_at", {{"type", "string"}, {"format", "date-time"}}}};
  json error{{"type", "object"}};
  error["properties"] = {{"error",
                          {{"type", "object"},
                           {"required", {"type", "code", "message"}},
                           {"properties",
                            {{"type", text},
                             {"code", text},
                             {"message", text},
                             {"details", {{"type", "object"}}}}}}}};
  return {{"create", std::move(create)}, {"error", std::move(error)}};
}

std::string make_document() {
  json out{{"openapi", "3.1.0"},
           {"info", {{"title", "Perdure"}, {"version", "0.1.0"}}},
           {"security", json::array({{{"token", json::array()}}})}};
  out["paths"] = paths();
  out["components"] = {
    {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}},
    {"schemas", schemas()}};
  return runtime::to_text(out);
}

} // namespace

std::string openapi_document() {
  static const auto document = make_document();
  return document;
}

} // namespace perdure::actors
