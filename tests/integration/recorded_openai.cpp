#include "integration/recorded.hpp"

#include <algorithm>
#include <map>

namespace perdure::tests {

namespace {

/// `schema` without a word on other properties: strict mode closes objects, and
/// some clients left that to the provider.
plain opened(plain schema) {
  if (schema.is_object()
      && schema.value("additionalProperties", plain{}) == false)
    schema.erase("additionalProperties");
  for (auto& child : schema)
    if (child.is_structured())
      child = opened(child);
  return schema;
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

/// What both of the APIs share.
class openai_wire : public recorded_wire {
public:
  [[nodiscard]] std::pair<std::string, std::string> auth() const override {
    return {"authorization", "Bearer a-key"};
  }

  [[nodiscard]] std::string prompt(const plain& request) const override {
    for (const auto& item : items_in(request))
      if (item.at("role") == "user")
        return item.at("content");
    return {};
  }

  [[nodiscard]] plain settings(const plain& request) const override {
    plain out = selected(request, {"temperature"});
    if (request.contains("max_completion_tokens"))
      out["max_tokens"] = request.at("max_completion_tokens");
    if (request.contains("reasoning")) {
      out["thinking"] = request.at("reasoning").at("effort");
      out["openai_reasoning_summary"] = request.at("reasoning").at("summary");
    }
    return out;
  }

  [[nodiscard]] plain messages(const plain& request) const override {
    auto out = items_in(request);
    for (auto& item : out) {
      if (item.contains("content") && item.at("content").is_null())
        item.erase("content");
      if (item.contains("tool_calls"))
        for (auto& call : item.at("tool_calls")) {
          forget_made_up(call.at("id"));
          auto& arguments = call.at("function").at("arguments");
          arguments = parsed(arguments);
        }
      if (item.contains("tool_call_id"))
        forget_made_up(item.at("tool_call_id"));
      if (text_at(item, "type") == "function_call") {
        item.erase("id");
        item["arguments"] = parsed(item.at("arguments"));
      }
    }
    return out;
  }

  [[nodiscard]] plain tools(const plain& request) const override {
    auto out = plain::array();
    for (const auto& tool : request.value("tools", plain::array())) {
      const auto& function
        = tool.contains("function") ? tool.at("function") : tool;
      out.push_back({{"name", function.at("name")},
                     {"description", text_at(function, "description")},
                     {"parameters", opened(function.at("parameters"))}});
    }
    return out;
  }

  [[nodiscard]] plain rest(const plain& request) const override {
    auto out
      = selected(request, {"model", "stream", "temperature", "reasoning",
                           "include", "max_completion_tokens", "stream_options",
                           "tool_choice", "response_format"});
    if (out.contains("response_format")) {
      auto& format = out["response_format"]["json_schema"];
      format.erase("strict");
      format["schema"] = opened(format["schema"]);
      for (auto& variant : format["schema"]["properties"]["result"]["anyOf"])
        variant["properties"]["kind"].erase("type");
    }
    return out;
  }

  [[nodiscard]] std::vector<recorded_result>
  results(const plain& before, const plain& after) const override {
    std::map<std::string, recorded_call> calls;
    std::vector<recorded_result> out;
    const auto items = messages(after);
    for (auto i = items_in(before).size(); i < items.size(); ++i) {
      const auto& raw = items_in(after)[i];
      for (const auto& call : raw.value("tool_calls", plain::array()))
        calls[call.at("id")]
          = {call.at("function").at("name"),
             parsed(call.at("function").at("arguments")), call.at("id")};
      const auto type = text_at(raw, "type");
      if (type == "function_call")
        calls[raw.at("call_id")]
          = {raw.at("name"), parsed(raw.at("arguments")), raw.at("call_id")};
      else if (type == "function_call_output")
        out.push_back({calls[raw.at("call_id")], raw.at("output")});
      else if (text_at(raw, "role") == "tool")
        out.push_back({calls[raw.at("tool_call_id")], raw.at("content")});
    }
    return out;
  }

protected:
  static const plain& items_in(const plain& request) {
    return request.at(request.contains("messages") ? "messages" : "input");
  }
};

class chat final : public openai_wire {
public:
  [[nodiscard]] std::string path_end() const override {
    return "/chat/completions";
  }

  [[nodiscard]] recorded_response response(const plain& body) const override {
    recorded_response out;
    std::vector<pieces> calls;
    for (const auto& chunk : chunks_of(body))
      add_chunk(out, calls, chunk);
    for (const auto& call : calls)
      out.calls.push_back({call.name, parsed(call.arguments), call.id});
    return out;
  }

  [[nodiscard]] std::string instructions(const plain& request) const override {
    const auto& first = items_in(request).front();
    return first.at("role") == "system" ? text_at(first, "content") : "";
  }
};

class responses final : public openai_wire {
public:
  [[nodiscard]] std::string path_end() const override {
    return "/responses";
  }

  [[nodiscard]] recorded_response response(const plain& body) const override {
    const auto last = chunks_of(body).back();
    const auto& whole = last.contains("response") ? last.at("response") : last;
    recorded_response out;
    for (const auto& item : whole.at("output")) {
      if (item.at("type") == "message")
        for (const auto& piece : item.at("content"))
          out.text += text_at(piece, "text");
      if (item.at("type") == "function_call")
        out.calls.push_back(
          {item.at("name"), parsed(item.at("arguments")), item.at("call_id")});
    }
    out.input_tokens = whole.at("usage").at("input_tokens");
    out.output_tokens = whole.at("usage").at("output_tokens");
    return out;
  }

  [[nodiscard]] std::string instructions(const plain& request) const override {
    return request.value("instructions", "");
  }
};

} // namespace

const recorded_wire& chat_wire() {
  static const chat wire;
  return wire;
}

const recorded_wire& responses_wire() {
  static const responses wire;
  return wire;
}

} // namespace perdure::tests
