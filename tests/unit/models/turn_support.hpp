#pragma once

#include "runtime/models/model_turn.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

#include <string>
#include <vector>

/// Driving a turn as if there were a provider.
namespace perdure::test {

using namespace std::chrono_literals;

constexpr auto* stream_type = "text/event-stream";
constexpr auto* body_type = "application/json";

/// One event of a stream.
inline std::string frame(const json& event) {
  return "event: " + event.at("type").get<std::string>()
         + "\ndata: " + event.dump() + "\n\n";
}

inline std::string joined(const std::vector<std::string>& frames) {
  std::string text;
  for (const auto& frame : frames)
    text += frame;
  return text;
}

/// A turn, and what a watcher sees of it.
struct turn_driver {
  turn_driver(const std::string& wire, json settings, bool stream,
              json note = nullptr) {
    auto definition = std::make_shared<runtime::agent_definition>();
    definition->model_settings = settings;
    const auto provider
      = std::string{wire == "anthropic" ? "anthropic" : "openai"};
    const runtime::model_identity identity{provider, "http://x", "asked"};
    const auto codec = runtime::codec_for(wire);
    const auto profile = runtime::profile_of(provider, "asked");
    auto talk = codec->converse({identity, definition, stream, profile, {}});
    runtime::model_request request;
    request.parts.push_back(runtime::user_prompt_part{"Go.", {}});
    CAF_REQUIRE(talk->add(request));
    turn.emplace(runtime::turn_options{
      codec, identity, profile, [] { return std::string{"made"}; },
      std::move(settings), talk->request({}), std::move(note), false});
  }

  runtime::turn_step begin() {
    return turn->begin(watch.sink());
  }

  /// An exchange in which `body` comes byte by byte, and then perhaps breaks.
  runtime::turn_step
  answer(const std::string& type, const std::string& body,
         std::optional<runtime::attempt_failure> broken = std::nullopt) {
    turn->on_head(200, type, {});
    for (std::size_t i = 0; i < body.size(); ++i)
      if (auto step = turn->on_body(body.substr(i, 1), watch.sink()))
        return std::move(*step);
    return turn->on_end(std::move(broken), {}, watch.sink());
  }

  runtime::turn_step
  refuse(unsigned status, const std::string& retry_after = {}) {
    turn->on_head(status, body_type, retry_after);
    CAF_REQUIRE(
      !turn->on_body(R"({"error": {"message": "no"}})", watch.sink()));
    return turn->on_end(std::nullopt, {}, watch.sink());
  }

  /// The response that the turn came to, checked against what was watched.
  runtime::model_response response(const runtime::turn_step& step) const {
    const auto& result = std::get<runtime::turn_result>(step);
    CAF_CHECK(result.note.is_null());
    const auto* failed = std::get_if<runtime::attempt_failure>(&result.outcome);
    if (failed != nullptr)
      CAF_FAIL(failed->message);
    auto out = std::get<runtime::model_response>(result.outcome);
    auto seen = watch;
    CAF_CHECK_EQUAL(seen.compare(out.parts), "");
    CAF_CHECK(out.state == runtime::message_state::complete);
    return out;
  }

  std::optional<runtime::model_turn> turn;
  watcher watch;
};

inline const runtime::turn_exchange& exchange(const runtime::turn_step& step) {
  const auto* next = std::get_if<runtime::turn_exchange>(&step);
  if (next == nullptr)
    CAF_FAIL("the turn is over");
  return *next;
}

inline const runtime::attempt_failure& failed(const runtime::turn_step& step) {
  const auto* result = std::get_if<runtime::turn_result>(&step);
  if (result == nullptr)
    CAF_FAIL("the turn goes on");
  return std::get<runtime::attempt_failure>(result->outcome);
}

inline std::string text_of(const runtime::response_part& part) {
  const auto* text = std::get_if<runtime::text_part>(&part);
  return text == nullptr ? std::string{} : text->content;
}

inline runtime::attempt_failure broken_connection() {
  return {
    runtime::errc::model_network_error, "the connection broke", true, {}, 0};
}

} // namespace perdure::test
