#pragma once

#include "conformance/aimock/stand_in.hpp"
#include "runtime/json.hpp"

#include "support/real_node.hpp"

namespace perdure::tests {

/// A node with an agent `guide` that speaks one wire to a stand-in, and its
/// tool `look_up`, which keeps what it was asked.
struct guided_node {
  explicit guided_node(const wire& spoken) : node(environment_of(spoken)) {
    const auto program = node.place().write("look_up", look_up, true).string();
    runtime::json command{{"name", "look_up"},
                          {"description", "Tells the weather of a city."},
                          {"argv", {program}},
                          {"env", {{"CALLS", node.place().path().string()}}}};
    command["parameters"] = {{"type", "object"},
                             {"properties", {{"city", {{"type", "string"}}}}},
                             {"required", runtime::json::array({"city"})}};
    const runtime::json model{{"retries", 3}, {"retry_delay_seconds", 0.01}};
    node.write_agent(
      "guide.json",
      runtime::to_text(
        {{"model", spoken.model},
         {"instructions", "You are a guide."},
         {"capabilities",
          runtime::json::array(
            {{{"Command", std::move(command)}},
             {{"Durability", {{"model", std::move(model)}}}}})}}));
    node.write_node_file(
      {{"providers", {{spoken.provider, {{"stream", spoken.is_streamed}}}}}});
    node.start();
  }

  /// The arguments of all executions under the id of a call.
  [[nodiscard]] std::string executed(const std::string& call_id) const {
    return read_text(node.place().path() / ("call-" + call_id));
  }

  stand_in provider;
  real_node node;

private:
  static constexpr std::string_view look_up = R"(#!/bin/sh
cat >> "$CALLS/call-$PERDURE_TOOL_CALL_ID"
echo "3 degrees"
)";

  [[nodiscard]] std::vector<std::string>
  environment_of(const wire& spoken) const {
    auto out = spoken.environment;
    for (auto& variable : out)
      if (const auto at = variable.find("=URL"); at != std::string::npos)
        variable.replace(at + 1, 3, provider.url());
    return out;
  }
};

} // namespace perdure::tests
