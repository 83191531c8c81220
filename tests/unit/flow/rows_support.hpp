#pragma once

#include "runtime/flow/events.hpp"
#include "runtime/flow/questions.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

#include <utility>

namespace perdure::runtime::test {

/// A run at the moment between two effects: what the world says is applied,
/// and what follows from it without an effect too, as its owner does it.
class conversation {
public:
  /// A run that goes on where another one ended.
  conversation(agent_definition definition, message_history history,
               json deferred_results)
    : state_(share(std::move(definition)), {}) {
    auto begin = created(nullptr);
    begin.input.history = std::move(history);
    begin.input.deferred_results = std::move(deferred_results);
    apply(begin);
  }

  explicit conversation(agent_definition definition, usage_limits limits = {})
    : state_(share(std::move(definition)), {}) {
    auto begin = created();
    begin.input.limits = limits;
    apply(begin);
  }

  /// The model answers the request that is due.
  conversation& says(std::vector<response_part> parts,
                     finish_reason finish = finish_reason::stop) {
    auto next = response(std::move(parts));
    next.finish_reason = finish;
    return answers(std::move(next));
  }

  conversation& answers(model_response next) {
    CAF_REQUIRE(state_.phase == run_phase::requesting);
    apply(answered(state_.step, std::move(next)));
    return *this;
  }

  /// The tool that was called at `index` ends.
  conversation&
  ends(std::uint32_t index, tool_result_kind kind, json content = "fine") {
    CAF_REQUIRE(state_.phase == run_phase::calling);
    CAF_REQUIRE(index < state_.calls.size());
    const auto made = *state_.calls[index].part;
    apply(returned(state_.step, index, made, std::move(content), kind));
    return *this;
  }

  /// The tool that was called at `index` ends with all this.
  conversation& gives(std::uint32_t index, tool_result result) {
    CAF_REQUIRE(state_.phase == run_phase::calling);
    apply(task_completed{
      at(2), tool_task(state_.step, index), 1, at(1), std::move(result), {}});
    return *this;
  }

  /// The tool that was called at `index` wants somebody to act first.
  conversation& wants(std::uint32_t index, question_kind kind, json metadata) {
    const auto task = tool_task(state_.step, index);
    apply(task_started{at(2), task, 1});
    apply(settle(state_,
                 {task, state_.progress(task).next_attempt(), at(2),
                  tool_question{kind, std::move(metadata)}},
                 at(3), 0.5));
    return *this;
  }

  /// The host program has looked at the answer in text.
  conversation& finds(tool_result_kind kind, json content) {
    apply(task_completed{at(3),
                         {state_.step, task_kind::output, 0},
                         1,
                         at(2),
                         tool_result{"", "", kind, std::move(content), {}, {}},
                         {}});
    return *this;
  }

  /// The call at `index` cannot succeed.
  conversation& breaks(std::uint32_t index, errc code = errc::tool_error) {
    apply(task_completed{at(3), tool_task(state_.step, index), 1, at(2),
                         task_error{code, "it broke"}});
    return *this;
  }

  /// A person answers what is asked of the call at `index`.
  conversation& decides(std::uint32_t index, const json& body) {
    const auto task = tool_task(state_.step, index);
    const question_ref ref{state_.created.run_id, task,
                           state_.progress(task).questions};
    auto answer = read_answer(state_, ref, body, same_text, at(4));
    if (!answer)
      CAF_FAIL("refused: " << answer.error().message);
    apply(*answer);
    return *this;
  }

  /// Time passes until `moment`, and nothing else happens.
  conversation& waits(timestamp moment) {
    follow(moment);
    return *this;
  }

  /// Positions of the calls that somebody is asked about.
  [[nodiscard]] std::vector<std::uint32_t> asked() const {
    std::vector<std::uint32_t> out;
    for (const auto& task : state_.open_tasks())
      if (state_.progress(task).question)
        out.push_back(task.index);
    return out;
  }

