#pragma once

#include "runtime/agent/schema.hpp"

namespace perdure::config {

/// Compiles a JSON Schema: draft 7, and the keywords of 2019-09 and 2020-12
/// that can be said in draft 7. `$ref` reaches what is inside the document
/// (recursion included); nothing is ever fetched.
///
/// What the schema says and nobody checks is in `unenforced()` of the result.
/// Its `validate` reports at most 20 errors and refuses values that nest deeper
/// than 100 levels.
///
/// Errors: errc::unsupported_schema with the JSON pointer of the place
runtime::result<runtime::schema_ptr> compile_schema(const runtime::json& text);

} // namespace perdure::config
