#include "tools/perdure/arguments.hpp"

#include "tools/perdure/exit_code.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

namespace perdure::client {

namespace {

constexpr const char* overview_footer = R"(Examples:
  perdure agents
  perdure run weather "Is it raining in Oslo?"
  git diff | perdure run reviewer - --deps '{"language": "C++"}' > review.md
  perdure run report "the monthly report" --id report-2026-01 --detach
  perdure attach last
  perdure runs --state waiting
  perdure why last
  perdure approvals
  perdure approve 3f4a5b:1:0:1
  perdure mcp call files read_file '{"path": "notes.txt"}'

RUN is the id of a run, or `last` for the newest one.

Environment:
  PERDURE_URL       the node, when --url is not given
  PERDURE_TOKEN     the token, when --token-file is not given
  PERDURE_DATA_DIR  where a node on this machine keeps its admin.token
  NO_COLOR          no colours

Exit codes:
  0 completed  1 failed  2 usage  3 cannot reach the node  4 cancelled)";

constexpr const char* command_footer
  = "Also --url, --token-file and --json: see `perdure --help`.";

constexpr const char* run_footer
  = R"(Also --url, --token-file and --json: see `perdure --help`.

Ctrl-C detaches: the run goes on, and `perdure attach` watches it again.
The answer goes to standard output, everything else to standard error.

Examples:
  perdure run weather "Is it raining in Oslo?"
  perdure run weather - < question.txt > answer.txt
  perdure run weather "And in Bergen?" --history messages.json
  perdure run mailer "Write to Ann" --id order-4711 --detach
  perdure run clerk "What is on it?" --file receipt.pdf --file photo.png
  perdure run weather "Oslo" --json | jq .output
  perdure run painter "A cat" --quiet > cat.png)";

constexpr const char* decision_footer
  = R"(Also --url, --token-file and --json: see `perdure --help`.

ID is what `perdure approvals` shows: the whole id of the question, its
beginning, or the short form; or the id of a run that asks one thing only.
A question is decided once: the second decision is refused (exit code 1).)";

/// One subcommand under construction.
class builder {
public:
  builder(CLI::App& app, arguments& out) : app_(app), out_(out) {
    // nop
  }

  CLI::App* add(const char* name, const char* help, command what) {
    auto* sub = app_.add_subcommand(name, help);
    sub->footer(command_footer);
    sub->callback([this, what] { out_.command = what; });
    return sub;
  }

  CLI::App* add_with_run(const char* name, const char* help, command what) {
    auto* sub = add(name, help, what);
    sub->add_option("RUN", out_.run_id, "Id of the run, or `last`")
      ->required()
      ->option_text(" ");
    return sub;
  }

private:
  CLI::App& app_;
  arguments& out_;
};

void add_common(CLI::App& app, arguments& out) {
  app
    .add_option("--url", out.url,
                "The node (default: PERDURE_URL, else http://127.0.0.1:7437)")
    ->option_text("URL");
  app
    .add_option("--token-file", out.token_file,
                "File with the token (default: PERDURE_TOKEN, else the "
                "admin.token of a node on this machine)")
    ->option_text("FILE");
  app.add_flag("--json", out.is_json, "JSON instead of text for people");
  app.set_version_flag("--version", "perdure " PERDURE_VERSION);
}

void add_quiet(CLI::App* sub, arguments& out) {
  sub->add_flag("-q,--quiet", out.is_quiet,
                "Print the output and nothing else, once it is complete");
}

