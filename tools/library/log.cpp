#include "tools/library/log.hpp"

#include <cstdio>
#include <utility>

namespace perdure::library {

namespace {

log_level to_public(actors::log_level level) {
  switch (level) {
    case actors::log_level::debug:
      return log_level::debug;
    case actors::log_level::info:
      return log_level::info;
    case actors::log_level::warning:
      return log_level::warning;
    case actors::log_level::error:
      return log_level::error;
  }
  return log_level::error;
}

void complain(log_level level, const std::string& line) {
  if (level >= log_level::warning)
    std::fprintf(stderr, "perdure: %s\n", line.c_str());
}

} // namespace

actors::logger
make_logger(std::function<void(log_level, const std::string&)> given) {
  if (!given)
    given = complain;
  return [given = std::move(given)](actors::log_level level,
                                    const std::string& line) {
    given(to_public(level), line);
  };
}

} // namespace perdure::library
