#pragma once

#include "config/expand.hpp"
#include "config/node_file.hpp"

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
  /// Set: the journal is copied there, and no node is started.
  std::string copy_to;
};

/// Merges the node file with the command line, which goes before it.
/// Errors: errc::invalid_node_file, errc::invalid_argument.
runtime::result<config::node_file>
settle(const arguments& given, const config::environment& lookup);

} // namespace perdure::perdured
