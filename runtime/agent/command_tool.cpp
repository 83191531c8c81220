#include "runtime/agent/command_tool.hpp"

#include "runtime/field_reader.hpp"

namespace perdure::runtime {

json to_json(const command_tool& command) {
  const command_tool normal;
  auto out = json::object();
  if (!command.argv.empty())
    out["argv"] = command.argv;
  if (!command.env.empty())
    out["env"] = command.env;
  if (!command.cwd.empty())
    out["cwd"] = command.cwd;
  if (command.max_output_bytes != normal.max_output_bytes)
    out["max_output_bytes"] = command.max_output_bytes;
  return out;
}

command_tool
read_command_tool(const json& value, std::string place, std::string& problem) {
  field_reader in{value, std::move(place), problem};
  command_tool out;
  out.argv = in.texts("argv");
  out.env = in.text_map("env");
  out.cwd = in.text("cwd");
  if (const auto bytes = in.count("max_output_bytes"))
    out.max_output_bytes = static_cast<std::uint64_t>(*bytes);
  return out;
}

} // namespace perdure::runtime
