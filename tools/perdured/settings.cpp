#include "tools/perdured/settings.hpp"

#include <fstream>

namespace perdure::perdured {

using runtime::errc;
using runtime::failure;

runtime::result<config::node_file>
settle(const arguments& given, const config::environment& lookup) {
  config::node_file node;
  if (auto directory = lookup("PERDURE_DATA_DIR"))
    node.data_dir = std::move(*directory);
  if (!given.config_file.empty()) {
    auto file = config::load_node_file(given.config_file, lookup);
    if (!file)
      return file.error();
    node = std::move(*file);
  }
  if (!given.data_dir.empty())
    node.data_dir = given.data_dir;
  if (!given.agents.empty())
    node.agents = given.agents;
  if (!given.listen.empty())
    node.listen = given.listen;
  if (!given.log_format.empty())
    node.log.format = given.log_format;
  if (!given.log_level.empty())
    node.log.level = given.log_level;
  if (node.tls.ca_file.empty())
    node.tls.ca_file = lookup("SSL_CERT_FILE").value_or("");
  std::string problems;
  for (const auto& problem : config::validate(node)) {
    std::string path;
    for (const auto& key : problem.path)
      path += (path.empty() ? "" : ".") + key;
    problems += (problems.empty() ? "" : "\n") + path + ": " + problem.message;
  }
  if (const auto& file = node.tls.ca_file;
      !file.empty() && !std::ifstream{file})
    problems += (problems.empty() ? "" : "\n")
                + ("tls.ca_file: cannot read " + file
                   + "; name a readable PEM file, or unset SSL_CERT_FILE");
  if (!problems.empty())
    return failure{errc::invalid_node_file, std::move(problems)};
  return node;
}

} // namespace perdure::perdured
