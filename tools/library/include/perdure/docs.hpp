#pragma once

#include <concepts>
#include <perdure/json.hpp>
#include <string>
#include <string_view>

namespace perdure {

/// What a model is told of a struct besides its members. Optional: a function
/// `perdure_docs` beside the struct gives it.
///
///     inline perdure::docs perdure_docs(const city_args*) {
///       return {"A place on Earth.",
///               {{"city", "Its name in English."},
///                {"days", {{"minimum", 1}, {"default", 3}}}}};
///     }
struct docs {
  std::string description = {};
  /// By member: its description, or keywords of its JSON Schema. A member with
  /// a `default` may be left out, and then is what its initializer says.
  json fields = {};
};

namespace detail {

template <class T>
concept has_docs = requires(const T* type) {
  { perdure_docs(type) } -> std::convertible_to<docs>;
};

template <class T>
const docs& docs_of() {
  static const docs out = [] {
    if constexpr (has_docs<T>)
      return docs{perdure_docs(static_cast<const T*>(nullptr))};
    else
      return docs{};
  }();
  return out;
}

/// Whether the field may be left out although its type is not optional.
bool has_default(const docs& of, std::string_view field);

} // namespace detail

} // namespace perdure
