#define CAF_SUITE config.schema_suite

#include "config/schema_compiler.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

using namespace perdure;

namespace {

namespace fs = std::filesystem;

const fs::path suite_folder = "/usr/share/json-schema-test-suite/tests/draft7";

constexpr auto fetched = "refers to a document on the network";
constexpr auto relative = "needs an $id resolved against another one";

/// What does not pass, and why. A test that passes although it is here fails
/// the suite, so that the list stays true.
const std::map<std::string, std::string> known_failures = {
  {"definitions.json | invalid definition | invalid definition schema",
   fetched},
  {"definitions.json | valid definition | valid definition schema", fetched},
  {"ref.json | remote ref, containing refs itself | remote ref invalid",
   fetched},
  {"ref.json | remote ref, containing refs itself | remote ref valid", fetched},
  {"ref.json | Recursive references between schemas | invalid tree", relative},
  {"ref.json | Recursive references between schemas | valid tree", relative},
};

runtime::json read(const fs::path& file) {
  std::ifstream input{file};
  std::stringstream text;
  text << input.rdbuf();
  return runtime::json::parse(text.str());
}

/// The tests are about draft 7, where what stands beside a $ref is ignored.
runtime::json as_draft_7(runtime::json schema) {
  if (schema.is_object() && !schema.contains("$schema"))
    schema["$schema"] = "http://json-schema.org/draft-07/schema#";
  return schema;
}

struct outcome {
  std::size_t count = 0;
  std::set<std::string> failed;
};

void run_group(const std::string& file, const runtime::json& group,
               outcome& all) {
  const auto compiled = config::compile_schema(as_draft_7(group["schema"]));
  for (const auto& test : group["tests"]) {
    const auto name = file + " | " + group["description"].get<std::string>()
                      + " | " + test["description"].get<std::string>();
    ++all.count;
    const auto passed
      = compiled
        && (*compiled)->validate(test["data"]).empty() == test["valid"];
    if (!passed)
      all.failed.insert(name);
  }
}

} // namespace

CAF_TEST(the draft 7 test suite passes but for the known failures) {
  if (!fs::exists(suite_folder)) {
    CAF_CHECK(known_failures.size() < 100); // the package is not installed
    return;
  }
  outcome all;
  for (const auto& entry : fs::directory_iterator{suite_folder}) {
    const auto file = entry.path().filename().string();
    if (!entry.is_regular_file() || file == "refRemote.json")
      continue;
    for (const auto& group : read(entry.path()))
      run_group(file, group, all);
  }
  CAF_MESSAGE(all.count << " tests, " << all.failed.size() << " failed");
  CAF_CHECK(all.count > 400);
  for (const auto& name : all.failed)
    if (!known_failures.count(name))
      CAF_ERROR("failed: " << name);
  for (const auto& [name, reason] : known_failures)
    if (!all.failed.count(name))
      CAF_ERROR("passes although it is known to fail: " << name);
}
