#define CAF_SUITE models.malformed_response

#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

#include <iostream>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

const std::string stream_type = "text/event-stream";
const std::string chat = "openai-chat";
const std::string responses = "openai-responses";

attempt_failure failure_in(const std::string& wire, const std::string& type,
                           const std::string& body) {
  const auto seen = read_whole(wire, type, body);
  if (std::holds_alternative<model_response>(seen.result))
    CAF_FAIL("taken for a response: " << body);
  return std::get<attempt_failure>(seen.result);
}

model_response response_in(const std::string& wire, const std::string& type,
                           const std::string& body) {
  const auto seen = read_whole(wire, type, body);
  CAF_CHECK_EQUAL(seen.wrong, "");
  if (const auto* reason = std::get_if<attempt_failure>(&seen.result))
    CAF_FAIL(reason->message << " in " << body);
  return std::get<model_response>(seen.result);
}

std::string
chunk(const std::string& delta, const std::string& finish = "null") {
  return R"(data: {"choices":[{"index":0,"delta":)" + delta
         + R"(,"finish_reason":)" + finish + "}]}\n\n";
}

const std::string done = "data: [DONE]\n\n";
const std::string stop = chunk("{}", "\"stop\"");

} // namespace

CAF_TEST(bodies of the wrong shape are terminal and say what is missing) {
  const std::vector<std::array<std::string, 3>> wrong{
    {chat, "{}", "`choices`"},
    {chat, R"({"choices":null})", "`choices`"},
    {chat, R"({"choices":{}})", "`choices`"},
    {chat, R"({"choices":[]})", "`choices` is empty"},
    {chat, R"({"choices":[1]})", "`choices[0].message`"},
    {chat, R"({"choices":[{"message":"x"}]})", "`choices[0].message`"},
    {chat, "[1]", "not a JSON object"},
    {chat, "\"text\"", "not a JSON object"},
    {chat, "<html>busy</html>", "not JSON: <html>"},
    {responses, "{}", "`output`"},
    {responses, R"({"output":"x"})", "`output`"},
    {responses, R"({"output":[],"status":"in_progress"})", "background"},
  };
  for (const auto& [wire, body, expected] : wrong) {
    const auto reason = failure_in(wire, "application/json", body);
    CAF_CHECK(reason.code == errc::model_bad_response);
    CAF_CHECK(!reason.retryable);
    CAF_CHECK(reason.message.starts_with("asked: "));
    if (reason.message.find(expected) == std::string::npos)
      CAF_ERROR(reason.message << " does not name " << expected);
  }
}

CAF_TEST(what was cut on its way is worth another attempt) {
  for (const auto& [wire, type, body] : std::vector<std::array<std::string, 3>>{
         {chat, "application/json", R"({"choices":[{"mess)"},
         {chat, "application/json", ""},
         {chat, stream_type, ""},
         {chat, stream_type, ": comment\n\n"},
         {chat, stream_type, done},
         {chat, stream_type, chunk(R"({"content":"a"})")},
         {chat, stream_type, chunk(R"({"content":"a"})") + "data: {\"cho"},
         {chat, stream_type, "data: 7\n\n"},
         {chat, stream_type,
          chunk(R"({"tool_calls":[{"index":0,"id":"c"}]})") + stop},
         {responses, stream_type, ""},
         {responses, stream_type, done},
         {responses, stream_type,
          R"(data: {"type":"response.created","response":{"id":"r"}})"
          "\n\n"},
       }) {
    const auto reason = failure_in(wire, type, body);
    CAF_CHECK(reason.code == errc::model_bad_response);
    CAF_CHECK(reason.retryable);
  }
}

