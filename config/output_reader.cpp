#include "config/capability_reader.hpp"
#include "config/schema_compiler.hpp"

#include <algorithm>

namespace perdure::config {

namespace {

using runtime::json;

/// Compiles the schema of `type`, which stands at `place`.
void compile(runtime::output_type& type, const file_place& place,
             const reading& with) {
  auto compiled = compile_schema(type.json_schema);
  if (!compiled) {
    with.problems.add(place.node->position, place.path,
                      compiled.error().message);
    return;
  }
  type.schema = std::move(*compiled);
  for (const auto& keyword : type.schema->unenforced())
    with.problems.warn(place.node->position, place.path,
                       "output: " + keyword
                         + " is sent to the model, but not enforced");
}

std::string text_in(const json& schema, const char* key) {
  const auto found = schema.find(key);
  return found != schema.end() && found->is_string() ? found->get<std::string>()
                                                     : std::string{};
}

runtime::output_type read_type(const file_place& place, const reading& with) {
  const field_reader fields{
    place, with, {"name", "description", "schema", "strict"}};
  runtime::output_type type;
  type.name = fields.text("name").value_or("");
  type.description = fields.text("description").value_or("");
  type.strict = fields.boolean("strict");
  const auto found = fields.find("schema");
  if (!found) {
    fields.add("'schema' is missing");
    return type;
  }
  if (auto schema = fields.object("schema")) {
    type.json_schema = std::move(*schema);
    if (type.name.empty())
      type.name = text_in(type.json_schema, "title");
    compile(type, *found, with);
  }
  return type;
}

void read_types(const file_place& list, const reading& with,
                runtime::output_definition& output) {
  constexpr std::size_t count_max = 32;
  const auto refuse = [&](const char* message) {
    with.problems.add(list.node->position, list.path, message);
  };
  if (list.node->type != document::kind::array)
    return refuse("must be a list");
  if (!output.types.empty())
    return refuse("output_schema says what the output is already; leave one of "
                  "both out");
  const auto count = list.node->items.size();
  if (count == 0 || count > count_max)
    return refuse("must have 1 to 32 types");
  for (std::size_t i = 0; i < count; ++i) {
    auto type = read_type(list.at(i), with);
    const auto is_taken
      = [&](const auto& other) { return other.name == type.name; };
    if (count > 1
        && (type.name.empty()
            || std::any_of(output.types.begin(), output.types.end(), is_taken)))
      with.problems.add(list.at(i).node->position, list.at(i).path,
                        "each of several types needs a name of its own");
    output.types.push_back(std::move(type));
  }
}

} // namespace

void read_output_schema(const field_reader& fields, const reading& with,
                        agent_draft& draft) {
  const auto found = fields.find("output_schema");
  auto schema = fields.object("output_schema");
  if (!schema)
    return;
  if (text_in(*schema, "type") != "object")
    return fields.add(*found, "must be a JSON Schema with type: object");
  runtime::output_type type;
  type.name = text_in(*schema, "title");
  type.description = text_in(*schema, "description");
  type.json_schema = std::move(*schema);
  compile(type, *found, with);
  draft.definition.output.types.push_back(std::move(type));
}

void read_output(const file_place& place, const reading& with,
                 agent_draft& draft) {
  const field_reader fields{
    place,
    with,
    {"types", "mode", "allow_text", "allow_image", "allow_null", "template"}};
  auto& output = draft.definition.output;
  if (const auto list = fields.find("types"))
    read_types(*list, with, output);
  if (const auto name
      = fields.choice("mode", {"auto", "tool", "native", "prompted"}))
    for (const auto mode :
         {runtime::output_mode::automatic, runtime::output_mode::tool,
          runtime::output_mode::native, runtime::output_mode::prompted})
      if (runtime::to_string(mode) == *name)
        output.mode = mode;
  output.allow_text = fields.boolean("allow_text").value_or(output.allow_text);
  output.allow_image
    = fields.boolean("allow_image").value_or(output.allow_image);
  output.allow_null = fields.boolean("allow_null").value_or(output.allow_null);
  output.prompt_template = fields.text("template").value_or("");
  const auto reads_text = output.mode == runtime::output_mode::native
                          || output.mode == runtime::output_mode::prompted;
  if (output.allow_text && reads_text)
    fields.add(*fields.find("allow_text"),
               "a text is the output itself in the modes native and prompted; "
               "use the mode tool");
  if (!output.is_structured() && !output.allow_image && !fields.find("types"))
    fields.add("says how an output is given, but not what it is; add types, "
               "allow_image, or output_schema");
}

} // namespace perdure::config
