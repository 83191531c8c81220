#pragma once

#include "tools/perdure/connection_settings.hpp"
#include "tools/perdure/http_connection.hpp"

#include <memory>

namespace perdure::client {

/// HTTP through libcurl; Ctrl-C cuts a request short at once.
std::unique_ptr<http_connection>
make_curl_connection(const connection_settings& settings);

} // namespace perdure::client