  /// In place of a digest.
  static std::string same_text(std::string_view text) {
    return std::string{text};
  }

  [[nodiscard]] const run_state& state() const {
    return state_;
  }

  /// Why the run failed; errc::none while it goes on and when it completed.
  [[nodiscard]] errc failure() const {
    return state_.ended ? state_.ended->error_code : errc::none;
  }

  [[nodiscard]] std::string message() const {
    return state_.ended ? state_.ended->error_message : std::string{};
  }

  [[nodiscard]] bool goes_on() const {
    return !state_.ended;
  }

  /// What the run completed with; null when it did not.
  [[nodiscard]] json output() const {
    return state_.ended ? state_.ended->output : json();
  }

  /// The parts that the model gets next, or got last.
  [[nodiscard]] const std::vector<request_part>& told() const {
    return std::get<model_request>(*state_.history.back()).parts;
  }

  template <class Part>
  [[nodiscard]] const Part& told(std::size_t index) const {
    CAF_REQUIRE(index < told().size());
    CAF_REQUIRE(std::holds_alternative<Part>(told()[index]));
    return std::get<Part>(told()[index]);
  }

  /// Calls that may be under way.
  [[nodiscard]] std::vector<std::uint32_t> under_way() const {
    std::vector<std::uint32_t> out;
    for (const auto& next : decide(state_, at(9)))
      if (const auto* start = start_of(next);
          start != nullptr && start->task.kind == task_kind::tool_call)
        out.push_back(start->task.index);
    return out;
  }

  /// What watchers are told of all this, in order.
  [[nodiscard]] std::vector<json> events() const {
    std::vector<json> out;
    for (const auto& x : entries_)
      for (auto& event : events_of(*state_.definition, x))
        out.push_back(std::move(event));
    return out;
  }

private:
  void apply(const entry& next) {
    keep(next);
    follow(at(9));
  }

  void keep(const entry& next) {
    state_.apply(next);
    entries_.push_back(next);
  }

  void follow(timestamp now) {
    for (auto more = conclude(state_, now); !more.empty();
         more = conclude(state_, now))
      for (const auto& further : more)
        keep(further);
  }

  run_state state_;
  std::vector<entry> entries_;
};

inline response_part text(const std::string& content) {
  return text_part{content, {}};
}

inline response_part thought(const std::string& content) {
  return thinking_part{content, {}, {}};
}

inline response_part provider_call() {
  auto made = call("b1", "web_search");
  made.builtin = true;
  return made;
}

/// `look` runs, `wipe` needs approval, `measure` is made elsewhere.
inline agent_definition with_people(bool ends = false) {
  auto out = with_tools({"look", "wipe", "measure"});
  out.tools[1].requires_approval = true;
  out.tools[2].kind = tool_kind::external;
  out.ends_when_deferred = ends;
  return out;
}

/// Answers with `{"n": number}`; by the tool `final_result` unless told
/// otherwise.
inline agent_definition
answering(end_strategy strategy,
          const std::vector<std::string>& tools = {"look"},
          output_mode mode = output_mode::tool) {
  auto out = with_tools(tools);
  output_type type;
  type.name = "Answer";
  type.json_schema = {{"type", "object"}};
  type.schema = std::make_shared<number_schema>();
  out.output.types.push_back(std::move(type));
  out.output.mode = mode;
  out.end_strategy = strategy;
  return out;
}

inline tool_call_part
final_call(const std::string& id, const std::string& args) {
  return call(id, "final_result", args);
}

/// What the model would be told of the call at `index`, as text.
inline std::string told_at(const conversation& run, std::size_t index) {
  const auto& part = run.told().at(index);
  if (const auto* returned = std::get_if<tool_return_part>(&part))
    return returned->content.is_string() ? returned->content.get<std::string>()
                                         : to_text(returned->content);
  return "retry: " + to_text(std::get<retry_prompt_part>(part).content);
}

} // namespace perdure::runtime::test
