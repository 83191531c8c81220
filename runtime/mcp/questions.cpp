#include "runtime/mcp/questions.hpp"

#include <algorithm>

namespace perdure::runtime::mcp {

namespace {

/// A server that asks more at once is out of its mind.
constexpr std::size_t open_max = 64;

} // namespace

questions::questions(const session_options& options, outbox& out)
  : options_(options), out_(out) {
  // nop
}

void questions::ask(const rpc_request& request, call_id call, timestamp now) {
  if (const auto reason = refusal(request); !reason.empty())
    return out_.refuse(request.id, rpc_code::method_not_found, reason);
  if (open_.size() >= open_max)
    return out_.refuse(request.id, rpc_code::internal_error,
                       "too many open questions; the client holds "
                         + std::to_string(open_max));
  const auto is_twice
    = std::any_of(open_.begin(), open_.end(), [&](const auto& item) {
        return item.second.id == request.id;
      });
  if (is_twice)
    return out_.refuse(request.id, rpc_code::invalid_request,
                       "a request with this id is open already");
  const auto question = static_cast<question_id>(++last_);
  open_.emplace(question, open_question{request.id, call, now});
  out_.put(asked{question, call, request.method, request.params});
}

std::optional<questions::closed>
questions::answer(question_id question, const json& result, timestamp now) {
  const auto found = take(question);
  if (!found)
    return std::nullopt;
  out_.answer(found->id, result);
  return closed{found->call, now - found->asked_at};
}

std::optional<questions::closed>
questions::refuse(question_id question, std::int64_t code,
                  std::string_view message, timestamp now) {
  const auto found = take(question);
  if (!found)
    return std::nullopt;
  out_.refuse(found->id, code, message);
  return closed{found->call, now - found->asked_at};
}

bool questions::is_open(call_id call) const {
  return std::any_of(open_.begin(), open_.end(), [&](const auto& item) {
    return item.second.call == call;
  });
}

std::optional<questions::closed>
questions::withdraw(const rpc_id& id, timestamp now) {
  const auto found
    = std::find_if(open_.begin(), open_.end(),
                   [&](const auto& item) { return item.second.id == id; });
  if (found == open_.end())
    return std::nullopt;
  const closed out{found->second.call, now - found->second.asked_at};
  out_.put(withdrawn{found->first});
  open_.erase(found);
  return out;
}

void questions::withdraw(call_id call) {
  std::erase_if(open_, [&](const auto& item) {
    if (item.second.call != call)
      return false;
    out_.put(withdrawn{item.first});
    return true;
  });
}

void questions::withdraw_all() {
  for (const auto& [question, details] : open_)
    out_.put(withdrawn{question});
  open_.clear();
}

std::string questions::refusal(const rpc_request& request) const {
  const auto& can = options_.abilities;
  if (request.method == "sampling/createMessage")
    return can.sampling ? "" : "the client does not sample";
  if (text_at(request.params, "mode") == "url")
    return can.elicitation_url ? "" : "the client opens no URLs";
  return can.elicitation_form ? "" : "the client asks nobody";
}

std::optional<questions::open_question> questions::take(question_id question) {
  auto node = open_.extract(question);
  if (node.empty())
    return std::nullopt;
  return std::move(node.mapped());
}

} // namespace perdure::runtime::mcp