CAF_TEST(errors inside a successful response) {
  struct sample {
    std::string wire;
    std::string type;
    std::string body;
    unsigned status;
    bool retryable;
  };
  const std::vector<sample> samples{
    {chat, "application/json", R"({"error":{"code":429,"message":"m"}})", 429,
     true},
    {chat, "application/json", R"({"error":{"code":"503","message":"m"}})", 503,
     true},
    {chat, "application/json", R"({"error":{"code":400,"message":"m"}})", 400,
     false},
    {chat, "application/json", R"({"error":"m"})", 0, false},
    {chat, "application/json",
     R"({"error":{"type":"server_error","message":"m"}})", 0, true},
    {chat, "application/json",
     R"({"error":{"code":429,"type":"insufficient_quota","message":"m"}})", 429,
     false},
    {chat, "application/json",
     R"({"choices":[{"error":{"code":502,"message":"m"}}]})", 502, true},
    {chat, stream_type, "data: {\"error\":{\"message\":\"m\"}}\n\n", 0, true},
    {chat, stream_type, "data: {\"error\":\"m\"}\n\n", 0, true},
    {chat, stream_type, "event: error\ndata: m\n\n", 0, true},
    {chat, stream_type, "event: error\ndata: {\"message\":\"m\"}\n\n", 0, true},
    {chat, stream_type,
     "event: error\ndata: "
     R"({"error":{"code":"tool_use_failed","status_code":400,"message":"m"}})"
     "\n\n",
     400, true},
    {chat, stream_type, "{\"error\":{\"code\":500,\"message\":\"m\"}}", 500,
     true},
    {responses, "application/json",
     R"({"output":[],"status":"failed",)"
     R"("error":{"code":"server_error","message":"m"}})",
     0, true},
    {responses, stream_type,
     R"(data: {"type":"error","code":"rate_limit_exceeded","message":"m"})"
     "\n\n",
     0, true},
    {responses, stream_type,
     R"(data: {"type":"response.failed","response":{"status":"failed",)"
     R"("error":{"code":"invalid_prompt","message":"m"}}})"
     "\n\n",
     0, false},
  };
  for (const auto& sample : samples) {
    const auto reason = failure_in(sample.wire, sample.type, sample.body);
    CAF_MESSAGE(sample.body);
    CAF_CHECK(reason.code == errc::model_http_error);
    CAF_CHECK_EQUAL(reason.status, sample.status);
    CAF_CHECK_EQUAL(reason.retryable, sample.retryable);
    CAF_CHECK(reason.message.ends_with("m"));
  }
}

CAF_TEST(an error stays and nothing more is told) {
  const auto reader = codec_for(chat)->read(
    {{"p", "", "asked"}, {}, stream_type, [] { return "x"; }});
  std::size_t told = 0;
  const delta_sink sink = [&](const response_event&) { ++told; };
  CAF_CHECK(!reader->feed(chunk(R"({"content":"a"})"), sink));
  const auto before = told;
  CAF_CHECK(
    reader
      ->feed("data: {\"error\":\"m\"}\n\n" + chunk(R"({"content":"b"})"), sink)
      .has_value());
  CAF_CHECK(reader->feed(chunk(R"({"content":"c"})") + done, sink).has_value());
  CAF_CHECK(
    std::holds_alternative<attempt_failure>(reader->finish(timestamp{}, sink)));
  CAF_CHECK_EQUAL(told, before);
}

CAF_TEST(nobody needs to watch) {
  const auto reader = codec_for(chat)->read(
    {{"p", "", "asked"}, {}, stream_type, [] { return "x"; }});
  CAF_CHECK(!reader->feed(chunk(R"({"content":"a"})") + stop, {}));
  CAF_CHECK(
    std::holds_alternative<model_response>(reader->finish(timestamp{}, {})));
}

CAF_TEST(responses that only look wrong) {
  const auto hello = chunk(R"({"content":"a"})");
  // Without a finish reason, but with the end of the stream.
  auto response = response_in(chat, stream_type, hello + done);
  CAF_CHECK(response.finish_reason == finish_reason::stop);
  // Without the end of the stream, but with a finish reason.
  response = response_in(chat, stream_type, hello + stop);
  CAF_CHECK(response.finish_reason == finish_reason::stop);
  // The last blank line is missing, or the type, or the stream.
  CAF_CHECK_EQUAL(
    response_in(chat, stream_type, hello + "data: [DONE]").parts.size(), 1u);
  CAF_CHECK_EQUAL(response_in(chat, "", hello + stop).parts.size(), 1u);
  CAF_CHECK_EQUAL(
    response_in(chat, "text/plain", ": hi\n\n" + hello + stop).parts.size(),
    1u);
  const std::string whole
    = R"({"choices":[{"message":{"content":"a"},"finish_reason":null}]})";
  response = response_in(chat, stream_type, "\n " + whole);
  CAF_CHECK_EQUAL(response.parts.size(), 1u);
  CAF_CHECK(response.finish_reason == finish_reason::stop);
  CAF_CHECK_EQUAL(*response.model_name, "asked");
  // What follows the end is not part of it.
  CAF_CHECK_EQUAL(
    response_in(chat, stream_type, hello + done + "data: junk\n\n")
      .parts.size(),
    1u);
  CAF_CHECK(
    response_in(chat, stream_type, hello + chunk("{}", "\"weird\"") + done)
      .finish_reason
    == finish_reason::none);
}

