#pragma once

#include "config/schema_leaf.hpp"

#include <string>
#include <vector>

namespace perdure::config {

/// Where a rewritten schema says which of `checks` it has.
inline constexpr const char* checks_keyword = "x-perdure-checks";

/// A JSON Schema in the part of draft 7 that valijson handles well.
struct rewritten_schema {
  /// `definitions` holds every subschema under a plain name; the root and all
  /// subschemas are references into it. Keywords that speak about one value
  /// alone are gone: `checks_keyword` has an index into `checks` instead.
  nlohmann::json document;
  std::vector<std::vector<leaf_check>> checks;
  /// Whether it matches keys by `patternProperties`.
  bool has_key_patterns = false;
  /// JSON pointers of the keywords that are not enforced.
  std::vector<std::string> unenforced;
};

/// Rewrites `text` and checks it on the way: types of keywords, references,
/// bounds of size and depth, references that lead back to themselves.
/// Errors: errc::unsupported_schema with the JSON pointer of the place
runtime::result<rewritten_schema> rewrite_schema(const runtime::json& text);

} // namespace perdure::config
