#define CAF_SUITE integration.hostile_provider

#include "integration/provider_speech.hpp"

#include <caf/test/unit_test.hpp>

#include <algorithm>
#include <functional>

#include "support/hostile_server.hpp"
#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr std::array wires{speech_wire::chat, speech_wire::responses,
                           speech_wire::anthropic, speech_wire::google};
constexpr std::string_view hello = "The capital of Mexico is Mexico City.";
const std::vector<std::string> hello_pieces{"The capital of Mexico",
                                            " is Mexico City."};
const std::string type_of_streams{event_stream};
const std::string type_of_bodies{json_type};

std::string
replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos;
       at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

std::string joined(const std::vector<std::string>& frames) {
  std::string out;
  for (const auto& frame : frames)
    out += frame;
  return out;
}

std::string agent_file(speech_wire wire, int retries, double timeout_seconds,
                       json settings = json::object()) {
  // No matter what a provider asks for, a test does not wait for it.
  const json model{{"retries", retries},
                   {"retry_delay_seconds", 0.01},
                   {"retry_delay_max_seconds", 0.01},
                   {"timeout_seconds", timeout_seconds}};
  return runtime::to_text(
    {{"model", model_of(wire)},
     {"model_settings", std::move(settings)},
     {"capabilities", json::array({{{"Durability", {{"model", model}}}}})}});
}

struct fixture {
  fixture() {
    node = std::make_unique<real_node>(speech_environment(server.url()));
    for (const auto wire : wires) {
      const std::string name{prefix_of(wire)};
      node->write_agent(name + "-calm.json", agent_file(wire, 1, 30));
      node->write_agent(name + "-hasty.json", agent_file(wire, 0, 0.3));
      node->write_agent(
        name + "-eager.json",
        agent_file(wire, 1, 30, {{"first_event_timeout", 0.3}}));
    }
    node->start();
  }

  json
  run(speech_wire wire, const char* temper, std::vector<reaction> reactions) {
    server.play(std::move(reactions));
    const auto agent = std::string{prefix_of(wire)} + '-' + temper;
    auto out = node->api().run({{"agent", agent}, {"prompt", "Mexico?"}});
    CAF_REQUIRE(out.is_object());
    CAF_REQUIRE(node->api().is_healthy());
    return out;
  }

  void check_completed(speech_wire wire, std::vector<reaction> reactions) {
    const auto expected = reactions.size();
    const auto ended = run(wire, "calm", std::move(reactions));
    if (ended["state"] != "completed")
      CAF_MESSAGE(ended["error"]);
    CAF_CHECK_EQUAL(ended["state"], "completed");
    CAF_CHECK_EQUAL(ended["output"], hello);
    CAF_CHECK_EQUAL(server.connections(), expected);
  }

  void check_failed(speech_wire wire, const char* temper,
                    std::vector<reaction> reactions, std::string_view type) {
    const auto expected = reactions.size();
    const auto ended = run(wire, temper, std::move(reactions));
    CAF_CHECK_EQUAL(ended["state"], "failed");
    if (ended["error"].value("type", "") != type)
      CAF_MESSAGE(ended["error"]);
    CAF_CHECK_EQUAL(ended["error"].value("type", ""), type);
    CAF_CHECK_EQUAL(server.connections(), expected);
  }

  /// As it should be.
  reaction good(speech_wire wire) const {
    return whole(200, type_of_streams, stream_of(wire, hello_pieces));
  }

