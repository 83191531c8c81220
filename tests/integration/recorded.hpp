#pragma once

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

/// Recorded exchanges read by plain means, without the code under test.
namespace perdure::tests {

/// Keys are sorted, so that `==` compares what is meant.
using plain = nlohmann::json;

struct recorded_call {
  std::string name;
  plain arguments;
  /// Empty when the provider left it out.
  std::string id;

  bool operator==(const recorded_call&) const = default;
};

/// What one response says.
struct recorded_response {
  std::string text;
  std::vector<recorded_call> calls;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
};

/// What the tools gave back between two requests.
struct recorded_result {
  std::string tool;
  std::string call_id;
  std::string content;
};

class recording {
public:
  /// Reads tests/data/wire/NAME.json.
  explicit recording(const std::string& name);

  std::vector<plain> exchanges;

  [[nodiscard]] const plain& request(std::size_t index) const;
  [[nodiscard]] recorded_response response(std::size_t index) const;
  /// What request `index` says that request `index - 1` did not.
  [[nodiscard]] std::vector<recorded_result> results(std::size_t index) const;

  [[nodiscard]] bool is_chat() const;
  [[nodiscard]] std::string path(std::size_t index) const;
  /// The path without what the wire format adds.
  [[nodiscard]] std::string base_path() const;
  [[nodiscard]] std::string prompt() const;
  [[nodiscard]] std::string instructions() const;
};

/// The messages of a request, without what differs and means the same.
plain messages_in(const plain& body);

/// The functions of a request: name, description and schema.
plain tools_in(const plain& body);

} // namespace perdure::tests
