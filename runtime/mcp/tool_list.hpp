#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/header_params.hpp"
#include "runtime/mcp/server.hpp"
#include "runtime/policy/task_policy.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime::mcp {

/// Whether a tool can, or must, be run as a task of the server (2025-11-25).
enum class task_support : std::uint8_t { forbidden, optional, required };

/// A tool as its server describes it.
struct server_tool {
  /// As the server knows it.
  std::string name;
  /// As the model knows it: with the server's prefix, and of the letters that
  /// all providers accept.
  std::string model_name;
  std::string description;
  /// As the server wrote it: no key is added, left out or moved.
  json input_schema;
  /// Null when absent.
  json output_schema;
  /// What the server says of it (`readOnlyHint`, ...); not to be trusted. Null
  /// when absent.
  json annotations;
  /// `_meta`. Null when absent.
  json meta;
  task_support tasks = task_support::forbidden;
  std::vector<header_param> header_params;

  /// `{meta, annotations, task}`, what there is of it: what selectors of tools
  /// see.
  [[nodiscard]] json metadata() const;

  /// Whether a call of it is to be made as a task of the server.
  [[nodiscard]] bool runs_as_task(bool prefer_tasks) const noexcept;

  /// What its annotations say of a call that was interrupted: one that changes
  /// nothing, or nothing more the second time, may be made again.
  [[nodiscard]] on_interrupt on_interrupt_or(on_interrupt otherwise) const;
};

struct dropped_tool {
  std::string name;
  std::string reason;
};

/// The tools of a server that a run can use.
struct tool_list {
  std::vector<server_tool> tools;
  /// What cannot be used, and why.
  std::vector<dropped_tool> dropped;
  /// The tools as the server sent them, sorted by name: the same list gives
  /// the same text, whatever the order. What the journal keeps, by its hash.
  json source = json::array();

  /// @returns nullptr when there is none of that name
  [[nodiscard]] const server_tool*
  find(std::string_view model_name) const noexcept;
};

/// Reads the result of `tools/list`, all pages in one, or `{"tools": source}`
/// of an earlier list.
tool_list read_tools(const json& result, const server_options& server);

/// `{prefix}_{name}` in letters, digits, `_` and `-`, at most 64 of them.
std::string model_name(std::string_view prefix, std::string_view name);

} // namespace perdure::runtime::mcp
