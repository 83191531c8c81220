#include "runtime/mcp/session.hpp"

#include "runtime/field_reader.hpp"
#include "runtime/mcp/calls.hpp"
#include "runtime/mcp/failure_reader.hpp"
#include "runtime/mcp/result_reader.hpp"
#include "runtime/mcp/subscription.hpp"

#include <algorithm>
#include <utility>

namespace perdure::runtime::mcp {

namespace {

/// The one version that has batches.
constexpr std::string_view batch_version = "2025-03-26";

/// The key under which a message names the task that it is about.
constexpr const char* related_task = "io.modelcontextprotocol/related-task";

std::string task_named_in(const json& params) {
  const auto* meta = object_at(params, "_meta");
  const auto* task = meta == nullptr ? nullptr : object_at(*meta, related_task);
  return task == nullptr ? std::string{} : text_at(*task, "taskId");
}

std::optional<changed_kind> list_named_in(std::string_view method) {
  if (method == "notifications/tools/list_changed")
    return changed_kind::tools;
  if (method == "notifications/prompts/list_changed")
    return changed_kind::prompts;
  if (method == "notifications/resources/list_changed")
    return changed_kind::resources;
  return std::nullopt;
}

} // namespace

session_options session_options_for(const server_options& server) {
  session_options out;
  out.server_id = server.id;
  out.transport = server.transport;
  out.version = server.version;
  out.roots = server.roots;
  out.log_level = server.log_level;
  out.caches_lists = server.cache_lists;
  out.init_timeout = server.init_timeout;
  return out;
}

/// Routes what comes in to its parts, and what they say to each other.
class session::implementation {
public:
  explicit implementation(session_options given)
    : options(std::move(given)), out(options), opening(options, out),
      asked(options, out), ongoing(options, out, asked), changes(out) {
    // nop
  }

  void on_news(handshake::news news, timestamp now) {
    if (auto* open = std::get_if<ready>(&news)) {
      at = phase::ready;
      const auto capabilities = open->capabilities;
      const auto is_modern = open->era == era::modern;
      out.put(std::move(*open));
      if (is_modern && options.subscribes)
        changes.begin(capabilities);
      ongoing.open(capabilities, now);
    } else if (auto* reason = std::get_if<call_failure>(&news)) {
      at = phase::closed;
      ongoing.end_all(*reason);
      out.put(failed{std::move(*reason)});
    } else if (auto* again = std::get_if<reopen>(&news)) {
      begin_again(std::move(again->why));
    }
  }

  void begin_again(std::string why) {
    if (std::exchange(at, phase::reopening) != phase::reopening)
      out.put(reopen{std::move(why)});
  }

  /// Has the server tell of what would be asked for otherwise.
  void follow(timestamp now) {
    if (at == phase::ready && out.spoken() == era::modern)
      changes.follow(ongoing.wants(now), now);
  }

  /// Everything that was on a link is gone with it.
  void shut(const call_failure& reason, timestamp now) {
    ongoing.shut(reason, now);
    asked.withdraw_all();
    changes.stop();
  }

  /// Closes, with calls that wait for another link, too.
  void give_up(const call_failure& reason, timestamp now) {
    at = phase::closed;
    shut(reason, now);
    ongoing.end_all(reason);
  }

  // -- messages ---------------------------------------------------------------

  void on(const rpc_noise& noise, exchange_id, timestamp) {
    out.put(ignored{"not a message of the protocol: " + noise.reason});
  }

  void on(const rpc_answer& answer, exchange_id exchange, timestamp now) {
    auto answered = exchange;
    if (answer.id) {
      const auto* number = std::get_if<std::int64_t>(&*answer.id);
      answered = number == nullptr || *number <= 0
                   ? exchange_id::none
                   : static_cast<exchange_id>(*number);
    }
    if (opening.waits_for(answered))
      return on_news(opening.answered(answer.outcome, now), now);
    if (changes.waits_for(answered))
      return changes.ended(answer.outcome, now);
    if (ongoing.answered(answered, answer.outcome, now))
      return;
    // Late answers are normal; answers to nothing are not.
    if (answered == exchange_id::none || answered >= out.next_exchange())
      out.put(
        ignored{"an answer to a request that was never made, id "
                + (answer.id ? to_string(*answer.id) : std::string{"null"})});
  }

  void on(const rpc_request& request, exchange_id exchange, timestamp now) {
    if (out.spoken() == era::modern)
      return out.put(ignored{"a request of the server, which this version of "
                             "MCP does not have: "
                             + request.method});
    if (request.method == "ping")
      return out.answer(request.id, json::object());
    if (request.method == "roots/list" && !options.roots.empty())
      return out.answer(request.id, roots_result(options.roots));
    if (request.method != "elicitation/create"
        && request.method != "sampling/createMessage")
      return out.refuse(request.id, rpc_code::method_not_found,
                        "the client does not know " + request.method);
    const auto call = call_behind(request.params, exchange);
    if (!call)
      return out.refuse(request.id, rpc_code::invalid_request,
                        "it is not clear which call this is about");
    asked.ask(request, *call, now);
  }

  std::optional<call_id>
  call_behind(const json& params, exchange_id exchange) const {
    if (const auto task = task_named_in(params); !task.empty())
      if (const auto call = ongoing.call_of_task(task))
        return call;
    if (const auto call = ongoing.call_of(exchange))
      return call;
    return ongoing.only_call();
  }

