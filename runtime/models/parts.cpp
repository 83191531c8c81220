#include "runtime/models/parts.hpp"

#include <algorithm>
#include <utility>

namespace perdure::runtime {

namespace {

void tell(const delta_sink& sink, const response_event& event) {
  if (sink)
    sink(event);
}

/// Appends `piece` to `args`; an object stays one unless more text follows.
/// @returns what a watcher appends
std::string append_args(json& args, const json& piece) {
  if (piece.is_null())
    return {};
  auto added = piece.is_string() ? piece.get<std::string>() : to_text(piece);
  if (args.is_null())
    args = piece;
  else if (args.is_string())
    args.get_ref<std::string&>() += added;
  else
    args = to_text(args) + added;
  return added;
}

} // namespace

parts_builder::parts_builder(std::function<std::string()> make_id, ending when)
  : make_id_(std::move(make_id)), ending_(when) {
  // nop
}

void parts_builder::add_text(std::string_view key, std::string_view chunk,
                             const provider_data& provider,
                             const delta_sink& sink) {
  auto* target = find_open(key);
  auto* part
    = target == nullptr ? nullptr : std::get_if<text_part>(&target->part);
  if (part == nullptr) {
    start(key, text_part{std::string{chunk}, provider}, sink);
    return;
  }
  if (chunk.empty())
    return;
  part->content += chunk;
  tell(sink, part_grew{index_of(*target), text_delta{std::string{chunk}}});
}

void parts_builder::add_thinking(std::string_view key, std::string_view chunk,
                                 const provider_data& provider,
                                 const delta_sink& sink) {
  auto* target = find_open(key);
  auto* part
    = target == nullptr ? nullptr : std::get_if<thinking_part>(&target->part);
  if (part == nullptr) {
    start(key, thinking_part{std::string{chunk}, {}, provider}, sink);
    return;
  }
  if (chunk.empty())
    return;
  part->content += chunk;
  tell(sink,
       part_grew{index_of(*target), thinking_delta{std::string{chunk}, {}}});
}

void parts_builder::add_tagged_text(std::string_view key,
                                    std::string_view chunk,
                                    const model_profile& profile,
                                    const delta_sink& sink) {
  const auto thinking_key = std::string{key} + "/think";
  if (!is_thinking_ && chunk == profile.thinking_open) {
    is_thinking_ = true;
    add_thinking(thinking_key, {}, {}, sink);
  } else if (is_thinking_ && chunk == profile.thinking_close) {
    is_thinking_ = false;
    end(thinking_key, sink);
  } else if (is_thinking_) {
    add_thinking(thinking_key, chunk, {}, sink);
  } else if (!chunk.empty()) {
    const auto is_space
      = chunk.find_first_not_of(" \t\r\n") == std::string_view::npos;
    if (!(is_space && profile.skips_leading_space && find_open(key) == nullptr))
      add_text(key, chunk, {}, sink);
  }
}

void parts_builder::add_call(std::string_view key, call_piece piece,
                             const delta_sink& sink) {
  if (auto* target = find_slot(key)) {
    grow(*target, piece, sink);
    return;
  }
  auto waiting = std::find_if(nameless_.begin(), nameless_.end(),
                              [&](const slot& x) { return x.key == key; });
  if (waiting == nameless_.end()) {
    if (piece.name.empty() && piece.tool_call_id.empty()
        && piece.args.is_null())
      return; // padding
    nameless_.push_back({std::string{key}, tool_call_part{}});
    waiting = std::prev(nameless_.end());
  }
  auto& call = std::get<tool_call_part>(waiting->part);
  if (call.tool_call_id.empty())
    call.tool_call_id = piece.tool_call_id;
  if (piece.provider.provider_name)
    call.provider = std::move(piece.provider);
  call.builtin = call.builtin || piece.builtin;
  append_args(call.args, piece.args);
  if (piece.name.empty())
    return;
  call.tool_name = piece.name;
  if (call.tool_call_id.empty())
    call.tool_call_id = make_id_();
  auto part = std::move(waiting->part);
  nameless_.erase(waiting);
  start(key, std::move(part), sink);
}

void parts_builder::grow(slot& target, const call_piece& piece,
                         const delta_sink& sink) {
  auto* call = std::get_if<tool_call_part>(&target.part);
  if (call == nullptr || !target.is_open)
    return;
  tool_call_delta delta;
  // Some servers repeat the name with every piece.
  if (!piece.name.empty() && piece.name != call->tool_name) {
    call->tool_name += piece.name;
    delta.tool_name_delta = std::string{piece.name};
  }
  const auto had_args = !call->args.is_null();
  delta.args_delta = append_args(call->args, piece.args);
  if (delta.tool_name_delta || !delta.args_delta.empty()
      || had_args == call->args.is_null())
    tell(sink, part_grew{index_of(target), std::move(delta)});
}

void parts_builder::add_part(std::string_view key, response_part part,
                             const delta_sink& sink) {
  start(key, std::move(part), sink);
  close(slots_.back(), sink);
}

void parts_builder::sign(std::string_view key, std::string_view signature,
                         const delta_sink& sink) {
  auto* target = find_open(key);
  if (target == nullptr)
    return;
  auto* part = std::get_if<thinking_part>(&target->part);
  if (part == nullptr || part->signature == signature)
    return;
  part->signature = std::string{signature};
  tell(sink, part_grew{index_of(*target), thinking_delta{{}, part->signature}});
}

void parts_builder::describe(std::string_view key,
                             const json& provider_details) {
  auto* target = find_open(key);
  if (target == nullptr)
    return;
  std::visit(
    [&](auto& part) {
      if constexpr (requires { part.provider; }) {
        auto& known = part.provider.provider_details;
        if (known.is_null())
          known = json::object();
        known.update(provider_details);
      }
    },
    target->part);
}

void parts_builder::end(std::string_view key, const delta_sink& sink) {
  if (auto* target = find_open(key))
    close(*target, sink);
}

const response_part* parts_builder::find(std::string_view key) const {
  const auto found = std::find_if(slots_.rbegin(), slots_.rend(),
                                  [&](const slot& x) { return x.key == key; });
  return found == slots_.rend() ? nullptr : &found->part;
}

bool parts_builder::has_nameless_call() const noexcept {
  return !nameless_.empty();
}

std::vector<response_part> parts_builder::finish(const delta_sink& sink) {
  std::vector<response_part> parts;
  parts.reserve(slots_.size());
  for (auto& next : slots_) {
    close(next, sink);
    parts.push_back(std::move(next.part));
  }
  slots_.clear();
  return parts;
}

parts_builder::slot* parts_builder::find_slot(std::string_view key) {
  const auto found = std::find_if(slots_.rbegin(), slots_.rend(),
                                  [&](const slot& x) { return x.key == key; });
  return found == slots_.rend() ? nullptr : &*found;
}

parts_builder::slot* parts_builder::find_open(std::string_view key) {
  auto* found = find_slot(key);
  return found != nullptr && found->is_open ? found : nullptr;
}

void parts_builder::start(std::string_view key, response_part part,
                          const delta_sink& sink) {
  // Pieces of parallel calls may alternate, so a call stays open.
  if (ending_ == ending::on_next_part)
    for (auto& open : slots_)
      if (!std::holds_alternative<tool_call_part>(open.part))
        close(open, sink);
  slots_.push_back({std::string{key}, std::move(part)});
  tell(sink, part_started{index_of(slots_.back()), slots_.back().part});
}

void parts_builder::close(slot& target, const delta_sink& sink) {
  if (!target.is_open)
    return;
  target.is_open = false;
  tell(sink, part_ended{index_of(target), target.part});
}

std::uint32_t parts_builder::index_of(const slot& target) const {
  return static_cast<std::uint32_t>(&target - slots_.data());
}

} // namespace perdure::runtime
