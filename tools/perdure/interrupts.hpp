#pragma once

#include <chrono>

namespace perdure::client {

/// Ctrl-C of this process. From `watch` on the first one is only remembered;
/// the second one ends the process, whatever it is doing.
///
/// Threads: the signal handler and one thread; there is one process
class interrupts {
public:
  static void watch();

  [[nodiscard]] static bool happened() noexcept;

  /// Readable once it has happened; -1 while nobody watches.
  [[nodiscard]] static int descriptor() noexcept;

  /// Goes on as if it had not happened; the next one still ends the process.
  static void acknowledge() noexcept;

  /// @returns false when Ctrl-C cut the wait short
  static bool wait(std::chrono::milliseconds delay);
};

} // namespace perdure::client
