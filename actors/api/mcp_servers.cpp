#include "actors/api/mcp_servers.hpp"

#include "actors/api/answers.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace mcp = runtime::mcp;

namespace {

/// A server of the node's agents.
struct known_server {
  mcp_server_ptr options;
  std::vector<std::string> agents;
};

/// By id; of two of one id the first agent's counts.
std::map<std::string, known_server> servers_of(const services& node) {
  std::map<std::string, known_server> out;
  for (const auto& agent : node.agents->all())
    for (const auto& server : agent.definition->mcp_servers) {
      auto& known = out[server.id];
      if (known.options == nullptr)
        known.options = {agent.definition, &server};
      known.agents.push_back(agent.definition->name);
    }
  return out;
}

json text_or_null(const std::string& text) {
  return text.empty() ? json() : json(text);
}

json time_or_null(const std::optional<runtime::timestamp>& time) {
  return time ? json(runtime::to_iso(*time)) : json();
}

/// Whether a person has to log in at the server, or has; null where nobody
/// needs to.
json login_of(const mcp::server_options& server,
              const mcp_http_access& access) {
  if (server.auth.kind != mcp::auth_kind::login)
    return nullptr;
  return access.has_grant(server) ? "done" : "needed";
}

json row_of(const known_server& known, const mcp_status& status,
            const mcp_http_access& access) {
  json out{{"id", known.options->id},
           {"agents", known.agents},
           {"transport", mcp::to_string(known.options->transport)},
           {"run_id", text_or_null(status.run_id)},
           {"state", to_string(status.state)},
           {"until", time_or_null(status.until)},
           {"login", login_of(*known.options, access)},
           {"era", mcp::to_string(status.era)},
           {"version", text_or_null(status.version)},
           {"server", status.server_info},
           {"capabilities", status.capabilities},
           {"instructions", text_or_null(status.instructions)},
           {"tools", status.tools},
           {"calls_in_flight", status.calls_in_flight},
           {"calls_total", status.calls_total},
           {"restarts", status.restarts},
           {"last_error", text_or_null(status.last_error)},
           {"last_error_at", time_or_null(status.last_error_at)}};
  out["latency_ms"]
    = status.latency ? json(static_cast<double>(status.latency->count()) / 1000)
                     : json();
  return out;
}

/// The connections of one server; one that is idle when there are none.
std::vector<mcp_board::entry>
connections_of(const std::string& id,
               const std::vector<mcp_board::entry>& all) {
  std::vector<mcp_board::entry> out;
  std::copy_if(all.begin(), all.end(), std::back_inserter(out),
               [&](const auto& x) { return x.status.server_id == id; });
  if (out.empty())
    out.emplace_back();
  return out;
}

result<known_server> find_known(const services& node, const std::string& id) {
  auto all = servers_of(node);
  if (const auto found = all.find(id); found != all.end())
    return std::move(found->second);
  std::string names;
  for (const auto& [name, server] : all)
    names += (names.empty() ? "" : ", ") + name;
  return failure{errc::run_not_found,
                 "there is no MCP server '" + id + "'; "
                   + (names.empty() ? "the node's agents have none"
                                    : "the node's agents have: " + names)};
}

/// What can be asked of a server, and by which method.
struct door {
  std::string_view name;
  std::string_view method;
  /// Fields that it cannot do without; empty for none.
  std::array<std::string_view, 2> needs{};
  /// A field that may be there; empty for none.
  std::string_view may{};
  bool is_list = false;
};

constexpr auto doors = std::to_array<door>({
  {"tools", "tools/list", {}, {}, true},
  {"call", "tools/call", {"name"}, "arguments"},
  {"resources", "resources/list", {}, {}, true},
  {"templates", "resources/templates/list", {}, {}, true},
  {"read", "resources/read", {"uri"}},
  {"prompts", "prompts/list", {}, {}, true},
  {"prompt", "prompts/get", {"name"}, "arguments"},
  {"complete", "completion/complete", {"ref", "argument"}, "context"},
});

result<json> parameters_of(const door& what, const std::string& body) {
  auto value = body.empty() ? json::object() : runtime::parse_json(body);
  if (!value || !value->is_object())
    return failure{errc::invalid_argument, "the body must be an object"};
  const auto& needs = what.needs;
  for (const auto& [key, item] : value->items())
    if (key.empty()
        || (key != what.may
            && std::find(needs.begin(), needs.end(), key) == needs.end()))
      return failure{errc::invalid_argument, "unknown field '" + key + "' of "
                                               + std::string{what.name}};
  for (const auto key : needs)
    if (!key.empty() && !value->contains(key))
      return failure{errc::invalid_argument, std::string{what.name}
                                               + " needs the field '"
                                               + std::string{key} + "'"};
  return value;
}

void answer_outcome(server_exchange& exchange, const std::string& server,
                    mcp_call_ended& ended) {
  const auto label = "MCP server '" + server + "': ";
  if (auto* done = std::get_if<mcp::completed>(&ended.outcome))
    return answer(exchange, 200, json{{"result", std::move(done->result)}});
  if (const auto* reason = std::get_if<mcp::call_failure>(&ended.outcome))
    return answer(exchange,
                  failure{reason->code_of_error(), label + reason->message});
  answer(exchange, failure{errc::mcp_error,
                           label
                             + "it asks somebody first, and here is nobody to "
                               "ask; call it in a run"});
}

} // namespace

