#include "runtime/mcp/tool_list.hpp"

#include "runtime/mcp/outbox.hpp"

#include <algorithm>
#include <set>

namespace perdure::runtime::mcp {

namespace {

constexpr std::size_t tools_max = 2'000;
constexpr std::size_t model_name_size_max = 64;

json at_or_null(const json& value, const char* key) {
  const auto* found = object_at(value, key);
  return found == nullptr ? json{} : *found;
}

bool hint(const json& annotations, const char* key) {
  if (!annotations.is_object())
    return false;
  const auto found = annotations.find(key);
  return found != annotations.end() && *found == true;
}

task_support read_task_support(const json& tool) {
  const auto* execution = object_at(tool, "execution");
  if (execution == nullptr)
    return task_support::forbidden;
  const auto text = text_at(*execution, "taskSupport");
  if (text == "required")
    return task_support::required;
  return text == "optional" ? task_support::optional : task_support::forbidden;
}

class list_reader {
public:
  explicit list_reader(const server_options& server) : server_(server) {
    // nop
  }

  void read(const json& item) {
    auto name = text_at(item, "name");
    if (name.empty())
      return drop("", "it has no name");
    const auto& allowed = server_.allowed_tools;
    if (allowed
        && std::find(allowed->begin(), allowed->end(), name) == allowed->end())
      return;
    if (out.tools.size() >= tools_max)
      return drop(name, "the server has too many tools; the first "
                          + std::to_string(tools_max) + " are used");
    const auto* schema = object_at(item, "inputSchema");
    if (schema == nullptr)
      return drop(name, "its inputSchema is no object");
    server_tool tool;
    tool.model_name = model_name(server_.prefix, name);
    if (names_.contains(tool.model_name))
      return drop(name, "another tool is called " + tool.model_name);
    tool.name = std::move(name);
    if (server_.transport == transport_kind::http) {
      auto params = header_params_of(*schema);
      if (!params)
        return drop(tool.name, params.error().message);
      tool.header_params = std::move(*params);
    }
    tool.description = text_at(item, "description");
    tool.input_schema = *schema;
    tool.output_schema = at_or_null(item, "outputSchema");
    tool.annotations = at_or_null(item, "annotations");
    tool.meta = at_or_null(item, "_meta");
    tool.tasks = read_task_support(item);
    names_.insert(tool.model_name);
    out.source.push_back(item);
    out.tools.push_back(std::move(tool));
  }

  tool_list out;

private:
  void drop(std::string name, std::string reason) {
    out.dropped.push_back({std::move(name), std::move(reason)});
  }

  const server_options& server_;
  std::set<std::string> names_;
};

} // namespace

json server_tool::metadata() const {
  auto out = json::object();
  if (!meta.is_null())
    out["meta"] = meta;
  if (!annotations.is_null())
    out["annotations"] = annotations;
  if (tasks != task_support::forbidden)
    out["task"] = tasks == task_support::required ? "required" : "optional";
  return out;
}

bool server_tool::runs_as_task(bool prefer_tasks) const noexcept {
  return tasks == task_support::required
         || (tasks == task_support::optional && prefer_tasks);
}

on_interrupt server_tool::on_interrupt_or(on_interrupt otherwise) const {
  return hint(annotations, "readOnlyHint")
             || hint(annotations, "idempotentHint")
           ? on_interrupt::retry
           : otherwise;
}

const server_tool* tool_list::find(std::string_view name) const noexcept {
  const auto found
    = std::find_if(tools.begin(), tools.end(),
                   [&](const auto& tool) { return tool.model_name == name; });
  return found == tools.end() ? nullptr : &*found;
}

tool_list read_tools(const json& result, const server_options& server) {
  list_reader reader{server};
  const auto items = result.is_object() ? result.find("tools") : result.end();
  if (!result.is_object() || items == result.end() || !items->is_array())
    return {};
  std::vector<const json*> sorted;
  for (const auto& item : *items)
    sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const json* left, const json* right) {
                     return text_at(*left, "name") < text_at(*right, "name");
                   });
  for (const auto* item : sorted)
    reader.read(*item);
  return std::move(reader.out);
}

std::string model_name(std::string_view prefix, std::string_view name) {
  std::string out;
  if (!prefix.empty())
    out = std::string{prefix} + '_';
  out += name;
  for (auto& c : out) {
    const auto is_fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                         || (c >= '0' && c <= '9') || c == '_' || c == '-';
    if (!is_fine)
      c = '_';
  }
  out.resize(std::min(out.size(), model_name_size_max));
  return out;
}

} // namespace perdure::runtime::mcp
