#include "integration/wire_speech.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

json chat_call(const std::string& tool, const std::string& arguments,
               std::size_t number) {
  return {{"id", "call_" + std::to_string(number)},
          {"type", "function"},
          {"function", {{"name", tool}, {"arguments", arguments}}}};
}

json chat_body(json message, const char* finish) {
  message["role"] = "assistant";
  const json choice{
    {"index", 0}, {"message", std::move(message)}, {"finish_reason", finish}};
  return {{"id", "c1"},
          {"object", "chat.completion"},
          {"model", "gpt-4o"},
          {"choices", json::array({choice})},
          {"usage", {{"prompt_tokens", 9}, {"completion_tokens", 8}}}};
}

std::vector<std::string> frames(const std::vector<std::string>& pieces) {
  std::vector<std::string> out{
    ": a comment\n\n",
    chat_chunk({{"role", "assistant"}, {"content", ""}}, nullptr)};
  for (const auto& piece : pieces)
    out.push_back(chat_chunk({{"content", piece}}, nullptr));
  out.push_back(chat_chunk(json::object(), "stop"));
  out.emplace_back("data: [DONE]\n\n");
  return out;
}

std::string body(const std::string& text) {
  return runtime::to_text(chat_body({{"content", text}}, "stop"));
}

std::string calls(const std::string& tool, const std::string& arguments,
                  std::size_t count) {
  auto made = json::array();
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(chat_call(tool, arguments, i));
  return runtime::to_text(chat_body(
    {{"content", nullptr}, {"tool_calls", std::move(made)}}, "tool_calls"));
}

} // namespace

const wire_speech chat_speech{"openai-chat", "gpt-4o", frames, body, calls};

std::string chat_chunk(const json& delta, const json& finish) {
  const json choice{{"index", 0}, {"delta", delta}, {"finish_reason", finish}};
  return frame_of(
    {{"id", "c1"}, {"model", "gpt-4o"}, {"choices", json::array({choice})}});
}

} // namespace perdure::tests
