#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace perdure::runtime {

/// One thing that is wrong with a value, in the form models are told of it.
struct schema_error {
  /// JSON: strings for keys, numbers for positions; empty for the whole value.
  json location;
  std::string message;
};

/// A compiled JSON Schema. Immutable; usable from any thread.
class schema {
public:
  virtual ~schema() = default;

  /// @returns what is wrong with `value`; empty when it is valid.
  [[nodiscard]] virtual std::vector<schema_error>
  validate(const json& value) const = 0;

  /// Keywords of the schema that are not enforced, as JSON pointers.
  [[nodiscard]] virtual const std::vector<std::string>&
  unenforced() const noexcept = 0;
};

using schema_ptr = std::shared_ptr<const schema>;

/// Compiles a JSON Schema (draft 7; 2020-12 keywords are rewritten).
/// Errors: errc::unsupported_schema, naming the place and the reason.
using schema_compiler = std::function<result<schema_ptr>(const json& text)>;

/// Renders a template against `deps`. Errors: errc::invalid_argument.
using template_renderer = std::function<result<std::string>(
  const std::string& text, const json& deps)>;

/// What runtime needs from libraries it does not link.
struct language_services {
  schema_compiler compile_schema;
  template_renderer render;
};

} // namespace perdure::runtime
