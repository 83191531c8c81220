#pragma once

#include "runtime/models/profile.hpp"
#include "runtime/models/setting_table.hpp"
#include "runtime/result.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

/// What each kind of native tool looks like on each wire format.
namespace perdure::runtime {

/// What one tool adds to a request.
struct native_form {
  /// Elements of the body's `tools`.
  std::vector<json> tools;
  /// Merged into the body; an object.
  json body = json::object();
  /// Beta features that have to be named.
  std::set<std::string> betas;
};

/// Whom a tool is asked of.
struct native_target {
  wire_format wire = wire_format::openai_chat;
  std::string_view provider_name;
  const model_profile& profile;
};

/// One kind of tool on one wire format.
struct native_row {
  std::string_view kind;
  wire_format wire;
  /// Errors: errc::invalid_argument for an option that has no value there
  result<native_form> (*make)(const json& options, const native_target& target,
                              const json& settings);
  /// Restricting options that it can be held to.
  std::vector<std::string_view> restrictions;
  /// Only this provider has it so; empty for all others.
  std::string_view provider{};
};

/// @returns null when the wire format has no such tool
const native_row*
find_native_row(std::string_view kind, const native_target& target);

} // namespace perdure::runtime
