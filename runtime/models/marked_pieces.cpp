#include "runtime/models/marked_pieces.hpp"

#include "runtime/models/wire_body.hpp"

namespace perdure::runtime {

namespace {

std::shared_ptr<const std::string> mark_piece(const json& mark) {
  return make_piece(",\"cache_control\":" + to_text(mark));
}

/// Ends a block, its message's content and the message.
const std::shared_ptr<const std::string>& message_end() {
  static const auto end = make_piece("}]}");
  return end;
}

} // namespace

void marked_pieces::add(std::string_view role,
                        const std::vector<content_block>& blocks) {
  auto text = std::string{pieces_.empty() ? "" : ","} + R"({"role":")"
              + std::string{role} + R"(","content":[)";
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto& [value, mark] = blocks[i];
    if (i > 0)
      text += "},";
    text += open_object(value);
    has_last_mark_ = !mark.is_null();
    if (!has_last_mark_)
      continue;
    pieces_.push_back({make_piece(std::exchange(text, {}))});
    pieces_.push_back({mark_piece(mark), true});
    ++mark_count_;
  }
  if (!text.empty())
    pieces_.push_back({make_piece(std::move(text))});
  pieces_.push_back({message_end()});
  if (first_role_.empty())
    first_role_ = role;
}

void marked_pieces::append_to(text_pieces& body, std::size_t marks_max,
                              const json& last_mark) const {
  // A mark that stands there already does for the last one.
  const auto adds_last = !last_mark.is_null() && !has_last_mark_ && !empty();
  const auto room = marks_max - (adds_last && marks_max > 0 ? 1 : 0);
  auto surplus = mark_count_ > room ? mark_count_ - room : 0;
  for (const auto& next : pieces_) {
    if (next.is_mark && surplus > 0) {
      --surplus;
      continue;
    }
    body.push_back(next.text);
  }
  if (adds_last)
    body.insert(body.end() - 1, mark_piece(last_mark));
}

} // namespace perdure::runtime
