#pragma once

#include <perdure/run_context.hpp>
#include <perdure/value.hpp>
#include <type_traits>
#include <utility>

/// Functions of the program that take a context, a value, both, or neither.
namespace perdure::detail {

template <class... Parameters>
struct parameters {
  static_assert(sizeof...(Parameters) > 2,
                "take (const run_context&, const value&), one of them, or "
                "nothing");
};

template <>
struct parameters<> {
  using value = void;
  template <class Function, class Value>
  static decltype(auto)
  call(Function& function, const run_context&, const Value&) {
    return function();
  }
};

template <>
struct parameters<run_context> {
  using value = void;
  template <class Function, class Value>
  static decltype(auto)
  call(Function& function, const run_context& context, const Value&) {
    return function(context);
  }
};

template <class T>
struct parameters<T> {
  using value = T;
  template <class Function>
  static decltype(auto)
  call(Function& function, const run_context&, const T& given) {
    return function(given);
  }
};

template <class T>
struct parameters<run_context, T> {
  using value = T;
  template <class Function>
  static decltype(auto)
  call(Function& function, const run_context& context, const T& given) {
    return function(context, given);
  }
};

template <class Member>
struct signature;
template <class Result, class Owner, class... Parameters>
struct signature<Result (Owner::*)(Parameters...) const> {
  using type = parameters<std::remove_cvref_t<Parameters>...>;
  using result = Result;
};
template <class Result, class Owner, class... Parameters>
struct signature<Result (Owner::*)(Parameters...)>
  : signature<Result (Owner::*)(Parameters...) const> {};
template <class Result, class Owner, class... Parameters>
struct signature<Result (Owner::*)(Parameters...) const noexcept>
  : signature<Result (Owner::*)(Parameters...) const> {};
template <class Result, class Owner, class... Parameters>
struct signature<Result (Owner::*)(Parameters...) noexcept>
  : signature<Result (Owner::*)(Parameters...) const> {};

struct no_owner;

template <class Function>
struct callable : signature<decltype(&Function::operator())> {};
template <class Result, class... Parameters>
struct callable<Result (*)(Parameters...)>
  : signature<Result (no_owner::*)(Parameters...) const> {};
template <class Result, class... Parameters>
struct callable<Result (*)(Parameters...) noexcept>
  : signature<Result (no_owner::*)(Parameters...) const> {};

/// What the function takes besides the context; void for nothing.
template <class Function>
using value_of = typename callable<Function>::type::value;

/// Calls the function and makes a `Reply` of what it returns; null stands for
/// nothing.
template <class Reply, class Function, class Value>
Reply reply_of(Function& function, const run_context& context,
               const Value& value) {
  using traits = callable<Function>;
  if constexpr (std::is_void_v<typename traits::result>) {
    traits::type::call(function, context, value);
    return json{};
  } else {
    return traits::type::call(function, context, value);
  }
}

} // namespace perdure::detail
