#include "runtime/models/native_tools.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/request_plan.hpp"

#include <algorithm>
#include <iterator>

namespace perdure::runtime {

namespace {

/// The kind of tool that an output in the form of an image comes from.
constexpr std::string_view image_maker = "image_generation";

failure cannot(std::string why) {
  return {errc::invalid_argument, std::move(why)};
}

bool can_restrict(const native_row& form, std::string_view option) {
  return std::find(form.restrictions.begin(), form.restrictions.end(), option)
         != form.restrictions.end();
}

const std::vector<std::string>& names_of(const native_target& target) {
  return target.wire == wire_format::openai_chat
           ? target.profile.chat_native_tools
           : target.profile.native_tools;
}

std::string listed(const native_target& target) {
  std::string names;
  for (const auto& name : names_of(target))
    if (find_native_row(name, target) != nullptr)
      names += (names.empty() ? "" : ", ") + name;
  return names.empty() ? "it has none" : "it has " + names;
}

} // namespace

bool has_native_tool(std::string_view kind, const native_target& target) {
  const auto& names = names_of(target);
  return find_native_row(kind, target) != nullptr
         && std::find(names.begin(), names.end(), kind) != names.end();
}

result<native_form>
native_form_of(const native_tool& tool, const native_target& target,
               const json& settings) {
  const auto* form = find_native_row(tool.kind, target);
  if (form == nullptr)
    return cannot("it has no such tool");
  if (const auto* kind = find_native_tool(tool.kind))
    for (const auto& option : kind->options)
      if (option.restricts
          && find_value(tool.options, std::string{option.name}.c_str())
               != nullptr
          && !can_restrict(*form, option.name))
        return cannot("it cannot be held to " + std::string{option.name});
  return form->make(tool.options, target, settings);
}

std::vector<native_tool> usable_native_tools(const agent_definition& definition,
                                             const native_target& target) {
  std::vector<native_tool> usable;
  std::copy_if(definition.native_tools.begin(), definition.native_tools.end(),
               std::back_inserter(usable), [&](const auto& tool) {
                 return has_native_tool(tool.kind, target);
               });
  const auto makes_images
    = [](const native_tool& tool) { return tool.kind == image_maker; };
  if (definition.output.allow_image && has_native_tool(image_maker, target)
      && std::none_of(usable.begin(), usable.end(), makes_images))
    usable.push_back({std::string{image_maker}});
  return usable;
}

result<unit>
check_native_tools(const agent_definition& definition,
                   const native_target& target, std::string_view model_name) {
  const auto refuse = [&](const std::string& kind, const std::string& why) {
    return failure{errc::invalid_argument,
                   "the native tool " + kind + " cannot be used with the model "
                     + std::string{model_name} + ": " + why};
  };
  if (definition.output.allow_image && !has_native_tool(image_maker, target))
    return failure{errc::invalid_argument,
                   "the model " + std::string{model_name}
                     + " makes no images, and the output may be one; choose a "
                       "model that does, or leave allow_image out"};
  bool has_any = false;
  for (const auto& tool : definition.native_tools) {
    if (!has_native_tool(tool.kind, target)) {
      if (tool.optional)
        continue;
      return refuse(tool.kind, listed(target));
    }
    if (auto form = native_form_of(tool, target, definition.model_settings);
        !form)
      return refuse(tool.kind, form.error().message);
    has_any = true;
  }
  const auto& output = definition.output;
  const auto has_functions
    = !definition.tools.empty()
      || (output.is_structured()
          && output_mode_for(definition, target.profile) == output_mode::tool);
  if (has_any && has_functions && !target.profile.supports_native_with_tools)
    return failure{errc::invalid_argument,
                   "the model " + std::string{model_name}
                     + " takes no native tools together with others"};
  return ok();
}

void add_native_tools(json& body, std::set<std::string>& betas,
                      const agent_definition& definition,
                      const native_target& target) {
  for (const auto& tool : usable_native_tools(definition, target)) {
    auto form = native_form_of(tool, target, definition.model_settings);
    if (!form)
      continue; // refused before the run began
    for (auto& element : form->tools)
      body["tools"].push_back(std::move(element));
    body.merge_patch(form->body);
    betas.merge(form->betas);
  }
}

} // namespace perdure::runtime
