#include "integration/wire_speech.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

json answer(json parts, const json& finish) {
  json candidate{{"index", 0},
                 {"content", {{"role", "model"}, {"parts", std::move(parts)}}}};
  if (!finish.is_null())
    candidate["finishReason"] = finish;
  return {
    {"candidates", json::array({std::move(candidate)})},
    {"usageMetadata", {{"promptTokenCount", 9}, {"candidatesTokenCount", 8}}},
    {"modelVersion", "gemini-2.0-flash"},
    {"responseId", "r1"}};
}

std::vector<std::string> frames(const std::vector<std::string>& pieces) {
  std::vector<std::string> out{": a comment\n\n",
                               frame_of(answer(json::array(), nullptr))};
  for (const auto& piece : pieces)
    out.push_back(frame_of(answer(json::array({{{"text", piece}}}), nullptr)));
  out.push_back(frame_of(answer(json::array(), "STOP")));
  return out;
}

std::string body(const std::string& text) {
  return runtime::to_text(answer(json::array({{{"text", text}}}), "STOP"));
}

std::string calls(const std::string& tool, const std::string& arguments,
                  std::size_t count) {
  auto parts = json::array();
  for (std::size_t i = 0; i < count; ++i)
    parts.push_back({{"functionCall",
                      {{"id", "call_" + std::to_string(i)},
                       {"name", tool},
                       {"args", json::parse(arguments)}}}});
  return runtime::to_text(answer(std::move(parts), "STOP"));
}

} // namespace

const wire_speech google_speech{"google", "gemini-2.0-flash", frames, body,
                                calls};

} // namespace perdure::tests
