#pragma once

#include <perdure/durable_agent.hpp>
#include <string>
#include <string_view>

#include "support/temp_dir.hpp"

namespace perdure::tests {

/// A model that gives these answers one after the other; see docs/formats.md.
inline std::string script(const temp_dir& place, std::string_view responses) {
  const auto text = R"({"responses": )" + std::string{responses} + "}";
  return "script:" + place.write("script.json", text).string();
}

/// Code of the error that `action` throws; empty when it throws none.
template <class Action>
std::string refusal(Action action) {
  try {
    action();
    return {};
  } catch (const error& reason) {
    return reason.code();
  }
}

/// What the model was told after its calls: content of all parts of a kind.
inline json told(const run_result& result, std::string_view part_kind) {
  auto out = json::array();
  for (const auto& message : result.messages)
    for (const auto& part : message.at("parts"))
      if (part.at("part_kind") == part_kind)
        out.push_back(part.at("content"));
  return out;
}

} // namespace perdure::tests
