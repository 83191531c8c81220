#include "tools/bench/chat_server.hpp"

#include "runtime/json.hpp"
#include "tools/bench/system.hpp"

#include <nlohmann/json.hpp>

#include <arpa/inet.h>
#include <csignal>
#include <cstdlib>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace perdure::bench {

namespace {

using runtime::json;

std::string answer_body(std::size_t number, std::size_t steps) {
  json message{{"role", "assistant"}, {"content", nullptr}};
  if (number < steps)
    message["tool_calls"]
      = {{{"id", "call_" + std::to_string(number)},
          {"type", "function"},
          {"function",
           {{"name", "step"},
            {"arguments", R"({"n":)" + std::to_string(number) + "}"}}}}};
  else
    message["content"] = "Done.";
  return runtime::to_text(
    {{"id", "answer-" + std::to_string(number)},
     {"model", "long"},
     {"choices",
      {{{"index", 0},
        {"message", std::move(message)},
        {"finish_reason", number < steps ? "tool_calls" : "stop"}}}},
     {"usage", {{"prompt_tokens", 10}, {"completion_tokens", 5}}}});
}

bool send_all(int peer, const std::string& text) {
  return ::send(peer, text.data(), text.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(text.size());
}

/// Reads one request, head and body. @returns false when the peer has gone
bool read_request(int peer) {
  std::string head;
  char buffer[65'536];
  std::size_t missing = 0;
  while (missing == 0) {
    const auto size = ::recv(peer, buffer, sizeof buffer, 0);
    if (size <= 0)
      return false;
    head.append(buffer, static_cast<std::size_t>(size));
    const auto end = head.find("\r\n\r\n");
    if (end == std::string::npos)
      continue;
    const auto at = head.find("Content-Length: ");
    if (at > end)
      return false;
    const auto length = std::strtoull(head.c_str() + at + 16, nullptr, 10);
    const auto have = head.size() - end - 4;
    if (have >= length)
      return true;
    missing = length - have;
  }
  while (missing > 0) {
    const auto size = ::recv(peer, buffer, std::min(missing, sizeof buffer), 0);
    if (size <= 0)
      return false;
    missing -= static_cast<std::size_t>(size);
  }
  return true;
}

[[noreturn]] void serve(int listener, std::size_t steps) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::size_t answered = 0;
  for (;;) {
    const auto peer = ::accept(listener, nullptr, nullptr);
    if (peer < 0)
      std::_Exit(1);
    const int on = 1;
    ::setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    while (read_request(peer)) {
      const auto body = answer_body(++answered, steps);
      if (!send_all(peer,
                    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                    "Content-Length: "
                      + std::to_string(body.size()) + "\r\n\r\n" + body))
        break;
    }
    ::close(peer);
  }
}

} // namespace

chat_server::chat_server(std::size_t steps) {
  const auto listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(listener >= 0, "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener, raw, size) == 0, "bind");
  check(::listen(listener, 8) == 0, "listen");
  check(::getsockname(listener, raw, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  child_ = ::fork();
  check(child_ >= 0, "fork");
  if (child_ == 0)
    serve(listener, steps);
  ::close(listener);
}

chat_server::~chat_server() {
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

} // namespace perdure::bench
