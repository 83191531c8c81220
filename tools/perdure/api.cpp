#include "tools/perdure/api.hpp"

#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace perdure::client {

using namespace std::chrono_literals;
using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

constexpr auto create_patience = 30s;

errc code_of_status(unsigned status) noexcept {
  switch (status) {
    case 401:
    case 403:
      return errc::unauthorized;
    case 404:
      return errc::run_not_found;
    case 409:
      return errc::conflict;
    case 413:
      return errc::payload_too_large;
    case 502:
    case 503:
    case 504:
      return errc::unavailable;
    case 507:
      return errc::storage_full;
    default:
      return status >= 400 && status < 500 ? errc::invalid_argument
                                           : errc::internal;
  }
}

std::string indented(std::string_view lines) {
  std::string out = "  ";
  for (const auto c : lines) {
    out += c;
    if (c == '\n')
      out += "  ";
  }
  return out;
}

/// What to do about a refusal; empty when its message says it all.
std::string remedy(errc code, const connection_settings& settings) {
  switch (code) {
    case errc::unauthorized:
      if (settings.token.empty())
        return "\nNo token was found. Looked in:\n"
               + indented(settings.token_places)
               + "\nThe node writes it to DATA_DIR/admin.token; name that file "
                 "with --token-file.";
      return "\nThe node does not know the token of:\n"
             + indented(settings.token_places.substr(
               settings.token_places.rfind('\n') + 1))
             + "\nIt is in DATA_DIR/admin.token of the node; name that file "
               "with --token-file.";
    case errc::unknown_agent:
      return "\n`perdure agents` lists what there is.";
    default:
      return {};
  }
}

bool is_worth_retrying(const http_reply& reply) noexcept {
  if (reply.link != link::ok)
    return reply.link == link::lost || reply.link == link::refused;
  return reply.status == 502 || reply.status == 503 || reply.status == 504
         || reply.status == 507;
}

bool is_success(const http_reply& reply) noexcept {
  return reply.link == link::ok && reply.status >= 200 && reply.status < 300;
}

} // namespace

api::api(http_connection& connection, connection_settings settings,
         clockwork clock)
  : connection_(connection), settings_(std::move(settings)),
    clock_(std::move(clock)) {
  // nop
}

failure api::failure_of(const http_reply& reply) const {
  switch (reply.link) {
    case link::ok:
      break;
    case link::interrupted:
      return {errc::cancelled, "interrupted"};
    case link::unusable:
      return {errc::unavailable, "cannot talk to the node at " + settings_.url
                                   + ": " + reply.link_error};
    case link::refused:
      return {errc::unavailable,
              "cannot reach the node at " + settings_.url + ": "
                + reply.link_error
                + "\nStart one with `perdured`, or name another with --url or "
                  "PERDURE_URL."};
    case link::lost:
      return {errc::unavailable, "lost the connection to the node at "
                                   + settings_.url + ": " + reply.link_error};
  }
  auto code = code_of_status(reply.status);
  std::string message;
  if (const auto body = runtime::parse_json(reply.body)) {
    const auto& error = field_of(*body, "error");
    message = text_of(error, "message");
    const auto named = runtime::errc_from_string(text_of(error, "type"));
    if (named != errc::internal && named != errc::none)
      code = named;
  }
  if (message.empty())
    message = settings_.url + " answered with status "
              + std::to_string(reply.status) + (reply.body.empty() ? "" : ": ")
              + clip(one_line(reply.body.substr(0, 1'000)), 200)
              + "\nIs it a Perdure node?";
  return {code, message + remedy(code, settings_)};
}

result<json> api::read(const http_reply& reply) const {
  if (!is_success(reply))
    return failure_of(reply);
  auto value = runtime::parse_json(reply.body);
  if (!value)
    return failure{errc::internal, settings_.url
                                     + " answered with something that is not "
                                       "JSON\nIs it a Perdure node?"};
  return value;
}

result<json> api::get(const std::string& target) {
  return read(connection_.send({"GET", target, {}, {}}, {}));
}

result<std::string> api::bytes(const std::string& target) {
  auto reply = connection_.send({"GET", target, {}, {}}, {});
  if (!is_success(reply))
    return failure_of(reply);
  return std::move(reply.body);
}

result<json> api::post(const std::string& target, const json& body) {
  return read(
    connection_.send({"POST", target, runtime::to_text(body), {}}, {}));
}

result<json> api::remove(const std::string& target) {
  return read(connection_.send({"DELETE", target, {}, {}}, {}));
}

result<created_run> api::create(const json& body, const std::string& key) {
  const http_request request{
    "POST", "/v1/runs", runtime::to_text(body), {{"Idempotency-Key", key}}};
  const auto give_up_at = clock_.now() + create_patience;
  for (std::chrono::milliseconds backoff = 250ms;; backoff *= 2) {
    const auto reply = connection_.send(request, {});
    if (is_success(reply)) {
      auto run = read(reply);
      if (!run)
        return run.error();
      if (text_of(*run, "id").empty())
        return failure{errc::internal, "the node's answer names no run"};
      return created_run{std::move(*run), reply.status == 200};
    }
    const bool first = backoff == 250ms;
    if (!is_worth_retrying(reply) || (first && reply.link == link::refused))
      return failure_of(reply);
    const auto delay = std::min<std::chrono::milliseconds>(
      5s, std::max(backoff, reply.retry_after.value_or(0ms)));
    if (clock_.now() + delay >= give_up_at)
      return failure_of(reply);
    if (!clock_.wait(delay))
      return failure{errc::cancelled, "interrupted"};
  }
}

http_reply api::stream(const std::string& target, const std::string& last_id,
                       const body_sink& sink) {
  http_request request{"GET", target, {}, {{"Accept", "text/event-stream"}}};
  if (!last_id.empty())
    request.headers.emplace_back("Last-Event-ID", last_id);
  return connection_.send(request, sink);
}

std::string url_escape(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const auto c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
                       || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'
                       || c == '.' || c == '~';
    if (plain)
      out += c;
    else
      out.append({'%', digits[byte >> 4U], digits[byte & 15U]});
  }
  return out;
}

int exit_code_of(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument:
    case errc::invalid_agent_file:
    case errc::invalid_message_history:
    case errc::unknown_agent:
    case errc::unknown_model:
    case errc::missing_api_key:
    case errc::unsupported_schema:
    case errc::run_not_found:
    case errc::unauthorized:
    case errc::payload_too_large:
      return exit_code::usage;
    case errc::overloaded:
    case errc::unavailable:
    case errc::storage_full:
      return exit_code::unreachable;
    default:
      return exit_code::failed;
  }
}

} // namespace perdure::client
