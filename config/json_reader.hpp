#pragma once

#include "config/document.hpp"

#include <variant>

namespace perdure::config {

inline constexpr std::size_t document_depth_max = 64;
inline constexpr std::size_t document_values_max = 100'000;

/// @pre `text` is UTF-8
std::variant<document, document_problem>
read_json(std::string_view text, bool with_comments);

} // namespace perdure::config
