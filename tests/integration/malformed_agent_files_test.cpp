#define CAF_SUITE integration.malformed_agent_files

#include <caf/test/unit_test.hpp>

#include "support/real_node.hpp"

using namespace perdure::tests;

namespace {

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

/// Starts perdured with the agent file `text`, which it should refuse.
finished start_with(const std::string& file, const std::string& text) {
  const temp_dir place;
  const auto agent = place.write(file, text);
  return run_program({real_node::binary().string(), "--data-dir",
                      (place.path() / "data").string(), "--agents",
                      agent.string(), "--listen", "127.0.0.1:0"});
}

struct bad_agent {
  std::string file;
  std::string text;
  /// Parts of the message.
  std::vector<std::string> says;
};

const std::vector<bad_agent> bad_agents{
  {"a.yaml", "", {"a.yaml:1"}},
  {"a.yaml", "model: [", {"a.yaml:1:"}},
  {"a.yaml", "instructions: hello\n", {"a.yaml:1", "model"}},
  {"a.yaml",
   "model: test\ninstruction: hello\n",
   {"a.yaml:2:1", "instruction"}},
  {"a.yaml", "model: test\nmodel: test\n", {"a.yaml:2:1", "model"}},
  {"a.yaml", "model: test\nretries: many\n", {"a.yaml:2:", "retries"}},
  {"a.yaml",
   "model: test\nretries: -1\nname: '///'\n",
   {"a.yaml:2:", "a.yaml:3:"}},
  {"a.yaml",
   "model: ${PERDURE_TEST_NO_SUCH_VARIABLE}\n",
   {"a.yaml:1:", "PERDURE_TEST_NO_SUCH_VARIABLE"}},
  {"a.yaml", "model: test\ninstructions: '{{#if x}}'\n", {"a.yaml:2:"}},
  {"a.yaml",
   "model: test\ncapabilities:\n  - ToolSearch\n",
   {"a.yaml:3:", "ToolSearch"}},
  {"a.yaml",
   "model: test\ncapabilities:\n  - Command: {name: a b, argv: [x]}\n",
   {"a.yaml:3:", "name"}},
  {"a.yaml",
   "model: test\ncapabilities:\n  - Command:\n      name: a\n"
   "      argv: [x]\n      parameters: {type: object, pattern: 7}\n",
   {"a.yaml:6:"}},
  {"a.yaml",
   "model: test\noutput_schema: {type: array}\n",
   {"a.yaml:2:", "output_schema"}},
  {"a.json", "{\"model\": \"test\",\n \"name\": }", {"a.json:2:"}},
  {"a.json",
   "{\"model\": \"test\",\n \"deps_schema\": " + nested(100'000) + "}",
   {"a.json:2:"}},
  {"a.json", "\xff\xfe{}", {"a.json:1:"}},
  {"a.yaml", "&a [*a]", {"a.yaml:1:"}},
  {"a.yaml", "model: " + std::string(5'000'000, 'x'), {"a.yaml"}},
};

} // namespace

CAF_TEST(malformed agent files are refused with their place) {
  for (const auto& [file, text, says] : bad_agents) {
    const auto ended = start_with(file, text);
    CAF_MESSAGE(text.substr(0, 60) << " -> " << ended.output.substr(0, 300));
    CAF_REQUIRE(ended.exit_code);
    CAF_CHECK_EQUAL(*ended.exit_code, 2);
    CAF_CHECK(ended.output.starts_with("perdured: "));
    for (const auto& part : says)
      CAF_CHECK(ended.output.find(part) != std::string::npos);
  }
}

CAF_TEST(agent files that are not there are refused) {
  const temp_dir place;
  const auto ended = run_program({real_node::binary().string(), "--data-dir",
                                  (place.path() / "data").string(), "--agents",
                                  (place.path() / "nowhere.yaml").string()});
  CAF_CHECK_EQUAL(ended.exit_code.value_or(-1), 2);
  CAF_CHECK(ended.output.find("nowhere.yaml") != std::string::npos);
}
