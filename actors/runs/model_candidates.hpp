#pragma once

#include "actors/runs/model_registry.hpp"
#include "runtime/flow/run_state.hpp"

#include <cstdint>
#include <map>
#include <memory>

namespace perdure::actors {

/// A model that a run may ask, with what was encoded for it so far.
struct model_candidate {
  binding_ptr binding;
  /// Null for a local model.
  std::unique_ptr<runtime::conversation> conversation;
  /// Messages of the history in `conversation`.
  std::size_t encoded = 0;
};

/// The models of one run: the one that it names and its fallbacks, made ready
/// when they are needed. Owned by one actor.
class model_candidates {
public:
  explicit model_candidates(std::shared_ptr<model_registry> models);

  /// The model in use, with the whole history said to it.
  /// Errors: what resolving the model or encoding a message returns.
  runtime::result<model_candidate*> prepare(const runtime::run_state& run);

private:
  std::shared_ptr<model_registry> models_;
  /// By `run_state::fallback`.
  std::map<std::uint32_t, model_candidate> candidates_;
};

} // namespace perdure::actors
