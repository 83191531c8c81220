#include "conformance/mcp/outside_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include "support/waiting.hpp"

namespace perdure::tests {

namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  out.sin_port = htons(port);
  return out;
}

std::uint16_t free_port() {
  auto address = loopback(0);
  socklen_t size = sizeof(address);
  auto* const any = reinterpret_cast<sockaddr*>(&address);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool bound
    = ::bind(fd, any, size) == 0 && ::getsockname(fd, any, &size) == 0;
  ::close(fd);
  if (!bound)
    throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

bool is_taken(std::uint16_t port) {
  auto address = loopback(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected
    = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address))
      == 0;
  ::close(fd);
  return connected;
}

} // namespace

outside_server::outside_server(std::vector<std::string> argv)
  : port_(free_port()) {
  const auto port = std::to_string(port_);
  for (auto& argument : argv)
    if (argument == "PORT")
      argument = port;
  process_setup setup;
  setup.argv = std::move(argv);
  setup.environment = {"PORT=" + port};
  setup.output = place_.path() / "log";
  process_ = std::make_unique<process>(setup);
  wait_until([this] {
    return is_taken(port_)
           || process_->wait(std::chrono::milliseconds{0}).has_value();
  });
  if (!is_taken(port_))
    throw std::runtime_error("a server did not start:\n"
                             + read_text(setup.output));
}

std::string outside_server::url(const std::string& path) const {
  return "http://localhost:" + std::to_string(port_) + path;
}

} // namespace perdure::tests