  hostile_server server;
  std::unique_ptr<real_node> node;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(hostile_provider_tests, fixture)

CAF_TEST(a stream may be cut into bytes) {
  for (const auto wire : wires) {
    const auto body = stream_of(wire, hello_pieces);
    for (const std::size_t size : {1, 2, 3, 7, 100})
      check_completed(wire, {in_chunks(type_of_streams, body, size)});
  }
}

CAF_TEST(lines may end as they like) {
  for (const auto wire : wires) {
    const auto body = stream_of(wire, hello_pieces);
    for (const auto* line_end : {"\r\n", "\r"})
      for (const std::size_t size : {1, 1'000})
        check_completed(
          wire,
          {in_chunks(type_of_streams, replaced(body, "\n", line_end), size)});
    check_completed(wire, {whole(200, type_of_streams, "\xEF\xBB\xBF" + body)});
    check_completed(wire, {whole(200, type_of_streams,
                                 ": hi\nretry: 5\nid: 7\n\n"
                                   + replaced(body, "data: ", "data:"))});
  }
}

CAF_TEST(a stream without its end is asked for again) {
  for (const auto wire : wires) {
    auto frames = frames_of(wire, hello_pieces);
    // The last blank line may be missing, and the last event where the reason
    // to finish has come by then.
    const auto is_spare
      = wire == speech_wire::chat || wire == speech_wire::anthropic;
    auto body = joined(frames);
    body.pop_back();
    check_completed(wire, {whole(200, type_of_streams, body)});
    frames.pop_back();
    const auto unended = whole(200, type_of_streams, joined(frames));
    if (is_spare)
      check_completed(wire, {unended});
    else
      check_completed(wire, {unended, good(wire)});
    frames.pop_back();
    for (const auto* type : {"text/event-stream", "text/plain"})
      check_completed(wire, {until_close(type, joined(frames)), good(wire)});
  }
}

CAF_TEST(events that break off are asked for again) {
  for (const auto wire : wires) {
    const auto frames = frames_of(wire, hello_pieces);
    for (std::size_t i = 1; i < frames.size() - 1; ++i) {
      auto broken = frames;
      broken[i] = broken[i].substr(0, broken[i].size() / 2) + "\n\n";
      check_completed(
        wire, {whole(200, type_of_streams, joined(broken)), good(wire)});
    }
    const auto body = body_of(wire, std::string{hello});
    check_completed(wire, {whole(200, type_of_bodies, body)});
    check_completed(
      wire, {whole(200, type_of_bodies, body.substr(0, body.size() / 2)),
             good(wire)});
  }
}

CAF_TEST(events twice and out of order are seen where it can be told) {
  // The pieces of the other wires have no whole to compare with.
  const auto wire = speech_wire::responses;
  const auto frames = frames_of(wire, hello_pieces);
  auto twice = frames;
  for (std::size_t i = 0; i < frames.size(); ++i)
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(2 * i), frames[i]);
  check_completed(wire,
                  {whole(200, type_of_streams, joined(twice)), good(wire)});
  auto mixed = frames;
  std::swap(mixed[first_piece], mixed[first_piece + 1]);
  check_completed(wire,
                  {whole(200, type_of_streams, joined(mixed)), good(wire)});
  // A piece ahead of what it is a piece of.
  for (const auto any : {speech_wire::responses, speech_wire::anthropic}) {
    auto early = frames_of(any, hello_pieces);
    std::swap(early[1], early[first_piece]);
    check_completed(any, {whole(200, type_of_streams, joined(early))});
  }
}

CAF_TEST(a provider that stalls runs into the timeout) {
  for (const auto wire : wires) {
    const auto answer
      = in_chunks(type_of_streams, stream_of(wire, hello_pieces), 50);
    // Nothing, half a head, the head, half of the body, all but the end.
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{20}, answer.pieces[0].size(),
          answer.pieces[0].size() + 200,
          answer.pieces[0].size() + answer.pieces[1].size() - 5})
      check_failed(wire, "hasty", {cut(answer, size, connection_end::hold)},
                   "model_timeout");
    // It accepts, and never reads.
    check_failed(wire, "hasty", {{{}, connection_end::hold, false}},
                 "model_timeout");
  }
}

