#include "actors/api/answers.hpp"

#include <nlohmann/json.hpp>

namespace perdure::actors {

using runtime::errc;
using runtime::json;

unsigned status_of(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument:
    case errc::invalid_agent_file:
    case errc::invalid_message_history:
    case errc::unknown_model:
    case errc::missing_api_key:
    case errc::unsupported_schema:
      return 400;
    case errc::unauthorized:
      return 401;
    case errc::unknown_agent:
    case errc::run_not_found:
      return 404;
    case errc::conflict:
      return 409;
    case errc::payload_too_large:
      return 413;
    case errc::mcp_error:
    case errc::mcp_unauthorized:
    case errc::mcp_unavailable:
      return 502;
    case errc::tool_timeout:
      return 504;
    case errc::overloaded:
    case errc::unavailable:
      return 503;
    case errc::storage_full:
      return 507;
    default:
      return 500;
  }
}

std::string error_body(const runtime::failure& reason) {
  return runtime::to_text(json{{"error",
                                {{"type", runtime::to_string(reason.code)},
                                 {"code", runtime::number_of(reason.code)},
                                 {"message", reason.message},
                                 {"details", json::object()}}}});
}

void answer(server_exchange& exchange, unsigned status, const json& body) {
  exchange.respond(status, "application/json", runtime::to_text(body));
}

void answer(server_exchange& exchange, const runtime::failure& reason) {
  const auto status = status_of(reason.code);
  std::vector<std::pair<std::string, std::string>> headers;
  if (status == 503 || status == 507)
    headers.emplace_back("Retry-After", "1");
  if (status == 401)
    headers.emplace_back("WWW-Authenticate", "Bearer");
  exchange.respond(status, "application/json", error_body(reason),
                   std::move(headers));
}

void not_allowed(server_exchange& exchange, std::string_view methods) {
  exchange.respond(
    405, "application/json",
    error_body({errc::invalid_argument,
                exchange.request().method + " does not apply to "
                  + exchange.request().path + "; use " + std::string{methods}}),
    {{"Allow", std::string{methods}}});
}

} // namespace perdure::actors
