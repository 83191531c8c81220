#pragma once

#include "runtime/sse_decoder.hpp"
#include "tools/perdure/api.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace perdure::client {

enum class follow_end {
  /// The run has ended, or what is stored has been told.
  ended,
  /// The reader of the events wants no more.
  stopped,
  /// Ctrl-C.
  interrupted,
};

struct follow_options {
  std::string run_id;
  /// Goes on with what happens from now on.
  bool live = true;
};

struct follow_listener {
  /// One event: `{run_id, seq, time, event}`. @returns false for no more
  std::function<bool(const runtime::json& envelope)> on_event;
  /// The connection is gone and is being made again; once per outage.
  std::function<void()> on_outage;
  std::function<void()> on_return;
};

/// Reads the events of one run, each of them once, through restarts of the
/// node: after an outage it goes on behind the last event that it has.
class follower {
public:
  /// @pre `node` outlives this and was reached just now: a node that is away
  /// from the beginning is waited for as well
  follower(api& node, follow_options options, follow_listener listener);

  /// After `stopped` it may be called again, and goes on behind the last event.
  /// Errors: errc::unavailable when the node stays away for a minute;
  /// errc::run_not_found and whatever else it refuses
  runtime::result<follow_end> run();

private:
  enum class verdict { failed, retry, ended, stopped, interrupted };

  verdict connect();
  bool take(std::string_view bytes);
  bool take(const runtime::sse_event& event);
  bool wait_for_node();

  api& node_;
  follow_options options_;
  follow_listener listener_;
  std::optional<runtime::failure> failure_;
  std::optional<runtime::timestamp> down_since_;
  std::chrono::milliseconds backoff_{0};
  runtime::sse_decoder decoder_;
  std::string last_id_;
  std::uint64_t last_sequence_ = 0;
  bool has_ended_ = false;
  bool has_stopped_ = false;
  bool outage_told_ = false;
};

} // namespace perdure::client
