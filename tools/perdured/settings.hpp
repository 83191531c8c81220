#pragma once

#include "config/expand.hpp"
#include "config/node_file.hpp"

#include <optional>
#include <string>
#include <vector>

namespace perdure::perdured {

/// What the command line says; empty members say nothing.
struct arguments {
  std::string config_file;
  std::string data_dir;
  std::vector<std::string> agents;
  std::string listen;
  std::string log_format;
  std::string log_level;
};

/// An address to listen on.
struct address {
  std::string host;
  std::uint16_t port = 0;
};

/// Merges the node file with the command line, which goes before it.
/// Errors: errc::invalid_node_file, errc::invalid_argument.
runtime::result<config::node_file>
settle(const arguments& given, const config::environment& lookup);

/// Reads `host:port`, with brackets around an IPv6 address.
runtime::result<address> parse_address(const std::string& text);

} // namespace perdure::perdured
