#define CAF_SUITE runtime.repair

#include "random_history.hpp"
#include "runtime/messages/history_json.hpp"
#include "runtime/messages/repair.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace perdure::runtime;

namespace {

/// Builds a history from short words: one word per part, messages divided by
/// `|`. `?a` calls with the id a, `=a` answers it, `~a` asks to try it again;
/// `req`, `res` begin a message, `res!` one from a model, `res!x` one that was
/// interrupted; `i:X` sets instructions; other words are text.
message_history history_of(const std::string& text) {
  message_history result;
  model_request request;
  model_response response;
  auto is_request = true;
  const auto flush = [&] {
    message item;
    if (is_request)
      item = std::exchange(request, {});
    else
      item = std::exchange(response, {});
    result.push_back(std::make_shared<const message>(std::move(item)));
  };
  const auto add = [&](const std::string& word) {
    const auto rest = word.substr(1);
    if (word == "|") {
      flush();
    } else if (word.starts_with("re")) {
      is_request = word == "req";
      if (word.find('!') != word.npos)
        response.model_name = "m";
      if (word.ends_with("x"))
        response.state = message_state::interrupted;
    } else if (word.starts_with("i:")) {
      request.instructions = word.substr(2);
    } else if (word[0] == '?') {
      tool_call_part part;
      part.tool_name = "tool_" + rest;
      part.tool_call_id = rest;
      response.parts.emplace_back(std::move(part));
    } else if (word[0] == '=') {
      tool_return_part part;
      part.tool_name = "tool_" + rest;
      part.tool_call_id = rest;
      request.parts.emplace_back(std::move(part));
    } else if (word[0] == '~') {
      retry_prompt_part part;
      part.content = "again";
      part.tool_name = "tool_" + rest;
      part.tool_call_id = rest;
      request.parts.emplace_back(std::move(part));
    } else if (is_request) {
      request.parts.emplace_back(user_prompt_part{word, {}});
    } else {
      response.parts.emplace_back(text_part{word, {}});
    }
  };
  std::string word;
  for (const auto c : text + ' ') {
    if (c != ' ')
      word += c;
    else if (!word.empty())
      add(std::exchange(word, {}));
  }
  flush();
  return result;
}

std::string words_of(const model_request& request) {
  std::string result = "req";
  if (request.instructions)
    result += " i:" + *request.instructions;
  for (const auto& part : request.parts) {
    if (const auto* value = std::get_if<tool_return_part>(&part))
      result += (value->outcome == tool_outcome::interrupted ? " #" : " =")
                + value->tool_call_id;
    else if (const auto* retry = std::get_if<retry_prompt_part>(&part))
      result += " ~" + retry->tool_call_id;
    else if (const auto* prompt = std::get_if<user_prompt_part>(&part))
      result += ' ' + prompt->content.get<std::string>();
  }
  return result;
}

std::string words_of(const model_response& response) {
  std::string result = response.model_name ? "res!" : "res";
  if (response.state == message_state::interrupted)
    result += 'x';
  for (const auto& part : response.parts) {
    if (const auto* call = std::get_if<tool_call_part>(&part))
      result += " ?" + call->tool_call_id;
    else if (const auto* text = std::get_if<text_part>(&part))
      result += ' ' + text->content;
  }
  return result;
}

/// The inverse; `#a` is a result that was made up.
std::string words_of(const message_history& history) {
  std::string result;
  for (const auto& item : history) {
    if (!result.empty())
      result += " | ";
    result
      += std::visit([](const auto& value) { return words_of(value); }, *item);
  }
  return result;
}

std::string repaired(const std::string& text) {
  return words_of(repair(history_of(text)));
}

std::string problem(const std::string& text, const json& prompt) {
  const auto checked = check_input(history_of(text), prompt);
  return checked ? "" : checked.error().message;
}

} // namespace

CAF_TEST(a sound history is shared as it is) {
  for (const auto* text :
       {"req hi | res! ?a ?b | req =b =a more | res! done",
        "req hi | res! ?a | req ~a | res! ?a | req =a", "req hi | res! ?a"}) {
    const auto history = history_of(text);
    CAF_CHECK(repair(history) == history);
  }
  CAF_CHECK(repair({}).empty());
}

