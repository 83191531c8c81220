#define CAF_SUITE config.output_reader

#include "config/agent_file.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure;
using runtime::output_mode;

namespace {

std::optional<std::string> lookup(std::string_view) {
  return std::nullopt;
}

runtime::result<config::loaded_agent> try_load(const std::string& rest) {
  return config::load_agent_text("model: test\n" + rest,
                                 config::agent_format::yaml, "agents/desk.yaml",
                                 lookup);
}

config::loaded_agent load(const std::string& rest) {
  auto agent = try_load(rest);
  if (!agent)
    CAF_FAIL("refused: " << agent.error().message);
  return std::move(*agent);
}

bool refuses(const std::string& rest, const std::string& part) {
  const auto agent = try_load(rest);
  if (agent)
    return false;
  CAF_MESSAGE(agent.error().message);
  return agent.error().message.find(part) != std::string::npos;
}

std::string output(const std::string& arguments) {
  return "capabilities:\n  - Output: " + arguments + "\n";
}

const std::string city = R"(output_schema:
  title: City
  description: Where it is.
  type: object
  properties: {name: {type: string}, mail: {type: string, format: email}}
  required: [name]
)";

} // namespace

CAF_TEST(an output schema is one type with its title as the name) {
  const auto agent = load(city);
  const auto& found = agent.definition.output;
  CAF_REQUIRE_EQUAL(found.types.size(), 1u);
  const auto& type = found.types.front();
  CAF_CHECK_EQUAL(type.name, "City");
  CAF_CHECK_EQUAL(type.description, "Where it is.");
  CAF_REQUIRE(type.schema != nullptr);
  CAF_CHECK(type.schema->validate({{"name", "Oslo"}}).empty());
  CAF_CHECK(!type.schema->validate(runtime::json::object()).empty());
  CAF_CHECK(found.mode == output_mode::automatic);
  CAF_REQUIRE_EQUAL(agent.warnings.size(), 1u);
  CAF_CHECK(agent.warnings.front().find("output_schema: output: "
                                        "/properties/mail/format")
            != std::string::npos);
  CAF_CHECK(load("").definition.output.types.empty());
  CAF_CHECK(load("output_schema: ~").definition.output.types.empty());
}

CAF_TEST(how the output is given) {
  const auto of = [](const std::string& arguments) {
    return load(city + output(arguments)).definition.output;
  };
  CAF_CHECK(of("{mode: native}").mode == output_mode::native);
  CAF_CHECK(of("{mode: prompted}").mode == output_mode::prompted);
  CAF_CHECK(of("{mode: tool}").mode == output_mode::tool);
  CAF_CHECK(of("{mode: auto}").mode == output_mode::automatic);
  CAF_CHECK(of("{allow_text: true}").allow_text);
  CAF_CHECK(of("{allow_null: true}").allow_null);
  CAF_CHECK(of("{allow_image: true}").allow_image);
  CAF_CHECK_EQUAL(of("{template: 'As {schema}.'}").prompt_template,
                  "As {schema}.");
}

CAF_TEST(an image is an output by itself) {
  const auto only = load(output("{allow_image: true}")).definition.output;
  CAF_CHECK(only.allow_image);
  CAF_CHECK(!only.takes_text());
  CAF_CHECK(load(output("{allow_image: true, allow_text: true}"))
              .definition.output.takes_text());
  const auto painted = [](const std::string& model) {
    const auto agent = config::load_agent_text(
      "model: " + model + "\n" + output("{allow_image: true}"),
      config::agent_format::yaml, "agents/desk.yaml", lookup);
    return agent ? std::string{} : agent.error().message;
  };
  CAF_CHECK_EQUAL(painted("openai:gpt-5"), "");
  CAF_CHECK_EQUAL(painted("google:gemini-2.5-flash-image"), "");
  CAF_CHECK(painted("openai-chat:gpt-4o")
              .find("the model openai-chat:gpt-4o makes no images")
            != std::string::npos);
  // Providers of the node file are not known yet.
  CAF_CHECK_EQUAL(painted("house:m"), "");
}

CAF_TEST(several types) {
  const auto agent = load(output(R"({types: [
    {name: City, description: A city., schema: {type: object}},
    {schema: {title: Count, type: integer}, strict: true}]})"));
  const auto& types = agent.definition.output.types;
  CAF_REQUIRE_EQUAL(types.size(), 2u);
  CAF_CHECK_EQUAL(types[0].name, "City");
  CAF_CHECK_EQUAL(types[0].description, "A city.");
  CAF_CHECK(!types[0].strict);
  CAF_CHECK_EQUAL(types[1].name, "Count");
  CAF_CHECK(types[1].strict == true);
  CAF_REQUIRE(types[1].schema != nullptr);
  CAF_CHECK(!types[1].schema->validate("x").empty());
}

CAF_TEST(strategies) {
  using enum runtime::end_strategy;
  CAF_CHECK(load("").definition.end_strategy == graceful);
  CAF_CHECK(load("end_strategy: early").definition.end_strategy == early);
  CAF_CHECK(load("end_strategy: graceful").definition.end_strategy == graceful);
  CAF_CHECK(load("end_strategy: exhaustive").definition.end_strategy
            == exhaustive);
}

CAF_TEST(outputs that cannot work are refused) {
  CAF_CHECK(refuses("output_schema: 5", "must be an object"));
  CAF_CHECK(refuses("output_schema: {}", "2:16: output_schema: must be a JSON "
                                         "Schema with type: object"));
  CAF_CHECK(refuses("output_schema: {type: array}", "with type: object"));
  CAF_CHECK(refuses("output_schema: {type: object, pattern: 7}", "pattern"));
  CAF_CHECK(refuses(output("{mode: loud}"), "unknown value 'loud'"));
  CAF_CHECK(refuses(output("{mode: tool}"), "not what it is"));
  CAF_CHECK(refuses(output("{types: {}}"), "must be a list"));
  CAF_CHECK(refuses(output("{types: []}"), "1 to 32"));
  CAF_CHECK(refuses(output("{types: [{name: A}]}"), "'schema' is missing"));
  CAF_CHECK(refuses(output("{types: [{schema: 5}]}"), "must be an object"));
  CAF_CHECK(refuses(output("{types: [{schema: {}, kind: x}]}"), "unknown key"));
  CAF_CHECK(refuses(output("{types: [{name: A, schema: {}}, {schema: {}}]}"),
                    "types[1]: each of several types needs a name"));
  CAF_CHECK(
    refuses(output("{types: [{name: A, schema: {}}, {name: A, schema: {}}]}"),
            "each of several types needs a name"));
  CAF_CHECK(refuses(city + output("{types: [{schema: {}}]}"),
                    "output_schema says what the output is already"));
  CAF_CHECK(refuses(city + output("{mode: native, allow_text: true}"),
                    "use the mode tool"));
  CAF_CHECK(refuses(city + output("{allow_text: 5}"), "true or false"));
}
