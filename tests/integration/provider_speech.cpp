#include "integration/provider_speech.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

json chat_call(const std::string& tool, const std::string& arguments,
               std::size_t number) {
  return {{"id", "call_" + std::to_string(number)},
          {"type", "function"},
          {"function", {{"name", tool}, {"arguments", arguments}}}};
}

json responses_call(const std::string& tool, const std::string& arguments,
                    std::size_t number) {
  const auto id = std::to_string(number);
  return {{"type", "function_call"}, {"id", "fc_" + id},
          {"call_id", "call_" + id}, {"name", tool},
          {"arguments", arguments},  {"status", "completed"}};
}

json message_item(const std::string& text) {
  const json content{
    {"type", "output_text"}, {"text", text}, {"annotations", json::array()}};
  return {{"type", "message"},
          {"id", "msg_1"},
          {"role", "assistant"},
          {"status", "completed"},
          {"content", json::array({content})}};
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

json responses_body(const char* status, json output) {
  return {{"id", "resp_1"},
          {"object", "response"},
          {"model", "gpt-4o"},
          {"status", status},
          {"output", std::move(output)},
          {"usage", {{"input_tokens", 9}, {"output_tokens", 8}}}};
}

std::vector<std::string> chat_frames(const std::vector<std::string>& pieces) {
  std::vector<std::string> out{
    ": a comment\n\n",
    chat_chunk({{"role", "assistant"}, {"content", ""}}, nullptr)};
  for (const auto& piece : pieces)
    out.push_back(chat_chunk({{"content", piece}}, nullptr));
  out.push_back(chat_chunk(json::object(), "stop"));
  out.emplace_back("data: [DONE]\n\n");
  return out;
}

std::vector<std::string>
responses_frames(const std::vector<std::string>& pieces) {
  std::size_t number = 0;
  const auto frame = [&number](const std::string& type, json data) {
    data["type"] = type;
    data["sequence_number"] = number++;
    return frame_of(data, type);
  };
  std::vector<std::string> out{
    frame("response.created",
          {{"response", responses_body("in_progress", json::array())}}),
    frame("response.output_item.added", {{"output_index", 0},
                                         {"item",
                                          {{"type", "message"},
                                           {"id", "msg_1"},
                                           {"role", "assistant"},
                                           {"content", json::array()}}}})};
  std::string text;
  for (const auto& piece : pieces) {
    text += piece;
    out.push_back(frame("response.output_text.delta", {{"item_id", "msg_1"},
                                                       {"output_index", 0},
                                                       {"content_index", 0},
                                                       {"delta", piece}}));
  }
  out.push_back(frame("response.output_item.done",
                      {{"output_index", 0}, {"item", message_item(text)}}));
  out.push_back(
    frame("response.completed",
          {{"response",
            responses_body("completed", json::array({message_item(text)}))}}));
  return out;
}

} // namespace

std::string_view prefix_of(speech_wire wire) {
  return wire == speech_wire::chat ? "openai-chat" : "openai-responses";
}

std::string frame_of(const json& data, std::string_view event) {
  std::string out;
  if (!event.empty())
    out.append("event: ").append(event).append("\n");
  return out + "data: " + runtime::to_text(data) + "\n\n";
}

std::string chat_chunk(const json& delta, const json& finish) {
  const json choice{{"index", 0}, {"delta", delta}, {"finish_reason", finish}};
  return frame_of(
    {{"id", "c1"}, {"model", "gpt-4o"}, {"choices", json::array({choice})}});
}

std::vector<std::string>
frames_of(speech_wire wire, const std::vector<std::string>& pieces) {
  return wire == speech_wire::chat ? chat_frames(pieces)
                                   : responses_frames(pieces);
}

std::string
stream_of(speech_wire wire, const std::vector<std::string>& pieces) {
  std::string out;
  for (const auto& frame : frames_of(wire, pieces))
    out += frame;
  return out;
}

std::string body_of(speech_wire wire, const std::string& text) {
  if (wire == speech_wire::chat)
    return runtime::to_text(chat_body({{"content", text}}, "stop"));
  return runtime::to_text(
    responses_body("completed", json::array({message_item(text)})));
}

std::string calls_of(speech_wire wire, const std::string& tool,
                     const std::string& arguments, std::size_t count) {
  auto calls = json::array();
  for (std::size_t i = 0; i < count; ++i)
    calls.push_back(wire == speech_wire::chat
                      ? chat_call(tool, arguments, i)
                      : responses_call(tool, arguments, i));
  if (wire == speech_wire::chat)
    return runtime::to_text(chat_body(
      {{"content", nullptr}, {"tool_calls", std::move(calls)}}, "tool_calls"));
  return runtime::to_text(responses_body("completed", std::move(calls)));
}

} // namespace perdure::tests
