#include "tools/bench/mcp_server.hpp"

#include "runtime/json.hpp"
#include "tools/bench/system.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perdure::bench {

namespace {

using runtime::json;
using steady = std::chrono::steady_clock;

constexpr auto version = "2025-11-25";

json add_tool() {
  auto schema = json::parse(R"({"type": "object", "properties":
    {"a": {"type": "integer"}, "b": {"type": "integer"}},
    "required": ["a", "b"]})");
  json out{{"name", "add"}, {"description", "Adds two numbers."}};
  out["inputSchema"] = std::move(schema);
  return out;
}

json result_of(const std::string& method, const json& params) {
  if (method == "initialize")
    return {{"protocolVersion", version},
            {"capabilities", {{"tools", json::object()}}},
            {"serverInfo", {{"name", "adder"}, {"version", "1"}}}};
  if (method == "tools/list")
    return {{"tools", json::array({add_tool()})}};
  if (method != "tools/call")
    return nullptr;
  const auto& arguments = params["arguments"];
  const auto sum = arguments["a"].get<int>() + arguments["b"].get<int>();
  json content{{"type", "text"}, {"text", std::to_string(sum)}};
  return {{"content", json::array({std::move(content)})}};
}

json answer_to(const json& request) {
  json out{{"jsonrpc", "2.0"}, {"id", request["id"]}};
  auto result = result_of(request["method"].get<std::string>(),
                          request.value("params", json::object()));
  if (result.is_null())
    out["error"] = {{"code", -32'601}, {"message", "no such method"}};
  else
    out["result"] = std::move(result);
  return out;
}

std::string request(std::int64_t id, const char* method, const json& params) {
  return runtime::to_text({{"jsonrpc", "2.0"},
                           {"id", id},
                           {"method", method},
                           {"params", params}})
         + '\n';
}

} // namespace

void serve_mcp() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);)
    if (const auto message = json::parse(line); message.contains("id"))
      std::cout << runtime::to_text(answer_to(message)) << std::endl;
}

std::vector<std::string> mcp_server_command() {
  return {std::filesystem::read_symlink("/proc/self/exe").string(),
          mcp_server_mode};
}

bare_mcp_server::bare_mcp_server() {
  const auto command = mcp_server_command();
  int to_child[2];
  int from_child[2];
  check(::pipe(to_child) == 0 && ::pipe(from_child) == 0, "pipe");
  child_ = ::fork();
  check(child_ >= 0, "fork");
  if (child_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::dup2(to_child[0], STDIN_FILENO);
    ::dup2(from_child[1], STDOUT_FILENO);
    for (const auto fd :
         {to_child[0], to_child[1], from_child[0], from_child[1]})
      ::close(fd);
    ::execl(command[0].c_str(), command[0].c_str(), mcp_server_mode, nullptr);
    ::_exit(127);
  }
  ::close(to_child[0]);
  ::close(from_child[1]);
  requests_ = to_child[1];
  answers_ = from_child[0];
  ask(request(0, "initialize",
              {{"protocolVersion", version},
               {"capabilities", json::object()},
               {"clientInfo", {{"name", "bare"}, {"version", "1"}}}}));
}

bare_mcp_server::~bare_mcp_server() {
  ::close(requests_);
  ::close(answers_);
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

std::string bare_mcp_server::ask(const std::string& line) {
  check(::write(requests_, line.data(), line.size())
          == static_cast<ssize_t>(line.size()),
        "write");
  for (;;) {
    if (const auto end = rest_.find('\n'); end != std::string::npos) {
      auto out = rest_.substr(0, end);
      rest_.erase(0, end + 1);
      return out;
    }
    char buffer[65'536];
    const auto size = ::read(answers_, buffer, sizeof buffer);
    check(size > 0, "read");
    rest_.append(buffer, static_cast<std::size_t>(size));
  }
}

std::vector<std::uint32_t> bare_mcp_server::time_calls(std::size_t count) {
  std::vector<std::uint32_t> out;
  for (std::size_t n = 1; n <= count; ++n) {
    const auto from = steady::now();
    const auto answer = json::parse(
      ask(request(static_cast<std::int64_t>(n), "tools/call",
                  {{"name", "add"}, {"arguments", {{"a", n}, {"b", 1}}}})));
    const auto took = steady::now() - from;
    check(answer["result"]["content"][0]["text"] == std::to_string(n + 1),
          "a wrong sum");
    out.push_back(static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  }
  std::sort(out.begin(), out.end());
  return out;
}

} // namespace perdure::bench