CAF_TEST(refusals empty the response) {
  for (const auto& [wire, type, body] : std::vector<std::array<std::string, 3>>{
         {chat, "application/json",
          R"({"choices":[{"message":{"content":null,"refusal":"No."},)"
          R"("finish_reason":"stop"}]})"},
         {chat, stream_type,
          chunk(R"({"content":"I"})") + chunk(R"({"refusal":"N"})")
            + chunk(R"({"refusal":"o."})") + stop},
         {responses, "application/json",
          R"({"status":"completed","output":[{"type":"message","id":"m",)"
          R"("content":[{"type":"refusal","refusal":"No."}]}]})"},
         {responses, stream_type,
          R"(data: {"type":"response.refusal.delta","delta":"No.",)"
          R"("output_index":0})"
          "\n\n"
          R"(data: {"type":"response.completed","response":)"
          R"({"status":"completed","output":[]}})"
          "\n\n"},
       }) {
    const auto response = response_in(wire, type, body);
    CAF_CHECK(response.parts.empty());
    CAF_CHECK(response.finish_reason == finish_reason::content_filter);
    CAF_CHECK_EQUAL(response.provider_details.at("refusal"), "No.");
  }
}

CAF_TEST(odd tool calls) {
  const auto calls_of = [](const std::string& deltas) {
    std::string all;
    for (const auto& part : response_in(chat, stream_type, deltas + stop).parts)
      if (const auto* call = std::get_if<tool_call_part>(&part))
        all += call->tool_name + call->args.dump() + call->tool_call_id + " ";
    return all;
  };
  const auto tool = [](const std::string& call) {
    return chunk(R"({"tool_calls":[)" + call + "]}");
  };
  // Pieces of two calls alternate.
  CAF_CHECK_EQUAL(
    calls_of(
      tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":""}})")
      + tool(R"({"index":1,"id":"b","function":{"name":"g","arguments":""}})")
      + tool(R"({"index":0,"function":{"arguments":"{"}})")
      + tool(R"({"index":1,"function":{"arguments":"["}})")
      + tool(R"({"index":0,"function":{"arguments":"}"}})")),
    R"(f"{}"a g"["b )");
  // One index for all.
  CAF_CHECK_EQUAL(
    calls_of(
      tool(R"({"index":0,"id":"a","function":{"name":"f","arguments":"1"}})")
      + tool(R"({"index":0,"id":"b","function":{"name":"f","arguments":"2"}})")
      + tool(R"({"index":0,"function":{"arguments":"3"}})")),
    R"(f"1"a f"23"b )");
  // No index, and no id.
  CAF_CHECK_EQUAL(calls_of(tool(R"({"function":{"name":"f","arguments":"1"}})")
                           + tool(R"({"function":{"arguments":"2"}})")
                           + tool(R"({"function":{"name":"g"}})")),
                  R"(f"12"made gnullmade )");
  // The name comes last, or again and again.
  CAF_CHECK_EQUAL(
    calls_of(tool(R"({"index":3,"function":{"arguments":"{"}})")
             + tool(R"({"index":3,"id":"a"})")
             + tool(R"({"index":3,"function":{"name":"f","arguments":"}"}})")
             + tool(R"({"index":3,"function":{"name":"f"}})")),
    R"(f"{}"a )");
  // Arguments as an object; padding.
  CAF_CHECK_EQUAL(calls_of(tool(R"({"index":0,"id":"a","function":{"name":"f",)"
                                R"("arguments":{"x":1}}})")
                           + tool(R"({"index":1})") + tool("null") + tool("7")),
                  R"(f{"x":1}a )");
  // Whole: the same id twice is two calls.
  const auto whole
    = response_in(chat, "application/json",
                  R"({"choices":[{"message":{"tool_calls":[)"
                  R"({"id":"a","function":{"name":"f","arguments":"1"}},)"
                  R"({"id":"a","function":{"name":"f","arguments":"2"}}]}}]})");
  CAF_CHECK_EQUAL(whole.parts.size(), 2u);
}

CAF_TEST(thinking in tags) {
  const auto shape = [](const std::vector<response_part>& parts) {
    std::string all;
    for (const auto& part : parts) {
      if (const auto* x = std::get_if<text_part>(&part))
        all += "text:" + x->content + " ";
      if (const auto* x = std::get_if<thinking_part>(&part))
        all += "think:" + x->content + " ";
    }
    return all;
  };
  const auto said = [&](const std::vector<std::string>& chunks) {
    std::string body;
    for (const auto& text : chunks)
      body += chunk(json{{"content", text}}.dump());
    return shape(response_in(chat, stream_type, body + stop).parts);
  };
  CAF_CHECK_EQUAL(said({"<think>", "a", "b", "</think>", "c"}),
                  "think:ab text:c ");
  CAF_CHECK_EQUAL(said({"a", "<think>", "b", "</think>", "c"}),
                  "text:a think:b text:c ");
  CAF_CHECK_EQUAL(said({"<think>a", "</think>", "c"}),
                  "text:<think>a</think>c ");
  CAF_CHECK_EQUAL(said({"<think>", "a"}), "think:a ");
  CAF_CHECK_EQUAL(said({"", ""}), "");
  const auto whole = [&](const std::string& text) {
    const json body{
      {"choices", json::array({json{{"message", {{"content", text}}}}})}};
    return shape(response_in(chat, "application/json", body.dump()).parts);
  };
  CAF_CHECK_EQUAL(whole("\n<think>a</think>b"), "think:a text:b ");
  CAF_CHECK_EQUAL(whole("x <think>a</think>"), "text:x <think>a</think> ");
  CAF_CHECK_EQUAL(whole("<think>a"), "text:<think>a ");
}

CAF_TEST(responses streams that leave something out) {
  const auto event
    = [](const std::string& text) { return "data: " + text + "\n\n"; };
  const std::string output
    = R"("output":[{"type":"message","id":"m","content":[{"type":)"
      R"("output_text","text":"ab"}]},{"type":"function_call","id":"f",)"
      R"("call_id":"c","name":"g","arguments":"{}"},{"type":"web_search"}])";
  const auto final
    = event(R"({"type":"response.completed","response":{"status":"completed",)"
            + output + "}}");
  const auto check = [&](const std::string& body) {
    const auto parts = response_in(responses, stream_type, body).parts;
    CAF_REQUIRE_EQUAL(parts.size(), 2u);
    CAF_CHECK_EQUAL(std::get<text_part>(parts[0]).content, "ab");
    const auto& call = std::get<tool_call_part>(parts[1]);
    CAF_CHECK_EQUAL(call.args, "{}");
    CAF_CHECK_EQUAL(call.tool_call_id, "c");
  };
  check(final);
  const auto text_done
    = event(R"({"type":"response.output_item.done","output_index":0,"item":)"
            R"({"type":"message","id":"m","content":[{"type":"output_text",)"
            R"("text":"ab"}]}})");
  const auto call_done
    = event(R"({"type":"response.output_item.done","output_index":1,"item":)"
            R"({"type":"function_call","id":"f","call_id":"c","name":"g",)"
            R"("arguments":"{}"}})");
  check(text_done + call_done + final);
  check(text_done + text_done + call_done + call_done + final);
  // Arguments ahead of their call, text that lost its end.
  const auto early = event(
    R"({"type":"response.function_call_arguments.delta","output_index":1,)"
    R"("delta":"{"})");
  const auto some
    = event(R"({"type":"response.output_text.delta","output_index":0,)"
            R"("content_index":0,"delta":"a"})");
  check(some + early + text_done + call_done + final);
  check(text_done + call_done + done);
}

CAF_TEST(pieces that are not those of the finished item) {
  const auto event
    = [](const std::string& text) { return "data: " + text + "\n\n"; };
  const auto text_delta = [&](const std::string& text) {
    return event(R"({"type":"response.output_text.delta","output_index":0,)"
                 R"("content_index":0,"delta":")"
                 + text + "\"}");
  };
  const auto text_done = [&](const std::string& text) {
    return event(R"({"type":"response.output_item.done","output_index":0,)"
                 R"("item":{"type":"message","id":"m","content":[{"type":)"
                 R"("output_text","text":")"
                 + text + R"("}]}})");
  };
  const auto end = event(R"({"type":"response.completed","response":)"
                         R"({"status":"completed","output":[]}})");
  for (const auto& deltas :
       {text_delta("ab") + text_delta("ab") + text_delta("cd"),
        text_delta("cd") + text_delta("ab"), text_delta("cd")}) {
    const auto reason
      = failure_in(responses, stream_type, deltas + text_done("abcd") + end);
    CAF_CHECK(reason.code == errc::model_bad_response);
    CAF_CHECK(reason.retryable);
  }
  // A missing end is added, and blanks do not count.
  for (const auto* whole : {"ab", "abcd", " ab", "ab  "})
    response_in(responses, stream_type,
                text_delta("a") + text_delta("b") + text_done(whole) + end);
  const auto call = [&](const std::string& delta, const std::string& whole) {
    return event(R"({"type":"response.output_item.added","output_index":0,)"
                 R"("item":{"type":"function_call","id":"f","call_id":"c",)"
                 R"("name":"g","arguments":""}})")
           + event(R"({"type":"response.function_call_arguments.delta",)"
                   R"("output_index":0,"delta":)"
                   + json(delta).dump() + '}')
           + event(R"({"type":"response.output_item.done","output_index":0,)"
                   R"("item":{"type":"function_call","id":"f","call_id":"c",)"
                   R"("name":"g","arguments":)"
                   + json(whole).dump() + "}}")
           + end;
  };
  CAF_CHECK(
    failure_in(responses, stream_type, call(R"({"{"a":1})", R"({"a":1})"))
      .retryable);
  // The same in another form.
  response_in(responses, stream_type, call(R"({"a":1})", R"({ "a" : 1 })"));
}

