#include "integration/provider_speech.hpp"

#include "integration/wire_speech.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

const wire_speech& speech(speech_wire wire) {
  switch (wire) {
    case speech_wire::chat:
      return chat_speech;
    case speech_wire::responses:
      return responses_speech;
    case speech_wire::anthropic:
      return anthropic_speech;
    case speech_wire::google:
      break;
  }
  return google_speech;
}

} // namespace

std::string_view prefix_of(speech_wire wire) {
  return speech(wire).prefix;
}

std::string model_of(speech_wire wire) {
  const auto& spoken = speech(wire);
  return std::string{spoken.prefix} + ':' + std::string{spoken.model};
}

std::vector<std::string> speech_environment(const std::string& url) {
  return {"OPENAI_BASE_URL=" + url + "/v1", "OPENAI_API_KEY=a-key",
          "ANTHROPIC_BASE_URL=" + url,      "ANTHROPIC_API_KEY=a-key",
          "GOOGLE_GEMINI_BASE_URL=" + url,  "GOOGLE_API_KEY=a-key"};
}

std::string frame_of(const json& data, std::string_view event) {
  std::string out;
  if (!event.empty())
    out.append("event: ").append(event).append("\n");
  return out + "data: " + runtime::to_text(data) + "\n\n";
}

std::vector<std::string>
frames_of(speech_wire wire, const std::vector<std::string>& pieces) {
  return speech(wire).frames(pieces);
}

std::string
stream_of(speech_wire wire, const std::vector<std::string>& pieces) {
  std::string out;
  for (const auto& frame : frames_of(wire, pieces))
    out += frame;
  return out;
}

std::string body_of(speech_wire wire, const std::string& text) {
  return speech(wire).body(text);
}

std::string calls_of(speech_wire wire, const std::string& tool,
                     const std::string& arguments, std::size_t count) {
  return speech(wire).calls(tool, arguments, count);
}

} // namespace perdure::tests
