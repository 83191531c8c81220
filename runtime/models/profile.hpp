#pragma once

#include "runtime/agent/output.hpp"
#include "runtime/models/schema_dialect.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// Whether a model thinks before it answers.
enum class thinking_habit : std::uint8_t {
  never,
  /// When it is asked to.
  on_request,
  /// Unless it is asked not to.
  by_default,
  always,
};

/// Whether a model takes `temperature` and the like.
enum class sampling_rule : std::uint8_t { allowed, unless_thinking, refused };

/// How thoughts go back to a model that did not sign them.
enum class thoughts_return : std::uint8_t {
  /// In the field that they came in, where the provider is the same; else in
  /// tags.
  as_they_came,
  in_tags,
  never,
};

/// How a chat completion is asked to think.
enum class chat_thinking_form : std::uint8_t {
  /// `reasoning_effort`.
  effort,
  /// `reasoning: {effort, enabled}`.
  object,
  /// `reasoning_format`.
  format,
};

/// What a model can do, as far as requests to it depend on it. Data, looked up
/// by provider and model name in `profile_table.cpp`.
struct model_profile {
  // -- output -----------------------------------------------------------------

  /// Meaning of `output_mode::automatic`.
  output_mode default_output = output_mode::tool;
  /// The same while it thinks; `automatic`: no other.
  output_mode thinking_output = output_mode::automatic;
  /// A response format with a JSON Schema.
  bool supports_json_schema = true;
  /// A response format for any JSON object.
  bool supports_json_object = true;
  /// The schema must be in the instructions besides the response format.
  bool wants_schema_in_instructions = false;
  /// A response format and tools in the same request.
  bool supports_format_with_tools = true;

  // -- tools ------------------------------------------------------------------

  /// It can be told to call one of its tools.
  bool supports_required_choice = true;
  /// The same while it thinks.
  bool supports_required_choice_thinking = true;
  /// It can be held to a schema's every detail.
  bool supports_strict = false;
  /// What becomes of the schemas of tools and outputs.
  schema_dialect dialect = schema_dialect::plain;
  /// Tools have a field for the schema of what they return.
  bool supports_return_schema = false;
  /// Files in the result of a tool; else a user shows them.
  bool supports_files_in_results = false;

  /// Kinds of tools that its provider runs, over the Responses, Messages and
  /// Gemini APIs; and over Chat Completions.
  std::vector<std::string> native_tools;
  std::vector<std::string> chat_native_tools;
  /// Native tools and function tools in the same request.
  bool supports_native_with_tools = true;
  /// It tells of native tools as they are called, and wants to be told so.
  bool shows_native_calls = false;
  /// Its code can look through what the web tools found.
  bool filters_web_results = false;
  std::string code_execution_version = "20250825";

  // -- form of requests -------------------------------------------------------

  /// Role of instructions: `system`, `developer` or `user`.
  std::string system_role = "system";
  /// Chat Completions' name for `max_tokens`.
  std::string max_tokens_field = "max_completion_tokens";
  /// Model settings that it has no use for; they are left out.
  std::vector<std::string> refused_settings;
  sampling_rule sampling = sampling_rule::allowed;

  // -- thinking ---------------------------------------------------------------

  thinking_habit thinking = thinking_habit::on_request;
  chat_thinking_form chat_thinking = chat_thinking_form::effort;
  /// It is asked to think by a number of tokens, not by a level.
  bool thinks_by_budget = true;
  /// What it thought can be had encrypted, to go back to it.
  bool supports_encrypted_thoughts = false;
  /// It takes a level of effort besides.
  bool supports_effort = false;
  /// Its own words for levels of effort, where they differ.
  std::map<std::string, std::string, std::less<>> efforts;
  thoughts_return thoughts = thoughts_return::as_they_came;
  std::string thinking_open = "<think>";
  std::string thinking_close = "</think>";
  /// A call without a signature is refused.
  bool wants_signed_calls = false;

  // -- responses --------------------------------------------------------------

  /// White space before a streamed text means nothing.
  bool skips_leading_space = false;
};

/// @param provider_name as in `model_identity`
model_profile
profile_of(std::string_view provider_name, std::string_view model_name);

/// @param model a model string, `provider:model`
model_profile profile_of_model(std::string_view model);

/// What is wrong with the table of profiles; empty when all is well.
std::string check_profile_table();

} // namespace perdure::runtime
