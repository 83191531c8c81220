#pragma once

#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace perdure::config {

/// Whether a text of an agent file is a template.
bool is_template(std::string_view text) noexcept;

/// Renders a Handlebars template against `deps`, without HTML escaping:
/// `{{name}}`, dotted paths, `this`, `../name`, `@root`, `@index`, `@key`,
/// `@first`, `@last`; the blocks `if`, `unless`, `each`, `with` with `{{else}}`
/// and `{{else if}}`; comments; `{{~` and `~}}`. What is missing or null is
/// empty; arrays and objects are written as JSON.
/// Errors: errc::invalid_argument: other syntax, output over 4 MiB
runtime::result<std::string>
render(const std::string& text, const runtime::json& deps);

/// The dotted paths that a template takes from the top of its deps, each once,
/// in the order of the text. Errors: errc::invalid_argument
runtime::result<std::vector<std::string>> names_in(std::string_view text);

} // namespace perdure::config
