#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <vector>

namespace perdure::bench {

/// The argument that makes this program an MCP server on standard input and
/// output, which adds two numbers.
constexpr auto mcp_server_mode = "--as-mcp-server";

/// Serves until its input ends.
void serve_mcp();

/// Command that starts such a server.
std::vector<std::string> mcp_server_command();

/// Such a server, asked as plainly as can be: one line out, one line in.
class bare_mcp_server {
public:
  bare_mcp_server();
  ~bare_mcp_server();

  bare_mcp_server(const bare_mcp_server&) = delete;
  bare_mcp_server& operator=(const bare_mcp_server&) = delete;

  /// Microseconds, sorted, of `count` calls, one after the other.
  std::vector<std::uint32_t> time_calls(std::size_t count);

private:
  std::string ask(const std::string& line);

  pid_t child_ = -1;
  int requests_ = -1;
  int answers_ = -1;
  std::string rest_;
};

} // namespace perdure::bench
