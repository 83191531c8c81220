#include "tools/perdure/commands.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/table.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

/// MCP servers: how they are doing, and calls without a run.
namespace perdure::client {

using runtime::json;
using runtime::result;

namespace {

std::string server_path(const workplace& at) {
  return "/v1/mcp/" + url_escape(at.args.mcp.server);
}

std::string number_text(const json& row, const char* key) {
  const auto& value = field_of(row, key);
  return value.is_number() ? runtime::to_text(value) : "-";
}

std::string state_text(const json& row) {
  return text_of(row, "login") == "needed" ? "login needed"
                                           : text_of(row, "state");
}

std::string servers_text(const json& rows, std::size_t width) {
  table out{{"SERVER", "STATE", "ERA", "VERSION", "TOOLS", "RESTARTS",
             "LATENCY", "LAST ERROR"}};
  for (const auto& row : rows) {
    const auto& tools = field_of(row, "tools");
    const auto latency = number_text(row, "latency_ms");
    out.add({text_of(row, "id"), state_text(row), text_of(row, "era"),
             text_of(row, "version"),
             std::to_string(tools.is_array() ? tools.size() : 0),
             number_text(row, "restarts"),
             latency == "-" ? latency : latency + " ms",
             text_of(row, "last_error")});
  }
  return out.text(width);
}

/// Names and descriptions of what a server lists.
std::string list_text(const json& rows, const char* name, std::size_t width) {
  table out{{"NAME", "DESCRIPTION"}};
  for (const auto& row : rows)
    out.add({text_of(row, name), text_of(row, "description")});
  return out.text(width);
}

std::string log_text(const json& connections) {
  std::string out;
  for (const auto& connection : connections)
    for (const auto& line : field_of(connection, "log"))
      out += text_of(line, "time") + "  " + text_of(line, "text") + '\n';
  return out;
}

/// The texts of a result; the rest of it as JSON.
std::string content_text(const json& items) {
  std::string out;
  for (const auto& item : items) {
    const auto text = text_of(item, "text");
    out += (text.empty() ? runtime::to_text(item) : text) + '\n';
  }
  return out;
}

int show_servers(const workplace& at) {
  const auto value = at.node.get("/v1/mcp");
  if (!value)
    return give_up(at, value.error());
  if (at.args.is_json)
    return print_json(at, *value);
  const auto& rows = field_of(*value, "servers");
  if (!rows.is_array() || rows.empty()) {
    at.screen.note("no agent of the node has MCP servers", tone::dim);
    return exit_code::completed;
  }
  at.screen.out(servers_text(rows, at.screen.out_style().width));
  return exit_code::completed;
}

int show_log(const workplace& at) {
  const auto value = at.node.get(server_path(at));
  if (!value)
    return give_up(at, value.error());
  if (at.args.is_json)
    return print_json(at, *value);
  at.screen.out(log_text(field_of(*value, "connections")));
  return exit_code::completed;
}

/// Calls the server and prints what it comes to.
template <class View>
int call(const workplace& at, const char* what, const json& body,
         const View& view) {
  const auto value = at.node.post(server_path(at) + '/' + what, body);
  if (!value)
    return give_up(at, value.error());
  const auto& given = field_of(*value, "result");
  if (at.args.is_json)
    return print_json(at, given);
  at.screen.out(view(given));
  return field_of(given, "isError") == true ? exit_code::failed
                                            : exit_code::completed;
}

template <class View>
int call_with_arguments(const workplace& at, const char* what,
                        const View& view) {
  json body{{"name", at.args.mcp.subject}};
  if (!at.args.mcp.arguments.empty()) {
    auto arguments = runtime::parse_json(at.args.mcp.arguments);
    if (!arguments)
      return give_up(at,
                     {arguments.error().code, "the arguments are not JSON: "
                                                + arguments.error().message});
    body["arguments"] = std::move(*arguments);
  }
  return call(at, what, body, view);
}

/// What a prompt's or a resource's argument may be.
int complete(const workplace& at) {
  const auto& given = at.args.mcp;
  const bool is_resource = given.subject.find(':') != std::string::npos;
  json ref{{"type", is_resource ? "ref/resource" : "ref/prompt"}};
  ref[is_resource ? "uri" : "name"] = given.subject;
  json body;
  body["ref"] = std::move(ref);
  body["argument"] = {{"name", given.argument}, {"value", given.value}};
  return call(at, "complete", body, [](const json& result) {
    std::string out;
    for (const auto& value : field_of(field_of(result, "completion"), "values"))
      if (value.is_string())
        out += value.get<std::string>() + '\n';
    return out;
  });
}

} // namespace

int manage_servers(const workplace& at) {
  const auto& given = at.args.mcp;
  const auto listed = [&at](const char* key) {
    return [&at, key](const json& value) {
      return list_text(field_of(value, key), "name",
                       at.screen.out_style().width);
    };
  };
  const auto contents = [](const char* key) {
    return
      [key](const json& value) { return content_text(field_of(value, key)); };
  };
  switch (given.action) {
    case mcp_action::list:
      return show_servers(at);
    case mcp_action::logs:
      return show_log(at);
    case mcp_action::login:
      return log_in(at);
    case mcp_action::logout:
      return log_out(at);
    case mcp_action::tools:
      return call(at, "tools", json::object(), listed("tools"));
    case mcp_action::call:
      return call_with_arguments(at, "call", contents("content"));
    case mcp_action::read:
      if (given.subject.empty())
        return call(at, "resources", json::object(), [&at](const json& value) {
          return list_text(field_of(value, "resources"), "uri",
                           at.screen.out_style().width);
        });
      return call(at, "read", {{"uri", given.subject}}, contents("contents"));
    case mcp_action::complete:
      return complete(at);
    case mcp_action::prompts:
      if (given.subject.empty())
        return call(at, "prompts", json::object(), listed("prompts"));
      return call_with_arguments(at, "prompt", [](const json& value) {
        return runtime::to_text(value) + '\n';
      });
  }
  return exit_code::usage;
}

} // namespace perdure::client