CAF_TEST(a provider that says nothing in time is asked again) {
  for (const auto wire : wires) {
    const auto answer = good(wire);
    // Nothing at all, and a head without a word.
    for (const std::size_t size : {std::size_t{0}, answer.pieces[0].size()}) {
      const auto silent = cut(answer, size, connection_end::hold);
      const auto again = run(wire, "eager", {silent, answer});
      CAF_CHECK_EQUAL(again["state"], "completed");
      CAF_CHECK_EQUAL(again["output"], hello);
      CAF_CHECK_EQUAL(server.connections(), 2u);
      const auto never = run(wire, "eager", {silent, silent});
      CAF_CHECK_EQUAL(never["error"].value("type", ""), "model_timeout");
      CAF_CHECK(never["error"].value("message", "").find("first_event_timeout")
                != std::string::npos);
    }
  }
}

CAF_TEST(a run can be cancelled while its provider stalls) {
  for (const auto wire : wires) {
    const auto answer = good(wire);
    for (const std::size_t size :
         {std::size_t{0}, answer.pieces[0].size() + 9}) {
      server.play({cut(answer, size, connection_end::hold)});
      const auto created = node->api().post(
        "/v1/runs",
        runtime::to_text({{"agent", std::string{prefix_of(wire)} + "-calm"},
                          {"prompt", "Mexico?"}}));
      CAF_REQUIRE_EQUAL(created.status, 201);
      CAF_REQUIRE(server.wait_for_connections(1));
      const auto id = created.value()["id"].get<std::string>();
      CAF_CHECK_EQUAL(
        node->api().post("/v1/runs/" + id + "/cancel", "{}").status / 100, 2);
      const auto run = node->api().wait_for_state(id, "cancelled");
      CAF_REQUIRE(run.is_object());
      CAF_CHECK_EQUAL(run["state"], "cancelled");
      CAF_CHECK_EQUAL(server.connections(), 1u);
    }
  }
}

CAF_TEST(connections that break are made again) {
  for (const auto wire : wires) {
    const auto answer
      = in_chunks(type_of_streams, stream_of(wire, hello_pieces), 50);
    for (const auto end : {connection_end::close, connection_end::reset})
      for (const std::size_t size :
           {std::size_t{0}, std::size_t{20}, answer.pieces[0].size() + 200})
        check_completed(wire, {cut(answer, size, end), good(wire)});
    const auto head_size = answer.pieces[0].size();
    for (auto size = head_size; size < head_size + answer.pieces[1].size();
         size += 41)
      check_completed(wire,
                      {cut(answer, size, connection_end::close), good(wire)});
    // Before the request was read.
    check_completed(wire, {{{}, connection_end::reset, false}, good(wire)});
    check_failed(wire, "calm",
                 {{{}, connection_end::reset}, {{}, connection_end::reset}},
                 "model_network_error");
  }
}

CAF_TEST(content types that lie are seen through) {
  for (const auto wire : wires) {
    const auto stream = stream_of(wire, hello_pieces);
    const auto body = body_of(wire, std::string{hello});
    for (const auto* type : {"text/plain", "application/json", "text/html", "",
                             "text/event-stream; charset=utf-8"})
      check_completed(wire, {whole(200, type, stream)});
    for (const auto* type : {"text/plain", "text/event-stream", "text/html",
                             "application/octet-stream"})
      check_completed(wire, {whole(200, type, body)});
  }
}

CAF_TEST(a provider that asks for time is asked again) {
  for (const auto wire : wires) {
    const auto busy = [](unsigned status, const std::string& retry_after) {
      header_list headers;
      if (!retry_after.empty())
        headers.emplace_back("Retry-After", retry_after);
      return whole(status, "application/json",
                   R"({"error": {"type": "overloaded_error", "message": )"
                   R"("busy"}})",
                   std::move(headers));
    };
    for (const auto* wish :
         {"", "0", "1", "1.5", "-3", "soon", "99999999999999999999",
          "Fri, 31 Dec 1999 23:59:59 GMT", "Fri, 31 Dec 2999 23:59:59 GMT",
          "Friday, 31-Dec-99 23:59:59 GMT", "\xff\xfe"})
      check_completed(wire, {busy(429, wish), good(wire)});
    for (const unsigned status : {408, 500, 502, 503, 504, 529})
      check_completed(wire, {busy(status, ""), good(wire)});
  }
}

