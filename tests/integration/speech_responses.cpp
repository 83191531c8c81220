#include "integration/wire_speech.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

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

json responses_body(const char* status, json output) {
  return {{"id", "resp_1"},
          {"object", "response"},
          {"model", "gpt-4o"},
          {"status", status},
          {"output", std::move(output)},
          {"usage", {{"input_tokens", 9}, {"output_tokens", 8}}}};
}

std::vector<std::string> frames(const std::vector<std::string>& pieces) {
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

std::string body(const std::string& text) {
  return runtime::to_text(
    responses_body("completed", json::array({message_item(text)})));
}

std::string calls(const std::string& tool, const std::string& arguments,
                  std::size_t count) {
  auto made = json::array();
  for (std::size_t i = 0; i < count; ++i)
    made.push_back(responses_call(tool, arguments, i));
  return runtime::to_text(responses_body("completed", std::move(made)));
}

} // namespace

const wire_speech responses_speech{"openai-responses", "gpt-4o", frames, body,
                                   calls};

} // namespace perdure::tests
