#include "runtime/models/local_model.hpp"
#include "runtime/models/sample_value.hpp"
#include "runtime/models/word_count.hpp"

namespace perdure::runtime {

namespace {

/// Position in `history` of the first message that followed a response of
/// this run; everything when the run has none.
std::size_t
begin_of_results(const message_history& history, std::size_t responses) {
  auto position = history.size();
  while (position > 0 && responses > 0) {
    --position;
    if (std::holds_alternative<model_response>(*history[position]))
      --responses;
  }
  return position;
}

/// A PNG of one dot.
constexpr std::string_view one_dot
  = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA"
    "60e6kgAAAABJRU5ErkJggg==";

class test_model final : public local_model {
public:
  [[nodiscard]] std::variant<local_answer, attempt_failure>
  answer(const local_request& request) const override {
    local_answer answer;
    auto& response = answer.response;
    const auto& definition = request.definition;
    if (request.index == 0)
      for (const auto& tool : definition.tools)
        response.parts.push_back(call(tool, request.index));
    else
      repeat_calls(request, response);
    if (response.parts.empty())
      response.parts.push_back(output(request));
    const auto has_calls
      = std::holds_alternative<tool_call_part>(response.parts.front());
    response.model_name = "test";
    response.provider_name = "test";
    response.finish_reason
      = has_calls ? finish_reason::tool_call : finish_reason::stop;
    for (const auto& known : request.messages)
      response.usage.input_tokens += count_words(*known);
    response.usage.output_tokens = count_words(response);
    return answer;
  }

private:
  /// @param tool a tool of the agent, or one that it answers by
  template <class Tool>
  static tool_call_part call(const Tool& tool, std::size_t index) {
    tool_call_part part;
    part.tool_name = tool.name;
    part.args = to_text(sample_value(tool.parameters));
    part.tool_call_id = "pyd_ai_tool_call_id__" + tool.name;
    // An id names one call of a run.
    if (index > 0)
      part.tool_call_id += "_" + std::to_string(index);
    return part;
  }

  /// Text where that is allowed, or else a value of the first type, or an
  /// image of one dot.
  static response_part output(const local_request& request) {
    const auto& wanted = request.definition.output;
    if (wanted.takes_text())
      return text_part{summary(request), {}};
    if (!wanted.is_structured())
      return file_part{
        {{"kind", "binary"}, {"data", one_dot}, {"media_type", "image/png"}},
        {}};
    if (wanted.mode == output_mode::native
        || wanted.mode == output_mode::prompted)
      return text_part{to_text(sample_value(format_of(wanted).schema)), {}};
    return call(output_tools(wanted).front(), request.index);
  }

  /// Calls again the tools that asked for it.
  static void
  repeat_calls(const local_request& request, model_response& response) {
    if (request.messages.empty())
      return;
    const auto* last
      = std::get_if<model_request>(request.messages.back().get());
    if (last == nullptr)
      return;
    for (const auto& part : last->parts) {
      const auto* retry = std::get_if<retry_prompt_part>(&part);
      if (retry == nullptr || !retry->tool_name)
        continue;
      if (const auto* tool = request.definition.tool(*retry->tool_name))
        response.parts.push_back(call(*tool, request.index));
    }
  }

  /// What the tools of this run returned, by name.
  static std::string summary(const local_request& request) {
    auto returned = json::object();
    const auto& history = request.messages;
    for (auto i = begin_of_results(history, request.index); i < history.size();
         ++i) {
      const auto* known = std::get_if<model_request>(history[i].get());
      if (known == nullptr)
        continue;
      for (const auto& part : known->parts)
        if (const auto* value = std::get_if<tool_return_part>(&part))
          returned[value->tool_name] = value->content;
    }
    return returned.empty() ? "success (no tool calls)" : to_text(returned);
  }
};

} // namespace

std::shared_ptr<const local_model> make_test_model() {
  return std::make_shared<const test_model>();
}

} // namespace perdure::runtime
