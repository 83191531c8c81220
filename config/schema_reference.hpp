#pragma once

#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <string_view>

namespace perdure::config {

/// A subschema and where it stands.
struct schema_place {
  const runtime::json* node = nullptr;
  /// JSON pointer from the root of the document.
  std::string pointer;
  /// The nearest node at or above it that has an `$id` of its own, or the root:
  /// what `#` means there.
  const runtime::json* resource = nullptr;
};

/// Finds what a `$ref` names inside one document.
class schema_references {
public:
  /// @pre `root` outlives this object
  explicit schema_references(const runtime::json& root);

  /// @returns errc::unsupported_schema for what is not in the document
  [[nodiscard]] runtime::result<schema_place>
  resolve(std::string_view reference, const schema_place& from) const;

  /// The place of a child of `from`.
  [[nodiscard]] schema_place
  child(const schema_place& from, const runtime::json& node,
        std::string_view key) const;

private:
  void collect(const schema_place& root);

  [[nodiscard]] runtime::result<schema_place>
  follow(schema_place base, std::string_view pointer) const;

  const runtime::json& root_;
  /// Names of resources (`$id`), and of places: resource, `#`, anchor.
  std::map<std::string, schema_place, std::less<>> resources_;
  std::map<std::pair<const runtime::json*, std::string>, schema_place> anchors_;
};

/// One step of a JSON pointer, escaped.
std::string escape_token(std::string_view key);

} // namespace perdure::config
