#include "integration/recorded.hpp"

#include <algorithm>
#include <cctype>
#include <map>

namespace perdure::tests {

namespace {

/// One client spelled types in capitals.
void spell_small(plain& schema) {
  for (auto& [key, value] : schema.items()) {
    if (value.is_structured()) {
      spell_small(value);
    } else if (key == "type") {
      auto text = value.get<std::string>();
      std::transform(text.begin(), text.end(), text.begin(), ::tolower);
      value = text;
    }
  }
}

class google final : public recorded_wire {
public:
  [[nodiscard]] std::string path_end() const override {
    return {};
  }

  [[nodiscard]] std::pair<std::string, std::string> auth() const override {
    return {"x-goog-api-key", "a-key"};
  }

  [[nodiscard]] recorded_response response(const plain& body) const override {
    recorded_response out;
    for (const auto& chunk : chunks_of(body)) {
      for (const auto& part :
           chunk.at("candidates").at(0).at("content").at("parts")) {
        out.text += text_at(part, "text");
        if (part.contains("functionCall"))
          out.calls.push_back({part.at("functionCall").at("name"),
                               part.at("functionCall").at("args"), ""});
      }
      const auto& counts = chunk.at("usageMetadata");
      out.input_tokens = counts.at("promptTokenCount");
      out.output_tokens = counts.value("candidatesTokenCount", 0)
                          + counts.value("thoughtsTokenCount", 0);
    }
    return out;
  }

  [[nodiscard]] std::string prompt(const plain& request) const override {
    return request.at("contents").at(0).at("parts").at(0).at("text");
  }

  [[nodiscard]] std::string instructions(const plain& request) const override {
    return request.contains("systemInstruction") ? text_at(
             request.at("systemInstruction").at("parts").at(0), "text")
                                                 : "";
  }

  [[nodiscard]] plain settings(const plain& request) const override {
    return selected(request.at("generationConfig"), {"temperature"});
  }

  [[nodiscard]] plain messages(const plain& request) const override {
    auto out = request.at("contents");
    for (auto& content : out)
      for (auto& part : content.at("parts")) {
        for (const auto* key : {"functionCall", "functionResponse"})
          if (part.contains(key))
            forget_made_up(part.at(key).at("id"));
        if (!part.contains("thoughtSignature"))
          continue;
        // Both alphabets of base64 mean the same.
        auto text = part.at("thoughtSignature").get<std::string>();
        std::replace(text.begin(), text.end(), '-', '+');
        std::replace(text.begin(), text.end(), '_', '/');
        part["thoughtSignature"] = text;
      }
    return out;
  }

  [[nodiscard]] plain tools(const plain& request) const override {
    auto out = plain::array();
    for (const auto& tool : request.value("tools", plain::array()))
      for (const auto& function : tool.at("functionDeclarations"))
        for (const auto* key :
             {"parameters", "parameters_json_schema", "parametersJsonSchema"})
          if (function.contains(key)) {
            auto schema = function.at(key);
            spell_small(schema);
            out.push_back({{"name", function.at("name")},
                           {"description", text_at(function, "description")},
                           {"parameters", schema}});
          }
    return out;
  }

  [[nodiscard]] plain rest(const plain& request) const override {
    auto out = selected(request, {"systemInstruction", "toolConfig"});
    auto config = request.value("generationConfig", plain::object());
    config.erase("responseModalities"); // text is what models give anyway
    out["generationConfig"] = config;
    return out;
  }

  [[nodiscard]] std::vector<recorded_result>
  results(const plain& before, const plain& after) const override {
    std::map<std::string, recorded_call> calls;
    std::vector<recorded_result> out;
    const auto& contents = after.at("contents");
    for (auto i = before.at("contents").size(); i < contents.size(); ++i)
      for (const auto& part : contents[i].at("parts")) {
        if (part.contains("functionCall")) {
          const auto& call = part.at("functionCall");
          calls[call.at("id")]
            = {call.at("name"), call.at("args"), call.at("id")};
        }
        if (part.contains("functionResponse")) {
          const auto& given = part.at("functionResponse");
          const auto& response = given.at("response");
          out.push_back(
            {calls[given.at("id")], response.contains("error")
                                      ? response.at("error")
                                      : response.at("return_value")});
        }
      }
    return out;
  }
};

} // namespace

const recorded_wire& google_wire() {
  static const google wire;
  return wire;
}

} // namespace perdure::tests
