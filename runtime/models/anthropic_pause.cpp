#include "runtime/models/anthropic_pause.hpp"

#include "runtime/models/anthropic_blocks.hpp"
#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_body.hpp"

namespace perdure::runtime {

namespace {

constexpr std::string_view container_key = ",\"container\":";

/// Whether the body names a container: by the agent's settings, which are the
/// body's head, or by its history, which is behind it.
bool has_container(const text_pieces& body) {
  const auto head = parse_or_discard(*body.at(0) + "}");
  return head.contains("container") || body.at(1)->starts_with(container_key);
}

} // namespace

result<wire_request>
go_on_paused(const reading_options& with, const wire_request& sent,
             const model_response& so_far) {
  std::set<std::string> betas; // those of its request are there already
  const auto blocks = blocks_of(so_far, {with.identity, with.profile, betas});
  if (blocks.empty())
    return failure{errc::model_bad_response,
                   with.identity.model_name
                     + ": the model paused its turn before it said anything"};
  auto next = sent;
  auto end = std::move(next.body.back());
  next.body.back() = make_piece(",");
  marked_pieces said;
  said.add("assistant", blocks);
  said.append_to(next.body, 0, nullptr);
  next.body.push_back(std::move(end));
  const auto container = text_or_empty(so_far.provider_details, "container_id");
  if (!container.empty() && !has_container(sent.body))
    next.body.insert(
      next.body.begin() + 1,
      make_piece(std::string{container_key} + to_text(std::string{container})));
  return next;
}

} // namespace perdure::runtime
