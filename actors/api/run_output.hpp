#pragma once

#include "actors/edges/http_server.hpp"
#include "runtime/flow/run_state.hpp"

namespace perdure::actors {

/// `GET /v1/runs/ID/output`: the output itself, as text, JSON or the bytes of
/// an image; errc::conflict while there is none.
void answer_output(server_exchange& exchange, const runtime::run_state& run);

} // namespace perdure::actors
