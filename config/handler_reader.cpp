#include "config/capability_reader.hpp"

#include <algorithm>

namespace perdure::config {

namespace {

void read_name(const field_reader& fields, const agent_draft& draft,
               runtime::event_handler& handler) {
  const auto& others = draft.definition.handlers;
  handler.name = fields.text("name").value_or(
    "handler_" + std::to_string(others.size() + 1));
  const auto place = fields.find("name").value_or(fields.place());
  if (!runtime::is_handler_name(handler.name))
    return fields.add(place, "must have 1 to 64 letters, digits, '_' or '-'");
  const auto is_same
    = [&](const auto& other) { return other.name == handler.name; };
  if (std::any_of(others.begin(), others.end(), is_same))
    fields.add(place, "another event handler is called '" + handler.name + "'");
}

void read_headers(const field_reader& fields, runtime::event_handler& handler) {
  const auto found = fields.find("headers");
  if (!found)
    return;
  if (found->node->type != document::kind::object)
    return fields.add(*found, "must be an object of strings");
  for (const auto& member : found->node->members)
    if (auto text = read_late_text(fields, found->at(member.key, member.value)))
      handler.headers.emplace(member.key, std::move(*text));
}

void read_endpoint(const field_reader& fields,
                   runtime::event_handler& handler) {
  handler.kind = runtime::handler_kind::http;
  const auto url = *fields.find("url");
  handler.url = read_late_text(fields, url).value_or("");
  if (!runtime::is_handler_url(handler.url))
    fields.add(url, "must start with http:// or https://");
  if (const auto secret = fields.find("secret"))
    handler.secret = read_late_text(fields, *secret).value_or("");
  read_headers(fields, handler);
  for (const auto* key : {"argv", "env", "cwd", "max_output_bytes"})
    if (const auto other = fields.find(key))
      fields.add(*other, "belongs to a program, and the handler has a url");
}

void read_handler_program(const field_reader& fields, const agent_draft& draft,
                          runtime::event_handler& handler) {
  handler.kind = runtime::handler_kind::command;
  handler.command = read_program(fields, draft);
  for (const auto* key : {"secret", "headers"})
    if (const auto other = fields.find(key))
      fields.add(*other, "belongs to a url, and the handler is a program");
}

} // namespace

void read_event_handler(const file_place& place, const reading& with,
                        agent_draft& draft) {
  const field_reader fields{place,
                            with,
                            {"name", "url", "secret", "headers", "argv", "env",
                             "cwd", "max_output_bytes", "events", "holds_run"}};
  runtime::event_handler handler;
  read_name(fields, draft, handler);
  if (fields.find("url"))
    read_endpoint(fields, handler);
  else if (fields.find("argv"))
    read_handler_program(fields, draft, handler);
  else
    fields.add("needs a 'url' or an 'argv': where its events go");
  if (auto events = fields.texts("events")) {
    if (auto reason = runtime::check_event_kinds(*events); !reason.empty())
      fields.add(*fields.find("events"), reason);
    handler.events = std::move(*events);
  }
  handler.holds_run = fields.boolean("holds_run").value_or(false);
  draft.definition.handlers.push_back(std::move(handler));
}

} // namespace perdure::config
