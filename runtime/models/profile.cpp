#include "runtime/models/profile.hpp"

#include "runtime/models/provider_table.hpp"

namespace perdure::runtime {

model_profile profile_of(std::string_view provider_name, std::string_view) {
  model_profile profile;
  // Local models have neither a response format nor instructions to follow.
  if (provider_name == "test" || provider_name == "script")
    profile.supports_json_schema = profile.supports_json_object = false;
  return profile;
}

model_profile profile_of_model(std::string_view model) {
  const auto colon = model.find(':');
  const auto prefix = model.substr(0, colon);
  const auto name
    = colon == std::string_view::npos ? prefix : model.substr(colon + 1);
  const auto* provider = find_provider(prefix);
  return profile_of(provider == nullptr ? prefix : provider->provider_name,
                    name);
}

} // namespace perdure::runtime
