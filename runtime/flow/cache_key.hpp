#pragma once

#include "runtime/flow/questions.hpp"
#include "runtime/flow/run_state.hpp"

#include <cstdint>
#include <map>
#include <string>

namespace perdure::runtime {

/// Keys of a run's tasks in the cache: two tasks have one key if everything
/// that went into them is the same, but for what their policy leaves out.
///
/// A model request is keyed by a chain of digests, one per message: what was
/// hashed once is not hashed again, so that a key costs what is new in the
/// conversation. Times, ids of runs and conversations, token counts and
/// metadata do not reach a model and are not part of it; ids of calls that the
/// node made up count by their order.
///
/// One per run. Not thread-safe.
/// Source:  docs/agent-files.md, "Caching"
class cache_keys {
public:
  explicit cache_keys(text_digest digest) : digest_(std::move(digest)) {
    // nop
  }

  /// The key of a task that is open.
  /// @pre it is a model request or a call of one of the definition's tools, and
  /// `state` is that of the same run as before
  std::string of(const run_state& state, const task_ref& task);

private:
  std::string model_key(const run_state& state);
  /// Everything but the messages.
  const std::string& frame(const run_state& state);
  std::string canonical(const message& value);
  /// Gives a made-up id its number.
  void normalise_id(json& part);

  text_digest digest_;
  /// By `run_state::fallback`.
  std::map<std::uint32_t, std::string> frames_;
  /// Of the first `hashed_` messages.
  std::string chain_;
  std::size_t hashed_ = 0;
  std::map<std::string, std::size_t> made_up_ids_;
};

} // namespace perdure::runtime
