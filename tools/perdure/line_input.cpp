#include "tools/perdure/line_input.hpp"

#include "tools/perdure/interrupts.hpp"

#include <array>
#include <poll.h>
#include <unistd.h>

namespace perdure::client {

std::optional<std::string> read_line() {
  std::string line;
  for (;;) {
    std::array<pollfd, 2> sources{
      {{STDIN_FILENO, POLLIN, 0}, {interrupts::descriptor(), POLLIN, 0}}};
    if (::poll(sources.data(), sources.size(), -1) < 0)
      continue;
    if (sources[1].revents != 0)
      return std::nullopt;
    char sign = 0;
    if (::read(STDIN_FILENO, &sign, 1) != 1)
      return std::nullopt;
    if (sign == '\n')
      return line;
    line += sign;
  }
}

} // namespace perdure::client
