#include "actors/runs/mcp_task.hpp"

#include "runtime/flow/elicitation.hpp"
#include "runtime/flow/sampling.hpp"
#include "runtime/flow/server_outcome.hpp"
#include "runtime/mcp/reading.hpp"
#include "runtime/messages/model_text.hpp"

#include <algorithm>
#include <utility>

namespace perdure::actors {

using runtime::json;

namespace {

/// The least of two limits that need not be there; zero when there is none.
std::chrono::milliseconds
lesser(const std::optional<std::chrono::milliseconds>& left,
       const std::optional<std::chrono::milliseconds>& right) {
  if (left && right)
    return std::min(*left, *right);
  return left.value_or(right.value_or(std::chrono::milliseconds{0}));
}

} // namespace

mcp_task_state::mcp_task_state(mcp_task_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

const runtime::mcp::server_options& mcp_task_state::server() const {
  return options.definition->mcp_servers.at(options.server);
}

const runtime::tool_definition& mcp_task_state::tool() const {
  return *options.definition->tool(options.call->tool_name);
}

void mcp_task_state::start(mcp_task_options given) {
  options = std::move(given);
  if (runtime::input_responses(options.note, {}).is_null())
    for (const auto& answer : options.elicited)
      (runtime::is_sampling(answer.question) ? sampled_ : known_)
        .push_back(answer);
  note_ = options.note;
  started_at_ = options.services->world->now();
  if (options.call)
    in_flight_.emplace(options.services->metrics->tool_calls);
  self->send(options.hub, mcp_call{address(), request(), self, 1});
}

mcp_address mcp_task_state::address() const {
  return {{options.definition, &server()}, options.run_id};
}

runtime::mcp::call_request mcp_task_state::request() const {
  runtime::mcp::call_request out;
  out.timeout = server().read_timeout;
  out.idempotency_key = options.idempotency_key;
  out.hard_timeout = lesser(options.policy.timeout, server().call_timeout);
  if (!options.call) {
    out.method = "tools/list";
    out.all_pages = true;
    return out;
  }
  const auto parsed
    = runtime::parse_json(runtime::arguments_text(*options.call));
  const auto arguments = parsed ? *parsed : json();
  const auto action = tool().mcp.action;
  if (action == runtime::mcp::tool_action::call)
    add_call(arguments, out);
  else
    runtime::mcp::ask_for(action, arguments, out);
  add_note(out);
  return out;
}

void mcp_task_state::add_call(const json& arguments,
                              runtime::mcp::call_request& request) const {
  request.method = "tools/call";
  request.params = {{"name", tool().mcp.name}, {"arguments", arguments}};
  request.as_task = tool().mcp.as_task;
  if (auto shown = runtime::mcp::header_params_of(tool().parameters))
    request.header_params = std::move(*shown);
}

void mcp_task_state::add_note(runtime::mcp::call_request& request) const {
  const auto& note = options.note;
  auto answers = runtime::input_responses(note, options.elicited);
  if (answers.is_null()) {
    request.note = note;
    return;
  }
  request.input_responses = std::move(answers);
  request.note = note.at("task");
  if (const auto& state = note.at("request_state"); state.is_string())
    request.request_state = state.get<std::string>();
}

void mcp_task_state::on(mcp_call_noted& noted) {
  note_ = std::move(noted.note);
  self->send(options.parent,
             task_remembered{options.task, options.attempt, note_});
}

void mcp_task_state::on(mcp_question& asked) {
  if (asked.method == "sampling/createMessage" && server().sampling)
    return sample(asked);
  if (asked.method != "elicitation/create")
    return refuse(asked.question, runtime::mcp::rpc_code::method_not_found,
                  "this client does not do " + asked.method);
  open_question next{asked.question,
                     runtime::elicitation_metadata(server().id, asked.params)};
  // The server asks what an attempt before this one was asked: it is told the
  // same, as long as it goes the same way.
  if (!known_.empty() && known_.front().question == next.metadata) {
    answer(next.id, known_.front());
    known_.pop_front();
    return;
  }
  known_.clear();
  add(std::move(next));
}

void mcp_task_state::sample(mcp_question& asked) {
  if (!options.call)
    return refuse(asked.question, runtime::mcp::rpc_code::invalid_request,
                  "only a call of a tool may have the model say something");
  open_question next{asked.question,
                     runtime::sampling_request(server().id, asked.params)};
  if (auto plan = runtime::plan_sampling(*options.definition, next.metadata);
      !plan)
    return refuse(next.id, runtime::mcp::rpc_code::invalid_params,
                  plan.error().message);
  // The same words are not paid for twice.
  const auto found
    = std::find_if(sampled_.begin(), sampled_.end(),
                   [&](const auto& x) { return x.question == next.metadata; });
  if (found == sampled_.end())
    return add(std::move(next));
  answer(next.id, *found);
  sampled_.erase(found);
}

void mcp_task_state::add(open_question next) {
  questions_.push_back(std::move(next));
  if (questions_.size() == 1)
    ask();
}

void mcp_task_state::ask() {
  self->send(options.parent, input_wanted{options.task, options.attempt,
                                          questions_.front().metadata});
}

void mcp_task_state::answer(runtime::mcp::question_id question,
                            const runtime::elicited_answer& given) {
  if (runtime::is_sampling(given.question)
      && given.verdict != runtime::verdict::answered)
    return refuse(question, runtime::mcp::rpc_code::internal_error,
                  given.content.get<std::string>());
  self->send(
    options.hub,
    mcp_reply{address(), question, runtime::elicitation_result(given), 0, {}});
}

void mcp_task_state::refuse(runtime::mcp::question_id question,
                            std::int64_t code, std::string why) {
  self->send(options.hub,
             mcp_reply{address(), question, {}, code, std::move(why)});
}

void mcp_task_state::on(const mcp_question_closed& closed) {
  const auto found = std::find_if(
    questions_.begin(), questions_.end(),
    [&](const open_question& x) { return x.id == closed.question; });
  if (found == questions_.end())
    return;
  if (found != questions_.begin()) {
    questions_.erase(found);
    return;
  }
  found->is_closed = true;
  // What the model is about to say is paid for, and will be there if the server
  // asks again.
  if (runtime::is_sampling(found->metadata))
    return;
  self->send(options.parent, input_wanted{options.task, options.attempt, {}});
}

void mcp_task_state::on(const mcp_elicited& done) {
  const auto found = std::find_if(
    questions_.begin(), questions_.end(), [&](const open_question& x) {
      const auto id = x.metadata.find("elicitation_id");
      return id != x.metadata.end() && *id == done.elicitation_id;
    });
  if (found == questions_.end() || found->is_closed)
    return;
  // Whoever did what the URL asked for has agreed to it.
  if (found == questions_.begin()) {
    self->send(options.parent, input_wanted{options.task,
                                            options.attempt,
                                            {},
                                            runtime::verdict::approved});
    return;
  }
  answer(found->id, {found->metadata, runtime::verdict::approved, {}});
  questions_.erase(found);
}

void mcp_task_state::on(const input_given& given) {
  if (questions_.empty())
    return;
  const auto done = std::move(questions_.front());
  questions_.pop_front();
  if (!done.is_closed)
    answer(done.id, {done.metadata, given.verdict, given.content});
  if (!questions_.empty())
    ask();
}

void mcp_task_state::on(mcp_call_ended& ended) {
  auto outcome
    = options.call
        ? runtime::outcome_of_call(server(), tool(), *options.call,
                                   std::move(ended.outcome),
                                   !options.note.is_null())
        : runtime::outcome_of_list(server(), std::move(ended.instructions),
                                   ended.capabilities, std::move(ended.outcome),
                                   options.services->digest);
  auto* failure = std::get_if<runtime::attempt_failure>(&outcome);
  if (failure != nullptr && ended.retry_at)
    failure->retry_after = std::chrono::ceil<std::chrono::milliseconds>(
      *ended.retry_at - options.services->world->now());
  // What could not be reached may be at work all the same.
  const auto goes_on
    = failure != nullptr && failure->code == runtime::errc::mcp_unavailable;
  self->send(options.parent,
             task_ended{{options.task, options.attempt, started_at_,
                         std::move(outcome), goes_on ? note_ : json{}}});
  self->quit();
}

mcp_task_actor::behavior_type
mcp_task(mcp_task_actor::stateful_pointer<mcp_task_state> self,
         mcp_task_options options) {
  self->state.start(std::move(options));
  return {
    [self](mcp_call_ended& x) { self->state.on(x); },
    [self](mcp_call_noted& x) { self->state.on(x); },
    [](const mcp_call_progressed&) {
      // it begins the server's time anew, and that is all
    },
    [self](mcp_question& x) { self->state.on(x); },
    [self](const mcp_question_closed& x) { self->state.on(x); },
    [self](const mcp_elicited& x) { self->state.on(x); },
    [self](const input_given& x) { self->state.on(x); },
  };
}

} // namespace perdure::actors
