#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace perdure::tests {

struct api_answer {
  /// 0 when there was no answer.
  long status = 0;
  std::string body;

  /// The body as JSON; null when it is none.
  [[nodiscard]] runtime::json value() const;
  /// `error.type` of the body; empty when it has none.
  [[nodiscard]] std::string error_type() const;
};

/// Calls the HTTP API of a node on this machine, one call at a time.
class api_client {
public:
  api_client(std::uint16_t port, std::string token);

  [[nodiscard]] api_answer get(const std::string& target) const;
  [[nodiscard]] api_answer
  post(const std::string& target, const std::string& body,
       const std::vector<std::string>& headers = {}) const;
  /// With exactly `headers`, and no token of its own.
  [[nodiscard]] api_answer
  call(const std::string& method, const std::string& target,
       const std::string& body, const std::vector<std::string>& headers) const;

  /// Creates a run and waits for its end. @returns the run, or null
  [[nodiscard]] runtime::json run(const runtime::json& request) const;

  /// Waits until a run is in `state`, or has ended. @returns the run, or null
  [[nodiscard]] runtime::json
  wait_for_state(const std::string& run_id, const std::string& state) const;

  /// Waits until `count` questions of a run are open. @returns them, or null
  [[nodiscard]] runtime::json
  wait_for_questions(const std::string& run_id, std::size_t count = 1) const;

  [[nodiscard]] bool is_healthy() const;

  [[nodiscard]] std::uint16_t port() const {
    return port_;
  }

private:
  std::uint16_t port_;
  std::string token_;
};

} // namespace perdure::tests
