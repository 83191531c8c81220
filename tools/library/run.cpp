#include "perdure/run.hpp"

namespace perdure {

std::string event::text() const {
  const auto* part = kind == "part_start"   ? "part"
                     : kind == "part_delta" ? "delta"
                                            : nullptr;
  if (part == nullptr)
    return {};
  const auto& of = data.at(part);
  const auto* type = kind == "part_start" ? "part_kind" : "part_delta_kind";
  const auto* content = kind == "part_start" ? "content" : "content_delta";
  return of.at(type) == "text" ? of.at(content).get<std::string>()
                               : std::string{};
}

void run_result::require_output() const {
  if (state == run_state::completed)
    return;
  if (error)
    throw perdure::error{error->type,
                         "run " + run_id + " has no output: " + error->message};
  throw perdure::error{"conflict", "run " + run_id
                                     + " has no output yet; it has not ended"};
}

} // namespace perdure
