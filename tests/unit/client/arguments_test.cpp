#define CAF_SUITE client.arguments

#include "runtime/json.hpp"
#include "tools/perdure/arguments.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/run_request.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>

using namespace perdure;
using namespace perdure::client;

namespace {

using words = std::vector<std::string>;

constexpr const char* id = "0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

arguments good(const words& line) {
  auto parsed = parse_arguments(line);
  if (const auto* exit = std::get_if<early_exit>(&parsed))
    CAF_FAIL("refused: " << exit->complaint);
  return std::get<arguments>(std::move(parsed));
}

/// What is said of a wrong command line; empty when it is not refused as one.
std::string complaint(const words& line) {
  const auto parsed = parse_arguments(line);
  const auto* exit = std::get_if<early_exit>(&parsed);
  if (exit == nullptr || exit->code != exit_code::usage || !exit->text.empty())
    return {};
  return exit->complaint;
}

runtime::result<std::string> no_input() {
  return runtime::failure{runtime::errc::internal, "must not be read"};
}

std::string body(const words& line, const std::string& input = "x") {
  const auto made = make_run_request(
    good(line).run, [&input] { return runtime::result<std::string>{input}; });
  return made ? runtime::to_text(*made) : "refused: " + made.error().message;
}

} // namespace

CAF_TEST(wrong command lines are refused with a reason) {
  CAF_CHECK(complaint({}).starts_with("a command is missing"));
  CAF_CHECK(complaint({"--json"}).starts_with("a command is missing"));
  CAF_CHECK(complaint({"nope", "x"}).find("'nope'") != std::string::npos);
  CAF_CHECK(complaint({"run"}).find("AGENT") != std::string::npos);
  CAF_CHECK(complaint({"run", "a"}).find("PROMPT") != std::string::npos);
  CAF_CHECK(complaint({"run", "a", "b", "c"}).size() > 0);
  CAF_CHECK(complaint({"run", "a", "b", "--nope"}).find("--nope")
            != std::string::npos);
  CAF_CHECK(complaint({"run", "a", "b", "--limit-requests", "-1"}).size() > 0);
  CAF_CHECK(complaint({"run", "a", "b", "--limit-requests", "x"}).size() > 0);
  CAF_CHECK(complaint({"run", "a", "b", "--time-limit", "0"}).size() > 0);
  CAF_CHECK(complaint({"run", "a", "b", "-q", "--detach"}).size() > 0);
  CAF_CHECK(complaint({"show"}).find("RUN") != std::string::npos);
  CAF_CHECK(complaint({"show", "0197"}).find("36") != std::string::npos);
  CAF_CHECK(complaint({"show", "../../v1/agents"}).size() > 0);
  CAF_CHECK(complaint({"show", std::string{id} + "0"}).size() > 0);
  CAF_CHECK(complaint({"runs", "--state", "sleeping"}).size() > 0);
  CAF_CHECK(complaint({"runs", "--limit", "0"}).size() > 0);
  CAF_CHECK(complaint({"--url"}).size() > 0);
}

CAF_TEST(help and version are no errors) {
  for (const auto& line :
       {words{"--help"}, words{"run", "--help"}, words{"--version"}}) {
    const auto parsed = parse_arguments(line);
    const auto* exit = std::get_if<early_exit>(&parsed);
    CAF_REQUIRE(exit != nullptr);
    CAF_CHECK_EQUAL(exit->code, 0);
    CAF_CHECK(exit->text.find("perdure") != std::string::npos);
    CAF_CHECK(exit->text.ends_with("\n"));
    CAF_CHECK(exit->complaint.empty());
  }
}

CAF_TEST(options of all commands may stand anywhere) {
  const auto before = good({"--url", "u", "--json", "runs"});
  CAF_CHECK_EQUAL(before.url, "u");
  CAF_CHECK(before.is_json);
  CAF_CHECK(before.command == command::runs);
  const auto after = good({"run", "a", "b", "--json", "--token-file", "f"});
  CAF_CHECK(after.is_json);
  CAF_CHECK_EQUAL(after.token_file, "f");
  CAF_CHECK(after.command == command::run);
}

CAF_TEST(runs are named by full id or as the last one) {
  CAF_CHECK_EQUAL(good({"show", "last"}).run_id, "last");
  CAF_CHECK_EQUAL(good({"why", "0197A1B2-C3D4-7E5F-8A9B-0C1D2E3F4A5B"}).run_id,
                  id);
  const auto events = good({"events", id, "--follow"});
  CAF_CHECK(events.follow);
  CAF_CHECK(events.command == command::events);
  CAF_CHECK_EQUAL(good({"cancel", id, "--reason", "too slow"}).reason,
                  "too slow");
}

