#pragma once

#include "runtime/models/model.hpp"
#include "runtime/models/request_plan.hpp"

#include <chrono>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the wire formats make of an agent's model settings.
namespace perdure::runtime {

/// The settings that mean something to a model: without those that it refuses,
/// and without those that shape its choice of words where it takes none.
json usable_settings(const json& settings, const model_profile& profile);

/// Whether a model will think, as far as its settings and habits tell.
bool is_thinking(const json& settings, const model_profile& profile);

/// The setting `thinking` in the terms that all wire formats share.
struct thinking_wish {
  /// False: it shall not.
  bool wanted = true;
  /// `minimal`, `low`, `medium`, `high`, `xhigh`; empty for no preference.
  std::string effort;
};

/// @returns nothing when the setting is not there, or the model cannot do what
/// it asks for
std::optional<thinking_wish>
wish_of(const json& settings, const model_profile& profile);

/// A thought as text that a model recognises as one.
std::string
tagged_thought(const std::string& content, const model_profile& profile);

/// A level of effort in the model's own words.
std::string
effort_name(const std::string& effort, const model_profile& profile);

/// Copies the settings named in `names` (ours, theirs) from `settings` into
/// `body` where they are set; later ones win.
void copy_settings(
  json& body, const json& settings,
  std::initializer_list<std::pair<const char*, const char*>> names);

/// The instructions of a request: the agent's, then those of the plan.
std::vector<std::string>
with_plan(std::vector<std::string> instructions, const request_plan& plan);

/// Adds the keys of `extra_body`, but for what the request itself is made of.
void merge_extra_body(json& body, const json& settings);

using wire_headers = std::vector<std::pair<std::string, std::string>>;

/// Content type, what is accepted, and `extra_headers`; a header whose name or
/// value could break the request apart is left out.
wire_headers request_headers(const json& settings, bool stream);

/// A setting that is a time in seconds, e.g. `timeout`.
std::optional<std::chrono::milliseconds>
time_setting(const json& settings, const char* name);

} // namespace perdure::runtime
