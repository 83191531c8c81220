#include "tools/perdure/commands.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/follow.hpp"
#include "tools/perdure/interrupts.hpp"
#include "tools/perdure/question_prompt.hpp"
#include "tools/perdure/run_printer.hpp"
#include "tools/perdure/run_request.hpp"
#include "tools/perdure/token_file.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace perdure::client {

using runtime::errc;
using runtime::json;
using runtime::result;

namespace {

constexpr std::size_t prompt_size_max = std::size_t{64} << 20U;

int exit_code_of_state(const std::string& state) {
  if (state == "completed")
    return exit_code::completed;
  return state == "cancelled" ? exit_code::cancelled : exit_code::failed;
}

std::string attach_command(const workplace& at, const std::string& run_id) {
  return "perdure attach" + at.node.settings().repeat_options + " " + run_id;
}

/// Ctrl-C, or nobody reads the answer any more: the run goes on without us.
int detach(const workplace& at, const std::string& run_id) {
  interrupts::acknowledge();
  if (at.args.is_json && !at.screen.is_broken()) {
    if (const auto run = at.node.get("/v1/runs/" + run_id))
      print_json(at, *run);
  }
  const auto& options = at.node.settings().repeat_options;
  at.screen.note("detached; the run goes on\n  watch it again:  "
                 + attach_command(at, run_id) + "\n  cancel it:       perdure "
                 + "cancel" + options + " " + run_id);
  return exit_code::completed;
}

/// Watches a run until it ends.
int watch(const workplace& at, const std::string& run_id) {
  const auto& args = at.args;
  const bool has_notes = !args.is_json && !args.is_quiet;
  // Nobody watches a file grow: it gets the answer and nothing else.
  const bool live_text = has_notes && !at.screen.out_style().is_file;
  run_printer printer{
    at.screen,
    {live_text, has_notes, run_id, at.node.settings().repeat_options}};
  question_prompt people{at};
  std::string asked;
  follow_listener listener;
  listener.on_event = [&](const json& envelope) {
    const auto& event = field_of(envelope, "event");
    printer.on_event(event, at.node.clock().now());
    // The connection is needed to decide: the events are left for a moment.
    if (text_of(event, "event_kind") == "question_asked" && people.can_ask())
      asked = question_id(run_id, event);
    return asked.empty() && !at.screen.is_broken();
  };
  listener.on_outage = [&] {
    at.screen.note("the node is away; waiting for it", tone::warning);
  };
  listener.on_return = [&] { at.screen.note("it is back", tone::dim); };
  interrupts::watch();
  follower events{at.node, {run_id, true}, std::move(listener)};
  auto end = events.run();
  while (end && *end == follow_end::stopped && !asked.empty()) {
    if (!people.put(std::exchange(asked, {})))
      return detach(at, run_id);
    end = events.run();
  }
  if (!end) {
    at.screen.end_line();
    at.screen.complain(end.error().message
                       + "\nThe run goes on once the node does; watch it "
                         "again:\n  "
                       + attach_command(at, run_id));
    return exit_code_of(end.error().code);
  }
  if (*end != follow_end::ended)
    return detach(at, run_id);
  const auto run = at.node.get("/v1/runs/" + run_id);
  if (!run && run.error().code == errc::cancelled)
    return detach(at, run_id);
  if (!run)
    return give_up(at, run.error());
  if (args.is_json) {
    print_json(at, *run);
  } else if (is_image(field_of(*run, "output"))
             && (args.is_quiet || at.screen.out_style().is_file)) {
    if (const auto code = write_output(at, *run); code != exit_code::completed)
      return code;
    printer.tell_end(*run);
  } else {
    printer.finish(*run);
  }
  return exit_code_of_state(text_of(*run, "state"));
}

result<std::string> read_standard_input() {
  return read_file("/dev/stdin", prompt_size_max);
}

} // namespace

int run_agent(const workplace& at) {
  const auto& args = at.args;
  const auto key = make_key(args.run);
  if (!key)
    return give_up(at, key.error());
  const auto body = make_run_request(args.run, read_standard_input);
  if (!body)
    return give_up(at, body.error());
  interrupts::watch();
  const auto created = at.node.create(*body, *key);
  if (!created && created.error().code == errc::cancelled) {
    at.screen.complain("interrupted before the node said that it has the run\n"
                       "To find out, give the same command with --id "
                       + *key);
    return exit_code::failed;
  }
  if (!created)
    return give_up(at, created.error());
  const auto run_id = text_of(created->run, "id");
  if (created->existed && !args.run.key.empty() && !args.is_quiet
      && !args.is_json)
    at.screen.note("this id was used before, for run " + run_id, tone::dim);
  if (!args.run.detach)
    return watch(at, run_id);
  if (args.is_json)
    return print_json(at, created->run);
  at.screen.out(run_id + "\n");
  if (at.screen.out_style().is_terminal)
    at.screen.note("watch it:  " + attach_command(at, run_id), tone::dim);
  return exit_code::completed;
}

int attach_to_run(const workplace& at) {
  const auto run_id = chosen_run(at);
  if (!run_id)
    return give_up(at, run_id.error());
  // A node that is not there is told of at once.
  if (const auto run = at.node.get("/v1/runs/" + *run_id); !run)
    return give_up(at, run.error());
  return watch(at, *run_id);
}

int perform(const workplace& at) {
  switch (at.args.command) {
    case command::run:
      return run_agent(at);
    case command::attach:
      return attach_to_run(at);
    case command::runs:
      return list_runs(at);
    case command::show:
      return show_run(at);
    case command::events:
      return list_events(at);
    case command::messages:
      return show_messages(at);
    case command::output:
      return show_output(at);
    case command::tasks:
      return list_tasks(at);
    case command::why:
      return show_why(at);
    case command::cancel:
      return cancel_run(at);
    case command::agents:
      return list_agents(at);
    case command::approvals:
      return list_approvals(at);
    case command::approve:
    case command::deny:
    case command::answer:
      return decide_question(at);
    case command::mcp:
      return manage_servers(at);
  }
  return exit_code::usage;
}

} // namespace perdure::client
