#define CAF_SUITE flow.events

#include "runtime/flow/events.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

std::vector<entry> story() {
  const auto made = call("c1", "list");
  return {created(),
          answered(1, response({text_part{"Let me see.", {}}, made})),
          returned(1, 0, made), answered(2, response({text_part{"Done.", {}}})),
          ended(at(5))};
}

std::vector<response_event> speech(const std::string& text) {
  return {part_started{0, text_part{}}, part_grew{0, text_delta{text}},
          part_ended{0, text_part{text, {}}}};
}

std::vector<std::string> kinds(const std::vector<event_envelope>& events) {
  std::vector<std::string> out;
  for (const auto& x : events)
    out.push_back(x.event.at("event_kind").get<std::string>());
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words)
    out += word + ' ';
  return out;
}

/// Everything that a watcher sees who comes after the event `after`.
std::vector<event_envelope> seen_after(std::uint64_t after) {
  event_stream stream{share(with_list()), after};
  const auto entries = story();
  std::vector<event_envelope> out;
  for (auto i = stream.first_entry(); i <= entries.size(); ++i)
    for (auto& event : stream.on_entry(i, entries[i - 1]))
      out.push_back(std::move(event));
  return out;
}

} // namespace

CAF_TEST(a whole run is told in the order of its events) {
  CAF_CHECK_EQUAL(
    joined(kinds(seen_after(0))),
    "run_state part_start final_result part_end part_start part_end "
    "function_tool_call function_tool_result part_start final_result part_end "
    "agent_run_result run_state ");
}

CAF_TEST(a watcher that comes back misses nothing and gets nothing twice) {
  const auto all = seen_after(0);
  std::uint64_t last = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAF_CHECK(all[i].sequence > last);
    last = all[i].sequence;
    const auto rest = seen_after(last);
    CAF_REQUIRE_EQUAL(rest.size(), all.size() - i - 1);
    for (std::size_t j = 0; j < rest.size(); ++j) {
      CAF_CHECK_EQUAL(rest[j].sequence, all[i + 1 + j].sequence);
      CAF_CHECK_EQUAL(rest[j].event.dump(), all[i + 1 + j].event.dump());
    }
  }
}

CAF_TEST(parts that were seen while they grew are not repeated) {
  event_stream stream{share(with_list()), 0};
  const auto entries = story();
  stream.on_entry(1, entries[0]);
  std::vector<std::string> told;
  std::uint64_t last = 0;
  for (const auto& piece : speech("Let me see."))
    for (const auto& event : stream.on_live(1, piece, at(1))) {
      CAF_CHECK(event.sequence > last);
      last = event.sequence;
      told.push_back(event.event.at("event_kind"));
    }
  CAF_CHECK_EQUAL(joined(told), "part_start final_result part_delta part_end ");
  // The call was not seen: it comes whole, under the number it always has.
  const auto rest = stream.on_entry(2, entries[1]);
  CAF_CHECK_EQUAL(joined(kinds(rest)),
                  "part_start part_end function_tool_call ");
  CAF_CHECK(rest.front().sequence > last);
  const auto all = seen_after(0);
  CAF_CHECK_EQUAL(rest.back().sequence, all[6].sequence);
}

CAF_TEST(a watcher that comes in the middle of a part gets it whole) {
  event_stream stream{share(with_list()), 0};
  const auto entries = story();
  stream.on_entry(1, entries[0]);
  CAF_CHECK(
    stream.on_live(1, part_grew{0, text_delta{"me see."}}, at(1)).empty());
  CAF_CHECK_EQUAL(joined(kinds(stream.on_entry(2, entries[1]))),
                  "part_start final_result part_end part_start part_end "
                  "function_tool_call ");
}

CAF_TEST(live numbers go on where the watcher left off) {
  event_stream first{share(with_list()), 0};
  std::uint64_t last = 0;
  for (const auto& piece : speech("Let me see."))
    for (const auto& event : first.on_live(1, piece, at(1)))
      last = event.sequence;
  CAF_CHECK(last > events_per_entry + live_events_from);
  event_stream again{share(with_list()), last};
  CAF_CHECK_EQUAL(again.first_entry(), 1u);
  CAF_CHECK(again.on_entry(1, story()[0]).empty());
  for (const auto& piece : speech("Once more."))
    for (const auto& event : again.on_live(1, piece, at(2))) {
      CAF_CHECK(event.sequence > last);
      last = event.sequence;
    }
  CAF_CHECK(last < 2 * events_per_entry);
}

