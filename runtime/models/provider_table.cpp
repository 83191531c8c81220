#include "runtime/models/provider_table.hpp"

namespace perdure::runtime {

namespace {

constexpr std::string_view chat = "openai-chat";
constexpr std::string_view responses = "openai-responses";

constexpr provider_entry
openai(std::string_view prefix, std::string_view wire) {
  return {.prefix = prefix,
          .provider_name = "openai",
          .wire = wire,
          .base_url = "https://api.openai.com/v1",
          .api_key_variables = {"OPENAI_API_KEY"},
          .base_url_variable = "OPENAI_BASE_URL"};
}

constexpr provider_entry azure(std::string_view prefix, std::string_view wire,
                               std::string_view path_prefix) {
  return {.prefix = prefix,
          .provider_name = "azure",
          .wire = wire,
          .base_url = "",
          .api_key_variables = {"AZURE_OPENAI_API_KEY"},
          .base_url_variable = "AZURE_OPENAI_ENDPOINT",
          .auth = "api-key",
          .api_version_variable = "OPENAI_API_VERSION",
          .path_prefix = path_prefix,
          .query = "api-version={api_version}"};
}

constexpr provider_entry
mantle(std::string_view prefix, std::string_view wire) {
  return {.prefix = prefix,
          .provider_name = "bedrock-mantle",
          .wire = wire,
          .base_url = "https://bedrock-mantle.${AWS_REGION}.api.aws/v1",
          .api_key_variables = {"AWS_BEARER_TOKEN_BEDROCK"}};
}

constexpr auto providers = std::to_array<provider_entry>({
  openai("openai", responses),
  openai("openai-chat", chat),
  openai("openai-responses", responses),
  {.prefix = "anthropic",
   .provider_name = "anthropic",
   .wire = "anthropic",
   .base_url = "https://api.anthropic.com",
   .api_key_variables = {"ANTHROPIC_API_KEY"},
   .base_url_variable = "ANTHROPIC_BASE_URL",
   .api_version = "2023-06-01"},
  {.prefix = "google",
   .provider_name = "google",
   .wire = "google",
   .base_url = "https://generativelanguage.googleapis.com",
   .api_key_variables = {"GOOGLE_API_KEY", "GEMINI_API_KEY"},
   .base_url_variable = "GOOGLE_GEMINI_BASE_URL",
   .api_version = "v1beta"},
  azure("azure", chat, "/openai/deployments/{model}"),
  azure("azure-responses", responses, "/openai"),
  mantle("bedrock-mantle", chat),
  mantle("bedrock-mantle-responses", responses),
  {.prefix = "alibaba",
   .provider_name = "alibaba",
   .wire = chat,
   .base_url = "https://dashscope-intl.aliyuncs.com/compatible-mode/v1",
   .api_key_variables = {"ALIBABA_API_KEY", "DASHSCOPE_API_KEY"}},
  {.prefix = "cerebras",
   .provider_name = "cerebras",
   .wire = chat,
   .base_url = "https://api.cerebras.ai/v1",
   .api_key_variables = {"CEREBRAS_API_KEY"}},
  {.prefix = "crusoe",
   .provider_name = "crusoe",
   .wire = chat,
   .base_url = "https://api.inference.crusoecloud.com/v1",
   .api_key_variables = {"CRUSOE_API_KEY"}},
  {.prefix = "deepseek",
   .provider_name = "deepseek",
   .wire = chat,
   .base_url = "https://api.deepseek.com",
   .api_key_variables = {"DEEPSEEK_API_KEY"}},
  {.prefix = "fireworks",
   .provider_name = "fireworks",
   .wire = chat,
   .base_url = "https://api.fireworks.ai/inference/v1",
   .api_key_variables = {"FIREWORKS_API_KEY"}},
  {.prefix = "github",
   .provider_name = "github",
   .wire = chat,
   .base_url = "https://models.github.ai/inference",
   .api_key_variables = {"GITHUB_API_KEY"}},
  {.prefix = "groq",
   .provider_name = "groq",
   .wire = chat,
   .base_url = "https://api.groq.com/openai/v1",
   .api_key_variables = {"GROQ_API_KEY"}},
  {.prefix = "heroku",
   .provider_name = "heroku",
   .wire = chat,
   .base_url = "https://us.inference.heroku.com/v1",
   .api_key_variables = {"HEROKU_INFERENCE_KEY"},
   .base_url_variable = "HEROKU_INFERENCE_URL"},
  {.prefix = "litellm",
   .provider_name = "litellm",
   .wire = chat,
   .base_url = "",
   .api_key_variables = {"LITELLM_API_KEY"},
   .base_url_variable = "LITELLM_BASE_URL"},
  {.prefix = "moonshotai",
   .provider_name = "moonshotai",
   .wire = chat,
   .base_url = "https://api.moonshot.ai/v1",
   .api_key_variables = {"MOONSHOTAI_API_KEY"}},
  {.prefix = "nebius",
   .provider_name = "nebius",
   .wire = chat,
   .base_url = "https://api.studio.nebius.com/v1",
   .api_key_variables = {"NEBIUS_API_KEY"}},
  {.prefix = "ollama",
   .provider_name = "ollama",
   .wire = chat,
   .base_url = "",
   .api_key_variables = {"OLLAMA_API_KEY"},
   .base_url_variable = "OLLAMA_BASE_URL"},
  {.prefix = "openrouter",
   .provider_name = "openrouter",
   .wire = chat,
   .base_url = "https://openrouter.ai/api/v1",
   .api_key_variables = {"OPENROUTER_API_KEY"},
   .headers = {{{"HTTP-Referer", "OPENROUTER_APP_URL"},
                {"X-Title", "OPENROUTER_APP_TITLE"}}}},
  {.prefix = "ovhcloud",
   .provider_name = "ovhcloud",
   .wire = chat,
   .base_url = "https://oai.endpoints.kepler.ai.cloud.ovh.net/v1",
   .api_key_variables = {"OVHCLOUD_API_KEY"}},
  {.prefix = "sambanova",
   .provider_name = "sambanova",
   .wire = chat,
   .base_url = "https://api.sambanova.ai/v1",
   .api_key_variables = {"SAMBANOVA_API_KEY"},
   .base_url_variable = "SAMBANOVA_BASE_URL"},
  {.prefix = "snowflake",
   .provider_name = "snowflake",
   .wire = chat,
   .base_url
   = "https://${SNOWFLAKE_ACCOUNT}.snowflakecomputing.com/api/v2/cortex/v1",
   .api_key_variables = {"SNOWFLAKE_TOKEN"}},
  {.prefix = "together",
   .provider_name = "together",
   .wire = chat,
   .base_url = "https://api.together.xyz/v1",
   .api_key_variables = {"TOGETHER_API_KEY"}},
  {.prefix = "vercel",
   .provider_name = "vercel",
   .wire = chat,
   .base_url = "https://ai-gateway.vercel.sh/v1",
   .api_key_variables = {"VERCEL_AI_GATEWAY_API_KEY", "VERCEL_OIDC_TOKEN"}},
  {.prefix = "xai",
   .provider_name = "xai",
   .wire = responses,
   .base_url = "https://api.x.ai/v1",
   .api_key_variables = {"XAI_API_KEY"}},
  {.prefix = "zai",
   .provider_name = "zai",
   .wire = chat,
   .base_url = "https://api.z.ai/api/paas/v4",
   .api_key_variables = {"ZAI_API_KEY"}},
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

std::string_view
default_auth(std::string_view wire, std::string_view api_version) noexcept {
  // Versions are dates, so that the order of text is that of time.
  if (wire == "anthropic" && api_version < "2026-10-21")
    return "x-api-key";
  return wire == "google" ? "x-goog-api-key" : "bearer";
}

std::pair<std::string, std::string>
auth_header(std::string_view auth, std::string_view key) {
  if (auth == "bearer")
    return {"Authorization", "Bearer " + std::string{key}};
  return {std::string{auth}, std::string{key}};
}

} // namespace perdure::runtime
