#pragma once

#include "runtime/result.hpp"

#include <filesystem>
#include <string>

namespace perdure::config {

/// The content of a regular file of at most 4 MiB.
/// Errors: errc::invalid_argument saying why not, without the file's name
runtime::result<std::string> read_text_file(const std::filesystem::path& file);

} // namespace perdure::config