void add_run(builder& build, arguments& out) {
  auto& run = out.run;
  auto* sub = build.add("run", "Run an agent and watch it", command::run);
  sub->footer(run_footer);
  sub->add_option("AGENT", run.agent, "Name of the agent")
    ->required()
    ->option_text(" ");
  sub->add_option("PROMPT", run.prompt, "What to do; - reads standard input")
    ->option_text(" ");
  const auto text = [sub](const char* name, std::string& target,
                          const char* value, const char* help) {
    sub->add_option(name, target, help)->option_text(value);
  };
  text("--deps", run.deps, "JSON", "Values for the agent's templates");
  text("--id", run.key, "KEY",
       "Idempotency key: the same key again is the same run");
  text("--model", run.model, "MODEL", "Instead of the agent's model");
  sub->add_option("--tag", run.tags, "Tag of the run; may be repeated")
    ->option_text("TAG")
    ->allow_extra_args(false);
  text("--metadata", run.metadata, "JSON", "An object kept with the run");
  sub
    ->add_option("--file", run.files,
                 "A file or URL that goes with the prompt; may be repeated")
    ->option_text("FILE")
    ->allow_extra_args(false);
  text("--history", run.history_file, "FILE",
       "Message history to go on from, as `perdure messages --json` has it");
  text("--conversation", run.conversation, "ID",
       "The conversation that the run belongs to; `new` for its own");
  text("--at", run.start_at, "TIME", "Not before 2026-01-02T03:04:05Z");
  const auto limit
    = [sub](const char* name, std::optional<std::int64_t>& target,
            const char* help) {
        sub->add_option(name, target, help)
          ->option_text("N")
          ->check(CLI::NonNegativeNumber);
      };
  limit("--limit-requests", run.requests_max, "At most N model requests");
  limit("--limit-tool-calls", run.tool_calls_max, "At most N tool calls");
  limit("--limit-tokens", run.tokens_max, "At most N tokens in all");
  sub
    ->add_option("--time-limit", run.time_limit_seconds,
                 "At most so many seconds from start to end")
    ->option_text("SECONDS")
    ->check(CLI::PositiveNumber);
  sub->add_flag("--detach", run.detach,
                "Print the id and leave; the run goes on");
  add_quiet(sub, out);
}

void add_list(builder& build, arguments& out) {
  auto& list = out.list;
  auto* sub = build.add("runs", "List runs, newest first", command::runs);
  sub->add_option("--state", list.state, "Only runs in this state")
    ->option_text("STATE")
    ->check(
      CLI::IsMember({"scheduled", "pending", "running", "waiting", "paused",
                     "cancelling", "completed", "failed", "cancelled"}));
  sub->add_option("--agent", list.agent, "Only runs of this agent")
    ->option_text("NAME");
  sub->add_option("--tag", list.tag, "Only runs with this tag")
    ->option_text("TAG");
  sub
    ->add_option("--since", list.since,
                 "Only runs created since a time, or in the last 10m, 2h, 3d")
    ->option_text("TIME");
  sub->add_option("--limit", list.limit, "At most N runs (default: 20)")
    ->option_text("N")
    ->check(CLI::Range(1, 1'000'000));
}

CLI::App* add_decision(builder& build, arguments& out, const char* name,
                       const char* help, command what) {
  auto* sub = build.add(name, help, what);
  sub->footer(decision_footer);
  sub->add_option("ID", out.decision.question, "The question")
    ->required()
    ->option_text(" ");
  sub
    ->add_option("--as", out.decision.decided_by,
                 "Who decides, for those who look at it later")
    ->option_text("NAME");
  return sub;
}

