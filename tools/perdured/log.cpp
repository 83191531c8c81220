#include "tools/perdured/log.hpp"

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace perdure::perdured {

namespace {

spdlog::level::level_enum level_of(actors::log_level level) {
  switch (level) {
    case actors::log_level::debug:
      return spdlog::level::debug;
    case actors::log_level::info:
      return spdlog::level::info;
    case actors::log_level::warning:
      return spdlog::level::warn;
    case actors::log_level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

} // namespace

actors::logger make_logger(const config::log_options& options) {
  const bool as_json = options.format == "json";
  auto out = std::make_shared<spdlog::logger>(
    "perdured", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  out->set_level(spdlog::level::from_str(options.level == "warning" ? "warn"
                                         : options.level == "error"
                                           ? "err"
                                           : options.level));
  out->set_pattern(as_json ? "{\"time\":\"%Y-%m-%dT%H:%M:%S.%fZ\",\"level\":"
                             "\"%l\",\"message\":%v}"
                           : "%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                   spdlog::pattern_time_type::utc);
  out->flush_on(spdlog::level::info);
  return [out, as_json](actors::log_level level, const std::string& line) {
    if (as_json)
      out->log(level_of(level), "{}", runtime::to_text(line));
    else
      out->log(level_of(level), "{}", line);
  };
}

} // namespace perdure::perdured
