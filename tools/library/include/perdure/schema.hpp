#pragma once

#include <perdure/detail/kinds.hpp>
#include <perdure/docs.hpp>
#include <perdure/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace perdure {

namespace detail {

/// Builds one JSON Schema. Structs stand where they are used; only one that
/// holds itself moves to `$defs`.
class schema_builder {
public:
  /// Begins a struct. @returns what stands for it when it is known already, or
  /// null
  json enter(const void* type, std::string_view name);
  void add_field(json& object, std::string_view name, json schema,
                 const docs& of, bool is_required) const;
  /// Ends the innermost struct. @returns what stands for it
  json leave(json object, const docs& of);
  json finish(json root);

private:
  struct named_type {
    const void* type;
    std::string name;
    bool is_recursive = false;
  };

  /// Under way, from the outside in.
  std::vector<named_type> open_;
  /// Those in `definitions_`.
  std::vector<named_type> recursive_;
  json definitions_;
};

json integer_schema(bool is_unsigned);
json nullable_schema(json schema);

/// Its address stands for the type.
template <class T>
inline constexpr char type_mark = 0;

template <class T>
json build_schema(schema_builder& builder) {
  if constexpr (std::same_as<T, json>) {
    return json::object();
  } else if constexpr (has_own_schema<T>) {
    return perdure_schema(static_cast<const T*>(nullptr));
  } else if constexpr (std::same_as<T, bool>) {
    return {{"type", "boolean"}};
  } else if constexpr (std::integral<T>) {
    return integer_schema(std::is_unsigned_v<T>);
  } else if constexpr (std::floating_point<T>) {
    return {{"type", "number"}};
  } else if constexpr (std::same_as<T, std::string>) {
    return {{"type", "string"}};
  } else if constexpr (is_optional<T>) {
    return nullable_schema(build_schema<typename T::value_type>(builder));
  } else if constexpr (is_vector<T>) {
    return {{"type", "array"},
            {"items", build_schema<typename T::value_type>(builder)}};
  } else if constexpr (is_string_map<T>) {
    return {
      {"type", "object"},
      {"additionalProperties", build_schema<typename T::mapped_type>(builder)}};
  } else if constexpr (is_described_enum<T>) {
    auto names = json::array();
    for_each_enumerator<T>([&](auto x) { names.push_back(x.name); });
    return {{"type", "string"}, {"enum", std::move(names)}};
  } else {
    if (auto known = builder.enter(&type_mark<T>, type_name<T>());
        !known.is_null())
      return known;
    const auto& docs = docs_of<T>();
    json object{{"type", "object"}, {"properties", json::object()}};
    for_each_member<T>([&](auto member) {
      using field = std::decay_t<decltype(std::declval<T>().*member.pointer)>;
      builder.add_field(object, member.name, build_schema<field>(builder), docs,
                        !is_optional<field>);
    });
    return builder.leave(std::move(object), docs);
  }
}

} // namespace detail

/// A C++ type that has a form in JSON.
template <class T>
concept value_type = detail::has_form<T>::value;

/// JSON Schema of the JSON form of `T`. All members of a struct are required
/// but for std::optional ones and those with a default in its `docs`.
template <value_type T>
[[nodiscard]] json schema_of() {
  detail::schema_builder builder;
  return builder.finish(detail::build_schema<T>(builder));
}

} // namespace perdure
