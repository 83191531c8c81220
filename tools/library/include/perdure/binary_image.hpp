#pragma once

#include <perdure/json.hpp>
#include <string>

namespace perdure {

/// An image that a model made, as an output:
///
///     painter.output<perdure::binary_image>();
///     const auto cat = painter.run_sync("A cat.").output_as<binary_image>();
struct binary_image {
  /// E.g. `image/png`.
  std::string media_type;
  std::string bytes;
};

// -- its form in JSON: a content item of the kind `binary` --------------------

json perdure_schema(const binary_image* type);
void to_json(json& into, const binary_image& from);
/// Throws json::exception when `from` is no such item.
void from_json(const json& from, binary_image& into);

} // namespace perdure
