#include "tools/perdure/decision.hpp"

#include "tools/perdure/approval_view.hpp"
#include "tools/perdure/words.hpp"

namespace perdure::client {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

constexpr std::size_t run_id_size = 36;

failure invalid(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

result<json> questions_of_run(api& node, const std::string& run_id) {
  auto value = node.get("/v1/runs/" + run_id + "/approvals");
  if (!value)
    return value.error();
  return field_of(*value, "approvals");
}

result<std::string> newest_run(api& node) {
  const auto page = node.get("/v1/runs?limit=1");
  if (!page)
    return page.error();
  const auto& runs = field_of(*page, "runs");
  if (!runs.is_array() || runs.empty())
    return failure{errc::run_not_found, "there is no run yet"};
  return text_of(runs.front(), "id");
}

result<json> only_question(api& node, const std::string& run_id) {
  auto open = questions_of_run(node, run_id);
  if (!open)
    return open.error();
  if (open->empty())
    return failure{errc::conflict, "run " + run_id
                                     + " asks nothing now\n`perdure why "
                                     + run_id + "` tells what it waits for"};
  if (open->size() == 1)
    return open->front();
  std::string list;
  for (const auto& question : *open)
    list += "\n  " + short_id(text_of(question, "id")) + "  "
            + question_text(question);
  return invalid("run " + run_id
                 + " asks several things; name one of them:" + list);
}

bool is_named(const std::string& id, const std::string& text) {
  return id.starts_with(text) || short_id(id).starts_with(text);
}

result<json> parse_result(const decision_arguments& given,
                          const std::function<result<std::string>()>& input) {
  if (given.retry)
    return json{{"kind", "model-retry"}, {"message", *given.retry}};
  if (given.failed)
    return json{{"kind", "tool-failed"}, {"message", *given.failed}};
  auto text = *given.result;
  if (text == "-") {
    auto read = input();
    if (!read)
      return read.error();
    text = std::move(*read);
  }
  auto value = runtime::parse_json(text);
  if (!value)
    return invalid("the result is not JSON: " + value.error().message
                   + "\nA text is written in quotes: '\"done\"'");
  return value;
}

} // namespace

result<json> all_questions(api& node, const std::string& agent) {
  auto out = json::array();
  std::string cursor;
  do {
    std::string target = "/v1/approvals";
    char sign = '?';
    const auto add = [&](const char* name, const std::string& value) {
      if (value.empty())
        return;
      target += sign + std::string{name} + "=" + url_escape(value);
      sign = '&';
    };
    add("agent", agent);
    add("cursor", cursor);
    const auto page = node.get(target);
    if (!page)
      return page.error();
    for (const auto& question : field_of(*page, "approvals"))
      out.push_back(question);
    cursor = text_of(*page, "cursor");
  } while (!cursor.empty());
  return out;
}

result<json> find_question(api& node, const std::string& text) {
  if (text == "last") {
    const auto run_id = newest_run(node);
    if (!run_id)
      return run_id.error();
    return only_question(node, *run_id);
  }
  if (text.size() == run_id_size && text.find(':') == std::string::npos)
    return only_question(node, text);
  const auto is_whole = text.size() > run_id_size && text[run_id_size] == ':';
  auto open = is_whole ? questions_of_run(node, text.substr(0, run_id_size))
                       : all_questions(node, {});
  if (!open)
    return open.error();
  json found;
  for (const auto& question : *open) {
    const auto id = text_of(question, "id");
    if (id == text)
      return question;
    if (!is_named(id, text))
      continue;
    if (!found.is_null())
      return invalid("'" + text
                     + "' is the beginning of several questions; "
                       "`perdure approvals` lists them");
    found = question;
  }
  if (found.is_null())
    return failure{errc::conflict,
                   "no open question is named '" + text
                     + "': it was decided, has expired, or never was\n"
                       "`perdure approvals` lists those that are open"};
  return found;
}

result<json>
make_decision(const arguments& args, const json& question,
              const std::function<result<std::string>()>& read_input) {
  const auto& given = args.decision;
  json out = json::object();
  if (args.command == command::answer) {
    auto value = parse_result(given, read_input);
    if (!value)
      return value;
    // What a server asked for is filled in.
    const auto is_form = text_of(question, "kind") == "elicitation";
    out["decision"] = is_form ? "approve" : "answer";
    out[is_form ? "arguments" : "result"] = std::move(*value);
  } else {
    out["decision"] = args.command == command::approve ? "approve" : "deny";
  }
  if (!given.arguments.empty()) {
    auto value = runtime::parse_json(given.arguments);
    if (!value)
      return invalid("--args is not JSON: " + value.error().message);
    out["arguments"] = std::move(*value);
  }
  if (!given.message.empty())
    out["message"] = given.message;
  if (!given.decided_by.empty())
    out["decided_by"] = given.decided_by;
  // What is decided is what was shown, or nothing.
  if (auto digest = text_of(question, "arguments_digest"); !digest.empty())
    out["arguments_digest"] = std::move(digest);
  return out;
}

} // namespace perdure::client