void add_decisions(builder& build, arguments& out) {
  auto& given = out.decision;
  auto* list = build.add("approvals", "What runs ask of people: the inbox",
                         command::approvals);
  list->add_option("--agent", given.agent, "Only questions of this agent")
    ->option_text("NAME");
  list->add_option("--run", out.run_id, "Only questions of this run")
    ->option_text("RUN");
  auto* approve = add_decision(build, out, "approve",
                               "Allow a call; it is executed once at most",
                               command::approve);
  approve
    ->add_option("--args", given.arguments,
                 "An object in place of the call's arguments")
    ->option_text("JSON");
  const auto message = [&given](CLI::App* sub, const char* help) {
    sub->add_option("--message", given.message, help)->option_text("TEXT");
  };
  message(approve, "A remark that is kept with the decision");
  message(
    add_decision(build, out, "deny", "Do not allow a call", command::deny),
    "What the model is told");
  auto* answer = add_decision(
    build, out, "answer", "Hand in the result of a call that is made elsewhere",
    command::answer);
  auto* result = answer->add_option(
    "RESULT", given.result, "The result as JSON; - reads standard input");
  auto* retry = answer->add_option(
    "--retry", given.retry, "The model is to try again, for this reason");
  auto* failed = answer->add_option("--failed", given.failed,
                                    "The call failed, for this reason");
  result->option_text(" ");
  retry->option_text("TEXT")->excludes(result);
  failed->option_text("TEXT")->excludes(result)->excludes(retry);
}

void add_mcp(builder& build, arguments& out) {
  auto& given = out.mcp;
  auto* group
    = build.add("mcp", "MCP servers of the node's agents", command::mcp);
  group->require_subcommand(0, 1);
  const auto add = [&](const char* name, const char* help, mcp_action action) {
    auto* sub = group->add_subcommand(name, help);
    sub->footer(command_footer);
    sub->callback([&given, action] { given.action = action; });
    if (action != mcp_action::list)
      sub->add_option("SERVER", given.server, "Id of the server")
        ->required()
        ->option_text(" ");
    return sub;
  };
  const auto add_subject
    = [&given](CLI::App* sub, const char* name, const char* help) {
        return sub->add_option(name, given.subject, help)->option_text(" ");
      };
  const auto add_arguments = [&given](CLI::App* sub) {
    sub->add_option("ARGUMENTS", given.arguments, "An object, as JSON")
      ->option_text(" ");
  };
  add("list", "How they are doing", mcp_action::list);
  add("tools", "The tools of a server", mcp_action::tools);
  auto* call = add("call", "Call a tool, outside of any run", mcp_action::call);
  add_subject(call, "TOOL", "As the server calls it")->required();
  add_arguments(call);
  add_subject(add("read", "A resource of a server, or the list of them",
                  mcp_action::read),
              "URI", "Of the resource");
  auto* prompts = add("prompts", "A prompt of a server, or the list of them",
                      mcp_action::prompts);
  add_subject(prompts, "NAME", "Of the prompt");
  add_arguments(prompts);
  auto* complete
    = add("complete", "What an argument may be, given how it begins",
          mcp_action::complete);
  add_subject(complete, "REF", "A prompt, or the URI template of a resource")
    ->required();
  complete->add_option("ARGUMENT", given.argument, "Its name")
    ->required()
    ->option_text(" ");
  complete->add_option("VALUE", given.value, "How it begins")->option_text(" ");
  add("logs", "What a server said last", mcp_action::logs);
  auto* login = add("login", "Log in at a server that wants a person to",
                    mcp_action::login);
  login->add_flag("--browser", given.opens_browser,
                  "Open the page in a browser of this machine");
  login->add_flag("--paste", given.is_pasted,
                  "Read where the browser ended up from standard input, for a "
                  "browser on another machine");
  add("logout", "Forget what a login at a server has brought",
      mcp_action::logout);
}

void add_commands(builder& build, arguments& out) {
  add_run(build, out);
  add_quiet(build.add_with_run("attach", "Watch a run from its beginning",
                               command::attach),
            out);
  add_list(build, out);
  build.add_with_run("show", "One run: state, output, usage", command::show);
  build
    .add_with_run("events", "The events of a run; --json for all of them",
                  command::events)
    ->add_flag("--follow,-f", out.follow,
               "Go on with what happens from now on");
  build.add_with_run("messages", "The conversation of a run",
                     command::messages);
  build.add_with_run("output",
                     "The output of a run as it is; an image as its bytes",
                     command::output);
  build.add_with_run("tasks", "Model requests and tool calls with attempts",
                     command::tasks);
  build.add_with_run("why", "What a run waits for", command::why);
  build.add_with_run("cancel", "End a run as cancelled", command::cancel)
    ->add_option("--reason", out.reason, "Why, for those who look at it later")
    ->option_text("TEXT");
  build.add("agents", "List the agents of the node", command::agents);
  add_decisions(build, out);
  add_mcp(build, out);
}

