#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

/// What a provider says when all is well, as text on the wire.
namespace perdure::tests {

inline constexpr std::string_view event_stream = "text/event-stream";
inline constexpr std::string_view json_type = "application/json";

enum class speech_wire { chat, responses, anthropic, google };

/// Prefix of model strings whose provider speaks it.
std::string_view prefix_of(speech_wire wire);

/// A model string of it.
std::string model_of(speech_wire wire);

/// Variables that send all of them to one server, as `NAME=value`.
std::vector<std::string> speech_environment(const std::string& url);

/// One event of a stream.
std::string frame_of(const runtime::json& data, std::string_view event = {});

/// One chunk of a streamed chat completion.
std::string chat_chunk(const runtime::json& delta, const runtime::json& finish);

/// The events of a stream that says `pieces`, one after the other, and ends.
/// Those at `first_piece`, `first_piece + 1`, ... carry the pieces.
std::vector<std::string>
frames_of(speech_wire wire, const std::vector<std::string>& pieces);
inline constexpr std::size_t first_piece = 2;

/// The same in one text.
std::string stream_of(speech_wire wire, const std::vector<std::string>& pieces);

/// The body of an answer that is not streamed.
std::string body_of(speech_wire wire, const std::string& text);

/// The body of an answer that calls a tool, `count` times.
std::string calls_of(speech_wire wire, const std::string& tool,
                     const std::string& arguments, std::size_t count = 1);

/// What a stream of `text` is after a random accident: bytes changed, removed
/// and put in. Never empty.
template <class Random>
std::string mutated(std::string text, Random& random) {
  for (auto changes = 1 + random() % 8; changes > 0; --changes) {
    const auto at = random() % text.size();
    const auto byte = static_cast<char>(random());
    if (random() % 3 == 0)
      text.erase(at, 1 + random() % 20);
    else if (random() % 2 == 0)
      text.insert(at, 1, byte);
    else
      text[at] = byte;
    if (text.empty())
      text = "\n";
  }
  return text;
}

} // namespace perdure::tests
