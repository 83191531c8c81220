#include "config/schema_compiler.hpp"

#include "config/schema_rewriter.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validator.hpp>

namespace perdure::config {

namespace {

using runtime::json;
using runtime::schema_error;
using valijson::ValidationResults;
using value_adapter = valijson::adapters::NlohmannJsonAdapter;
using check_lists = std::vector<std::vector<leaf_check>>;

constexpr std::size_t value_depth_max = 100;
constexpr std::size_t error_count_max = 20;

/// Keys go through a matcher that backtracks, so they are bounded.
constexpr std::size_t matched_key_size_max = 256;

/// Runs the checks of one subschema.
class check_constraint : public valijson::constraints::PolyConstraint {
public:
  check_constraint(std::shared_ptr<const check_lists> lists, std::size_t index)
    : lists_(std::move(lists)), index_(index) {
    // nop
  }

  bool validate(const valijson::adapters::Adapter& target,
                const std::vector<std::string>& context,
                ValidationResults* results) const override {
    auto is_valid = true;
    for (const auto& check : (*lists_)[index_]) {
      const auto problem = check(target);
      if (!problem)
        continue;
      if (results == nullptr)
        return false;
      results->pushError(context, *problem);
      is_valid = false;
    }
    return is_valid;
  }

private:
  Constraint* cloneInto(void* memory) const override {
    return new (memory) check_constraint(*this);
  }

  std::size_t sizeOf() const override {
    return sizeof(check_constraint);
  }

  std::shared_ptr<const check_lists> lists_;
  std::size_t index_;
};

class check_builder : public valijson::ConstraintBuilder {
public:
  explicit check_builder(std::shared_ptr<const check_lists> lists)
    : lists_(std::move(lists)) {
    // nop
  }

  valijson::constraints::Constraint*
  make(const valijson::adapters::Adapter& index) const override {
    return new check_constraint(lists_,
                                static_cast<std::size_t>(index.getInteger()));
  }

private:
  std::shared_ptr<const check_lists> lists_;
};

/// What valijson says about the parts of a value on behalf of the whole; worth
/// telling only when the parts said nothing.
bool is_summary(std::string_view text) {
  return text.starts_with("Failed to validate against schema associated")
         || text.starts_with("Failed to validate against child schema")
         || text.starts_with("Failed to validate against additional")
         || text.starts_with("Failed to validate against dependent")
         || text.starts_with("Failed to validate against a conditional")
         || text.starts_with("Failed to validate item");
}

std::string to_words(const std::string& text) {
  using pair = std::pair<std::string_view, std::string_view>;
  constexpr auto words = std::to_array<pair>({
    {"Failed to validate against any schemas allowed by anyOf",
     "must match at least one of the schemas in anyOf"},
    {"Failed to validate against any child schemas",
     "must match one of the schemas in oneOf"},
    {"Failed to validate against exactly one",
     "must match exactly one of the schemas in oneOf, matches several"},
    {"Target should not validate", "must not match the schema in 'not'"},
    {"Failed to any values against subschema in 'contains'",
     "must contain an item that matches the schema in 'contains'"},
  });
  for (const auto& [start, meaning] : words)
    if (text.starts_with(start))
      return std::string{meaning};
  return text;
}

/// Turns valijson's path ("<root>", "[key]", "[0]") into keys and positions.
json to_location(const std::vector<std::string>& context, const json& value) {
  auto location = json::array();
  const auto* place = &value;
  for (std::size_t i = 1; i < context.size(); ++i) {
    const auto key = context[i].substr(1, context[i].size() - 2);
    const json* next = nullptr;
    std::size_t index = 0;
    if (place != nullptr && place->is_array()) {
      std::from_chars(key.data(), key.data() + key.size(), index);
      location.push_back(index);
      next = index < place->size() ? &(*place)[index] : nullptr;
    } else {
      location.push_back(key);
      if (place != nullptr && place->is_object() && place->contains(key))
        next = &(*place)[key];
    }
    place = next;
  }
  return location;
}

std::vector<schema_error>
to_errors(const ValidationResults& results, const json& value) {
  std::vector<schema_error> errors;
  const auto all_summaries
    = std::all_of(results.begin(), results.end(), [](const auto& error) {
        return is_summary(error.description);
      });
  for (const auto& error : results) {
    if (!all_summaries && is_summary(error.description))
      continue;
    if (errors.size() == error_count_max)
      break;
    errors.push_back(schema_error{to_location(error.context, value),
                                  to_words(error.description)});
  }
  if (errors.empty())
    errors.push_back(schema_error{json::array(), "does not match the schema"});
  return errors;
}

std::vector<schema_error> whole_error(std::string message) {
  std::vector<schema_error> errors;
  errors.push_back(schema_error{json::array(), std::move(message)});
  return errors;
}

bool has_long_key(const nlohmann::json& value) {
  if (value.is_array())
    return std::any_of(value.begin(), value.end(), has_long_key);
  if (!value.is_object())
    return false;
  for (const auto& [key, item] : value.items())
    if (key.size() > matched_key_size_max || has_long_key(item))
      return true;
  return false;
}

class compiled_schema : public runtime::schema {
public:
  /// @throws what valijson throws
  explicit compiled_schema(rewritten_schema source)
    : has_key_patterns_(source.has_key_patterns),
      unenforced_(std::move(source.unenforced)) {
    valijson::SchemaParser parser{valijson::SchemaParser::kDraft7};
    parser.addConstraintBuilder(
      checks_keyword, new check_builder(std::make_shared<const check_lists>(
                        std::move(source.checks))));
    parser.populateSchema(value_adapter{source.document}, schema_);
  }

  std::vector<schema_error> validate(const json& value) const override {
    const auto plain = to_plain(value, value_depth_max);
    if (!plain)
      return whole_error("must not nest deeper than "
                         + std::to_string(value_depth_max) + " levels");
    if (has_key_patterns_ && has_long_key(*plain))
      return whole_error("must not have keys longer than "
                         + std::to_string(matched_key_size_max) + " bytes");
    try {
      // Most values are valid: look for reasons only when one is not.
      valijson::Validator validator;
      const value_adapter target{*plain};
      if (validator.validate(schema_, target, nullptr))
        return {};
      ValidationResults results;
      validator.validate(schema_, target, &results);
      return to_errors(results, value);
    } catch (const std::exception& reason) {
      return whole_error(std::string{"could not be checked: "} + reason.what());
    }
  }

  const std::vector<std::string>& unenforced() const noexcept override {
    return unenforced_;
  }

private:
  valijson::Schema schema_;
  bool has_key_patterns_;
  std::vector<std::string> unenforced_;
};

} // namespace

runtime::result<runtime::schema_ptr> compile_schema(const json& text) {
  auto rewritten = rewrite_schema(text);
  if (!rewritten)
    return rewritten.error();
  try {
    return runtime::schema_ptr{
      std::make_shared<const compiled_schema>(std::move(*rewritten))};
  } catch (const std::exception& reason) {
    return runtime::failure{runtime::errc::unsupported_schema, reason.what()};
  }
}

} // namespace perdure::config
