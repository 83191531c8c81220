#include "runtime/agent/output_json.hpp"

namespace perdure::runtime {

namespace {

json write(const output_type& type) {
  auto result = json::object();
  add_text(result, "name", type.name);
  add_text(result, "description", type.description);
  result["schema"] = type.json_schema;
  if (type.strict)
    result["strict"] = *type.strict;
  add_unless(result, "has_function", type.has_function, false);
  return result;
}

output_type read_output_type(const json& value, std::string place,
                             definition_context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  output_type result;
  result.name = in.text("name");
  result.description = in.text("description");
  if (const auto* schema = in.find("schema"))
    result.json_schema = *schema;
  result.strict = read_optional_flag(in, "strict");
  result.has_function = in.flag("has_function", false);
  result.schema
    = compile_schema(result.json_schema, "output \"" + result.name + '"', ctx);
  return result;
}

} // namespace

json to_json(const output_definition& output) {
  auto result = json::object();
  if (output.mode != output_mode::automatic)
    result["mode"] = to_string(output.mode);
  auto types = json::array();
  for (const auto& type : output.types)
    types.push_back(write(type));
  add_if_any(result, "types", std::move(types));
  add_unless(result, "allow_text", output.allow_text, false);
  add_unless(result, "allow_image", output.allow_image, false);
  add_unless(result, "allow_null", output.allow_null, false);
  add_text(result, "prompt_template", output.prompt_template);
  add_unless(result, "has_validator", output.has_validator, false);
  return result;
}

output_definition read_output_definition(const json& value, std::string place,
                                         definition_context& ctx) {
  field_reader in{value, std::move(place), ctx.problem};
  output_definition result;
  // The names are in the order of the enum.
  result.mode = static_cast<output_mode>(
    in.choice("mode", {"auto", "tool", "native", "prompted"}));
  if (const auto* items = in.array("types"))
    for (std::size_t i = 0; i < items->size() && ctx.problem.empty(); ++i)
      result.types.push_back(read_output_type(
        (*items)[i], in.place("types") + '[' + std::to_string(i) + ']', ctx));
  result.allow_text = in.flag("allow_text", false);
  result.allow_image = in.flag("allow_image", false);
  result.allow_null = in.flag("allow_null", false);
  result.prompt_template = in.text("prompt_template");
  result.has_validator = in.flag("has_validator", false);
  return result;
}

} // namespace perdure::runtime
