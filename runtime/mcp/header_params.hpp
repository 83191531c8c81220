#pragma once

#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace perdure::runtime::mcp {

using header_list = std::vector<std::pair<std::string, std::string>>;

/// An argument of a tool that is shown in a header as well, so that proxies can
/// route by it: `x-mcp-header` in the tool's schema.
struct header_param {
  /// Keys that lead to the argument.
  std::vector<std::string> path;
  /// The header is `Mcp-Param-{name}`.
  std::string name;
};

/// The header parameters of a tool.
/// Errors: errc::unsupported_schema when a mark is invalid; such a tool must
/// not be called over HTTP.
result<std::vector<header_param>> header_params_of(const json& input_schema);

/// Adds a header for each parameter that has a value in `arguments`.
void add_param_headers(header_list& headers,
                       const std::vector<header_param>& params,
                       const json& arguments);

/// `text` as the value of a header: as it is, or as `=?base64?...?=` when it
/// holds what a header cannot carry, or could be taken for that form.
std::string header_value(std::string_view text);

} // namespace perdure::runtime::mcp