CAF_TEST(results without an earlier call are dropped) {
  CAF_CHECK_EQUAL(repaired("req =a hi"), "req hi");
  CAF_CHECK_EQUAL(repaired("req hi =a | res! ?a | req =a"),
                  "req hi | res! ?a | req =a");
  CAF_CHECK_EQUAL(repaired("req hi | res! ?a | req =a =a ~a"),
                  "req hi | res! ?a | req =a");
  CAF_CHECK_EQUAL(repaired("req hi | res! x | req ~b | res! y"),
                  "req hi | res! x | res! y");
  // The request to be answered stays, even when it is empty.
  CAF_CHECK_EQUAL(repaired("req hi | res! x | req =b"),
                  "req hi | res! x | req");
}

CAF_TEST(calls without a result get one) {
  CAF_CHECK_EQUAL(repaired("req hi | res! ?a ?b | req =a more"),
                  "req hi | res! ?a ?b | req =a #b more");
  CAF_CHECK_EQUAL(repaired("req hi | res! ?a ?b | req more"),
                  "req hi | res! ?a ?b | req #a #b more");
  CAF_CHECK_EQUAL(repaired("req hi | res! ?a | res! x"),
                  "req hi | res! ?a | req #a | res! x");
  // A late result counts, although it does not come at once.
  CAF_CHECK_EQUAL(repaired("req hi | res! ?a | req x | res! y | req =a"),
                  "req hi | res! ?a | req x | res! y | req =a");
}

CAF_TEST(the last response stays open unless it was interrupted) {
  CAF_CHECK_EQUAL(repaired("req hi | res! ?a"), "req hi | res! ?a");
  CAF_CHECK_EQUAL(repaired("req hi | res!x ?a x"),
                  "req hi | res!x ?a x | req #a");
  CAF_CHECK_EQUAL(repaired("req hi | res!x x"), "req hi | res!x x");
}

CAF_TEST(a made up result says so) {
  auto response = std::get<model_response>(*history_of("res!x ?a")[0]);
  response.time = *from_iso("2026-01-02T03:04:05Z");
  response.run_id = "r";
  const message_history history{
    std::make_shared<const message>(std::move(response))};
  const auto result = repair(history);
  CAF_REQUIRE_EQUAL(result.size(), 2u);
  CAF_CHECK(result[0] == history[0]);
  CAF_CHECK_EQUAL(
    to_text(to_json(*result[1], json_style::compact)),
    R"({"kind":"request","parts":[{"part_kind":"tool-return",)"
    R"("tool_name":"tool_a","content":"The tool call was interrupted before )"
    R"(a result was produced.","tool_call_id":"a","metadata":)"
    R"({"pydantic_ai_synthesized_tool_return":true},)"
    R"("timestamp":"2026-01-02T03:04:05Z","outcome":"interrupted"}],)"
    R"("timestamp":"2026-01-02T03:04:05Z","run_id":"r"})");
}

CAF_TEST(ids that are used again belong to the latest response) {
  CAF_CHECK_EQUAL(repaired("res! ?a | req x | res! ?a | req =a"),
                  "res! ?a | req #a x | res! ?a | req =a");
  CAF_CHECK_EQUAL(repaired("res! ?a | req =a | res! ?a | req =a"),
                  "res! ?a | req =a | res! ?a | req =a");
  CAF_CHECK_EQUAL(repaired("res! ?a ?a | req =a"), "res! ?a ?a | req =a #a");
}

CAF_TEST(neighbouring requests are merged with their results first) {
  CAF_CHECK_EQUAL(repaired("req hi | req more"), "req hi more");
  CAF_CHECK_EQUAL(repaired("res! ?a ?b | req x =b | req y =a"),
                  "res! ?a ?b | req =b =a x y");
  CAF_CHECK_EQUAL(repaired("req i:A hi | req x | req i:A y"), "req i:A hi x y");
  CAF_CHECK_EQUAL(repaired("req i:A hi | req i:B x | req y"),
                  "req i:A hi | req i:B x y");
}

CAF_TEST(neighbouring responses are merged when no model gave them) {
  CAF_CHECK_EQUAL(repaired("res x | res y ?a"), "res x y ?a");
  CAF_CHECK_EQUAL(repaired("res x | res! y"), "res x | res! y");
  CAF_CHECK_EQUAL(repaired("res! x | res! y"), "res! x | res! y");
}

