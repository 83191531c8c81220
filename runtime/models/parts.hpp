#pragma once

#include "runtime/models/model.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// A piece of a tool call; what is absent was not in the piece.
struct call_piece {
  std::string_view name;
  std::string_view tool_call_id;
  /// Text of JSON or a part of it, an object, or null for none.
  json args;
  provider_data provider;
  /// The provider runs it.
  bool builtin = false;
};

/// Puts the parts of one response together from the pieces that a provider
/// sends and tells of them: per part one `part_started`, any `part_grew`, one
/// `part_ended`, whose part is the one that `finish` returns.
///
/// A piece goes to the open part of its key (the provider's name for a part:
/// an index, an item id), or opens a part. A tool call is not seen until it
/// has a name.
class parts_builder {
public:
  /// When a part ends before the response does.
  enum class ending {
    /// Text and thinking end when another part starts; what comes under their
    /// key later opens a part of its own.
    on_next_part,
    /// By `end` alone: the provider says so.
    explicit_only,
  };

  parts_builder(std::function<std::string()> make_id, ending when);

  /// Opens the part even when `chunk` is empty.
  void add_text(std::string_view key, std::string_view chunk,
                const provider_data& provider, const delta_sink& sink);
  void add_thinking(std::string_view key, std::string_view chunk,
                    const provider_data& provider, const delta_sink& sink);
  /// Like `add_text`, but a chunk that is one of the profile's tags and nothing
  /// else begins or ends thinking.
  void add_tagged_text(std::string_view key, std::string_view chunk,
                       const model_profile& profile, const delta_sink& sink);
  void add_call(std::string_view key, call_piece piece, const delta_sink& sink);

  /// A part that comes whole.
  void
  add_part(std::string_view key, response_part part, const delta_sink& sink);

  /// Replaces the signature of a thinking part; no part, no effect.
  void sign(std::string_view key, std::string_view signature,
            const delta_sink& sink);
  /// Adds to the provider's details of a part; no part, no effect.
  void describe(std::string_view key, const json& provider_details);
  void end(std::string_view key, const delta_sink& sink);

  /// An id that the provider left out.
  [[nodiscard]] std::string new_id() const {
    return make_id_();
  }

  /// The part of `key` that was opened last; null for none.
  [[nodiscard]] const response_part* find(std::string_view key) const;
  [[nodiscard]] bool empty() const noexcept {
    return slots_.empty();
  }
  /// Whether a tool call is still without a name.
  [[nodiscard]] bool has_nameless_call() const noexcept;

  /// Ends every part that is still open.
  std::vector<response_part> finish(const delta_sink& sink);

private:
  struct slot {
    std::string key;
    response_part part;
    bool is_open = true;
  };

  slot* find_slot(std::string_view key);
  slot* find_open(std::string_view key);
  void start(std::string_view key, response_part part, const delta_sink& sink);
  void grow(slot& target, const call_piece& piece, const delta_sink& sink);
  void close(slot& target, const delta_sink& sink);
  [[nodiscard]] std::uint32_t index_of(const slot& target) const;

  std::function<std::string()> make_id_;
  ending ending_;
  std::vector<slot> slots_;
  /// Tool calls without a name.
  std::vector<slot> nameless_;
  bool is_thinking_ = false;
};

} // namespace perdure::runtime
