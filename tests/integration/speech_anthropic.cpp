#include "integration/wire_speech.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

json message(json content, const json& stop) {
  return {{"id", "msg_1"},
          {"type", "message"},
          {"role", "assistant"},
          {"model", "claude-sonnet-4-0"},
          {"content", std::move(content)},
          {"stop_reason", stop},
          {"usage", {{"input_tokens", 9}, {"output_tokens", 8}}}};
}

std::string frame(const std::string& type, json data) {
  data["type"] = type;
  return frame_of(data, type);
}

std::vector<std::string> frames(const std::vector<std::string>& pieces) {
  std::vector<std::string> out{
    frame("message_start", {{"message", message(json::array(), nullptr)}}),
    frame("content_block_start",
          {{"index", 0}, {"content_block", {{"type", "text"}, {"text", ""}}}})};
  for (const auto& piece : pieces)
    out.push_back(frame(
      "content_block_delta",
      {{"index", 0}, {"delta", {{"type", "text_delta"}, {"text", piece}}}}));
  out.push_back(frame("content_block_stop", {{"index", 0}}));
  out.push_back(
    frame("message_delta", {{"delta", {{"stop_reason", "end_turn"}}},
                            {"usage", {{"output_tokens", 8}}}}));
  out.push_back(frame("message_stop", json::object()));
  return out;
}

std::string body(const std::string& text) {
  const json block{{"type", "text"}, {"text", text}};
  return runtime::to_text(message(json::array({block}), "end_turn"));
}

std::string calls(const std::string& tool, const std::string& arguments,
                  std::size_t count) {
  auto blocks = json::array();
  for (std::size_t i = 0; i < count; ++i)
    blocks.push_back({{"type", "tool_use"},
                      {"id", "call_" + std::to_string(i)},
                      {"name", tool},
                      {"input", json::parse(arguments)}});
  return runtime::to_text(message(std::move(blocks), "tool_use"));
}

} // namespace

const wire_speech anthropic_speech{"anthropic", "claude-sonnet-4-0", frames,
                                   body, calls};

} // namespace perdure::tests