json list_servers(const services& node, const mcp_desk& desk) {
  const auto all = desk.board->all();
  auto rows = json::array();
  for (const auto& [id, known] : servers_of(node))
    for (const auto& connection : connections_of(id, all))
      rows.push_back(row_of(known, connection.status, *desk.access));
  return {{"servers", std::move(rows)}};
}

result<json>
show_server(const services& node, const mcp_desk& desk, const std::string& id) {
  auto known = find_known(node, id);
  if (!known)
    return known.error();
  auto rows = json::array();
  for (const auto& connection : connections_of(id, desk.board->all())) {
    auto row = row_of(*known, connection.status, *desk.access);
    auto log = json::array();
    for (const auto& line : connection.log)
      log.push_back(
        {{"time", runtime::to_iso(line.time)}, {"text", line.text}});
    row["log"] = std::move(log);
    rows.push_back(std::move(row));
  }
  return json{{"connections", std::move(rows)}};
}

result<mcp_server_ptr>
find_server(const services& node, const std::string& id) {
  auto known = find_known(node, id);
  if (!known)
    return known.error();
  return std::move(known->options);
}

result<mcp_call>
parse_server_call(const services& node, const std::string& id,
                  const std::string& what, const std::string& body) {
  auto known = find_known(node, id);
  if (!known)
    return known.error();
  const auto found = std::find_if(
    doors.begin(), doors.end(), [&](const door& x) { return x.name == what; });
  if (found == doors.end())
    return failure{errc::run_not_found,
                   "a server has no '" + what
                     + "'; it has: tools, call, resources, templates, read, "
                       "prompts, prompt, complete"};
  auto parameters = parameters_of(*found, body);
  if (!parameters)
    return parameters.error();
  mcp_call out;
  out.to.server = known->options;
  out.request.method = found->method;
  out.request.params = std::move(*parameters);
  out.request.all_pages = found->is_list;
  out.request.is_fresh = found->is_list;
  out.request.timeout = known->options->read_timeout;
  return out;
}

caf::behavior
server_session(caf::event_based_actor* self, server_session_options options) {
  auto call = std::move(options.call);
  const auto to = call.to;
  call.caller = caf::actor_cast<mcp_caller>(self);
  self->send(options.hub, std::move(call));
  // Nobody waits any more: the call ends with this actor.
  options.exchange->on_close([me = caf::actor{self}] {
    caf::anon_send_exit(me, caf::exit_reason::user_shutdown);
  });
  return {
    [self, to, exchange = options.exchange](mcp_call_ended& ended) {
      answer_outcome(*exchange, to.server->id, ended);
      self->quit();
    },
    [self, to, hub = options.hub](const mcp_question& asked) {
      self->send(hub, mcp_reply{to,
                                asked.question,
                                {},
                                mcp::rpc_code::invalid_request,
                                "nobody is there to ask"});
    },
    [](const mcp_call_noted&) {},
    [](const mcp_call_progressed&) {},
    [](const mcp_question_closed&) {},
    [](const mcp_elicited&) {},
  };
}

} // namespace perdure::actors
