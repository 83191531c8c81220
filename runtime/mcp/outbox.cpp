#include "runtime/mcp/outbox.hpp"

#include <algorithm>

namespace perdure::runtime::mcp {

namespace {

constexpr const char* protocol_version
  = "io.modelcontextprotocol/protocolVersion";
constexpr const char* client_info_key = "io.modelcontextprotocol/clientInfo";
constexpr const char* client_capabilities
  = "io.modelcontextprotocol/clientCapabilities";
constexpr const char* log_level_key = "io.modelcontextprotocol/logLevel";
constexpr const char* tasks_extension = "io.modelcontextprotocol/tasks";

/// The first version whose messages name it in a header.
constexpr std::string_view header_since = "2025-06-18";

std::int64_t number_of(exchange_id exchange) {
  return static_cast<std::int64_t>(exchange);
}

} // namespace

const json* object_at(const json& value, std::string_view key) {
  if (!value.is_object())
    return nullptr;
  const auto found = value.find(key);
  return found == value.end() || !found->is_object() ? nullptr : &*found;
}

std::string text_at(const json& value, std::string_view key) {
  if (!value.is_object())
    return {};
  const auto found = value.find(key);
  return found == value.end() || !found->is_string()
           ? std::string{}
           : found->get<std::string>();
}

timestamp later(timestamp now, std::chrono::milliseconds delay) {
  constexpr std::chrono::milliseconds delay_max
    = std::chrono::hours{24 * 365 * 100};
  return now + std::clamp(delay, std::chrono::milliseconds{0}, delay_max);
}

outbox::outbox(const session_options& options) : options_(options) {
  // nop
}

void outbox::speak(era spoken, std::string version) {
  era_ = spoken;
  version_ = std::move(version);
}

bool outbox::is_http() const noexcept {
  return options_.transport != transport_kind::stdio;
}

json outbox::capabilities(era form) const {
  const auto& can = options_.abilities;
  auto out = json::object();
  if (!options_.roots.empty())
    out["roots"]
      = form == era::legacy ? json{{"listChanged", true}} : json::object();
  if (can.sampling) {
    out["sampling"] = json::object();
    if (can.sampling_tools)
      out["sampling"]["tools"] = json::object();
  }
  if (can.elicitation_form)
    out["elicitation"]["form"] = json::object();
  if (can.elicitation_url)
    out["elicitation"]["url"] = json::object();
  if (can.tasks && form == era::modern)
    out["extensions"][tasks_extension] = json::object();
  return out;
}

json outbox::client_info() const {
  return {{"name", options_.client_name}, {"version", options_.client_version}};
}

exchange_id outbox::next_exchange() const noexcept {
  return static_cast<exchange_id>(exchanges_ + 1);
}

exchange_id outbox::request(std::string_view method, json params,
                            const std::vector<header_param>& in_headers) {
  if (!params.is_object())
    params = json::object();
  if (era_ == era::modern)
    add_envelope(params);
  const auto exchange = static_cast<exchange_id>(++exchanges_);
  auto headers = headers_of(method, params, in_headers);
  put(send{request_text(number_of(exchange), method, params), exchange,
           std::string{method}, std::move(headers)});
  return exchange;
}

void outbox::notify(std::string_view method, const json& params) {
  put(send{notification_text(method, params), exchange_id::none,
           std::string{method}, headers_of(method, params, {})});
}

void outbox::answer(const rpc_id& id, const json& result) {
  post(answer_text(id, result));
}

void outbox::refuse(const rpc_id& id, std::int64_t code,
                    std::string_view message) {
  post(error_text(id, {code, std::string{message}, {}}));
}

void outbox::give_up(exchange_id exchange, std::string_view reason) {
  // Modern servers on HTTP take the end of the stream for it.
  if (era_ != era::modern || !is_http())
    notify("notifications/cancelled",
           {{"requestId", number_of(exchange)}, {"reason", reason}});
  put(abandon{exchange});
}

void outbox::put(step next) {
  steps_.push_back(std::move(next));
}

std::vector<step> outbox::take() {
  return std::exchange(steps_, {});
}

void outbox::add_envelope(json& params) const {
  auto& meta = params["_meta"];
  if (!meta.is_object())
    meta = json::object();
  meta[protocol_version] = version_;
  meta[client_info_key] = client_info();
  meta[client_capabilities] = capabilities(era::modern);
  if (!options_.log_level.empty())
    meta[log_level_key] = options_.log_level;
}

header_list
outbox::headers_of(std::string_view method, const json& params,
                   const std::vector<header_param>& in_headers) const {
  header_list out;
  if (era_ == era::unknown || version_ < header_since)
    return out;
  out.emplace_back("MCP-Protocol-Version", version_);
  if (era_ != era::modern)
    return out;
  out.emplace_back("Mcp-Method", method);
  const auto* key = method.starts_with("tasks/")       ? "taskId"
                    : method.starts_with("resources/") ? "uri"
                                                       : "name";
  if (auto name = text_at(params, key); !name.empty())
    out.emplace_back("Mcp-Name", header_value(name));
  if (const auto* arguments = object_at(params, "arguments"))
    add_param_headers(out, in_headers, *arguments);
  return out;
}

void outbox::post(std::string text) {
  put(send{std::move(text), exchange_id::none, {}, headers_of({}, {}, {})});
}

} // namespace perdure::runtime::mcp
