#include "support/tls_server.hpp"

#include <arpa/inet.h>
#include <filesystem>
#include <netinet/in.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

#include "support/waiting.hpp"

namespace perdure::tests {

namespace {

constexpr auto openssl = "/usr/bin/openssl";
constexpr auto server = "/usr/sbin/nghttpd";

int listen_anywhere(sockaddr_in& address) {
  address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (fd < 0 || ::bind(fd, raw, size) != 0
      || ::getsockname(fd, raw, &size) != 0)
    throw std::runtime_error("no free port");
  return fd;
}

/// The server cannot say which port it took, so it is told one.
std::uint16_t free_port() {
  sockaddr_in address{};
  ::close(listen_anywhere(address));
  return ::ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  address.sin_port = ::htons(port);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected
    = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos;
       at = text.find(part, at + part.size()))
    ++found;
  return found;
}

} // namespace

tls_server::tls_server() {
  make_certificates();
  std::filesystem::create_directory(place_.path() / "files");
  // Somebody else may take the port before the server does.
  for (int attempt = 0; attempt < 5; ++attempt) {
    port_ = free_port();
    process_ = std::make_unique<process>(process_setup{
      {server, "--verbose", "--address=127.0.0.1",
       "--htdocs=" + (place_.path() / "files").string(), std::to_string(port_),
       (place_.path() / "server.key").string(),
       (place_.path() / "server.pem").string()},
      {},
      place_.path() / "log"});
    const auto ended
      = [this] { return process_->wait(std::chrono::milliseconds{0}); };
    if (wait_until([&] { return ended() || accepts(port_); }) && !ended())
      return;
  }
  throw std::runtime_error("nghttpd did not start:\n" + log());
}

void tls_server::make_certificates() const {
  const auto make
    = [this](const std::string& name, const std::vector<std::string>& how) {
        std::vector<std::string> argv{openssl,
                                      "req",
                                      "-x509",
                                      "-newkey",
                                      "ec",
                                      "-pkeyopt",
                                      "ec_paramgen_curve:P-256",
                                      "-nodes",
                                      "-days",
                                      "2",
                                      "-subj",
                                      "/CN=" + name,
                                      "-keyout",
                                      (place_.path() / name).string() + ".key",
                                      "-out",
                                      (place_.path() / name).string() + ".pem"};
        argv.insert(argv.end(), how.begin(), how.end());
        if (const auto made = run_program(argv); made.exit_code != 0)
          throw std::runtime_error("openssl failed:\n" + made.output);
      };
  make("ca", {});
  make("other", {});
  make("server", {"-CA", ca_file().string(), "-CAkey",
                  (place_.path() / "ca.key").string(), "-addext",
                  "subjectAltName=DNS:localhost", "-addext",
                  "basicConstraints=critical,CA:FALSE"});
}

void tls_server::serve(const std::string& path, std::string_view body) const {
  place_.write("files" + path, body);
}

std::string tls_server::url(const std::string& host) const {
  return "https://" + host + ':' + std::to_string(port_);
}

std::filesystem::path tls_server::ca_file() const {
  return place_.path() / "ca.pem";
}

std::filesystem::path tls_server::other_ca_file() const {
  return place_.path() / "other.pem";
}

std::size_t tls_server::connections() const {
  return count(log(), "The negotiated protocol: h2\n");
}

std::size_t tls_server::requests() const {
  return count(log(), ":method: ");
}

std::string tls_server::log() const {
  return read_text(place_.path() / "log");
}

} // namespace perdure::tests