CAF_TEST(incomplete responses) {
  const auto finish = [](const std::string& reason) {
    return response_in(responses, "application/json",
                       R"({"output":[],"status":"incomplete",)"
                       R"("incomplete_details":{"reason":")"
                         + reason + "\"}}")
      .finish_reason;
  };
  CAF_CHECK(finish("max_output_tokens") == finish_reason::length);
  CAF_CHECK(finish("content_filter") == finish_reason::content_filter);
  CAF_CHECK(finish("other") == finish_reason::none);
}

CAF_TEST(usage with odd numbers) {
  const auto usage_of = [](const std::string& counts) {
    return response_in(chat, "application/json",
                       R"({"choices":[{"message":{}}],"usage":)" + counts + "}")
      .usage;
  };
  auto counts = usage_of(
    R"({"prompt_tokens":-1,"completion_tokens":1e300,"cost":0.00001,)"
    R"("prompt_tokens_details":{"cached_tokens":"x"},"flag":true,"n":2.0})");
  CAF_CHECK_EQUAL(counts.input_tokens, 0);
  CAF_CHECK_EQUAL(counts.output_tokens, 0);
  CAF_CHECK_EQUAL(counts.cache_read_tokens, 0);
  CAF_CHECK_EQUAL(*counts.cost, "0.00001");
  CAF_CHECK_EQUAL(counts.details.dump(), R"({"n":2})");
  counts = usage_of(R"({"prompt_tokens":18446744073709551615,"cost":-1})");
  CAF_CHECK_EQUAL(counts.input_tokens, 0);
  CAF_CHECK(!counts.cost);
}

