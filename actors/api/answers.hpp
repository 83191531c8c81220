#pragma once

#include "actors/edges/http_server.hpp"
#include "runtime/json.hpp"
#include "runtime/result.hpp"

namespace perdure::actors {

/// HTTP status that fits an error.
unsigned status_of(runtime::errc code) noexcept;

/// `{"error": {"type", "code", "message", "details"}}`; `code` is the number
/// under which docs/errors.md has it, e.g. `PERDURE-0009`.
std::string error_body(const runtime::failure& reason);

void answer(server_exchange& exchange, unsigned status,
            const runtime::json& body);
void answer(server_exchange& exchange, const runtime::failure& reason);

/// 405, naming the methods that would do.
void not_allowed(server_exchange& exchange, std::string_view methods);

} // namespace perdure::actors
