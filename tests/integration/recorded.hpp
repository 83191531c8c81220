#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <utility>
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

/// What a tool gave back between two requests.
struct recorded_result {
  /// As the request has it: the client may have made its id up.
  recorded_call call;
  std::string content;
};

/// A wire format, as far as recordings of it are read.
class recorded_wire {
public:
  virtual ~recorded_wire() = default;

  /// What the format adds to the base URL; empty for the whole path.
  [[nodiscard]] virtual std::string path_end() const = 0;
  /// The header that shows the key `a-key`.
  [[nodiscard]] virtual std::pair<std::string, std::string> auth() const = 0;

  [[nodiscard]] virtual recorded_response response(const plain& body) const = 0;
  [[nodiscard]] virtual std::string prompt(const plain& request) const = 0;
  [[nodiscard]] virtual std::string
  instructions(const plain& request) const = 0;
  /// The model settings of an agent that asks like this.
  [[nodiscard]] virtual plain settings(const plain& request) const = 0;
  /// The messages of a request, without what differs and means the same.
  [[nodiscard]] virtual plain messages(const plain& request) const = 0;
  /// The functions of a request: name, description and schema.
  [[nodiscard]] virtual plain tools(const plain& request) const = 0;
  /// All else that is to be as recorded.
  [[nodiscard]] virtual plain rest(const plain& request) const = 0;
  /// What the messages of `after` say that those of `before` did not.
  [[nodiscard]] virtual std::vector<recorded_result>
  results(const plain& before, const plain& after) const = 0;
};

const recorded_wire& chat_wire();
const recorded_wire& responses_wire();
const recorded_wire& anthropic_wire();
const recorded_wire& google_wire();

class recording {
public:
  /// Reads tests/data/wire/NAME.json.
  /// @param count exchanges with the model, from `first` on; 0 for all
  explicit recording(const std::string& name, std::size_t first = 0,
                     std::size_t count = 0);

  /// With the model.
  std::vector<plain> exchanges;
  /// Where in the file each of them is.
  std::vector<std::size_t> positions;
  /// With an MCP server.
  std::vector<plain> mcp;

  [[nodiscard]] const recorded_wire& wire() const;
  [[nodiscard]] const plain& request(std::size_t index) const;
  [[nodiscard]] recorded_response response(std::size_t index) const;
  /// What request `index` says that request `index - 1` did not.
  [[nodiscard]] std::vector<recorded_result> results(std::size_t index) const;

  [[nodiscard]] std::string path(std::size_t index) const;
  [[nodiscard]] std::string query(std::size_t index) const;
  /// The path without what the wire format adds.
  [[nodiscard]] std::string base_path() const;
  [[nodiscard]] std::string model() const;
  [[nodiscard]] std::string prompt() const;
  [[nodiscard]] std::string instructions() const;
  [[nodiscard]] bool is_streamed() const;
  /// What the run comes to.
  [[nodiscard]] plain output() const;
};

// -- reading JSON -------------------------------------------------------------

std::string text_at(const plain& value, const char* key);

/// The JSON in `text`; an empty object for none.
plain parsed(const std::string& text);

/// The `data` of a stream's events, or a whole body as the only one.
std::vector<plain> chunks_of(const plain& body);

/// Copies those of `keys` that `body` has.
plain selected(const plain& body, std::initializer_list<const char*> keys);

/// Ids that a client made up have no meaning beyond their request.
void forget_made_up(plain& id);

} // namespace perdure::tests