CAF_TEST(the request says what was given and nothing else) {
  CAF_CHECK_EQUAL(body({"run", "a", "hi there"}),
                  R"({"agent":"a","prompt":"hi there"})");
  CAF_CHECK_EQUAL(
    body({"run", "a", "[x,y]", "--deps", R"({"n":[1]})", "--tag", "[p,q]",
          "--tag", "r", "--limit-requests", "3", "--limit-tool-calls", "0",
          "--time-limit", "1.5", "--model", "m", "--conversation", "new"}),
    R"({"agent":"a","prompt":"[x,y]","deps":{"n":[1]},)"
    R"("tags":["[p,q]","r"],"usage_limits":{"request_limit":3,)"
    R"("tool_calls_limit":0,"time_limit_seconds":1.5},"model":"m",)"
    R"("conversation_id":"new"})");
}

CAF_TEST(files and links go with the prompt) {
  CAF_CHECK_EQUAL(body({"run", "a", "Look:", "--file", "http://x/a.png",
                        "--file", "https://x/b.pdf"}),
                  R"({"agent":"a","prompt":["Look:",)"
                  R"({"kind":"image-url","url":"http://x/a.png"},)"
                  R"({"kind":"document-url","url":"https://x/b.pdf"}]})");
  CAF_CHECK_EQUAL(body({"run", "a", "--file", "http://x/a.png"}),
                  R"({"agent":"a","prompt":[)"
                  R"({"kind":"image-url","url":"http://x/a.png"}]})");
  CAF_CHECK(
    body({"run", "a", "b", "--file", "/nonexistent"}).find("/nonexistent")
    != std::string::npos);
}

CAF_TEST(a dash reads the prompt from standard input) {
  CAF_CHECK_EQUAL(body({"run", "a", "-"}, "one\ntwo\r\n"),
                  R"({"agent":"a","prompt":"one\ntwo"})");
  CAF_CHECK(body({"run", "a", "-"}, "\n").starts_with("refused: "));
  CAF_CHECK(body({"run", "a", "-"}, "\xE9").find("UTF-8") != std::string::npos);
  CAF_CHECK_EQUAL(body({"run", "a", "--", "--help"}),
                  R"({"agent":"a","prompt":"--help"})");
}

CAF_TEST(a prompt that fails to come is told of) {
  const auto made = make_run_request(good({"run", "a", "-"}).run, no_input);
  CAF_CHECK(!made);
  CAF_CHECK(make_run_request(good({"run", "a", "b"}).run, no_input));
}

CAF_TEST(values that are not JSON are refused) {
  CAF_CHECK(body({"run", "a", "b", "--deps", "{x"}).find("--deps")
            != std::string::npos);
  CAF_CHECK(
    body({"run", "a", "b", "--history", "/nonexistent"}).find("/nonexistent")
    != std::string::npos);
}

CAF_TEST(a history may do without a prompt) {
  const std::string file = "client_arguments_test_history.json";
  std::ofstream{file} << R"([{"kind":"request","parts":[]}])";
  CAF_CHECK_EQUAL(body({"run", "a", "--history", file}),
                  R"({"agent":"a","message_history":)"
                  R"([{"kind":"request","parts":[]}]})");
  std::ofstream{file} << "{}";
  CAF_CHECK(body({"run", "a", "--history", file}).starts_with("refused: "));
  std::remove(file.c_str());
}

CAF_TEST(keys are fit for a header and never the same by chance) {
  run_arguments run;
  const auto one = make_key(run);
  const auto other = make_key(run);
  CAF_REQUIRE(one && other);
  CAF_CHECK_NOT_EQUAL(*one, *other);
  for (const auto& key : {std::string{"a\r\nX: y"}, std::string{"a b"},
                          std::string{"\xC3\xA9"}, std::string(257, 'x')}) {
    run.key = key;
    CAF_CHECK(!make_key(run));
  }
  run.key = "order-4711";
  const auto key = make_key(run);
  CAF_REQUIRE(key);
  CAF_CHECK_EQUAL(*key, "order-4711");
}

CAF_TEST(logins at MCP servers) {
  const auto asked
    = good({"mcp", "complete", "files", "file:///{path}", "path", "src/"}).mcp;
  CAF_CHECK(asked.action == mcp_action::complete);
  CAF_CHECK_EQUAL(asked.subject, "file:///{path}");
  CAF_CHECK_EQUAL(asked.argument, "path");
  CAF_CHECK_EQUAL(asked.value, "src/");
  const auto plain = good({"mcp", "login", "files"}).mcp;
  CAF_CHECK(plain.action == mcp_action::login);
  CAF_CHECK_EQUAL(plain.server, "files");
  CAF_CHECK(!plain.opens_browser && !plain.is_pasted);
  CAF_CHECK(good({"mcp", "login", "files", "--browser"}).mcp.opens_browser);
  CAF_CHECK(good({"mcp", "login", "files", "--paste"}).mcp.is_pasted);
  CAF_CHECK(good({"mcp", "logout", "files"}).mcp.action == mcp_action::logout);
  CAF_CHECK(complaint({"mcp", "login"}).find("SERVER") != std::string::npos);
}
