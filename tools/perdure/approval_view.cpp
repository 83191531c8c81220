#include "tools/perdure/approval_view.hpp"

#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

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
  return kind == "external" ? "give the result of "
                            : "run again (its outcome is unknown) ";
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
        !metadata.is_null())
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
  return line("approve", "") + "\n" + line("deny", "");
}

} // namespace perdure::client