CAF_TEST(what is settled while the model speaks does not interrupt it) {
  event_stream stream{share(with_list()), 0};
  stream.on_entry(1, story()[0]);
  std::vector<std::string> told;
  const auto hear = [&](const std::vector<event_envelope>& events) {
    for (const auto& kind : kinds(events))
      told.push_back(kind);
  };
  hear(stream.on_live(1, part_started{0, text_part{}}, at(1)));
  hear(stream.on_live(1, part_grew{0, text_delta{"Let me "}}, at(1)));
  hear(
    stream.on_entry(2, event_handled{at(1), 0, 1'000'001, 1, errc::none, {}}));
  hear(stream.on_live(2, part_grew{0, text_delta{"see."}}, at(1)));
  hear(stream.on_live(2, part_ended{0, text_part{"Let me see.", {}}}, at(1)));
  hear(stream.on_entry(3, story()[1]));
  CAF_CHECK_EQUAL(joined(told), "part_start final_result part_delta part_delta "
                                "part_end part_start part_end "
                                "function_tool_call ");
}

CAF_TEST(what an attempt said that failed is said again by the next one) {
  event_stream stream{share(with_list()), 0};
  stream.on_entry(1, story()[0]);
  stream.on_live(1, part_started{0, text_part{}}, at(1));
  stream.on_live(1, part_grew{0, text_delta{"Let"}}, at(1));
  stream.on_entry(2,
                  attempt_failed{at(2),
                                 model_task(1),
                                 1,
                                 {errc::model_network_error, "x", true, {}, 0},
                                 at(3)});
  CAF_CHECK(stream.on_live(2, part_grew{0, text_delta{"Let"}}, at(3)).empty());
  CAF_CHECK_EQUAL(
    joined(kinds(stream.on_live(2, part_started{0, text_part{}}, at(3)))),
    "part_start final_result ");
  CAF_CHECK_EQUAL(joined(kinds(stream.on_entry(3, story()[1]))),
                  "part_start part_end function_tool_call ");
}

CAF_TEST(an endless response keeps its last number) {
  event_stream stream{share(with_list()), 0};
  stream.on_live(1, part_started{0, text_part{}}, at(1));
  std::uint64_t last = 0;
  for (std::uint64_t i = 0; i < live_events_from + 10; ++i)
    for (const auto& event :
         stream.on_live(1, part_grew{0, text_delta{"x"}}, at(1)))
      last = event.sequence;
  CAF_CHECK_EQUAL(last, 2 * events_per_entry - 1);
}

CAF_TEST(every kind of entry has its event) {
  event_stream stream{share(with_list()), 0};
  const auto kind = [&](const entry& value) {
    return joined(kinds(stream.on_entry(9, value)));
  };
  CAF_CHECK_EQUAL(kind(task_started{at(1), model_task(1), 1}), "");
  CAF_CHECK_EQUAL(kind(attempt_failed{at(1), model_task(1), 1, busy(), at(2)}),
                  "task_retry ");
  CAF_CHECK_EQUAL(kind(output_rejected{at(1), "x"}), "output_rejected ");
  CAF_CHECK_EQUAL(kind(cancel_requested{at(1), "x"}), "run_state ");
  CAF_CHECK_EQUAL(kind(task_completed{at(1), model_task(1), 1, at(0),
                                      task_error{errc::internal, "x"}}),
                  "task_failed ");
  CAF_CHECK_EQUAL(
    kind(run_ended{at(1), run_end::failed, {}, errc::internal, "x"}),
    "run_state ");
  CAF_CHECK_EQUAL(kind(run_taken_over{at(1)}), "run_taken_over ");
  CAF_CHECK_EQUAL(kind(question_asked{}), "question_asked ");
  CAF_CHECK_EQUAL(kind(question_answered{}), "question_answered ");
  question_answered answer;
  answer.result = tool_result{"list", "c", tool_result_kind::returned, 1, {}};
  CAF_CHECK_EQUAL(kind(answer), "question_answered function_tool_result ");
  CAF_CHECK_EQUAL(kind(task_noted{}), "");
  CAF_CHECK_EQUAL(kind(event_handled{}), "");
}
