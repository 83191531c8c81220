#pragma once

#include "actors/mcp/links.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace perdure::tests {

using runtime::json;
namespace mcp = runtime::mcp;

/// What a server of tests does; a legacy one, at the end of links that only it
/// knows.
class fake_server final : public actors::mcp_links {
public:
  enum class conduct {
    /// Answers.
    good,
    /// Takes calls and does not answer.
    silent,
    /// Ends when it is called.
    dies_of_calls,
    /// Ends as soon as it is started.
    dies_at_once,
    /// Is not there.
    unreachable,
    /// Never opens.
    shut,
    /// Its program is missing.
    missing,
  };

  runtime::result<std::shared_ptr<actors::mcp_link>>
  open(const mcp::server_options& server,
       actors::mcp_link_context context) override;

  /// Texts with this method in them that were received.
  [[nodiscard]] std::size_t received(std::string_view method) const;

  /// Says so many lines to people, on all links.
  void say(std::size_t lines);

  conduct now = conduct::good;
  std::vector<std::string> texts;
  std::size_t opened = 0;
  std::size_t closed = 0;

private:
  class link;

  void take(link& from, const std::string& text);

  std::vector<std::weak_ptr<link>> links_;
};

} // namespace perdure::tests
