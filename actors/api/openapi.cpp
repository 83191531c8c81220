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

json with_body(json out, std::string_view schema) {
  out["requestBody"]
    = {{"required", true},
       {"content",
        {{"application/json",
          {{"schema",
            {{"$ref", "#/components/schemas/" + std::string{schema}}}}}}}}};
  return out;
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
  return with_body(std::move(out), "create");
}

json answer_of(std::string_view description, std::string_view schema) {
  return {{"description", description},
          {"content",
           {{"application/json",
             {{"schema",
               {{"$ref", "#/components/schemas/" + std::string{schema}}}}}}}}};
}

json decide_operation(std::string_view id, json parameters,
                      std::string_view schema) {
  return with_body(
    operation(id, "Decide a question, once; durable when this answers.",
              std::move(parameters),
              json{{"200", text_of("It is decided so.")},
                   {"409", text_of("It is not open any more, or is about other "
                                   "arguments.")}}),
    schema);
}

json run_parameter() {
  return parameter("id", "path", "string", "UUID of the run.");
}

json read_operation(std::string_view id, std::string_view summary) {
  return operation(id, summary, json::array({run_parameter()}),
                   json{{"200", text_of(summary)}});
}

void add_servers(json& out) {
  const auto id = parameter("id", "path", "string", "Id of the server.");
  out["/v1/mcp"]
    = {{"get", operation("listServers", "How MCP servers are doing.",
                         json::array(), {{"200", text_of("`servers`.")}})}};
  out["/v1/mcp/{id}"]
    = {{"get",
        operation("showServer", "Its connections, with their logs.",
                  json::array({id}), {{"200", text_of("`connections`.")}})}};
  out["/v1/mcp/{id}/login"] = {
    {"post",
     operation("beginLogin", "Begins a login: a person has to visit `url`.",
               json::array({id}),
               {{"200", answer_of("What comes next.", "login")}})},
    {"delete", operation("logout", "Forgets what was granted for the server.",
                         json::array({id}),
                         {{"200", text_of("`forgotten`: there was a grant, "
                                          "and is none any more.")}})}};
  out["/v1/mcp/{id}/login/{login}"] = {
    {"post",
     with_body(
       operation("finishLogin",
                 "Hands in where the person was redirected to; what is granted "
                 "is durable when this answers.",
                 json::array({id, parameter("login", "path", "string",
                                            "As `beginLogin` named it.")}),
                 {{"200", text_of("`logged_in`, `scope` and `expires_at` of "
                                  "the token.")}}),
       "redirect")}};
  out["/v1/mcp/{id}/{what}"]
    = {{"post",
        operation("callServer",
                  "Calls the server: tools, call, resources, templates, read, "
                  "prompts, prompt or complete.",
                  json::array({id, parameter("what", "path", "string",
                                             "What it is asked for.")}),
                  {{"200", text_of("`result`, as the server gave it.")}})}};
}

void add_approvals(json& out) {
  const auto question = parameter("id", "path", "string", "Id of a question.");
  out["/v1/approvals"] = {
    {"get", operation("listApprovals", "What runs ask of people: the inbox.",
                      json::array({parameter("agent", "query", "string",
                                             "Only questions of this agent."),
                                   parameter("cursor", "query", "string",
                                             "Of the page before.")}),
                      json{{"200", answer_of("Questions, newest run first.",
                                             "questions")}})}};
  out["/v1/approvals/{id}"] = {
    {"post", decide_operation("decide", json::array({question}), "decision")}};
  out["/v1/runs/{id}/approvals"] = {
    {"get",
     operation("getApprovals", "What the run asks of people.",
               json::array({run_parameter()}),
               json{{"200", answer_of("Its open questions.", "questions")}})},
    {"post", decide_operation("decideOfRun", json::array({run_parameter()}),
                              "decision_of_run")}};
}

json paths() {
  json out;
  add_approvals(out);
  add_servers(out);
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
  out["/v1/runs/{id}/output"]
    = {{"get",
        operation("getOutput",
                  "The output itself: text, JSON, or the bytes of an image.",
                  json::array({run_parameter()}),
                  json{{"200", text_of("The output, by its Content-Type.")},
                       {"409", text_of("The run has no output.")}})}};
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
  out["/openapi.json"]
    = {{"get", operation("openapi", "This document.", json::array(),
                         json{{"200", text_of("The document.")}})}};
  out["/metrics"] = {
    {"get",
     operation("metrics", "Numbers of the node for Prometheus.", json::array(),
               json{{"200",
                     {{"description", "The numbers."},
                      {"content", {{"text/plain", json::object()}}}}}})}};
  return out;
}

json question_schema() {
  const auto text = json{{"type", "string"}};
  const auto text_or_null = json{{"type", {"string", "null"}}};
  json out{{"type", "object"}};
  out["properties"]
    = {{"id", text},
       {"run_id", text},
       {"agent", text},
       {"kind", {{"enum", {"approval", "external", "in_doubt"}}}},
       {"task", {{"enum", {"tool_call", "model_request", "output"}}}},
       {"step", {{"type", "integer"}}},
       {"tool_name", text_or_null},
       {"tool_call_id", text_or_null},
       {"arguments", json::object()},
       {"arguments_digest", text_or_null},
       {"metadata", json::object()},
       {"asked_at", {{"type", "string"}, {"format", "date-time"}}},
       {"expires_at", text_or_null},
       {"on_expiry", {{"enum", {"deny", "fail"}}}}};
  return out;
}

/// @param is_of_run the body names the question
json decision_schema(bool is_of_run) {
  const auto text = json{{"type", {"string", "null"}}};
  const auto object = json{{"type", {"object", "null"}}};
  json out{{"type", "object"},
           {"required", json::array({"decision"})},
           {"additionalProperties", false}};
  out["properties"] = {{"decision", {{"enum", {"approve", "deny", "answer"}}}},
                       {"arguments", object},
                       {"message", text},
                       {"result", json::object()},
                       {"metadata", object},
                       {"arguments_digest", text},
                       {"decided_by", text}};
  if (is_of_run) {
    out["required"].push_back("id");
    out["properties"]["id"] = {{"type", "string"}};
  }
  return out;
}

json questions_schema() {
  json out{{"type", "object"}};
  out["properties"]
    = {{"approvals",
        {{"type", "array"},
         {"items", {{"$ref", "#/components/schemas/question"}}}}},
       {"cursor", {{"type", {"string", "null"}}}}};
  return out;
}

/// What begins a login, and what ends it.
void add_login_schemas(json& out) {
  const json text{{"type", "string"}};
  json login{{"type", "object"}};
  login["properties"]
    = {{"login", text},
       {"url", text},
       {"redirect_uri", text},
       {"expires_at", {{"type", "string"}, {"format", "date-time"}}}};
  json redirect{{"type", "object"},
                {"required", json::array({"redirected_to"})},
                {"additionalProperties", false}};
  redirect["properties"] = {{"redirected_to", text}};
  out["login"] = std::move(login);
  out["redirect"] = std::move(redirect);
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
       {"deferred_tool_results", {{"type", {"object", "null"}}}},
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
  json out{{"create", std::move(create)},
           {"decision", decision_schema(false)},
           {"decision_of_run", decision_schema(true)},
           {"error", std::move(error)},
           {"question", question_schema()},
           {"questions", questions_schema()}};
  add_login_schemas(out);
  return out;
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
