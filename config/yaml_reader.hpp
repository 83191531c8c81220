#pragma once

#include "config/document.hpp"

#include <variant>

namespace perdure::config {

/// @pre `text` is UTF-8
std::variant<document, document_problem> read_yaml(std::string_view text);

} // namespace perdure::config
