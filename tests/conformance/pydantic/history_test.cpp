#define CAF_SUITE conformance.pydantic

#include "runtime/messages/history_json.hpp"
#include "unit/runtime/random_history.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <iostream>
#include <random>
#include <set>

#include "support/process.hpp"
#include "support/real_node.hpp"
#include "support/temp_dir.hpp"
#include "support/waiting.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;
using runtime::json_style;

namespace {

/// Keys in any order.
using plain = nlohmann::json;

/// One version of Pydantic AI; what it says goes to files of `place`.
class judge {
public:
  judge(std::string version, const temp_dir& place)
    : version_(std::move(version)), place_(place) {
    // nop
  }

  [[nodiscard]] bool passes(std::vector<std::string> arguments) const {
    const auto python
      = std::string{PYDANTIC_ENVIRONMENTS} + '/' + version_ + "/bin/python";
    const auto script = std::string{PERDURE_SOURCE_DIR}
                        + "/tests/conformance/pydantic/histories.py";
    arguments.insert(arguments.begin(), {python, script});
    const auto end
      = run_program(arguments, {"PYTHONDONTWRITEBYTECODE=1"}, 4 * patience);
    if (end.exit_code == 127)
      CAF_FAIL(python << " is missing: tests/conformance/pydantic/install "
                      << PYDANTIC_ENVIRONMENTS << " makes it");
    if (end.exit_code != 0)
      CAF_MESSAGE(version_ << ": " << end.output.substr(0, 3'000));
    return end.exit_code == 0;
  }

  void run(std::vector<std::string> arguments) const {
    CAF_REQUIRE(passes(std::move(arguments)));
  }

  [[nodiscard]] std::string file(const std::string& name) const {
    return (place_.path() / (version_ + '-' + name)).string();
  }

private:
  std::string version_;
  const temp_dir& place_;
};

constexpr std::array versions{"2.35", "2.68"};

std::vector<json> histories_in(const std::string& file) {
  const auto text = runtime::parse_json(read_text(file));
  CAF_REQUIRE(text && text->is_array());
  return text->get<std::vector<json>>();
}

void write(const std::string& file, const std::vector<json>& histories) {
  const std::filesystem::path path{file};
  std::ofstream{path} << runtime::to_text(json(histories));
}

runtime::message_history load(const json& value) {
  auto history = runtime::history_from_json(value);
  if (!history)
    CAF_FAIL(history.error().message << " in " << value);
  return std::move(*history);
}

plain to_plain(const json& value) {
  return plain::parse(runtime::to_text(value));
}

std::string missing_in(const plain& theirs, const plain& ours,
                       const std::string& place = "");

/// They turn it into the result of its call, or into feedback without a call.
bool is_translated_retry(const plain& ours, const plain& theirs) {
  const bool is_feedback = ours.at("tool_name").is_null();
  return ours.at("timestamp") == theirs.at("timestamp")
         && ours.at("content").size() == theirs.at("content").size()
         && theirs.at("part_kind")
              == (is_feedback ? "retry-feedback" : "tool-return")
         && (is_feedback
             || (theirs.at("outcome") == "retried"
                 && ours.at("tool_name") == theirs.at("tool_name")));
}

std::string missing_in_object(const plain& theirs, const plain& ours,
                              const std::string& place) {
  if (ours.value("part_kind", plain{}) == "retry-prompt"
      && theirs.at("part_kind") != "retry-prompt"
      && is_translated_retry(ours, theirs))
    return {};
  for (const auto& [key, value] : ours.items()) {
    if (!theirs.contains(key))
      return place + '.' + key;
    // Names and types of files are derived where they are not given.
    const bool is_derived = key == "identifier" || key == "media_type";
    // What a tool gave back does not say how its files are to be fetched.
    const bool is_reset
      = key == "force_download" && theirs.at(key) == plain(false);
    if ((is_derived && value.is_null()) || is_reset)
      continue;
    if (auto found = missing_in(theirs.at(key), value, place + '.' + key);
        !found.empty())
      return found;
  }
  return {};
}

/// @returns where `theirs` does not hold what `ours` does; empty when it does
std::string
missing_in(const plain& theirs, const plain& ours, const std::string& place) {
  if (ours.is_object() && theirs.is_object())
    return missing_in_object(theirs, ours, place);
  if (!ours.is_array() || !theirs.is_array() || ours.size() != theirs.size())
    return ours == theirs ? ""
                          : place + ": " + ours.dump() + " is " + theirs.dump();
  for (std::size_t i = 0; i < ours.size(); ++i)
    if (auto found
        = missing_in(theirs[i], ours[i], place + '[' + std::to_string(i) + ']');
        !found.empty())
      return found;
  return {};
}

std::vector<json> made_here(std::uint64_t seed) {
  using generator = runtime::random_history;
  generator random{seed, generator::kinds::known};
  std::vector<json> out;
  for (int i = 0; i < 300; ++i)
    out.push_back(to_json(random.make()));
  return out;
}

std::uint64_t new_seed() {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  return seed;
}

/// Lets Pydantic AI read and write `ours`, and reads and writes that again.
void check_comes_back(const judge& python, const std::vector<json>& ours) {
  write(python.file("ours"), ours);
  python.run({"load", python.file("ours"), python.file("theirs")});
  const auto theirs = histories_in(python.file("theirs"));
  CAF_REQUIRE_EQUAL(theirs.size(), ours.size());
  std::vector<json> again;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    const auto their = to_plain(theirs[i]);
    CAF_REQUIRE_EQUAL(missing_in(their, to_plain(ours[i])), "");
    again.push_back(to_json(load(theirs[i])));
    CAF_REQUIRE(to_plain(again.back()) == their);
  }
  write(python.file("again"), again);
  python.run({"compare", python.file("ours"), python.file("again")});
}

} // namespace

CAF_TEST(every kind of part is made here) {
  std::set<std::string> kinds;
  std::set<std::string> outcomes;
  for (const auto& history : made_here(1))
    for (const auto& message : history) {
      for (const auto& part : message["parts"]) {
        kinds.insert(part["part_kind"]);
        if (part.contains("outcome"))
          outcomes.insert(part["outcome"]);
        if (part["part_kind"] == "user-prompt" && part["content"].is_array())
          for (const auto& item : part["content"])
            kinds.insert(item.is_object() ? item["kind"] : "plain");
        if (part.contains("tool_kind") && part["tool_kind"].is_string())
          kinds.insert(part["tool_kind"]);
      }
    }
  const std::set<std::string> all{
    "system-prompt", "user-prompt", "tool-return", "retry-prompt",
    "tool-availability-delta", "speech", "text", "thinking", "tool-call",
    "builtin-tool-call", "builtin-tool-return", "file", "compaction",
    // items
    "plain", "text-content", "image-url", "audio-url", "video-url",
    "document-url", "binary", "uploaded-file", "cache-point",
    // typed calls and returns
    "tool-search", "capability-load"};
  CAF_CHECK(kinds == all);
  CAF_CHECK(
    (outcomes
     == std::set<std::string>{"success", "failed", "denied", "interrupted"}));
}

CAF_TEST(histories that are made here come back equal) {
  const auto ours = made_here(new_seed());
  for (const auto* version : versions) {
    const temp_dir place;
    check_comes_back(judge{version, place}, ours);
  }
}

CAF_TEST(histories of Pydantic AI come back equal) {
  const auto seed = new_seed();
  for (const auto* version : versions) {
    const temp_dir place;
    const judge python{version, place};
    python.run({"make", std::to_string(seed), "250", python.file("theirs")});
    const auto theirs = histories_in(python.file("theirs"));
    CAF_REQUIRE(theirs.size() > 100);
    std::vector<json> ours;
    for (const auto& history : theirs) {
      const auto loaded = load(history);
      ours.push_back(to_json(loaded));
      const auto mine = to_plain(ours.back());
      const auto their = to_plain(history);
      CAF_REQUIRE_EQUAL(missing_in(mine, their), "");
      CAF_REQUIRE_EQUAL(missing_in(their, mine), "");
      CAF_REQUIRE(mine == their);
      const auto stored = to_json(loaded, json_style::compact);
      CAF_REQUIRE(to_json(load(stored)) == ours.back());
    }
    write(python.file("ours"), ours);
    python.run({"compare", python.file("theirs"), python.file("ours")});
  }
}

CAF_TEST(the history of a run comes back equal) {
  real_node node;
  const auto story = node.place().write("story.json", R"({"responses": [
    {"thinking": "Hm.", "text": "I look.",
     "tool_calls": [{"tool": "find", "args": {"city": "Oslo"}},
                    {"tool": "again", "args": {}},
                    {"tool": "breaks", "args": {}},
                    {"tool": "no_such_tool", "args": {"a": [1, null]}}]},
    {"text": "Done.", "usage": {"input_tokens": 9, "output_tokens": 2}}]})");
  const auto command = [](const char* name, const char* script) {
    return json{{"Command",
                 {{"name", name},
                  {"argv", json::array({"/bin/sh", "-c", script})},
                  {"parameters", {{"type", "object"}}}}}};
  };
  node.write_agent(
    "teller.json",
    runtime::to_text(
      {{"model", "script:" + story.string()},
       {"instructions", "Be brief."},
       {"capabilities",
        json::array({command("find", "cat"),
                     command("again", "echo once more >&2; exit 75"),
                     command("breaks", "exit 1")})}}));
  node.start();
  const auto run = node.api().run({{"agent", "teller"}, {"prompt", "Where?"}});
  CAF_REQUIRE_EQUAL(run["state"], "completed");
  const auto history
    = node.api()
        .get("/v1/runs/" + run["id"].get<std::string>() + "/messages")
        .value();
  CAF_REQUIRE_EQUAL(history.size(), 4u);
  for (const auto* version : versions) {
    const temp_dir place;
    const judge python{version, place};
    check_comes_back(python, {history});
  }
}

