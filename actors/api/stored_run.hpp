#pragma once

#include "actors/services.hpp"
#include "runtime/flow/run_state.hpp"

namespace perdure::actors {

/// A run as the journal has it: what every read of the API is made from, so
/// that nothing is shown before it is durable (D1).
struct stored_run {
  runtime::definition_ptr definition;
  std::vector<runtime::entry> entries;
  runtime::run_state state;
};

/// Errors: errc::run_not_found, errc::storage_corrupt.
runtime::result<stored_run>
load_run(const services& node, const std::string& run_id);

/// Text that is a run's id, or the failure to tell the caller.
runtime::result<runtime::unit> check_run_id(const std::string& text);

} // namespace perdure::actors
