#include "tools/perdure/question_prompt.hpp"

#include "tools/perdure/approval_view.hpp"
#include "tools/perdure/decision.hpp"
#include "tools/perdure/interrupts.hpp"
#include "tools/perdure/line_input.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

#include <unistd.h>

namespace perdure::client {

using runtime::json;

question_prompt::question_prompt(const workplace& at) : at_(at) {
  // nop
}

bool question_prompt::can_ask() const {
  return !at_.args.is_json && !at_.args.is_quiet
         && at_.screen.err_style().is_terminal && ::isatty(STDIN_FILENO) == 1;
}

bool question_prompt::put(const std::string& question_id) {
  const auto question = find_question(at_.node, question_id);
  // Decided by now, or not to be had: the events tell more.
  if (!question)
    return true;
  // It takes more than yes or no.
  const auto kind = text_of(*question, "kind");
  if (kind == "external" || kind == "elicitation")
    return true;
  return ask(*question);
}

bool question_prompt::ask(const json& question) {
  at_.screen.end_line();
  at_.screen.note(question_text(question) + "?  y: yes, n: no, Enter: later",
                  tone::warning);
  const auto line = read_line();
  if (!line)
    return !interrupts::happened();
  const auto word = trim(*line);
  if (word == "y" || word == "Y" || word == "yes")
    decide(question, true);
  else if (word == "n" || word == "N" || word == "no")
    decide(question, false);
  else
    at_.screen.note("the run goes on waiting; to decide later:\n"
                      + answer_commands(text_of(question, "kind"),
                                        short_id(text_of(question, "id")),
                                        at_.node.settings().repeat_options),
                    tone::dim);
  return true;
}

void question_prompt::decide(const json& question, bool approved) {
  const json body{{"decision", approved ? "approve" : "deny"},
                  {"arguments_digest", field_of(question, "arguments_digest")}};
  const auto settled
    = at_.node.post("/v1/approvals/" + text_of(question, "id"), body);
  if (!settled)
    at_.screen.complain(settled.error().message);
}

} // namespace perdure::client