CAF_TEST(the history of a run that asked people comes back equal) {
  real_node node;
  const auto story = node.place().write("story.json", R"({"responses": [
    {"tool_calls": [{"tool": "wipe", "args": {"n": 1}},
                    {"tool": "measure", "args": {}}]},
    {"text": "Done."}]})");
  json wipe{{"Command", {{"name", "wipe"}, {"argv", json::array({"true"})}}}};
  wipe["Command"]["parameters"] = {{"type", "object"}};
  node.write_agent(
    "asks.json",
    runtime::to_text(
      {{"model", "script:" + story.string()},
       {"capabilities",
        json::array({wipe,
                     {{"External", {{"name", "measure"}}}},
                     {{"Approval", {{"tools", json::array({"wipe"})}}}}})}}));
  node.start();
  const auto created
    = node.api().post("/v1/runs", R"({"agent": "asks", "prompt": "Go."})");
  CAF_REQUIRE_EQUAL(created.status, 201);
  const auto run_id = created.value()["id"].get<std::string>();
  const auto path = "/v1/runs/" + run_id;
  const auto asked = node.api().wait_for_questions(run_id, 2);
  CAF_REQUIRE(asked.is_array());
  for (const auto& question : asked) {
    json decision{{"id", question["id"]}};
    if (question["kind"] == "approval") {
      decision["decision"] = "deny";
    } else {
      decision["decision"] = "answer";
      decision["result"] = {{"kind", "tool-return"},
                            {"return_value", 42},
                            {"content", "See also the picture."},
                            {"metadata", {{"by", "ann"}}}};
    }
    CAF_REQUIRE_EQUAL(
      node.api().post(path + "/approvals", runtime::to_text(decision)).status,
      200);
  }
  const auto run = node.api().wait_for_state(
    created.value()["id"].get<std::string>(), "completed");
  CAF_REQUIRE_EQUAL(run["state"], "completed");
  const auto history = node.api().get(path + "/messages").value();
  CAF_REQUIRE_EQUAL(history.size(), 4u);
  const auto& told = history[2]["parts"];
  CAF_REQUIRE_EQUAL(told.size(), 3u);
  CAF_CHECK_EQUAL(told[0]["outcome"], "denied");
  CAF_CHECK_EQUAL(told[1]["metadata"]["by"], "ann");
  CAF_CHECK_EQUAL(told[2]["part_kind"], "user-prompt");
  for (const auto* version : versions) {
    const temp_dir place;
    check_comes_back(judge{version, place}, {history});
  }
}

CAF_TEST(a difference is seen) {
  const temp_dir place;
  const judge python{"2.68", place};
  auto histories = made_here(1);
  histories.resize(50);
  write(python.file("some"), histories);
  CAF_CHECK(
    python.passes({"compare", python.file("some"), python.file("some")}));
  for (auto& history : histories)
    for (auto& message : history)
      if (message["kind"] == "response")
        message["usage"]["output_tokens"] = 12345;
  write(python.file("others"), histories);
  CAF_CHECK(
    !python.passes({"compare", python.file("some"), python.file("others")}));
  CAF_CHECK_EQUAL(
    missing_in(plain{{"a", {0, {{"b", 3}}}}}, plain{{"a", {0, {{"b", 2}}}}}),
    ".a[1].b: 2 is 3");
  CAF_CHECK_EQUAL(missing_in(plain{{"b", 1}}, plain{{"a", 1}}), ".a");
}
