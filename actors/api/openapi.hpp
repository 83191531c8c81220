#pragma once

#include <string>

namespace perdure::actors {

/// The OpenAPI 3.1 description of the HTTP API, as JSON text.
std::string openapi_document();

} // namespace perdure::actors
