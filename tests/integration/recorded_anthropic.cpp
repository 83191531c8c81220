#include "integration/recorded.hpp"

#include <map>

namespace perdure::tests {

namespace {

class anthropic final : public recorded_wire {
public:
  [[nodiscard]] std::string path_end() const override {
    return "/v1/messages";
  }

  [[nodiscard]] std::pair<std::string, std::string> auth() const override {
    return {"x-api-key", "a-key"};
  }

  [[nodiscard]] recorded_response response(const plain& body) const override {
    recorded_response out;
    const auto count = [&](const plain& usage) {
      out.input_tokens = usage.at("input_tokens");
      out.output_tokens = usage.at("output_tokens");
    };
    for (const auto& event : chunks_of(body)) {
      for (const auto& block : event.value("content", plain::array())) {
        out.text += text_at(block, "text");
        if (block.at("type") == "tool_use")
          out.calls.push_back(
            {block.at("name"), block.at("input"), block.at("id")});
      }
      if (event.contains("delta"))
        out.text += text_at(event.at("delta"), "text");
      if (event.contains("usage"))
        count(event.at("usage"));
    }
    return out;
  }

  [[nodiscard]] std::string prompt(const plain& request) const override {
    return request.at("messages").at(0).at("content").at(0).at("text");
  }

  [[nodiscard]] std::string instructions(const plain& request) const override {
    return request.value("system", "");
  }

  [[nodiscard]] plain settings(const plain& request) const override {
    plain out = plain::object();
    if (request.at("max_tokens") != 4096)
      out["max_tokens"] = request.at("max_tokens");
    if (request.contains("thinking"))
      out["anthropic_thinking"] = request.at("thinking");
    return out;
  }

  [[nodiscard]] plain messages(const plain& request) const override {
    return request.at("messages");
  }

  [[nodiscard]] plain tools(const plain& request) const override {
    auto out = plain::array();
    for (const auto& tool : request.value("tools", plain::array()))
      out.push_back({{"name", tool.at("name")},
                     {"description", text_at(tool, "description")},
                     {"parameters", tool.at("input_schema")}});
    return out;
  }

  [[nodiscard]] plain rest(const plain& request) const override {
    return selected(request, {"model", "stream", "max_tokens", "thinking",
                              "tool_choice", "system"});
  }

  [[nodiscard]] std::vector<recorded_result>
  results(const plain& before, const plain& after) const override {
    std::map<std::string, recorded_call> calls;
    std::vector<recorded_result> out;
    const auto& messages = after.at("messages");
    for (auto i = before.at("messages").size(); i < messages.size(); ++i)
      for (const auto& block : messages[i].at("content")) {
        if (block.at("type") == "tool_use")
          calls[block.at("id")]
            = {block.at("name"), block.at("input"), block.at("id")};
        if (block.at("type") == "tool_result")
          out.push_back({calls[block.at("tool_use_id")], block.at("content")});
      }
    return out;
  }
};

} // namespace

const recorded_wire& anthropic_wire() {
  static const anthropic wire;
  return wire;
}

} // namespace perdure::tests