  void on(const rpc_notification& told, exchange_id exchange, timestamp now) {
    const auto& [method, params] = told;
    if (method == "notifications/progress")
      return ongoing.progress(params, now);
    if (method == "notifications/message")
      return on_log(params, exchange);
    if (method == "notifications/cancelled")
      return on_cancelled(params, now);
    if (method == "notifications/subscriptions/acknowledged")
      return changes.acknowledged();
    if (method == "notifications/elicitation/complete")
      return out.put(elicited{text_at(params, "elicitationId")});
    // The extension says it shorter than the version that had tasks itself.
    if (method == "notifications/tasks"
        || method == "notifications/tasks/status")
      return ongoing.task_changed(params, now);
    if (method == "notifications/resources/updated")
      return on_changed(changed_kind::resource, text_at(params, "uri"));
    if (const auto list = list_named_in(method))
      on_changed(*list, {});
    // Others are of no concern, whatever they are.
  }

  void on_log(const json& params, exchange_id exchange) {
    logged line;
    line.call = ongoing.call_of(exchange);
    line.level = text_at(params, "level");
    line.logger = text_at(params, "logger");
    if (const auto data = params.find("data"); data != params.end())
      line.data = *data;
    out.put(std::move(line));
  }

  void on_cancelled(const json& params, timestamp now) {
    const auto found = params.find("requestId");
    if (found == params.end())
      return;
    const auto number = found->is_string() ? std::nullopt : to_integer(*found);
    if (!found->is_string() && !number)
      return;
    const auto id
      = number ? rpc_id{*number} : rpc_id{found->get<std::string>()};
    if (const auto closed = asked.withdraw(id, now))
      ongoing.go_on(*closed, now);
  }

  void on_changed(changed_kind what, std::string uri) {
    ongoing.forget(what, uri);
    out.put(changed{what, std::move(uri)});
  }

  enum class phase {
    closed,
    opening,
    ready,
    /// Waits for the link that it asked for.
    reopening,
  };

  session_options options;
  outbox out;
  handshake opening;
  questions asked;
  mcp::calls ongoing;
  subscription changes;
  phase at = phase::closed;
};

session::session(session_options options)
  : impl_(std::make_unique<implementation>(std::move(options))) {
  // nop
}

session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

void session::opened(timestamp now) {
  impl_->shut({.kind = call_failure_kind::lost,
               .message = "the connection was replaced",
               .data = {},
               .challenge = {}},
              now);
  impl_->at = implementation::phase::opening;
  impl_->on_news(impl_->opening.begin(now), now);
}

void session::received(std::string_view text, exchange_id exchange,
                       timestamp now) {
  const auto mode = impl_->out.version() == batch_version ? batches::accepted
                                                          : batches::refused;
  for (const auto& message : parse_messages(text, mode))
    std::visit([&](const auto& content) { impl_->on(content, exchange, now); },
               message);
  impl_->follow(now);
}

void session::lost(exchange_id exchange, const link_failure& reason,
                   timestamp now) {
  if (impl_->opening.waits_for(exchange))
    return impl_->on_news(impl_->opening.lost(reason, now), now);
  if (impl_->changes.waits_for(exchange))
    return impl_->changes.lost(now);
  if (impl_->ongoing.lost(exchange, reason, now)
      == mcp::calls::loss::wants_session)
    impl_->begin_again("the server has lost the session");
}

void session::down(const link_failure& reason, timestamp now) {
  using phase = implementation::phase;
  if (reason.what == link_failure::kind::unusable)
    return impl_->give_up(to_call_failure(reason), now);
  if (impl_->at == phase::closed || impl_->at == phase::reopening)
    return;
  impl_->shut(to_call_failure(reason), now);
  if (impl_->at == phase::opening)
    return impl_->on_news(impl_->opening.down(reason), now);
  if (reason.what == link_failure::kind::session_lost)
    return impl_->begin_again("the server has lost the session");
  impl_->at = phase::closed;
}

call_id session::call(call_request request, timestamp now) {
  const auto out = impl_->ongoing.add(std::move(request), now);
  impl_->follow(now);
  return out;
}

void session::cancel(call_id call, std::string_view reason, timestamp) {
  impl_->ongoing.cancel(call, reason);
}

void session::answer(question_id question, const json& result, timestamp now) {
  if (const auto closed = impl_->asked.answer(question, result, now))
    impl_->ongoing.go_on(*closed, now);
}

void session::refuse(question_id question, std::int64_t code,
                     std::string_view message, timestamp now) {
  if (const auto closed = impl_->asked.refuse(question, code, message, now))
    impl_->ongoing.go_on(*closed, now);
}

void session::set_roots(std::vector<std::string> uris, timestamp) {
  const auto was_declared = !impl_->options.roots.empty();
  impl_->options.roots = std::move(uris);
  if (was_declared && is_ready() && impl_->out.spoken() == era::legacy)
    impl_->out.notify("notifications/roots/list_changed");
}

void session::close(timestamp now) {
  impl_->give_up({.kind = call_failure_kind::cancelled,
                  .message = "the connection was closed",
                  .data = {},
                  .challenge = {}},
                 now);
}

void session::tick(timestamp now) {
  if (impl_->at == implementation::phase::opening)
    impl_->on_news(impl_->opening.tick(now), now);
  impl_->changes.tick(now);
  impl_->ongoing.tick(now);
}

std::optional<timestamp> session::next_moment() const {
  std::optional<timestamp> out = impl_->ongoing.next_moment();
  if (impl_->at == implementation::phase::opening)
    if (const auto moment = impl_->opening.next_moment(); moment)
      out = out ? std::min(out, moment) : moment;
  if (const auto moment = impl_->changes.next_moment(); moment)
    out = out ? std::min(out, moment) : moment;
  return out;
}

std::vector<step> session::take() {
  return impl_->out.take();
}

bool session::is_ready() const noexcept {
  return impl_->at == implementation::phase::ready;
}

std::size_t session::calls() const noexcept {
  return impl_->ongoing.size();
}

} // namespace perdure::runtime::mcp
