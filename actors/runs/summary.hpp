#pragma once

#include "runtime/flow/entry.hpp"
#include "storage/journal.hpp"

namespace perdure::actors {

/// What lists know of a run that was just created.
storage::run_summary summary_of(const runtime::run_created& created);

} // namespace perdure::actors
