#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace perdure::runtime {

/// A local program: input on its standard input, result from its standard
/// output. Behind a tool, exit code 0 is a value, 75 asks the model to try
/// again, anything else is a failure that the model is told of.
struct command_tool {
  /// Program and arguments; never a shell.
  std::vector<std::string> argv;
  /// The whole environment of the program besides PATH, HOME, LANG and TZ.
  /// Values may name `${VAR}`, which is filled in when the program starts, so
  /// that no secret is stored.
  std::map<std::string, std::string> env;
  std::string cwd;
  /// More output than this fails the call.
  std::uint64_t max_output_bytes = 1'048'576;
};

/// Every field that differs from its default.
json to_json(const command_tool& command);

/// @param problem gets what is wrong, unless it has something already
command_tool
read_command_tool(const json& value, std::string place, std::string& problem);

} // namespace perdure::runtime
