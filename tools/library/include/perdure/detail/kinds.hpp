#pragma once

#include <boost/describe/enumerators.hpp>
#include <boost/describe/members.hpp>
#include <boost/mp11/algorithm.hpp>
#include <concepts>
#include <map>
#include <optional>
#include <perdure/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

/// Which C++ types have a form in JSON, and which form that is.
namespace perdure::detail {

template <class T>
struct optional_of : std::false_type {};
template <class T>
struct optional_of<std::optional<T>> : std::true_type {};

template <class T>
struct vector_of : std::false_type {};
template <class T>
struct vector_of<std::vector<T>> : std::true_type {};

template <class T>
struct string_map_of : std::false_type {};
template <class T>
struct string_map_of<std::map<std::string, T>> : std::true_type {};

template <class T>
concept is_optional = optional_of<T>::value;
template <class T>
concept is_vector = vector_of<T>::value;
template <class T>
concept is_string_map = string_map_of<T>::value;
template <class T>
concept is_text = std::convertible_to<const T&, std::string_view>;
template <class T>
concept is_described_enum = boost::describe::has_describe_enumerators<T>::value;
template <class T>
concept is_described_struct
  = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

/// It has `json perdure_schema(const T*)` in its own namespace, and functions
/// `to_json` and `from_json` as nlohmann_json wants them.
template <class T>
concept has_own_schema = requires(const T* type) {
  { perdure_schema(type) } -> std::convertible_to<json>;
};

template <class T>
struct has_form
  : std::bool_constant<
      std::same_as<
        T,
        json> || std::is_arithmetic_v<T> || std::same_as<T, std::string> || is_described_enum<T> || is_described_struct<T> || has_own_schema<T>> {
};
template <class T>
struct has_form<std::optional<T>> : has_form<T> {};
template <class T>
struct has_form<std::vector<T>> : has_form<T> {};
template <class T>
struct has_form<std::map<std::string, T>> : has_form<T> {};

/// Members of a described struct, those of its bases first.
template <class T>
using members_of
  = boost::describe::describe_members<T, boost::describe::mod_public
                                           | boost::describe::mod_inherited>;

template <class T, class Visitor>
void for_each_member(Visitor visit) {
  boost::mp11::mp_for_each<members_of<T>>(visit);
}

template <class T, class Visitor>
void for_each_enumerator(Visitor visit) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<T>>(visit);
}

/// The name of a type without its namespaces, e.g. `city_args`.
template <class T>
constexpr std::string_view type_name() {
  // `constexpr std::string_view perdure::detail::type_name() [with T = ns::x;
  // ...]` and with `[T = ns::x]` at its end from Clang.
  std::string_view text = __PRETTY_FUNCTION__;
  text.remove_prefix(text.find("T = ") + 4);
  text = text.substr(0, text.find_first_of(";]"));
  const auto scope = text.rfind("::");
  return scope == std::string_view::npos ? text : text.substr(scope + 2);
}

} // namespace perdure::detail
