#include "runtime/models/profile_table.hpp"

namespace perdure::runtime {

namespace {

constexpr std::string_view table = R"json([

{"providers": ["alibaba", "crusoe", "deepseek", "fireworks", "github", "heroku",
               "moonshotai", "nebius", "ollama", "ovhcloud",
               "sambanova", "together", "vercel", "zai"],
 "max_tokens_field": "max_tokens"},
{"providers": "moonshotai", "supports_required_choice": false},
{"providers": "cerebras",
 "refused_settings": ["frequency_penalty", "presence_penalty", "logit_bias",
                      "parallel_tool_calls", "service_tier",
                      "openai_service_tier"]},
{"providers": "groq", "thoughts": "in_tags"},
{"providers": "deepseek", "supports_json_schema": false},
{"providers": "deepseek", "models": "deepseek-v4*",
 "supports_required_choice_thinking": false, "thinking": "by_default"},

{"models": ["qwen*", "*/qwen*", "*deepseek-r1*", "kimi*", "*/kimi*"],
 "skips_leading_space": true},

{"providers": ["openai", "azure"], "supports_strict": true,
 "thinking": "never"},
{"models": ["openai/*"], "supports_strict": true, "thinking": "never"},
{"models": ["gpt-5*", "openai/gpt-5*", "gpt-6*", "openai/gpt-6*",
            "o1*", "openai/o1*", "o3*", "openai/o3*", "o4*", "openai/o4*"],
 "thinking": "always", "sampling": "unless_thinking",
 "supports_encrypted_thoughts": true},
{"models": ["gpt-5-chat*", "openai/gpt-5-chat*"],
 "thinking": "never", "sampling": "allowed",
 "supports_encrypted_thoughts": false},
{"models": ["gpt-5.1*", "gpt-5.2*", "gpt-5.3*", "gpt-5.4*",
            "openai/gpt-5.1*", "openai/gpt-5.2*", "openai/gpt-5.3*",
            "openai/gpt-5.4*"],
 "thinking": "on_request"},
{"models": ["gpt-5.5*", "gpt-5.6*", "openai/gpt-5.5*", "openai/gpt-5.6*"],
 "thinking": "by_default"},
{"models": ["gpt-5.1-codex*", "gpt-5.?-chat*", "gpt-5.?-pro*",
            "openai/gpt-5.1-codex*", "openai/gpt-5.?-chat*",
            "openai/gpt-5.?-pro*"],
 "thinking": "always"},
{"models": ["gpt-5.6*", "gpt-6*", "openai/gpt-5.6*", "openai/gpt-6*"],
 "efforts": {"minimal": "low"}},
{"models": ["o1-mini*", "openai/o1-mini*"], "system_role": "user"},

{"models": ["claude-*", "anthropic/claude-*"],
 "supports_json_schema": false, "supports_json_object": false,
 "supports_required_choice_thinking": false, "thinking_output": "prompted",
 "supports_files_in_results": true, "sampling": "unless_thinking",
 "thinking_open": "<thinking>", "thinking_close": "</thinking>"},
{"models": ["claude-3-5*", "claude-3-haiku*", "claude-3-opus*"],
 "thinking": "never"},
{"models": ["claude-fable-5*", "claude-mythos-5*", "claude-haiku-4-5*",
            "claude-sonnet-4-5*", "claude-sonnet-4-6*", "claude-sonnet-5*",
            "claude-opus-4-1*", "claude-opus-4-5*", "claude-opus-4-6*",
            "claude-opus-4-7*", "claude-opus-4-8*", "claude-opus-5*"],
 "supports_json_schema": true, "supports_strict": true,
 "thinking_output": "native"},
{"models": "claude-opus-4-5*",
 "supports_effort": true, "efforts": {"minimal": "low", "xhigh": "max"}},
{"models": ["claude-sonnet-4-6*", "claude-opus-4-6*"],
 "thinks_by_budget": false, "supports_effort": true,
 "supports_required_choice_thinking": true, "thinking_output": "auto",
 "efforts": {"minimal": "low", "xhigh": "max"}},
{"models": ["claude-fable-5*", "claude-mythos*", "claude-opus-4-7*",
            "claude-opus-4-8*", "claude-opus-5*", "claude-sonnet-5*"],
 "thinks_by_budget": false, "supports_effort": true,
 "supports_required_choice_thinking": true, "thinking_output": "auto",
 "sampling": "refused",
 "efforts": {"minimal": "low"}},
{"models": ["claude-fable-5*", "claude-mythos*"],
 "supports_required_choice": false, "thinking": "always"},

{"providers": "google", "thinking": "never",
 "supports_format_with_tools": false},
{"models": "*gemini-2.5*", "thinking": "by_default"},
{"models": "*gemini-2.5-flash-lite*", "thinking": "on_request"},
{"models": "*gemini-2.5-pro*", "thinking": "always"},
{"models": "*gemini-3*",
 "thinking": "by_default", "thinks_by_budget": false,
 "supports_format_with_tools": true, "supports_files_in_results": true,
 "wants_signed_calls": true, "efforts": {"xhigh": "high"}},
{"models": "*gemini-3*pro*",
 "thinking": "always", "efforts": {"minimal": "low", "xhigh": "high"}},
{"models": "*gemini-*-image*",
 "supports_json_schema": false, "supports_json_object": false}

])json";

} // namespace

std::string_view profile_table() noexcept {
  return table;
}

} // namespace perdure::runtime
