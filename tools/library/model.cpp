#include "perdure/model.hpp"

#include "perdure/agent.hpp"

#include <utility>

namespace perdure {

namespace {

std::string text_of(const json& response) {
  std::string out;
  for (const auto& part : response.at("parts"))
    if (part.at("part_kind") == "text")
      out += part.at("content").get<std::string>();
  return out;
}

} // namespace

model::model(std::string name) : name_(std::move(name)) {
  // nop
}

model_response model::request(const prompt& what, const json& message_history,
                              const json& settings) const {
  // An agent that has nothing to do but to ask once.
  const agent asker{{.name = "model",
                     .model = name_,
                     .model_settings = settings,
                     .output_retries = 0}};
  auto result = asker.run_sync(what, {.message_history = message_history});
  if (!result)
    throw error{result.error->type, result.error->message};
  auto& message = result.messages.back();
  return {text_of(message), std::move(message), std::move(result.usage)};
}

} // namespace perdure