CAF_TEST(the tail of a history) {
  CAF_CHECK(!tail_of({}).ends_in_request);
  CAF_CHECK(tail_of({}).last_response == nullptr);
  const auto open = history_of("req hi | res! ?a ?b ?c | req =b");
  const auto tail = tail_of(open);
  CAF_CHECK(tail.ends_in_request);
  CAF_REQUIRE_EQUAL(tail.open_calls.size(), 2u);
  CAF_CHECK_EQUAL(tail.open_calls[0]->tool_call_id, "a");
  CAF_CHECK_EQUAL(tail.open_calls[1]->tool_call_id, "c");
  CAF_CHECK(tail.last_response == std::get_if<model_response>(&*open[1]));
  CAF_CHECK(!tail_of(history_of("req hi | res! ?a")).ends_in_request);
  CAF_CHECK(tail_of(history_of("res! ?a | res! x")).open_calls.empty());
}

CAF_TEST(what a run can start from) {
  CAF_CHECK_EQUAL(problem("req hi | res! x", "go on"), "");
  CAF_CHECK_EQUAL(problem("req hi | res! ?a", nullptr), "");
  CAF_CHECK_EQUAL(problem("req hi", nullptr), "");
  CAF_CHECK_EQUAL(problem("req hi", "more"), "");
  CAF_CHECK_EQUAL(problem("req hi | res! ?a | req =a", "more"), "");
  CAF_CHECK_EQUAL(problem("req hi | res!x ?a", "go on"), "");
  CAF_CHECK(static_cast<bool>(check_input({}, "hi")));
  CAF_CHECK(static_cast<bool>(check_input({}, nullptr, true)));
}

CAF_TEST(what a run cannot start from) {
  const auto nothing = check_input({}, nullptr);
  CAF_REQUIRE(!nothing);
  CAF_CHECK(nothing.error().code == errc::invalid_argument);
  const auto open = check_input(history_of("req hi | res! ?a"), "go on");
  CAF_REQUIRE(!open);
  CAF_CHECK(open.error().code == errc::invalid_message_history);
  CAF_CHECK(open.error().message.find("tool_a") != std::string::npos);
  model_response response;
  response.state = message_state::suspended;
  const message_history suspended{std::make_shared<const message>(response)};
  CAF_CHECK(!check_input(suspended, "go on"));
  CAF_CHECK(static_cast<bool>(check_input(suspended, nullptr)));
  CAF_CHECK_EQUAL(problem("req hi", 5), "prompt: must be a string or an array");
  CAF_CHECK_EQUAL(problem("req hi", *parse_json(R"(["a",{"kind":"binary"}])")),
                  "prompt[1].data: missing");
}

// Goal: a repaired history is sound, repairing it again changes nothing, and
// nothing a user or a model said is lost.
CAF_TEST(random histories are repaired once and for all) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  random_history random{seed};
  const auto said = [](const message_history& history) {
    std::size_t result = 0;
    for (const auto& item : history) {
      if (const auto* response = std::get_if<model_response>(&*item))
        result += response->parts.size();
      else
        for (const auto& part : std::get<model_request>(*item).parts)
          result += std::holds_alternative<user_prompt_part>(part)
                        || std::holds_alternative<system_prompt_part>(part)
                      ? 1
                      : 0;
    }
    return result;
  };
  for (int i = 0; i < 5000; ++i) {
    const auto history = random.make();
    const auto before = to_json(history);
    const auto once = repair(history);
    const auto twice = repair(once);
    CAF_REQUIRE(to_json(history) == before);
    CAF_REQUIRE(once == twice);
    CAF_REQUIRE(to_json(repair(history)) == to_json(once));
    CAF_REQUIRE_EQUAL(said(once), said(history));
    // Calls and results balance, and no result comes before its call.
    std::map<std::string, int> open;
    for (std::size_t j = 0; j < once.size(); ++j) {
      if (const auto* response = std::get_if<model_response>(&*once[j])) {
        const auto may_stay_open
          = j + 1 == once.size()
            && response->state != message_state::interrupted;
        if (!may_stay_open)
          for (const auto* call : function_calls(*response))
            ++open[call->tool_call_id];
        continue;
      }
      for (const auto& part : std::get<model_request>(*once[j]).parts) {
        const auto* returned = std::get_if<tool_return_part>(&part);
        const auto* retry = std::get_if<retry_prompt_part>(&part);
        if (returned != nullptr)
          CAF_REQUIRE(--open[returned->tool_call_id] >= 0);
        else if (retry != nullptr && retry->tool_name)
          CAF_REQUIRE(--open[retry->tool_call_id] >= 0);
      }
    }
    CAF_REQUIRE(std::all_of(open.begin(), open.end(),
                            [](const auto& x) { return x.second == 0; }));
  }
}
