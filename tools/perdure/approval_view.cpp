#include "tools/perdure/approval_view.hpp"

#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace perdure::client {

using runtime::json;
using runtime::timestamp;

namespace {

/// Where the part of a run's id begins that is all chance.
constexpr std::size_t chance_begins = 30;

std::string subject_of(const json& question) {
  auto name = text_of(question, "tool_name");
  if (!name.empty())
    return name;
  return text_of(question, "task") == "output" ? "the check of the output"
                                               : "the model request";
}

std::string verb_of(const std::string& kind) {
  if (kind == "approval")
    return "approve ";
  if (kind == "elicitation")
    return "answer the server of ";
  return kind == "external" ? "give the result of "
                            : "run again (its outcome is unknown) ";
}

/// What an MCP server wants to know: a page to visit, or fields to fill in.
std::string form_text(const json& form) {
  std::string out
    = "  the server asks " + one_line(text_of(form, "message")) + "\n";
  if (const auto url = text_of(form, "url"); !url.empty())
    return out + "  open            " + one_line(url) + "\n";
  const auto& schema = field_of(form, "schema");
  const auto& required = field_of(schema, "required");
  for (const auto& [name, field] : field_of(schema, "properties").items()) {
    const auto is_required
      = std::find(required.begin(), required.end(), name) != required.end();
    const auto title = text_of(field, "description");
    out += "  field           " + one_line(name) + ": "
           + one_line(text_of(field, "type"))
           + (is_required ? ", required" : "")
           + (title.empty() ? "" : "; " + one_line(title)) + "\n";
  }
  return out;
}

} // namespace

std::string short_id(const std::string& id) {
  return id.size() > chance_begins ? id.substr(chance_begins) : id;
}

std::string subject_text(const json& question) {
  auto out = subject_of(question);
  if (const auto& arguments = field_of(question, "arguments");
      !arguments.is_null())
    out += " " + one_line(runtime::to_text(arguments));
  return out;
}

std::string question_text(const json& question) {
  return verb_of(text_of(question, "kind")) + subject_text(question);
}

std::string approvals_text(const json& questions, timestamp now) {
  std::string out;
  for (const auto& question : questions) {
    const auto id = text_of(question, "id");
    out += out.empty() ? "" : "\n";
    out += short_id(id) + "  " + text_of(question, "agent") + ": "
           + question_text(question) + "\n";
    if (const auto& metadata = field_of(question, "metadata");
        text_of(question, "kind") == "elicitation")
      out += form_text(metadata);
    else if (!metadata.is_null())
      out += "  the tool says   " + one_line(plain_text(metadata)) + "\n";
    out += "  asked           "
           + relative_time(field_of(question, "asked_at"), now);
    if (const auto& expires = field_of(question, "expires_at");
        !expires.is_null())
      out += "; expires " + relative_time(expires, now) + ", then "
             + (text_of(question, "on_expiry") == "fail" ? "the run fails"
                                                         : "it is denied");
    out += "\n  question        " + id + "\n";
  }
  return out;
}

std::string answer_commands(const std::string& kind, const std::string& id,
                            const std::string& options) {
  const auto line = [&](const std::string& name, const std::string& rest) {
    return "  perdure " + name + options + " " + id + rest;
  };
  if (kind == "external")
    return line("answer", " JSON");
  if (kind == "elicitation")
    return line("answer", " JSON") + "\n" + line("deny", "");
  return line("approve", "") + "\n" + line("deny", "");
}

} // namespace perdure::client
