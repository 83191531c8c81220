#include "runtime/mcp/rpc.hpp"

#include "runtime/field_reader.hpp"

#include <utility>

namespace perdure::runtime::mcp {

namespace {

/// More messages than this in one batch are not looked at.
constexpr std::size_t batch_size_max = 1'000;

const json* member(const json& object, const char* key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

/// @returns nothing unless it is a string or a whole number of 64 bits
std::optional<rpc_id> read_id(const json& value) {
  if (value.is_string())
    return value.get<std::string>();
  if (const auto number = to_integer(value))
    return *number;
  return std::nullopt;
}

std::optional<rpc_error> read_error(const json& value) {
  if (!value.is_object())
    return std::nullopt;
  const auto* code = member(value, "code");
  const auto number = code == nullptr ? std::nullopt : to_integer(*code);
  if (!number)
    return std::nullopt;
  rpc_error out{*number, {}, {}};
  if (const auto* message = member(value, "message");
      message != nullptr && message->is_string())
    out.message = message->get<std::string>();
  if (const auto* data = member(value, "data"))
    out.data = *data;
  return out;
}

rpc_message read_call(json& value, json& method) {
  if (!method.is_string())
    return rpc_noise{"the method is no string"};
  json params = json::object();
  if (const auto found = value.find("params");
      found != value.end() && !found->is_null()) {
    if (!found->is_object())
      return rpc_noise{"the params are no object"};
    params = std::move(*found);
  }
  auto name = std::move(method.get_ref<std::string&>());
  const auto* id = member(value, "id");
  if (id == nullptr)
    return rpc_notification{std::move(name), std::move(params)};
  auto known = read_id(*id);
  if (!known)
    return rpc_noise{"the id of a request is no string and no whole number"};
  return rpc_request{std::move(*known), std::move(name), std::move(params)};
}

rpc_message read_answer(json& value) {
  rpc_answer out;
  if (const auto* id = member(value, "id"); id != nullptr && !id->is_null()) {
    out.id = read_id(*id);
    if (!out.id)
      return rpc_noise{"the id of an answer is no string and no whole number"};
  }
  if (const auto* error = member(value, "error")) {
    auto reason = read_error(*error);
    if (!reason)
      return rpc_noise{"the error has no code"};
    out.outcome = std::move(*reason);
    return out;
  }
  const auto result = value.find("result");
  if (result == value.end())
    return rpc_noise{"neither method, result nor error"};
  out.outcome = std::move(*result);
  return out;
}

rpc_message read_message(json& value) {
  if (!value.is_object())
    return rpc_noise{"no object"};
  const auto* version = member(value, "jsonrpc");
  if (version == nullptr || *version != "2.0")
    return rpc_noise{"jsonrpc is not \"2.0\""};
  if (const auto method = value.find("method"); method != value.end())
    return read_call(value, *method);
  return read_answer(value);
}

json id_to_json(const rpc_id& id) {
  return std::visit([](const auto& value) { return json(value); }, id);
}

void add_params(json& message, const json& params) {
  if (!params.is_null() && !params.empty())
    message["params"] = params;
}

} // namespace

std::vector<rpc_message> parse_messages(std::string_view text, batches mode) {
  auto value = parse_json(text);
  if (!value)
    return {rpc_noise{"no JSON: " + value.error().message}};
  if (!value->is_array())
    return {read_message(*value)};
  if (mode == batches::refused)
    return {rpc_noise{"a batch, which this version of MCP does not have"}};
  if (value->empty() || value->size() > batch_size_max)
    return {rpc_noise{"a batch of " + std::to_string(value->size())
                      + " messages; 1 to " + std::to_string(batch_size_max)
                      + " are read"}};
  std::vector<rpc_message> out;
  for (auto& item : *value)
    out.push_back(read_message(item));
  return out;
}

std::string
request_text(std::int64_t id, std::string_view method, const json& params) {
  json message{{"jsonrpc", "2.0"}, {"id", id}, {"method", method}};
  add_params(message, params);
  return to_text(message);
}

std::string notification_text(std::string_view method, const json& params) {
  json message{{"jsonrpc", "2.0"}, {"method", method}};
  add_params(message, params);
  return to_text(message);
}

std::string answer_text(const rpc_id& id, const json& result) {
  return to_text(
    json{{"jsonrpc", "2.0"}, {"id", id_to_json(id)}, {"result", result}});
}

std::string error_text(const rpc_id& id, const rpc_error& error) {
  json reason{{"code", error.code}, {"message", error.message}};
  if (!error.data.is_null())
    reason["data"] = error.data;
  return to_text(json{
    {"jsonrpc", "2.0"}, {"id", id_to_json(id)}, {"error", std::move(reason)}});
}

std::string to_string(const rpc_id& id) {
  return to_text(id_to_json(id));
}

} // namespace perdure::runtime::mcp
