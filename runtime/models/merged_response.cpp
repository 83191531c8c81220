#include "runtime/models/merged_response.hpp"

#include <algorithm>
#include <iterator>

namespace perdure::runtime {

model_response merged(model_response first, model_response next) {
  first.parts.insert(first.parts.end(),
                     std::make_move_iterator(next.parts.begin()),
                     std::make_move_iterator(next.parts.end()));
  next.parts = std::move(first.parts);
  add(first.usage, next.usage);
  next.usage = std::move(first.usage);
  if (first.provider_details.is_object()) {
    if (next.provider_details.is_object())
      first.provider_details.update(next.provider_details);
    next.provider_details = std::move(first.provider_details);
  }
  return next;
}

} // namespace perdure::runtime
