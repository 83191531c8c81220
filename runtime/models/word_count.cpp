#include "runtime/models/word_count.hpp"

#include "runtime/messages/model_text.hpp"

namespace perdure::runtime {

namespace {

std::int64_t words_of(const json& content) {
  if (const auto* text = content.get_ptr<const std::string*>())
    return count_words(*text);
  return content.is_null() ? 0 : count_words(to_text(content));
}

std::int64_t words_of(const request_part& part) {
  if (const auto* system = std::get_if<system_prompt_part>(&part))
    return count_words(system->content);
  if (const auto* user = std::get_if<user_prompt_part>(&part))
    return words_of(user->content);
  if (const auto* returned = std::get_if<tool_return_part>(&part))
    return words_of(returned->content);
  if (const auto* retry = std::get_if<retry_prompt_part>(&part))
    return count_words(text_of(*retry));
  return 0;
}

std::int64_t words_of(const response_part& part) {
  if (const auto* text = std::get_if<text_part>(&part))
    return count_words(text->content);
  if (const auto* thinking = std::get_if<thinking_part>(&part))
    return count_words(thinking->content);
  if (const auto* call = std::get_if<tool_call_part>(&part))
    return 1 + words_of(call->args);
  return 0;
}

template <class Message>
std::int64_t words_of_parts(const Message& value) {
  std::int64_t sum = 0;
  for (const auto& part : value.parts)
    sum += words_of(part);
  return sum;
}

} // namespace

std::int64_t count_words(std::string_view text) noexcept {
  std::int64_t count = 0;
  auto in_word = false;
  for (const auto letter : text) {
    const auto is_space = letter == ' ' || (letter >= '\t' && letter <= '\r');
    if (!is_space && !in_word)
      ++count;
    in_word = !is_space;
  }
  return count;
}

std::int64_t count_words(const message& value) {
  return std::visit([](const auto& x) { return words_of_parts(x); }, value);
}

std::int64_t count_words(const model_response& value) {
  return words_of_parts(value);
}

} // namespace perdure::runtime
