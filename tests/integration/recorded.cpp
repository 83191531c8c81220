#include "integration/recorded.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <string_view>

namespace perdure::tests {

namespace {

constexpr std::string_view chat_path = "/chat/completions";
constexpr std::string_view responses_path = "/responses";

std::string text_at(const plain& value, const char* key) {
  return value.is_object() && value.contains(key) && value.at(key).is_string()
           ? value.at(key).get<std::string>()
           : std::string{};
}

plain parsed(const std::string& text) {
  return text.empty() ? plain::object() : plain::parse(text);
}

/// The `data` of a stream's events.
std::vector<plain> data_of(const std::string& stream) {
  std::vector<plain> out;
  for (std::size_t begin = 0; begin < stream.size();) {
    const auto end = std::min(stream.find('\n', begin), stream.size());
    const auto line = stream.substr(begin, end - begin);
    if (line.starts_with("data: {"))
      out.push_back(plain::parse(line.substr(6)));
    begin = end + 1;
  }
  return out;
}

struct pieces {
  std::string name;
  std::string arguments;
  std::string id;
};

void add_chunk(recorded_response& out, std::vector<pieces>& calls,
               const plain& chunk) {
  if (chunk.contains("error")) {
    // A call that the server refused.
    const auto failed = text_at(chunk.at("error"), "failed_generation");
    if (!failed.empty()) {
      const auto call = plain::parse(failed);
      calls.push_back({call.at("name"), call.at("arguments").dump(), {}});
    }
    return;
  }
  for (const auto& choice : chunk.value("choices", plain::array())) {
    const auto& said
      = choice.at(choice.contains("delta") ? "delta" : "message");
    out.text += text_at(said, "content");
    if (!said.contains("tool_calls") || said.at("tool_calls").is_null())
      continue;
    std::size_t position = 0;
    for (const auto& call : said.at("tool_calls")) {
      const auto index = call.value("index", position++);
      calls.resize(std::max(calls.size(), index + 1));
      calls[index].name += text_at(call.at("function"), "name");
      calls[index].arguments += text_at(call.at("function"), "arguments");
      calls[index].id += text_at(call, "id");
    }
  }
  if (chunk.contains("usage") && chunk.at("usage").is_object()) {
    out.input_tokens = chunk.at("usage").at("prompt_tokens");
    out.output_tokens = chunk.at("usage").at("completion_tokens");
  }
}

recorded_response chat_response(const plain& body) {
  recorded_response out;
  std::vector<pieces> calls;
  if (body.is_string())
    for (const auto& chunk : data_of(body))
      add_chunk(out, calls, chunk);
  else
    add_chunk(out, calls, body);
  for (const auto& call : calls)
    out.calls.push_back({call.name, parsed(call.arguments), call.id});
  return out;
}

recorded_response responses_response(plain body) {
  if (body.is_string())
    body = plain(data_of(body).back().at("response"));
  recorded_response out;
  for (const auto& item : body.at("output")) {
    if (item.at("type") == "message")
      for (const auto& piece : item.at("content"))
        out.text += text_at(piece, "text");
    if (item.at("type") == "function_call")
      out.calls.push_back(
        {item.at("name"), parsed(item.at("arguments")), item.at("call_id")});
  }
  out.input_tokens = body.at("usage").at("input_tokens");
  out.output_tokens = body.at("usage").at("output_tokens");
  return out;
}

const plain& items_in(const plain& body) {
  return body.at(body.contains("messages") ? "messages" : "input");
}

} // namespace

recording::recording(const std::string& name) {
  std::ifstream in{PERDURE_SOURCE_DIR "/tests/data/wire/" + name + ".json"};
  exchanges = plain::parse(in).at("exchanges").get<std::vector<plain>>();
}

const plain& recording::request(std::size_t index) const {
  return exchanges.at(index).at("request").at("body");
}

recorded_response recording::response(std::size_t index) const {
  const auto& body = exchanges.at(index).at("response").at("body");
  return is_chat() ? chat_response(body) : responses_response(body);
}

std::vector<recorded_result> recording::results(std::size_t index) const {
  std::map<std::string, std::string> names;
  std::vector<recorded_result> out;
  const auto& items = items_in(request(index));
  for (auto i = items_in(request(index - 1)).size(); i < items.size(); ++i) {
    const auto& item = items[i];
    for (const auto& call : item.value("tool_calls", plain::array()))
      names[call.at("id")] = call.at("function").at("name");
    const auto type = text_at(item, "type");
    if (type == "function_call")
      names[item.at("call_id")] = item.at("name");
    else if (type == "function_call_output")
      out.push_back(
        {names[item.at("call_id")], item.at("call_id"), item.at("output")});
    else if (text_at(item, "role") == "tool")
      out.push_back({names[item.at("tool_call_id")], item.at("tool_call_id"),
                     item.at("content")});
  }
  return out;
}

bool recording::is_chat() const {
  return path(0).ends_with(chat_path);
}

std::string recording::path(std::size_t index) const {
  return exchanges.at(index).at("request").at("path");
}

std::string recording::base_path() const {
  const auto whole = path(0);
  const auto added = is_chat() ? chat_path.size() : responses_path.size();
  return whole.substr(0, whole.size() - added);
}

std::string recording::prompt() const {
  for (const auto& item : items_in(request(0)))
    if (item.at("role") == "user")
      return item.at("content");
  return {};
}

std::string recording::instructions() const {
  if (!is_chat())
    return request(0).value("instructions", "");
  const auto& first = items_in(request(0)).front();
  return first.at("role") == "system" ? text_at(first, "content") : "";
}

plain messages_in(const plain& body) {
  auto out = items_in(body);
  const auto made = [](plain& id) {
    // Ids that a client made up have no meaning beyond their request.
    if (id.get<std::string>().starts_with("pyd_ai_"))
      id = "made";
  };
  for (auto& item : out) {
    if (item.contains("content") && item.at("content").is_null())
      item.erase("content");
    if (item.contains("tool_calls"))
      for (auto& call : item.at("tool_calls")) {
        made(call.at("id"));
        auto& arguments = call.at("function").at("arguments");
        arguments = parsed(arguments);
      }
    if (item.contains("tool_call_id"))
      made(item.at("tool_call_id"));
    if (text_at(item, "type") == "function_call") {
      item.erase("id");
      item["arguments"] = parsed(item.at("arguments"));
    }
  }
  return out;
}

plain tools_in(const plain& body) {
  auto out = plain::array();
  for (const auto& tool : body.value("tools", plain::array())) {
    const auto& function
      = tool.contains("function") ? tool.at("function") : tool;
    out.push_back({{"name", function.at("name")},
                   {"description", text_at(function, "description")},
                   {"parameters", function.at("parameters")}});
  }
  return out;
}

} // namespace perdure::tests
