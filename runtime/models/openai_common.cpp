#include "runtime/models/openai_common.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_settings.hpp"

namespace perdure::runtime {

json reasoning_effort(const json& settings, const model_profile& profile) {
  if (const auto* own = find_value(settings, "openai_reasoning_effort"))
    return *own;
  const auto wish = wish_of(settings, profile);
  if (!wish)
    return nullptr;
  if (!wish->wanted)
    return "none";
  return wish->effort.empty() ? "medium" : effort_name(wish->effort, profile);
}

void add_tool_settings(json& body, const json& settings, tool_choice choice) {
  switch (choice) {
    case tool_choice::automatic:
      body["tool_choice"] = "auto";
      break;
    case tool_choice::none:
      body["tool_choice"] = "none";
      break;
    case tool_choice::required:
      body["tool_choice"] = "required";
      break;
  }
  copy_settings(body, settings,
                {{"parallel_tool_calls", "parallel_tool_calls"}});
}

} // namespace perdure::runtime
