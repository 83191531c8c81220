#include "runtime/models/provider_table.hpp"

#include <array>

namespace perdure::runtime {

namespace {

constexpr std::string_view chat = "openai-chat";
constexpr std::string_view responses = "openai-responses";

constexpr auto providers = std::to_array<provider_entry>({
  {"openai", "openai", responses, "https://api.openai.com/v1",
   "OPENAI_BASE_URL", "OPENAI_API_KEY"},
  {"openai-chat", "openai", chat, "https://api.openai.com/v1",
   "OPENAI_BASE_URL", "OPENAI_API_KEY"},
  {"openai-responses", "openai", responses, "https://api.openai.com/v1",
   "OPENAI_BASE_URL", "OPENAI_API_KEY"},
  {"alibaba", "alibaba", chat,
   "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "",
   "ALIBABA_API_KEY"},
  {"cerebras", "cerebras", chat, "https://api.cerebras.ai/v1", "",
   "CEREBRAS_API_KEY"},
  {"crusoe", "crusoe", chat, "https://api.inference.crusoecloud.com/v1", "",
   "CRUSOE_API_KEY"},
  {"deepseek", "deepseek", chat, "https://api.deepseek.com", "",
   "DEEPSEEK_API_KEY"},
  {"fireworks", "fireworks", chat, "https://api.fireworks.ai/inference/v1", "",
   "FIREWORKS_API_KEY"},
  {"github", "github", chat, "https://models.github.ai/inference", "",
   "GITHUB_API_KEY"},
  {"groq", "groq", chat, "https://api.groq.com/openai/v1", "", "GROQ_API_KEY"},
  {"heroku", "heroku", chat, "https://us.inference.heroku.com/v1",
   "HEROKU_INFERENCE_URL", "HEROKU_INFERENCE_KEY"},
  {"litellm", "litellm", chat, "", "LITELLM_BASE_URL", "LITELLM_API_KEY"},
  {"moonshotai", "moonshotai", chat, "https://api.moonshot.ai/v1", "",
   "MOONSHOTAI_API_KEY"},
  {"nebius", "nebius", chat, "https://api.studio.nebius.com/v1", "",
   "NEBIUS_API_KEY"},
  {"ollama", "ollama", chat, "", "OLLAMA_BASE_URL", "OLLAMA_API_KEY"},
  {"openrouter", "openrouter", chat, "https://openrouter.ai/api/v1", "",
   "OPENROUTER_API_KEY"},
  {"ovhcloud", "ovhcloud", chat,
   "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1", "", "OVHCLOUD_API_KEY"},
  {"sambanova", "sambanova", chat, "https://api.sambanova.ai/v1",
   "SAMBANOVA_BASE_URL", "SAMBANOVA_API_KEY"},
  {"together", "together", chat, "https://api.together.xyz/v1", "",
   "TOGETHER_API_KEY"},
  {"vercel", "vercel", chat, "https://ai-gateway.vercel.sh/v1", "",
   "VERCEL_AI_GATEWAY_API_KEY"},
  {"zai", "zai", chat, "https://api.z.ai/api/paas/v4", "", "ZAI_API_KEY"},
});

} // namespace

std::span<const provider_entry> provider_table() noexcept {
  return providers;
}

const provider_entry* find_provider(std::string_view prefix) noexcept {
  for (const auto& entry : providers)
    if (entry.prefix == prefix)
      return &entry;
  return nullptr;
}

} // namespace perdure::runtime
