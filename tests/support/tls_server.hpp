#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "support/process.hpp"
#include "support/temp_dir.hpp"

namespace perdure::tests {

/// A real HTTP/2 server behind TLS (nghttpd), on a port of 127.0.0.1. Its
/// certificate is for `localhost`, from an authority of its own. It serves
/// files, whatever the method. Failures throw std::runtime_error.
class tls_server {
public:
  tls_server();

  /// What it answers at `path`, which begins with a slash.
  void serve(const std::string& path, std::string_view body) const;

  /// Without a slash at its end.
  [[nodiscard]] std::string url(const std::string& host = "localhost") const;

  /// The authority that signed its certificate.
  [[nodiscard]] std::filesystem::path ca_file() const;
  /// One that did not.
  [[nodiscard]] std::filesystem::path other_ca_file() const;

  /// Connections that spoke HTTP/2 so far, and requests on them.
  [[nodiscard]] std::size_t connections() const;
  [[nodiscard]] std::size_t requests() const;

private:
  void make_certificates() const;
  [[nodiscard]] std::string log() const;

  temp_dir place_;
  std::uint16_t port_ = 0;
  std::unique_ptr<process> process_;
};

} // namespace perdure::tests
