#include "actors/mcp/connection.hpp"

#include "actors/mcp/actor_queue.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

namespace mcp = runtime::mcp;

using runtime::timestamp;

namespace {

mcp::session make_session(const mcp_connection_options& options) {
  auto settings = mcp::session_options_for(*options.server);
  settings.remembered = options.verdict->load();
  settings.abilities = options.world.abilities;
  settings.abilities.sampling
    = settings.abilities.sampling && options.server->sampling;
  settings.client_version = PERDURE_VERSION;
  return mcp::session{std::move(settings)};
}

mcp::call_failure failure_of(mcp::call_failure_kind kind, std::string message) {
  mcp::call_failure out;
  out.kind = kind;
  out.message = std::move(message);
  return out;
}

} // namespace

mcp_connection_state::mcp_connection_state(
  mcp_connection_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

mcp_connection_state::~mcp_connection_state() {
  if (key_ == 0)
    return;
  // Nobody waits for ever, whatever it was that ended this actor.
  for (const auto& [id, call] : calls_)
    caf::anon_send(call.caller,
                   mcp_call_ended{call.token,
                                  failure_of(mcp::call_failure_kind::lost,
                                             "the connection was closed"),
                                  {}});
  close_link();
  options_.world.board->remove(key_);
}

void mcp_connection_state::start(mcp_connection_options given) {
  options_ = std::move(given);
  restarts_ = runtime::restarts{options_.world.restarts};
  queue_ = std::make_shared<actor_queue<mcp_connection_actor>>(self);
  session_ = make_session(options_);
  key_ = options_.world.board->add();
  options_.world.board->change(key_, [this](mcp_status& status) {
    status.server_id = options_.server->id;
    status.run_id = options_.run_id;
    status.transport = mcp::to_string(options_.server->transport);
  });
  self->set_down_handler([this](const caf::down_msg& x) { drop(x.source); });
}

// -- from callers -------------------------------------------------------------

void mcp_connection_state::call(mcp_call& request) {
  pending_call entry{std::move(request.caller), request.token, now(),
                     request.request.method == "tools/list"};
  if (restarts_.is_quarantined(entry.began)) {
    end_call(entry,
             failure_of(mcp::call_failure_kind::not_sent, quarantine_text()));
    return;
  }
  keep(entry.caller);
  last_used_ = entry.began;
  const auto began = entry.began;
  const auto id = session_->call(std::move(request.request), began);
  calls_.emplace(id, std::move(entry));
  options_.world.board->change(
    key_, [](mcp_status& status) { ++status.calls_total; });
  settle();
}

void mcp_connection_state::reply(const mcp_reply& message) {
  if (message.result)
    session_->answer(message.question, *message.result, now());
  else
    session_->refuse(message.question, message.code, message.message, now());
  settle();
}

void mcp_connection_state::forgive() {
  restarts_.forgive();
  settle();
}

void mcp_connection_state::keep(const mcp_caller& caller) {
  if (++callers_[caller.address()] == 1)
    self->monitor(caller);
}

void mcp_connection_state::let_go(const mcp_caller& caller) {
  const auto found = callers_.find(caller.address());
  if (found == callers_.end() || --found->second > 0)
    return;
  callers_.erase(found);
  self->demonitor(caller.address());
}

void mcp_connection_state::drop(const caf::actor_addr& caller) {
  if (callers_.erase(caller) == 0)
    return;
  for (const auto& [id, call] : calls_)
    if (call.caller.address() == caller)
      session_->cancel(id, "its caller is gone", now());
  settle();
}

// -- from the link ------------------------------------------------------------

void mcp_connection_state::on_open() {
  open_until_.reset();
  session_->opened(now());
  settle();
}

void mcp_connection_state::on_message(std::string_view text,
                                      mcp::exchange_id exchange) {
  session_->received(text, exchange, now());
  settle();
}

void mcp_connection_state::on_lost(mcp::exchange_id exchange,
                                   mcp::link_failure reason) {
  session_->lost(exchange, reason, now());
  settle();
}

void mcp_connection_state::on_down(mcp::link_failure reason) {
  close_link();
  if (reason.what == mcp::link_failure::kind::unusable)
    note_error(reason.message);
  else
    count_end(reason.message);
  session_->down(reason, now());
  settle();
}

void mcp_connection_state::on_log(std::string line) {
  const auto verdict = quota_.take(now());
  if (verdict == log_quota::verdict::pass)
    options_.world.services->log(log_level::info, label() + ": " + line);
  else if (verdict == log_quota::verdict::first_refused)
    options_.world.services->log(
      log_level::warning,
      label() + " says so much that the rest is left out for a while");
  options_.world.board->log(key_, {now(), std::move(line)});
}

// -- the link's life ----------------------------------------------------------

void mcp_connection_state::settle() {
  for (auto steps = session_->take(); !steps.empty(); steps = session_->take())
    for (auto& step : steps)
      std::visit([this](auto& x) { perform(x); }, step);
  if (restarts_.is_quarantined(now()) && !calls_.empty()) {
    fail_calls(mcp::call_failure_kind::not_sent, quarantine_text());
    session_ = make_session(options_);
  }
  if (!link_ && (wants_link_ || !calls_.empty())
      && now() >= restarts_.next_start())
    open();
  show();
  arm();
}

void mcp_connection_state::open() {
  auto opened = options_.world.links->open(*options_.server, {queue_, this});
  if (opened) {
    link_ = std::move(*opened);
    open_until_ = now() + options_.server->init_timeout;
    return;
  }
  // Another attempt would end the same way.
  note_error(opened.error().message);
  wants_link_ = false;
  fail_calls(mcp::call_failure_kind::unusable, last_error_);
  session_ = make_session(options_);
}

void mcp_connection_state::close_link() {
  open_until_.reset();
  if (const auto link = std::exchange(link_, nullptr))
    link->close();
}

void mcp_connection_state::count_end(std::string why) {
  restarts_.ended(now());
  note_error(std::move(why));
  if (!restarts_.is_quarantined(now()))
    return;
  wants_link_ = false;
  options_.world.services->log(log_level::error,
                               label() + ": " + quarantine_text());
}

void mcp_connection_state::note_error(std::string why) {
  last_error_ = std::move(why);
  options_.world.board->change(key_, [this](mcp_status& status) {
    status.last_error = last_error_;
    status.last_error_at = now();
    status.restarts = restarts_.count();
  });
  options_.world.services->log(log_level::warning,
                               label() + ": " + last_error_);
}

void mcp_connection_state::close_when_idle() {
  const auto& limit = options_.server->idle_timeout;
  if (!link_ || !calls_.empty() || limit.count() == 0
      || now() < last_used_ + limit)
    return;
  close_link();
  session_->close(now());
}

void mcp_connection_state::fail_calls(mcp::call_failure_kind kind,
                                      const std::string& message) {
  for (const auto& [id, call] : std::exchange(calls_, {})) {
    let_go(call.caller);
    end_call(call, failure_of(kind, message));
  }
}

void mcp_connection_state::end_call(const pending_call& call,
                                    mcp::call_outcome outcome) {
  mcp_call_ended message{call.token, std::move(outcome), {}};
  if (call.lists_tools) {
    message.instructions = instructions_;
    message.capabilities = capabilities_;
  }
  if (std::holds_alternative<mcp::call_failure>(message.outcome)
      && restarts_.is_quarantined(now()))
    message.retry_at = restarts_.next_start();
  self->send(call.caller, std::move(message));
}

// -- time and looks -----------------------------------------------------------

void mcp_connection_state::wake(std::uint64_t timer) {
  if (timer != timer_)
    return;
  armed_.reset();
  if (link_ && open_until_ && now() >= *open_until_) {
    mcp::link_failure reason;
    reason.message = "The server did not open the connection in time; "
                     "init_timeout bounds it.";
    return on_down(std::move(reason));
  }
  session_->tick(now());
  close_when_idle();
  settle();
}

std::optional<timestamp> mcp_connection_state::next_moment() const {
  auto next = session_->next_moment();
  const auto consider
    = [&next](timestamp when) { next = std::min(next.value_or(when), when); };
  if (!link_ && (wants_link_ || !calls_.empty()))
    consider(restarts_.next_start());
  if (open_until_)
    consider(*open_until_);
  const auto& limit = options_.server->idle_timeout;
  if (link_ && calls_.empty() && limit.count() > 0)
    consider(last_used_ + limit);
  return next;
}

void mcp_connection_state::arm() {
  const auto next = next_moment();
  // A timer that comes too early arms the next one.
  if (!next || (armed_ && *armed_ <= *next))
    return;
  armed_ = next;
  const auto delay = std::max(*next - now(), timestamp::duration{0});
  self->delayed_send(self, delay, timer_atom_v, ++timer_);
}

mcp_state mcp_connection_state::state() const {
  if (restarts_.is_quarantined(now()))
    return mcp_state::quarantined;
  if (link_)
    return session_->is_ready() ? mcp_state::ready : mcp_state::opening;
  return wants_link_ || !calls_.empty() ? mcp_state::waiting : mcp_state::idle;
}

void mcp_connection_state::show() {
  options_.world.board->change(key_, [this](mcp_status& status) {
    status.state = state();
    status.until.reset();
    if (status.state == mcp_state::quarantined
        || status.state == mcp_state::waiting)
      status.until = restarts_.next_start();
    status.calls_in_flight = calls_.size();
  });
}

timestamp mcp_connection_state::now() const {
  return options_.world.services->world->now();
}

std::string mcp_connection_state::label() const {
  return "MCP server '" + options_.server->id + "'";
}

std::string mcp_connection_state::quarantine_text() const {
  return "it ended too often and is left alone until "
         + runtime::to_iso(restarts_.next_start())
         + "; the last time: " + last_error_;
}

mcp_connection_actor::behavior_type mcp_connection(
  mcp_connection_actor::stateful_pointer<mcp_connection_state> self,
  mcp_connection_options options) {
  self->state.start(std::move(options));
  return {
    [self](mcp_call& message) { self->state.call(message); },
    [self](mcp_reply& message) { self->state.reply(message); },
    [self](forgive_atom) { self->state.forgive(); },
    [](mcp_work& message) { message.run(); },
    [self](timer_atom, std::uint64_t timer) { self->state.wake(timer); },
  };
}

} // namespace perdure::actors
