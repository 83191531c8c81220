#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace perdure::client {

enum class command {
  run,
  attach,
  runs,
  show,
  events,
  messages,
  output,
  tasks,
  why,
  cancel,
  agents,
  approvals,
  approve,
  deny,
  answer,
  mcp,
};

/// What `mcp` does.
enum class mcp_action {
  list,
  tools,
  call,
  read,
  prompts,
  complete,
  logs,
  login,
  logout,
};

/// Options of `run`.
struct run_arguments {
  std::string agent;
  /// `-` for standard input; nothing when the history says it all.
  std::optional<std::string> prompt;
  std::string deps;
  std::string metadata;
  std::string key;
  std::string model;
  std::string history_file;
  std::string conversation;
  std::string start_at;
  std::vector<std::string> tags;
  /// Paths and URLs that go with the prompt.
  std::vector<std::string> files;
  std::optional<std::int64_t> requests_max;
  std::optional<std::int64_t> tool_calls_max;
  std::optional<std::int64_t> tokens_max;
  std::optional<double> time_limit_seconds;
  bool detach = false;
};

/// Options of `runs`.
struct list_arguments {
  std::string state;
  std::string agent;
  std::string tag;
  std::string since;
  std::int64_t limit = 20;
};

/// Options of `approvals`, `approve`, `deny` and `answer`.
struct decision_arguments {
  /// Names the question.
  std::string question;
  /// Only questions of this agent; empty for all.
  std::string agent;
  /// JSON that replaces the call's arguments; empty for none.
  std::string arguments;
  std::string message;
  std::string decided_by;
  /// One of them is there for `answer`.
  std::optional<std::string> result;
  std::optional<std::string> retry;
  std::optional<std::string> failed;
};

/// Options of `mcp`.
struct mcp_arguments {
  mcp_action action = mcp_action::list;
  std::string server;
  /// Name of a tool or prompt, or URI (template) of a resource.
  std::string subject;
  /// JSON; empty for none.
  std::string arguments;
  /// What `complete` is about, and how it begins.
  std::string argument;
  std::string value;
  /// `login` opens a browser.
  bool opens_browser = false;
  /// `login` reads where the browser ended up from standard input.
  bool is_pasted = false;
};

/// The command line, checked as far as that goes without a node.
struct arguments {
  client::command command = client::command::agents;
  std::string url;
  std::string token_file;
  /// JSON instead of text for people.
  bool is_json = false;
  /// `run` and `attach` print the output and nothing else.
  bool is_quiet = false;
  bool follow = false;
  /// Full id or `last`.
  std::string run_id;
  std::string reason;
  run_arguments run;
  list_arguments list;
  decision_arguments decision;
  mcp_arguments mcp;
};

/// Nothing is left to do but to print this and go.
struct early_exit {
  int code = 0;
  /// For standard output.
  std::string text;
  /// For standard error; empty for none.
  std::string complaint;
};

/// @param words the command line without the program's name
std::variant<arguments, early_exit>
parse_arguments(const std::vector<std::string>& words);

} // namespace perdure::client
