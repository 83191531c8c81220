#pragma once

#include "runtime/agent/command_tool.hpp"
#include "runtime/policy/task_policy.hpp"
#include "runtime/result.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// Where events are handled. Append only, never renumber.
enum class handler_kind : std::uint8_t {
  /// A function that the host program registered under the handler's name.
  function = 0,
  /// An endpoint that gets each event in a signed POST.
  http = 1,
  /// A program that gets each event on its standard input.
  command = 2,
};

std::string_view to_string(handler_kind kind) noexcept;

/// Retried three times, each attempt within a minute.
task_policy default_handler_policy();

/// Somebody who is told of the events of a run, one after another; each event
/// is a task of its own.
///
/// Secrets: `url`, `secret` and the values of `headers` may name `${VAR}`,
///          which is filled in when an event is sent and never stored
struct event_handler {
  /// 1 to 64 letters, digits, '_' or '-'; one of its kind in a run.
  std::string name;
  handler_kind kind = handler_kind::function;
  std::string url;
  /// Key of the signature; empty for none.
  std::string secret;
  std::map<std::string, std::string> headers;
  command_tool command;
  /// Kinds of the events that it gets; empty: all but `part_delta`.
  std::vector<std::string> events;
  /// The run decides nothing before the handler has dealt with every stored
  /// event, and fails when it gives up on one.
  bool holds_run = false;
  task_policy policy = default_handler_policy();

  [[nodiscard]] bool wants(std::string_view event_kind) const noexcept;

  /// It is also told what the model is saying, while it does.
  [[nodiscard]] bool wants_deltas() const noexcept {
    return wants("part_delta");
  }
};

bool is_handler_name(std::string_view name) noexcept;

/// Every kind of event there is.
std::span<const std::string_view> event_kinds() noexcept;

/// What is wrong with the kinds of events that a handler names; empty when they
/// all exist.
std::string check_event_kinds(const std::vector<std::string>& kinds);

/// Every field that differs from its default, keys in a fixed order.
json to_json(const event_handler& handler);

/// Reads what `to_json` wrote. Keys that it does not know are left alone.
/// @param problem gets what is wrong, unless it has something already
event_handler
read_event_handler(const json& value, std::string place, std::string& problem);

/// Handlers that come with a run: `[{url, name?, secret?, headers?, events?,
/// holds_run?, policy?}]`. A secret in plain text is refused, since it would be
/// stored; so is `${VAR}` elsewhere, since the caller would read the node's
/// environment by it. Errors: errc::invalid_argument.
result<std::vector<event_handler>> handlers_from_request(const json& value);

/// Whether `text` is an http(s) URL, as far as can be told before `${VAR}` is
/// filled in.
bool is_handler_url(std::string_view text) noexcept;

} // namespace perdure::runtime
