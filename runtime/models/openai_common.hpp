#pragma once

#include "runtime/models/model.hpp"
#include "runtime/models/request_plan.hpp"

#include <cstddef>
#include <string>
#include <vector>

/// What requests to the Chat Completions and Responses APIs share.
namespace perdure::runtime {

/// Elements of a JSON array in pieces that are encoded once and shared.
class element_pieces {
public:
  [[nodiscard]] bool empty() const noexcept {
    return pieces_.empty();
  }

  /// One piece for all of `elements`; none for none.
  void add(const std::vector<json>& elements);

  /// Appends the elements to `body`.
  /// @param follows whether the array holds elements already
  void append_to(text_pieces& body, bool follows) const;

private:
  /// All but the first begin with a comma.
  text_pieces pieces_;
};

/// Elements of a JSON array without the brackets.
std::string join_elements(const std::vector<json>& elements);

std::shared_ptr<const std::string> make_piece(std::string text);

/// Whether the model thinks before it answers, by OpenAI's naming.
bool is_reasoning_model(std::string_view model_name);

/// Moves the settings named in `names` (ours, theirs) from `settings` into
/// `body` where they are set; later ones win.
void copy_settings(
  json& body, const json& settings,
  const std::vector<std::pair<const char*, const char*>>& names);

/// The setting `thinking` as an effort; null when it is not set.
json thinking_effort(const json& settings);

/// Adds `tool_choice` and `parallel_tool_calls` to a body with tools.
void add_tool_settings(json& body, const json& settings, tool_choice choice);

/// The instructions of a request: the agent's, then those of the plan.
std::vector<std::string>
with_plan(std::vector<std::string> instructions, const request_plan& plan);

/// Adds the keys of `extra_body`, but for what the request itself is made of.
void merge_extra_body(json& body, const json& settings);

/// Content type, what is accepted, and `extra_headers`; a header whose name or
/// value could break the request apart is left out.
std::vector<std::pair<std::string, std::string>>
request_headers(const json& settings, bool stream);

/// The text of `object` up to its closing brace.
std::string open_object(const json& object);

} // namespace perdure::runtime
