#pragma once

#include "simulation/node.hpp"

namespace perdure::simulation {

/// How a run with crashes may differ from the one without.
enum class likeness {
  /// Same end, same output, same messages.
  same,
  /// Same end and output; calls in doubt may be told as unknown.
  same_output,
  /// Same end.
  same_end,
};

/// An agent, what is asked of it, and how the world reacts.
struct scenario {
  std::string name;
  runtime::agent_definition agent;
  script world;
  runtime::run_input input;
  std::size_t runs = 1;
  likeness expected = likeness::same;
  runtime::run_end end = runtime::run_end::completed;
  /// Null: not checked.
  json output;
  runtime::errc error = runtime::errc::none;
  /// The client cancels once so many entries are durable.
  std::uint64_t cancel_after = 0;
  std::chrono::seconds starts_in{0};
  /// Each run starts so much later than the one before.
  std::chrono::seconds apart{0};
  bool stream = false;
};

/// Every way a run can go.
std::vector<scenario> all_scenarios();
/// @pre there is one of that name
scenario scenario_named(const std::string& name);

/// Those with tools of MCP servers.
std::vector<scenario> server_scenarios();

/// Functions return their arguments; programs print their input; people
/// approve.
script plain_world();

/// The n-th request of a run gets the n-th answer, the last one repeats.
std::function<http_answer(std::uint32_t step, const execution& request)>
in_turn(std::vector<http_answer> answers);

/// `plot` with a run that fails so.
scenario failed(scenario plot, runtime::errc error);

runtime::agent_definition plain_agent();
runtime::tool_definition function_tool(const std::string& name);
runtime::tool_definition command_tool(const std::string& name);

} // namespace perdure::simulation
