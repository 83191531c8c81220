#include "perdure/error.hpp"

#include <utility>

namespace perdure {

error::error(std::string code, const std::string& message)
  : std::runtime_error(message), code_(std::move(code)) {
  // nop
}

invalid_value::invalid_value(std::string place, const std::string& problem)
  : error("invalid_argument",
          place.empty() ? "the value " + problem : place + " " + problem),
    place_(std::move(place)) {
  // nop
}

} // namespace perdure
