#include "actors/runs/model_candidates.hpp"

#include "runtime/models/native_tools.hpp"
#include "runtime/models/request_plan.hpp"

#include <utility>

namespace perdure::actors {

model_candidates::model_candidates(std::shared_ptr<model_registry> models)
  : models_(std::move(models)) {}

runtime::result<model_candidate*>
model_candidates::prepare(const runtime::run_state& run) {
  auto& candidate = candidates_[run.fallback];
  if (candidate.binding == nullptr) {
    auto bound = models_->resolve(run.model_in_use());
    if (!bound)
      return bound.error();
    candidate.binding = std::move(*bound);
  }
  const auto& binding = *candidate.binding;
  if (binding.local != nullptr)
    return &candidate;
  if (candidate.conversation == nullptr) {
    if (auto fits = runtime::check_output(*run.definition, binding.profile,
                                          binding.identity.model_name);
        !fits)
      return fits.error();
    if (const auto wire = runtime::wire_of(binding.provider.wire))
      if (auto fits = runtime::check_native_tools(
            *run.definition,
            {*wire, binding.identity.provider_name, binding.profile},
            binding.identity.model_name);
          !fits)
        return fits.error();
    candidate.conversation = binding.codec->converse(
      {binding.identity, run.definition, binding.provider.stream,
       binding.profile, binding.provider.api_version});
  }
  for (; candidate.encoded < run.history.size(); ++candidate.encoded)
    if (auto added
        = candidate.conversation->add(*run.history[candidate.encoded]);
        !added)
      return added.error();
  return &candidate;
}

} // namespace perdure::actors