void to_lower(std::string& id) {
  std::transform(id.begin(), id.end(), id.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
}

/// The id of a question, or a part of it, in lower case; `last` for the newest
/// run.
bool settle_question(std::string& id) {
  constexpr std::size_t size_min = 4;
  to_lower(id);
  return id == "last"
         || (id.size() >= size_min
             && id.find_first_not_of("0123456789abcdefmo:-")
                  == std::string::npos);
}

/// A full id in lower case, or `last`; nothing for anything else.
bool settle_run_id(std::string& id) {
  to_lower(id);
  if (id == "last")
    return true;
  bool good = id.size() == 36;
  for (std::size_t i = 0; good && i < id.size(); ++i) {
    const bool is_hex
      = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
    good = i == 8 || i == 13 || i == 18 || i == 23 ? id[i] == '-' : is_hex;
  }
  return good;
}

/// What the library does not check; empty when all is well.
std::string problem_of(arguments& args) {
  const auto& run = args.run;
  const auto is_run = args.command == command::run;
  if (is_run && !run.prompt && run.history_file.empty() && run.files.empty())
    return "PROMPT is missing; give - to read it from standard input";
  if (is_run && run.detach && args.is_quiet)
    return "--detach and --quiet exclude each other";
  auto& given = args.decision;
  if (!given.question.empty() && !settle_question(given.question))
    return "'" + given.question
           + "' is not the id of a question, nor at least 4 characters of one; "
             "`perdure approvals` lists them";
  if (args.command == command::answer && !given.result && !given.retry
      && !given.failed)
    return "RESULT is missing: JSON, or --retry or --failed with a reason";
  return {};
}

early_exit complain(std::string what, const std::string& about) {
  return {exit_code::usage,
          {},
          std::move(what) + "\nSee `perdure" + about + " --help`."};
}

} // namespace

std::variant<arguments, early_exit>
parse_arguments(const std::vector<std::string>& words) {
  arguments out;
  CLI::App app{"The client tool of Perdure: runs agents on a node and watches "
               "them.",
               "perdure"};
  app.require_subcommand(1);
  app.fallthrough();
  app.footer(overview_footer);
  app.get_formatter()->column_width(32);
  builder build{app, out};
  add_common(app, out);
  add_commands(build, out);
  std::string about;
  try {
    // The library reads from the back.
    app.parse(std::vector<std::string>{words.rbegin(), words.rend()});
  } catch (const CLI::CallForVersion& reason) {
    return early_exit{0, std::string{reason.what()} + "\n", {}};
  } catch (const CLI::CallForHelp&) {
    return early_exit{0, app.help(), {}};
  } catch (const CLI::ParseError& reason) {
    const auto chosen = app.get_subcommands();
    if (!chosen.empty())
      about = " " + chosen.front()->get_name();
    const auto unknown = app.remaining();
    if (chosen.empty())
      return complain(unknown.empty()
                        ? "a command is missing"
                        : "there is no command '" + unknown.front() + "'",
                      about);
    return complain(reason.what(), about);
  }
  if (!out.run_id.empty() && !settle_run_id(out.run_id))
    return complain("'" + out.run_id
                      + "' is not the id of a run: that has 36 characters, "
                        "and `perdure runs` lists them",
                    "");
  if (auto problem = problem_of(out); !problem.empty())
    return complain(std::move(problem),
                    " " + app.get_subcommands().front()->get_name());
  return out;
}

} // namespace perdure::client
