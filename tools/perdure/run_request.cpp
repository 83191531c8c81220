#include "tools/perdure/run_request.hpp"

#include "tools/perdure/prompt_file.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/token_file.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>

namespace perdure::client {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

constexpr std::size_t history_size_max = std::size_t{256} << 20U;
constexpr std::size_t key_size_max = 256;

failure invalid(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

result<json> parse_option(const std::string& text, const std::string& name) {
  auto value = runtime::parse_json(text);
  if (!value)
    return invalid(name + " is not JSON: " + value.error().message);
  return value;
}

result<std::string>
read_prompt(const std::string& from,
            const std::function<result<std::string>()>& read_input) {
  auto text = from;
  if (from == "-") {
    auto input = read_input();
    if (!input)
      return input.error();
    text = std::move(*input);
    // The line's end belongs to the file, not to what it says.
    if (text.ends_with('\n'))
      text.pop_back();
    if (text.ends_with('\r'))
      text.pop_back();
  }
  if (text.empty())
    return invalid(from == "-" ? "standard input is empty: there is no prompt"
                               : "PROMPT is empty");
  if (!is_utf8(text))
    return invalid("the prompt is not UTF-8 text");
  return text;
}

result<json> read_history(const std::string& file) {
  auto text = read_file(file, history_size_max);
  if (!text)
    return invalid("cannot read the message history: " + text.error().message);
  auto value = parse_option(*text, "the message history in " + file);
  if (value && !value->is_array())
    return invalid("the message history in " + file + " must be an array");
  return value;
}

/// The prompt and the files behind it, as content items.
result<json>
with_files(const json& body, const std::vector<std::string>& files) {
  auto out = json::array();
  if (const auto prompt = body.find("prompt"); prompt != body.end())
    out.push_back(*prompt);
  for (const auto& file : files) {
    auto item = prompt_item(file);
    if (!item)
      return item;
    out.push_back(std::move(*item));
  }
  return out;
}

json limits_of(const run_arguments& from) {
  json out;
  if (from.requests_max)
    out["request_limit"] = *from.requests_max;
  if (from.tool_calls_max)
    out["tool_calls_limit"] = *from.tool_calls_max;
  if (from.tokens_max)
    out["total_tokens_limit"] = *from.tokens_max;
  if (from.time_limit_seconds)
    out["time_limit_seconds"] = *from.time_limit_seconds;
  return out;
}

} // namespace

result<json>
make_run_request(const run_arguments& from,
                 const std::function<result<std::string>()>& read_input) {
  json out{{"agent", from.agent}};
  if (from.prompt) {
    auto prompt = read_prompt(*from.prompt, read_input);
    if (!prompt)
      return prompt.error();
    out["prompt"] = std::move(*prompt);
  }
  if (!from.files.empty()) {
    auto content = with_files(out, from.files);
    if (!content)
      return content;
    out["prompt"] = std::move(*content);
  }
  const std::pair<const char*, const std::string&> objects[]
    = {{"deps", from.deps}, {"metadata", from.metadata}};
  for (const auto& [name, text] : objects) {
    if (text.empty())
      continue;
    auto value = parse_option(text, "--" + std::string{name});
    if (!value)
      return value;
    out[name] = std::move(*value);
  }
  if (!from.history_file.empty()) {
    auto history = read_history(from.history_file);
    if (!history)
      return history;
    out["message_history"] = std::move(*history);
  }
  if (!from.tags.empty())
    out["tags"] = from.tags;
  if (auto limits = limits_of(from); !limits.is_null())
    out["usage_limits"] = std::move(limits);
  const std::pair<const char*, const std::string&> texts[]
    = {{"model", from.model},
       {"conversation_id", from.conversation},
       {"schedule_at", from.start_at}};
  for (const auto& [name, text] : texts)
    if (!text.empty())
      out[name] = text;
  return out;
}

result<std::string> make_key(const run_arguments& from) {
  if (!from.key.empty()) {
    const bool good = std::all_of(from.key.begin(), from.key.end(),
                                  [](char c) { return c > ' ' && c <= '~'; });
    if (!good || from.key.size() > key_size_max)
      return invalid("--id must be 1 to " + std::to_string(key_size_max)
                     + " printable ASCII characters without blanks");
    return from.key;
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::random_device random;
  std::string out = "perdure-";
  for (int i = 0; i < 32; ++i)
    out += digits[random() % digits.size()];
  return out;
}

} // namespace perdure::client
