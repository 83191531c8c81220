#include "tools/perdure/approval_view.hpp"
#include "tools/perdure/commands.hpp"
#include "tools/perdure/decision.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/token_file.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

namespace perdure::client {

using runtime::json;
using runtime::result;

namespace {

constexpr std::size_t result_size_max = std::size_t{64} << 20U;

result<std::string> read_standard_input() {
  return read_file("/dev/stdin", result_size_max);
}

/// What was done, for people.
std::string done_text(const arguments& args, const json& question) {
  const auto what = subject_text(question);
  if (args.command == command::approve && args.decision.arguments.empty())
    return "approved: " + what;
  if (args.command == command::approve)
    return "approved with other arguments, " + args.decision.arguments + ": "
           + what;
  return (args.command == command::deny ? "denied: " : "answered: ") + what;
}

} // namespace

int list_approvals(const workplace& at) {
  result<json> rows = json::array();
  if (at.args.run_id.empty()) {
    rows = all_questions(at.node, at.args.decision.agent);
  } else {
    const auto run_id = chosen_run(at);
    if (!run_id)
      return give_up(at, run_id.error());
    const auto value = at.node.get("/v1/runs/" + *run_id + "/approvals");
    rows = value ? result<json>{field_of(*value, "approvals")}
                 : result<json>{value.error()};
  }
  if (!rows)
    return give_up(at, rows.error());
  if (at.args.is_json)
    return print_json(at, json{{"approvals", std::move(*rows)}});
  if (rows->empty()) {
    at.screen.note("nothing waits for a person", tone::dim);
    return exit_code::completed;
  }
  at.screen.out(approvals_text(*rows, at.node.clock().now()));
  if (at.screen.out_style().is_terminal)
    at.screen.note("\nperdure approve ID, perdure deny ID, perdure answer ID "
                   "JSON",
                   tone::dim);
  return exit_code::completed;
}

int decide_question(const workplace& at) {
  const auto question = find_question(at.node, at.args.decision.question);
  if (!question)
    return give_up(at, question.error());
  const auto body = make_decision(at.args, *question, read_standard_input);
  if (!body)
    return give_up(at, body.error());
  const auto settled
    = at.node.post("/v1/approvals/" + text_of(*question, "id"), *body);
  if (!settled)
    return give_up(at, settled.error());
  if (at.args.is_json)
    return print_json(at, *settled);
  at.screen.out(done_text(at.args, *question) + "\n");
  return exit_code::completed;
}

} // namespace perdure::client