CAF_TEST(the failure of a status) {
  const auto now = std::chrono::system_clock::time_point{};
  const auto of = [&](unsigned status, const std::string& body,
                      const std::string& retry_after = "") {
    return failure_of_status(status, body, retry_after, "m", now);
  };
  CAF_CHECK_EQUAL(of(500, "").message, "m: HTTP 500, without a message");
  CAF_CHECK_EQUAL(of(502, "<html>\nbad").message, "m: HTTP 502: <html> bad");
  CAF_CHECK_EQUAL(of(404, R"({"error":"gone"})").message, "m: HTTP 404: gone");
  CAF_CHECK_EQUAL(of(404, R"({"detail":"gone"})").message, "m: HTTP 404: gone");
  CAF_CHECK_EQUAL(of(404, R"([{"error":{"message":"gone"}}])").message,
                  "m: HTTP 404: gone");
  CAF_CHECK_EQUAL(of(404, R"({"x":1})").message, "m: HTTP 404: {\"x\":1}");
  CAF_CHECK(of(500, "").retryable);
  CAF_CHECK(of(429, "", "2").retry_after == std::chrono::seconds{2});
  CAF_CHECK(!of(429, "", "later").retry_after);
  CAF_CHECK(!of(401, "", "2").retry_after);
  CAF_CHECK(!of(401, "").retryable);
  CAF_CHECK(
    !of(429, R"({"error":{"code":"insufficient_quota"}})", "2").retryable);
  CAF_CHECK(of(400, R"({"error":{"code":"tool_use_failed"}})").retryable);
  const auto filtered = of(400, R"({"error":{"code":"content_filter"}})");
  CAF_CHECK(filtered.code == errc::content_filtered);
  CAF_CHECK(!filtered.retryable);
  const auto long_body = of(500, std::string(100'000, 'x'));
  CAF_CHECK(long_body.message.size() < 400);
}

// Goal: the end of a stream is never mistaken.
// Method: recorded streams that end after each of their bytes.
CAF_TEST(a stream that ends anywhere is whole or worth another attempt) {
  std::size_t whole = 0;
  std::size_t cut = 0;
  for (const auto& names : {chat_recordings(), responses_recordings()})
    for (const auto& name : names)
      for (const auto& exchange : recorded(name)) {
        const auto body = body_of(exchange);
        if (type_of(exchange).find(stream_type) == std::string::npos
            || body.size() > 12'000)
          continue;
        const auto read = [&](std::size_t size) {
          return read_whole(wire_of(exchange), type_of(exchange),
                            body.substr(0, size))
            .result;
        };
        const auto full = read(body.size());
        for (std::size_t size = 0; size < body.size(); ++size) {
          const auto seen = read(size);
          if (const auto* reason = std::get_if<attempt_failure>(&seen)) {
            ++cut;
            CAF_REQUIRE(reason->retryable);
            continue;
          }
          ++whole;
          const auto* expected = std::get_if<model_response>(&full);
          CAF_REQUIRE(expected != nullptr);
          const auto parts = [](const model_response& response) {
            return to_json(message{response})["parts"].dump();
          };
          CAF_REQUIRE_EQUAL(parts(std::get<model_response>(seen)),
                            parts(*expected));
        }
      }
  CAF_CHECK(whole > 10);
  CAF_CHECK(cut > 5'000);
}

// Goal: no bytes crash a reader, and what it tells stays in order.
// Method: recordings with bytes changed, cut out, doubled; random pieces.
CAF_TEST(mutated recordings never crash) {
  const auto seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  std::mt19937 random{seed};
  std::vector<json> exchanges;
  for (const auto& names : {chat_recordings(), responses_recordings()})
    for (const auto& name : names)
      for (const auto& exchange : recorded(name))
        if (body_of(exchange).size() < 12'000)
          exchanges.push_back(exchange);
  CAF_REQUIRE(exchanges.size() > 10);
  constexpr std::string_view letters = "{}[]\",:0-9\n\r\\nulltrue\xFF\xC3 ";
  std::size_t failures = 0;
  for (int round = 0; round < 3000; ++round) {
    const auto& exchange = exchanges[random() % exchanges.size()];
    auto body = body_of(exchange);
    for (auto count = 1 + random() % 4; count > 0; --count) {
      const auto at = random() % body.size();
      const auto size = 1 + random() % 12;
      const auto kind = random() % 4;
      if (kind == 0)
        body[at] = letters[random() % letters.size()];
      else if (kind == 1 && body.size() > 64)
        body.erase(at, size);
      else if (kind == 2)
        body.insert(at, body.substr(random() % body.size(), size));
      else if (round % 8 == 0 && body.size() > 64)
        body.resize(std::max<std::size_t>(at, 1));
    }
    const auto wire = random() % 8 == 0 ? responses : wire_of(exchange);
    const auto type = random() % 8 == 0 ? "" : type_of(exchange);
    const auto seen
      = read_in(wire, type, body, [&] { return 1 + random() % 900; });
    CAF_REQUIRE_EQUAL(seen.wrong, "");
    if (const auto* reason = std::get_if<attempt_failure>(&seen.result)) {
      ++failures;
      CAF_REQUIRE(reason->code != errc::none);
      CAF_REQUIRE(!reason->message.empty());
    }
  }
  CAF_CHECK(failures > 100);
  CAF_CHECK(failures < 3000);
}
