#include "config/capability_reader.hpp"
#include "runtime/models/native_tools.hpp"
#include "runtime/models/provider_table.hpp"

#include <algorithm>
#include <array>

namespace perdure::config {

namespace {

using runtime::json;
using runtime::native_tool;

void add_tool(native_tool tool, const file_place& place, const reading& with,
              agent_draft& draft) {
  const auto refuse = [&](const std::string& message) {
    with.problems.add(place.node->position, place.path, message);
  };
  if (auto problem = runtime::check_native_tool(tool); !problem.empty())
    return refuse(problem);
  auto& tools = draft.definition.native_tools;
  if (std::any_of(tools.begin(), tools.end(),
                  [&](const auto& x) { return x.kind == tool.kind; }))
    return refuse("the native tool " + tool.kind + " is there twice");
  if (tool.kind == "memory" && draft.definition.tool("memory") == nullptr)
    return refuse("the native tool memory wants a tool named 'memory' that "
                  "keeps what the model writes");
  tools.push_back(std::move(tool));
}

/// Members that are there and not null.
json options_in(const file_place& place, const reading& with) {
  auto options = json::object();
  for (const auto& member : place.node->members) {
    auto value = to_json(place.at(member.key, member.value), with);
    if (!value.is_null())
      options[member.key] = std::move(value);
  }
  return options;
}

/// Takes `optional` out of the options.
std::optional<bool>
take_optional(json& options, const file_place& place, const reading& with) {
  const auto found = options.find("optional");
  if (found == options.end())
    return false;
  if (!found->is_boolean()) {
    with.problems.add(place.node->position, place.path,
                      "optional must be true or false");
    return std::nullopt;
  }
  const auto value = found->get<bool>();
  options.erase("optional");
  return value;
}

/// What a capability says of the tool that would run here in the provider's
/// place.
bool check_local(json& options, const file_place& place, const reading& with) {
  const auto take = [&](const char* key) {
    auto value = options.value(key, json{});
    options.erase(key);
    return value;
  };
  const auto refuse = [&](const std::string& message) {
    with.problems.add(place.node->position, place.path, message);
    return false;
  };
  if (take("native") == false)
    return refuse("native: false needs a tool that runs here, which this "
                  "version does not have");
  const auto local = take("local");
  if (!local.is_null() && local != false)
    with.problems.warn(place.node->position, place.path,
                       "local has no effect: this version has no such tool of "
                       "its own");
  if (take("defer_loading") == true)
    return refuse("defer_loading is not supported by this version");
  if (!take("fallback_model").is_null())
    return refuse("fallback_model is not supported by this version");
  take("id");
  take("description");
  return true;
}

} // namespace

void read_native_tool(const file_place& place, const reading& with,
                      agent_draft& draft) {
  auto inner = place;
  if (const auto* nested = place.node->find("tool");
      nested != nullptr && nested->type == document::kind::object)
    inner = place.at("tool", *nested);
  auto options = options_in(inner, with);
  const auto kind = options.find("kind");
  if (kind == options.end() || !kind->is_string()) {
    with.problems.add(inner.node->position, inner.path,
                      "'kind' is missing; valid: "
                        + runtime::native_tool_names());
    return;
  }
  native_tool tool{kind->get<std::string>()};
  options.erase("kind");
  const auto optional = take_optional(options, inner, with);
  if (!optional)
    return;
  tool.optional = *optional;
  tool.options = std::move(options);
  add_tool(std::move(tool), inner, with, draft);
}

void read_native_capability(std::string_view kind, const file_place& place,
                            const reading& with, agent_draft& draft) {
  auto options = options_in(place, with);
  // The tool may be written out under `native`.
  const auto native = options.find("native");
  if (native != options.end() && native->is_object()) {
    auto written = *native;
    written.erase("kind");
    options.erase(native);
    for (const auto& [key, value] : written.items())
      if (!options.contains(key))
        options[key] = value;
  }
  if (!check_local(options, place, with))
    return;
  if (options.contains("image_model")) {
    auto name = options["image_model"];
    options.erase("image_model");
    options["model"] = std::move(name);
  }
  const auto optional = take_optional(options, place, with);
  if (optional)
    add_tool({std::string{kind}, *optional, std::move(options)}, place, with,
             draft);
}

void check_native_tools(const file_place& place, const reading& with,
                        const agent_draft& draft) {
  const auto& definition = draft.definition;
  if (definition.native_tools.empty() && !definition.output.allow_image)
    return;
  auto models = definition.fallback_models;
  models.insert(models.begin(), definition.model);
  for (const auto& model : models) {
    const auto colon = model.find(':');
    const auto* provider = runtime::find_provider(model.substr(0, colon));
    if (provider == nullptr || colon == std::string::npos)
      continue; // known to the node; looked at when it is asked
    const auto wire = runtime::wire_of(provider->wire);
    const auto profile = runtime::profile_of_model(model);
    if (!wire)
      continue;
    if (auto fits = runtime::check_native_tools(
          definition, {*wire, provider->provider_name, profile}, model);
        !fits)
      with.problems.add(place.node->position, place.path, fits.error().message);
  }
}

} // namespace perdure::config
