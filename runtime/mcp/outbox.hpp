#pragma once

#include "runtime/mcp/session.hpp"
#include "runtime/mcp/steps.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::runtime::mcp {

/// Object at `key` of `value`; nullptr unless both are objects.
const json* object_at(const json& value, std::string_view key);

/// String at `key` of `value`; empty when there is none.
std::string text_at(const json& value, std::string_view key);

/// A moment `delay` after `now`, within what a timestamp can hold.
timestamp later(timestamp now, std::chrono::milliseconds delay);

/// The steps that a session wants done, and the one place where messages get
/// their ids and what the era of the server wants on each of them.
class outbox {
public:
  /// @pre `options` outlive it
  explicit outbox(const session_options& options);

  // -- the language -----------------------------------------------------------

  /// From now on messages are of this version; unknown: of none.
  void speak(era spoken, std::string version);

  [[nodiscard]] era spoken() const noexcept {
    return era_;
  }

  [[nodiscard]] const std::string& version() const noexcept {
    return version_;
  }

  [[nodiscard]] bool is_http() const noexcept;

  /// What the client declares, in the form of the era.
  [[nodiscard]] json capabilities(era form) const;

  [[nodiscard]] json client_info() const;

  // -- messages ---------------------------------------------------------------

  /// The exchange that the next request will be.
  [[nodiscard]] exchange_id next_exchange() const noexcept;

  exchange_id request(std::string_view method, json params,
                      const std::vector<header_param>& in_headers = {});
  void notify(std::string_view method, const json& params = {});
  void answer(const rpc_id& id, const json& result);
  void refuse(const rpc_id& id, std::int64_t code, std::string_view message);

  /// Ends the wait for an exchange, and tells the server so in its era's way.
  void give_up(exchange_id exchange, std::string_view reason);

  void put(step next);
  std::vector<step> take();

private:
  void add_envelope(json& params) const;
  [[nodiscard]] header_list
  headers_of(std::string_view method, const json& params,
             const std::vector<header_param>& in_headers) const;
  void post(std::string text);

  const session_options& options_;
  era era_ = era::unknown;
  std::string version_;
  std::uint64_t exchanges_ = 0;
  std::vector<step> steps_;
};

} // namespace perdure::runtime::mcp
