#pragma once

#include "runtime/result.hpp"

#include <filesystem>
#include <string>

namespace perdure::hosting {

/// The admin token of a data directory: read from `admin.token`, which is made
/// with 256 random bits and mode 0600 when it is not there.
/// Errors: errc::storage_io; errc::unauthorized for a file that others may
/// read.
runtime::result<std::string> admin_token(const std::filesystem::path& data_dir);

} // namespace perdure::hosting
