#pragma once

#include "runtime/result.hpp"

#include <filesystem>

namespace perdure::storage {

/// Copies the embedded journal of the directory `from` to the directory `to`,
/// which must be empty or not there, without what the file holds no more. Its
/// owner may be at work meanwhile: the copy is the journal of one moment, as
/// durable as the original once this returns. The file of the original cannot
/// use space again that is freed while the copy is made.
///
/// Errors: errc::invalid_argument (nothing to copy, or `to` is in use),
/// errc::storage_full, errc::storage_corrupt, errc::storage_io; then nothing is
/// left in `to`.
runtime::result<runtime::unit>
copy_lmdb_journal(const std::filesystem::path& from,
                  const std::filesystem::path& to);

} // namespace perdure::storage
