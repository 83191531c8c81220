#pragma once

#include "runtime/messages/message.hpp"

#include <cstdint>

/// Token counts of models that have no tokens: one for each word.
namespace perdure::runtime {

std::int64_t count_words(std::string_view text) noexcept;
std::int64_t count_words(const message& value);
std::int64_t count_words(const model_response& value);

} // namespace perdure::runtime
