#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::actors {

/// The target of a request, decoded.
struct http_target {
  std::string path;
  std::vector<std::pair<std::string, std::string>> query;
};

/// Splits and decodes `text`: a path with or without a query, an absolute URL
/// or `*`. @returns what is wrong, empty when nothing is.
std::string decode_target(std::string_view text, http_target& target);

} // namespace perdure::actors
