#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <perdure/detail/callable.hpp>
#include <perdure/json.hpp>
#include <perdure/prompt.hpp>
#include <perdure/value.hpp>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

namespace perdure {

// -- what a tool replies ------------------------------------------------------

/// The model is asked to try again, and told why.
struct retry {
  std::string message;
};

/// The model is told that the tool failed.
struct failed {
  std::string message;
};

/// A person has to allow the call; it is then made again, once.
struct needs_approval {
  /// For whoever decides.
  json metadata = {};
};

/// The result comes later, from outside.
struct deferred {
  /// For whoever hands it in.
  json metadata = {};
};

/// A value with things besides it.
struct tool_return {
  json value = {};
  /// What the model sees besides, as if the user had said it.
  prompt content = {};
  /// Kept with the result, never sent to a model.
  json metadata = {};
};

/// Any of these, or a value. A tool that always returns a value returns just
/// that; one that may ask for a retry has `-> perdure::tool_reply`.
class tool_reply {
public:
  using content_type
    = std::variant<json, tool_return, retry, failed, needs_approval, deferred>;

  template <class T>
  requires(value_type<T> || detail::is_text<T>) tool_reply(const T& value)
    : content_(std::in_place_type<json>, encode(value)) {}
  tool_reply(tool_return content) : content_(std::move(content)) {}
  tool_reply(retry content) : content_(std::move(content)) {}
  tool_reply(failed content) : content_(std::move(content)) {}
  tool_reply(needs_approval content) : content_(std::move(content)) {}
  tool_reply(deferred content) : content_(std::move(content)) {}

  [[nodiscard]] content_type& content() noexcept {
    return content_;
  }

private:
  content_type content_;
};

// -- settings -----------------------------------------------------------------

/// What becomes of a question to a person that nobody answered in time.
enum class on_expiry {
  /// The model is told that the call was not allowed.
  deny,
  /// The run fails.
  fail,
};

struct tool_options {
  /// Runs alone: a barrier between the calls before and after it.
  bool sequential = false;
  /// Does next to nothing and never waits: it is called at once, on a thread of
  /// the node, and no timeout applies.
  bool quick = false;
  /// Of one attempt; then the model is told, and `run_context::stop` says so.
  /// The agent's when absent.
  std::optional<std::chrono::milliseconds> timeout = {};
  /// Times in a row that the model may be asked to try again; the agent's when
  /// absent.
  std::optional<std::uint32_t> retries = {};
  /// A person must allow each call. An approved call executes once at most.
  bool requires_approval = false;
  /// How long a person has; absent: for ever.
  std::optional<std::chrono::milliseconds> expires_after = {};
  perdure::on_expiry on_expiry = perdure::on_expiry::deny;
  /// Whether the provider is to hold the model to the schema; absent: as the
  /// provider's rules have it.
  std::optional<bool> strict = {};
  json metadata = {};
  /// JSON Schema of the arguments, in place of the one of their type.
  json parameters = {};
  /// The model is told what the tool returns: `return_schema`, or what follows
  /// from the type of its function.
  bool tells_return_schema = false;
  json return_schema = {};
};

// -- how the agent keeps it ---------------------------------------------------

namespace detail {

using tool_function
  = std::function<tool_reply(const run_context&, const json& arguments)>;

/// A type whose JSON form is an object.
template <class T>
concept argument_type = std::same_as<T, json> || is_described_struct<
  T> || is_string_map<T> || has_own_schema<T>;

template <class Arguments>
json parameters_of() {
  if constexpr (std::is_void_v<Arguments>) {
    return {{"type", "object"},
            {"properties", json::object()},
            {"additionalProperties", false}};
  } else {
    static_assert(argument_type<Arguments>,
                  "the arguments of a tool are a struct that is described with "
                  "BOOST_DESCRIBE_STRUCT, or perdure::json");
    auto schema = schema_of<Arguments>();
    schema["type"] = "object";
    return schema;
  }
}

/// Schema of what a function returns; null when its type does not say.
template <class Function>
json return_schema_of() {
  using result_type = std::remove_cvref_t<typename callable<Function>::result>;
  if constexpr (std::is_void_v<result_type> || std::same_as<result_type, json>)
    return nullptr;
  else if constexpr (value_type<result_type>)
    return schema_of<result_type>();
  else
    return nullptr;
}

template <class Function>
tool_function erase_tool(Function function) {
  using arguments_type = value_of<Function>;
  return
    [function = std::move(function)](
      const run_context& context, const json& arguments) mutable -> tool_reply {
      if constexpr (std::is_void_v<arguments_type>) {
        return reply_of<tool_reply>(function, context, arguments);
      } else {
        arguments_type given{};
        try {
          read(arguments, given, place{});
        } catch (const invalid_value& reason) {
          return retry{reason.what()};
        }
        return reply_of<tool_reply>(function, context, given);
      }
    };
}

} // namespace detail

} // namespace perdure
