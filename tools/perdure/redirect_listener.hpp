#pragma once

#include "runtime/result.hpp"

#include <chrono>
#include <string>

namespace perdure::client {

/// Waits on this machine for the browser that comes back from a login, and
/// tells its owner to look at the terminal again.
class redirect_listener {
public:
  redirect_listener(redirect_listener&& other) noexcept;
  redirect_listener& operator=(redirect_listener&&) = delete;
  ~redirect_listener();

  /// @param uri `http://127.0.0.1:PORT/PATH`, where the browser comes to
  /// Errors: errc::invalid_argument for any other; errc::unavailable when the
  /// port is taken
  static runtime::result<redirect_listener> open(const std::string& uri);

  /// Waits for the browser. Whoever asks for another path is sent away.
  /// @returns the URL that it came to
  /// Errors: errc::cancelled after Ctrl-C; errc::unavailable after `patience`
  runtime::result<std::string> wait(std::chrono::seconds patience);

private:
  redirect_listener(int socket, std::string origin, std::string path);

  int socket_ = -1;
  /// `http://127.0.0.1:PORT`.
  std::string origin_;
  std::string path_;
};

} // namespace perdure::client
