#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>
#include <vector>

/// Model settings as a person may write them.
namespace perdure::runtime {

/// What is wrong with one setting.
struct setting_problem {
  std::string name;
  std::string message;
  /// It is left out, and nothing else is wrong with it.
  bool is_warning = false;
};

/// Looks for unknown names and values of the wrong type.
/// @pre `settings` is an object or null
std::vector<setting_problem> check_settings(const json& settings);

/// Warns of settings that all providers could have and a wire format has not.
std::vector<setting_problem>
settings_without_effect(const json& settings, std::string_view wire);

} // namespace perdure::runtime
