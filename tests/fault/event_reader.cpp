#include "fault/event_reader.hpp"

#include <arpa/inet.h>
#include <array>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include "support/waiting.hpp"

namespace perdure::tests {

raw_connection::raw_connection(std::uint16_t port, const std::string& text,
                               int receive_buffer)
  : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer,
                 sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address)
        != 0
      || ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL)
           != static_cast<ssize_t>(text.size())) {
    close();
    throw std::runtime_error("cannot talk to port " + std::to_string(port));
  }
}

raw_connection::~raw_connection() {
  close();
}

void raw_connection::read(std::chrono::milliseconds limit) {
  std::array<char, 65'536> bytes{};
  auto wait_ms = static_cast<int>(limit.count());
  while (!ended) {
    pollfd ready{socket_, POLLIN, 0};
    if (::poll(&ready, 1, wait_ms) <= 0)
      return;
    const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (size > 0)
      received.append(bytes.data(), static_cast<std::size_t>(size));
    else
      ended = true;
    wait_ms = 0;
  }
}

bool raw_connection::read_to_end() {
  return wait_until([this] {
    read(std::chrono::milliseconds{100});
    return ended;
  });
}

void raw_connection::close() {
  if (socket_ >= 0)
    ::close(socket_);
  socket_ = -1;
}

std::string
request_text(const std::string& method, const std::string& target,
             const std::string& token, const std::vector<std::string>& headers,
             const std::string& body) {
  auto out = method + " " + target + " HTTP/1.0\r\nHost: 127.0.0.1\r\n"
             + "Authorization: Bearer " + token + "\r\n";
  for (const auto& header : headers)
    out += header + "\r\n";
  if (!body.empty())
    out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return out + "\r\n" + body;
}

std::vector<run_event> events_in(const std::string& text) {
  std::vector<run_event> out;
  auto begin = text.find("\r\n\r\n");
  if (begin == std::string::npos)
    return out;
  begin += 4;
  for (;;) {
    const auto end = text.find("\n\n", begin);
    if (end == std::string::npos)
      return out;
    run_event event;
    event.text = text.substr(begin, end - begin);
    begin = end + 2;
    const auto kind = event.text.find("\nevent: ");
    const auto data = event.text.find("\ndata: ");
    if (!event.text.starts_with("id: ") || kind == std::string::npos
        || data == std::string::npos)
      continue; // a comment that keeps the connection alive
    event.id = std::stoull(event.text.substr(4, kind - 4));
    event.kind = event.text.substr(kind + 8, data - kind - 8);
    if (auto value = runtime::parse_json(event.text.substr(data + 7)))
      event.data = (*value)["event"];
    out.push_back(std::move(event));
  }
}

event_reader::event_reader(const rig& rig, const std::string& run_id,
                           std::uint64_t after, bool follow)
  : connection_(
    rig.node.api().port(),
    request_text(
      "GET", "/v1/runs/" + run_id + "/events" + (follow ? "" : "?follow=false"),
      rig.token(),
      after == 0 ? std::vector<std::string>{}
                 : std::vector<std::string>{"Last-Event-ID: "
                                            + std::to_string(after)})) {
  // nop
}

bool event_reader::read_until(
  const std::function<bool(const std::vector<run_event>&)>& enough) {
  bool has_come = false;
  wait_until([&] {
    connection_.read(std::chrono::milliseconds{20});
    has_come = enough(events());
    return has_come || connection_.ended;
  });
  return has_come;
}

std::vector<run_event> event_reader::events() const {
  return events_in(connection_.received);
}

} // namespace perdure::tests
