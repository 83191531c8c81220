#include "actors/edges/http_response.hpp"

#include "actors/edges/http_text.hpp"
#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <boost/beast/http/status.hpp>

namespace perdure::actors {

namespace {

/// Headers that say where the message ends are the server's.
bool is_framing(std::string_view name) {
  constexpr std::array<std::string_view, 4> names{
    "content-length", "transfer-encoding", "connection", "keep-alive"};
  return std::find(names.begin(), names.end(), lower_case(name)) != names.end();
}

void append_field(std::string& out, std::string_view name,
                  std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

} // namespace

bool has_body(unsigned status) noexcept {
  return status >= 200 && status != 204 && status != 304;
}

void append_head(std::string& out, const http_response_head& head,
                 const http_fields& fields) {
  const auto reason = boost::beast::http::obsolete_reason(
    boost::beast::http::int_to_status(head.status));
  out.append("HTTP/1.1 ").append(std::to_string(head.status)).append(" ");
  out.append(reason.data(), reason.size()).append("\r\n");
  append_field(out, "Date", head.date);
  if (!head.content_type.empty() && is_field_value(head.content_type))
    append_field(out, "Content-Type", head.content_type);
  if (head.framing == http_framing::chunked)
    append_field(out, "Transfer-Encoding", "chunked");
  else if (head.framing == http_framing::length && has_body(head.status))
    append_field(out, "Content-Length", std::to_string(head.content_length));
  if (!head.keep_alive || head.framing == http_framing::until_close)
    append_field(out, "Connection", "close");
  else if (head.old_peer)
    append_field(out, "Connection", "keep-alive");
  for (const auto& [name, value] : fields)
    if (is_token(name) && is_field_value(value) && !is_framing(name))
      append_field(out, name, value);
  out.append("\r\n");
}

std::string error_body(std::string_view type, std::string_view message) {
  const runtime::json body{
    {"error",
     {{"type", std::string{type}},
      {"code", runtime::number_of(runtime::errc_from_string(type))},
      {"message", std::string{message}},
      {"details", runtime::json::object()}}}};
  return runtime::to_text(body);
}

} // namespace perdure::actors