CAF_TEST(an error in the middle of a stream is asked again) {
  for (const auto wire : wires) {
    auto frames = frames_of(wire, hello_pieces);
    frames.resize(first_piece + 1);
    const json error{{"type", "server_error"}, {"message", "it broke"}};
    for (const auto& bad :
         {frame_of({{"error", error}}), frame_of({{"error", error}}, "error"),
          frame_of({{"type", "error"}, {"message", "it broke"}}),
          std::string{"event: error\ndata: it broke\n\n"}})
      check_completed(
        wire, {whole(200, type_of_streams, joined(frames) + bad), good(wire)});
  }
}

CAF_TEST(interim answers are not the answer) {
  for (const auto wire : wires) {
    auto answer = good(wire);
    answer.pieces.insert(answer.pieces.begin(),
                         "HTTP/1.1 100 Continue\r\n\r\n"
                         "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    check_completed(wire, {answer});
  }
}

CAF_TEST(answers that are no answer) {
  for (const auto wire : wires) {
    // Not even HTTP.
    for (const auto* bytes : {"garbage without any sense\r\n\r\n",
                              "\x16\x03\x01\x02", "HTTP/1.1 200 OK\r\nConte",
                              "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"
                              "\r\n\r\nzz\r\nhello"})
      check_completed(wire, {{{bytes}}, good(wire)});
    // A head that does not end.
    check_completed(
      wire,
      {{{"HTTP/1.1 200 OK\r\nA: " + std::string(400'000, 'a')}}, good(wire)});
    // Nothing in it.
    check_completed(wire, {whole(200, "application/json", ""), good(wire)});
    check_completed(wire, {whole(204, "", ""), good(wire)});
    // Somewhere else.
    auto moved = whole(301, "text/html", "<html>moved</html>",
                       {{"Location", server.url() + "/v2"}});
    check_failed(wire, "calm", {moved}, "model_http_error");
    for (const unsigned status : {400, 401, 403, 404, 422})
      check_failed(wire, "calm",
                   {whole(status, "text/html", "<html>no</html>")},
                   "model_http_error");
  }
}

CAF_TEST(compressed answers are unpacked or refused) {
  for (const auto wire : wires) {
    const auto packed
      = run_program({"/bin/sh", "-c", "printf '%s' \"$BODY\" | gzip -c"},
                    {"BODY=" + body_of(wire, std::string{hello})});
    CAF_REQUIRE(packed.exit_code == 0);
    const auto& body = packed.output;
    const header_list headers{{"Content-Encoding", "gzip"}};
    check_completed(wire, {whole(200, type_of_bodies, body, headers)});
    check_completed(wire, {whole(200, type_of_bodies,
                                 body.substr(0, body.size() - 12), headers),
                           good(wire)});
    check_completed(
      wire, {whole(200, type_of_bodies, "not gzip", headers), good(wire)});
  }
}

CAF_TEST(answers without bounds are given up) {
  for (const auto wire : wires) {
    const auto text = body_of(wire, std::string(70'000'000, 'x'));
    check_failed(wire, "calm", {whole(200, type_of_bodies, text)},
                 "payload_too_large");
    // One event that does not end.
    check_failed(
      wire, "calm",
      {until_close(type_of_streams, "data: " + std::string(70'000'000, 'x'))},
      "payload_too_large");
    // A large one that is right.
    check_completed(wire, {whole(200, type_of_streams,
                                 ": " + std::string(5'000'000, 'x') + "\n\n"
                                   + stream_of(wire, hello_pieces))});
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
