#pragma once

#include "tools/perdure/api.hpp"
#include "tools/perdure/arguments.hpp"
#include "tools/perdure/console.hpp"

namespace perdure::client {

/// What a command works with.
struct workplace {
  api& node;
  console& screen;
  const arguments& args;
};

/// Performs the command. @returns the exit code
int perform(const workplace& at);

// -- by file ------------------------------------------------------------------

int run_agent(const workplace& at);
int attach_to_run(const workplace& at);

int list_runs(const workplace& at);
int list_tasks(const workplace& at);
int list_agents(const workplace& at);
int list_events(const workplace& at);
int show_run(const workplace& at);
int show_messages(const workplace& at);
int show_output(const workplace& at);
int show_why(const workplace& at);
int cancel_run(const workplace& at);

int list_approvals(const workplace& at);
/// `approve`, `deny` and `answer`.
int decide_question(const workplace& at);

/// `mcp` and what it does.
int manage_servers(const workplace& at);
/// `mcp login` and `mcp logout`.
int log_in(const workplace& at);
int log_out(const workplace& at);

/// The id that the command line names: `last` is the newest run.
runtime::result<std::string> chosen_run(const workplace& at);

/// Tells of the failure. @returns its exit code
int give_up(const workplace& at, const runtime::failure& reason);

/// Writes the output of `run` as it is, byte by byte. @returns the exit code
int write_output(const workplace& at, const runtime::json& run);

/// Prints `value` as one JSON document. @returns exit_code::completed
int print_json(const workplace& at, const runtime::json& value);

} // namespace perdure::client
