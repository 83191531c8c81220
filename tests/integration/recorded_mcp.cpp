#include "integration/recorded_mcp.hpp"

#include <sstream>
#include <stdexcept>

namespace perdure::tests {

namespace {

constexpr std::size_t piece_max_bytes = 400;

/// A recorded stream whose answer is to the request `id`.
std::string addressed(const std::string& stream, const plain& id) {
  constexpr std::string_view field = "data: ";
  std::istringstream in{stream};
  std::string out;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(field)) {
      auto message = plain::parse(line.substr(field.size()));
      if (message.contains("id"))
        message["id"] = id;
      line = std::string{field} + message.dump() + "\r";
    }
    out += line + "\n";
  }
  return out;
}

} // namespace

recorded_mcp_server::recorded_mcp_server(std::vector<plain> exchanges,
                                         std::uint64_t seed)
  : exchanges_(std::move(exchanges)), random_(seed) {
  actors::http_server_options options;
  options.port = 0;
  auto server = actors::start_http_server(
    options, [this](const exchange_ptr& exchange) { handle(exchange); });
  if (!server)
    throw std::runtime_error(server.error().message);
  server_ = std::move(*server);
}

recorded_mcp_server::~recorded_mcp_server() {
  server_->stop(std::chrono::milliseconds{0});
}

std::string recorded_mcp_server::url() const {
  return "http://127.0.0.1:" + std::to_string(server_->port()) + "/mcp";
}

std::vector<plain> recorded_mcp_server::asked() const {
  const std::lock_guard guard{mutex_};
  return asked_;
}

const plain* recorded_mcp_server::answer_to(const std::string& method) const {
  for (const auto& exchange : exchanges_)
    if (text_at(exchange.at("request").at("body"), "method") == method)
      return &exchange.at("response");
  return nullptr;
}

void recorded_mcp_server::handle(const exchange_ptr& exchange) {
  const auto& request = exchange->request();
  if (request.method != "POST") {
    // It offers no stream of its own.
    exchange->respond(405, "text/plain", "");
    return;
  }
  const auto message = plain::parse(request.body);
  {
    const std::lock_guard guard{mutex_};
    asked_.push_back(message);
  }
  const auto* answer = answer_to(text_at(message, "method"));
  if (answer == nullptr) {
    exchange->respond(404, "text/plain", "");
    return;
  }
  const auto body = answer->at("body").get<std::string>();
  const auto type = answer->at("content_type").get<std::string>();
  if (type == "text/event-stream")
    stream(exchange, addressed(body, message.at("id")));
  else
    exchange->respond(answer->at("status"), type, body);
}

void recorded_mcp_server::stream(const exchange_ptr& exchange,
                                 std::string body) {
  exchange->begin_stream("text/event-stream");
  for (std::size_t at = 0; at < body.size();) {
    std::size_t size = 0;
    {
      const std::lock_guard guard{mutex_};
      size = 1 + random_() % piece_max_bytes;
    }
    exchange->write(body.substr(at, size));
    at += size;
  }
  exchange->end_stream();
}

} // namespace perdure::tests
