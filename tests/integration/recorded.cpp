#include "integration/recorded.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>

namespace perdure::tests {

recording::recording(const std::string& name, std::size_t first,
                     std::size_t count) {
  std::ifstream in{PERDURE_SOURCE_DIR "/tests/data/wire/" + name + ".json"};
  const auto all = plain::parse(in).at("exchanges");
  std::size_t number = 0;
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (all[at].at("request").at("path") == "/mcp") {
      mcp.push_back(all[at]);
      continue;
    }
    if (number >= first && (count == 0 || number < first + count)) {
      exchanges.push_back(all[at]);
      positions.push_back(at);
    }
    ++number;
  }
}

const recorded_wire& recording::wire() const {
  const auto where = path(0);
  if (where.ends_with("/chat/completions"))
    return chat_wire();
  if (where.ends_with("/responses"))
    return responses_wire();
  return where.ends_with("/messages") ? anthropic_wire() : google_wire();
}

const plain& recording::request(std::size_t index) const {
  return exchanges.at(index).at("request").at("body");
}

recorded_response recording::response(std::size_t index) const {
  return wire().response(exchanges.at(index).at("response").at("body"));
}

std::vector<recorded_result> recording::results(std::size_t index) const {
  return wire().results(request(index - 1), request(index));
}

std::string recording::path(std::size_t index) const {
  return exchanges.at(index).at("request").at("path");
}

std::string recording::query(std::size_t index) const {
  return text_at(exchanges.at(index).at("request"), "query");
}

std::string recording::base_path() const {
  const auto whole = path(0);
  const auto added = wire().path_end().size();
  return added == 0 ? "" : whole.substr(0, whole.size() - added);
}

std::string recording::model() const {
  if (request(0).contains("model"))
    return request(0).at("model");
  const auto whole = path(0);
  const auto begin = whole.rfind('/') + 1;
  return whole.substr(begin, whole.find(':', begin) - begin);
}

std::string recording::prompt() const {
  return wire().prompt(request(0));
}

std::string recording::instructions() const {
  return wire().instructions(request(0));
}

bool recording::is_streamed() const {
  return request(0).value("stream", false)
         || path(0).find(":stream") != std::string::npos;
}

plain recording::output() const {
  const auto last = response(exchanges.size() - 1);
  for (const auto& call : last.calls)
    if (call.name == "final_result")
      return call.arguments;
  if (request(0).contains("response_format"))
    return plain::parse(last.text).at("result").at("data");
  return last.text;
}

std::string text_at(const plain& value, const char* key) {
  return value.is_object() && value.contains(key) && value.at(key).is_string()
           ? value.at(key).get<std::string>()
           : std::string{};
}

plain parsed(const std::string& text) {
  return text.empty() ? plain::object() : plain::parse(text);
}

std::vector<plain> chunks_of(const plain& body) {
  if (!body.is_string())
    return {body};
  const auto stream = body.get<std::string>();
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

plain selected(const plain& body, std::initializer_list<const char*> keys) {
  auto out = plain::object();
  for (const auto* key : keys)
    if (body.contains(key))
      out[key] = body.at(key);
  return out;
}

void forget_made_up(plain& id) {
  if (id.get<std::string>().starts_with("pyd_ai_"))
    id = "made";
}

} // namespace perdure::tests
