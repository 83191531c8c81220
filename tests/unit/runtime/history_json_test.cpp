#define CAF_SUITE runtime.history_json

#include "random_history.hpp"
#include "runtime/messages/history_json.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;

namespace {

message_history load(const json& value) {
  auto history = history_from_json(value);
  if (!history)
    CAF_FAIL(history.error().message);
  return *history;
}

message_history load(const char* text) {
  return load(*parse_json(text));
}

std::string problem(const char* text) {
  auto history = history_from_json(*parse_json(text));
  CAF_REQUIRE(!history);
  CAF_CHECK(history.error().code == errc::invalid_message_history);
  return history.error().message;
}

std::string full(const char* text) {
  return to_text(to_json(load(text)));
}

std::string compact(const char* text) {
  return to_text(to_json(load(text), json_style::compact));
}

/// A request or response around one part.
std::string request_with(const std::string& part) {
  return R"([{"kind":"request","parts":[)" + part + "]}]";
}

std::string response_with(const std::string& part) {
  return R"([{"kind":"response","parts":[)" + part + "]}]";
}

json full_part(const std::string& history) {
  return to_json(load(history.c_str()))[0]["parts"][0];
}

} // namespace

CAF_TEST(the full style writes every field) {
  CAF_CHECK_EQUAL(
    full(R"([{"kind":"request","parts":[{"part_kind":"user-prompt",
         "content":"Hi"}]},{"kind":"response","parts":[{"part_kind":
         "tool-call","tool_name":"t"}]}])"),
    R"([{"kind":"request","parts":[{"part_kind":"user-prompt",)"
    R"("content":"Hi","timestamp":"1970-01-01T00:00:00Z"}],)"
    R"("timestamp":null,"instructions":null,"run_id":null,)"
    R"("conversation_id":null,"metadata":null,"state":"complete"},)"
    R"({"kind":"response","parts":[{"part_kind":"tool-call",)"
    R"("tool_name":"t","args":null,"tool_call_id":"","tool_kind":null,)"
    R"("id":null,"provider_name":null,"provider_details":null}],)"
    R"("usage":{"input_tokens":0,"cache_write_tokens":0,)"
    R"("cache_read_tokens":0,"output_tokens":0,"input_audio_tokens":0,)"
    R"("cache_audio_read_tokens":0,"output_audio_tokens":0,"details":{},)"
    R"("cost":null},"model_name":null,"provider_name":null,)"
    R"("provider_url":null,"timestamp":"1970-01-01T00:00:00Z",)"
    R"("provider_details":null,"provider_response_id":null,)"
    R"("finish_reason":null,"run_id":null,"conversation_id":null,)"
    R"("metadata":null,"state":"complete"}])");
}

CAF_TEST(the compact style leaves out what loading restores) {
  constexpr auto text
    = R"([{"kind":"request","parts":[{"part_kind":"user-prompt",)"
      R"("content":"Hi"}],"timestamp":"1970-01-01T00:00:00Z"},)"
      R"({"kind":"response","parts":[{"part_kind":"text","content":""},)"
      R"({"part_kind":"tool-call","tool_name":"t"}],)"
      R"("usage":{"output_tokens":1},"finish_reason":"tool_call",)"
      R"("state":"interrupted"}])";
  CAF_CHECK_EQUAL(compact(text), text);
  CAF_CHECK_EQUAL(
    to_text(to_json(load(to_json(load(text))), json_style::compact)), text);
}

CAF_TEST(each kind of part has its keys) {
  const auto keys = [](const std::string& history) {
    std::string result;
    const auto part = full_part(history);
    for (const auto& [key, value] : part.items())
      result += key + ' ';
    return result;
  };
  CAF_CHECK_EQUAL(
    keys(request_with(R"({"part_kind":"system-prompt","content":""})")),
    "part_kind content timestamp dynamic_ref ");
  CAF_CHECK_EQUAL(
    keys(request_with(
      R"({"part_kind":"tool-return","tool_name":"t","content":null})")),
    "part_kind tool_name content tool_call_id tool_kind metadata timestamp "
    "outcome ");
  CAF_CHECK_EQUAL(
    keys(request_with(R"({"part_kind":"retry-prompt","content":[]})")),
    "part_kind content tool_name tool_call_id timestamp ");
  CAF_CHECK_EQUAL(keys(request_with(R"({"part_kind":"tool-availability-delta",
                                        "added":["t"]})")),
                  "part_kind tools_added tool_call_id ");
  CAF_CHECK_EQUAL(keys(response_with(R"({"part_kind":"thinking",
                                         "content":""})")),
                  "part_kind content signature id provider_name "
                  "provider_details ");
  CAF_CHECK_EQUAL(keys(response_with(R"({"part_kind":"builtin-tool-return",
                         "tool_name":"t","content":1})")),
                  "part_kind tool_name content tool_call_id tool_kind "
                  "metadata timestamp outcome provider_name "
                  "provider_details ");
  CAF_CHECK_EQUAL(
    keys(response_with(R"({"part_kind":"builtin-tool-call","tool_name":"t"})")),
    "part_kind tool_name args tool_call_id tool_kind id provider_name "
    "provider_details ");
  CAF_CHECK_EQUAL(keys(response_with(R"({"part_kind":"compaction"})")),
                  "part_kind content id provider_name provider_details ");
}

CAF_TEST(arguments keep the form they came in) {
  for (const auto* args : {R"("{\"b\": 1}")", R"({"b":1,"a":[]})", R"("")",
                           R"("{\"cut")", "null", "{}"}) {
    const auto part = full_part(
      response_with(R"({"part_kind":"tool-call","tool_name":"t","args":)"
                    + std::string{args} + '}'));
    CAF_CHECK_EQUAL(to_text(part["args"]), args);
  }
}

CAF_TEST(parts of an unknown kind are kept as they came) {
  const std::string part
    = R"({"part_kind":"speech","speaker":"user","audio":{"kind":"binary",)"
      R"("data":"+/8="},"z":null})";
  CAF_CHECK_EQUAL(to_text(full_part(request_with(part))), part);
  CAF_CHECK_EQUAL(to_text(full_part(response_with(part))), part);
  CAF_CHECK_EQUAL(compact(request_with(part).c_str()), request_with(part));
}

CAF_TEST(fields of a newer version are kept) {
  const auto check = [](const std::string& history) {
    CAF_CHECK_EQUAL(compact(history.c_str()), history);
  };
  for (const auto* part :
       {R"("system-prompt","content":"")", R"("user-prompt","content":"")",
        R"("tool-return","tool_name":"t","content":null)",
        R"("retry-prompt","content":"")",
        R"("tool-availability-delta","tools_added":[])"})
    check(request_with(R"({"part_kind":)" + std::string{part}
                       + R"(,"newer":{"a":null}})"));
  for (const auto* part :
       {R"("text","content":"")", R"("thinking","content":"")",
        R"("tool-call","tool_name":"t")",
        R"("builtin-tool-call","tool_name":"t")",
        R"("builtin-tool-return","tool_name":"t","content":1)",
        R"("compaction")",
        R"("file","content":{"kind":"binary","data":"","media_type":"x/y"})"})
    check(response_with(R"({"part_kind":)" + std::string{part}
                        + R"(,"newer":[1]})"));
  check(R"([{"kind":"request","parts":[],"newer":1},)"
        R"({"kind":"response","parts":[],"usage":{"newer":2},"newer":null}])");
}

CAF_TEST(a call that has to be made again keeps its outcome) {
  const auto history
    = request_with(R"({"part_kind":"tool-return","tool_name":"t","content":"",)"
                   R"("outcome":"retried","retry":{"cause":"model_retry"}})");
  CAF_CHECK_EQUAL(compact(history.c_str()), history);
}

CAF_TEST(a request may hold a summary of what was before) {
  const auto history
    = request_with(R"({"part_kind":"compaction","content":"So far."})");
  CAF_CHECK_EQUAL(compact(history.c_str()), history);
}

CAF_TEST(older names are understood) {
  const auto history = load(
    R"([{"kind":"response","parts":[],"vendor_details":{"a":1},
         "vendor_id":"r1","usage":{"requests":1,"request_tokens":3,
         "response_tokens":4,"total_tokens":7,"details":null,
         "tool_use_tokens":9,"note":null}}])");
  const auto& response = std::get<model_response>(*history[0]);
  CAF_CHECK(response.provider_response_id == "r1");
  CAF_CHECK_EQUAL(to_text(response.provider_details), R"({"a":1})");
  CAF_CHECK_EQUAL(to_text(to_json(response.usage, json_style::compact)),
                  R"({"input_tokens":3,"output_tokens":4,)"
                  R"("tool_use_tokens":9,"note":null})");
}

CAF_TEST(bytes are read in both alphabets and written in one) {
  const auto data = [](const std::string& text) {
    const auto item
      = R"({"kind":"binary","media_type":"x/y","data":")" + text + "\"}";
    const auto prompt = full_part(request_with(
      R"({"part_kind":"user-prompt","content":["a",)" + item + "]}"));
    const auto file = full_part(
      response_with(R"({"part_kind":"file","content":)" + item + '}'));
    const auto returned = full_part(request_with(
      R"({"part_kind":"tool-return","tool_name":"t","content":{"deep":[)" + item
      + "]}}"));
    CAF_CHECK_EQUAL(prompt["content"][1], file["content"]);
    CAF_CHECK_EQUAL(returned["content"]["deep"][0]["data"],
                    file["content"]["data"]);
    return file["content"]["data"].get<std::string>();
  };
  CAF_CHECK_EQUAL(data("/+++"), "_---");
  CAF_CHECK_EQUAL(data("_-8="), "_-8=");
  CAF_CHECK_EQUAL(data("+w"), "-w==");
  CAF_CHECK_EQUAL(data("+w=="), "-w==");
  CAF_CHECK_EQUAL(data(""), "");
}

CAF_TEST(what is not base64 is refused in a prompt and kept in a result) {
  for (const auto* text : {"=", "a", "ab=", "abc==", "a=bc", "ab=c", "a b",
                           "ab\\ncd", "====", "ab===", "é"}) {
    const auto item = R"({"kind":"binary","media_type":"x/y","data":")"
                      + std::string{text} + "\"}";
    CAF_CHECK_EQUAL(
      problem(
        request_with(R"({"part_kind":"user-prompt","content":[)" + item + "]}")
          .c_str()),
      "messages[0].parts[0].content[0].data: must be base64");
    const auto returned = full_part(request_with(
      R"({"part_kind":"tool-return","tool_name":"t","content":)" + item + '}'));
    CAF_CHECK_EQUAL(to_text(returned["content"]), item);
  }
}

CAF_TEST(what a tool gave back gets no fields) {
  const std::string content
    = R"([{"kind":"image-url","url":"u"},{"at":{"kind":"cache-point"}}])";
  const auto part = full_part(
    request_with(R"({"part_kind":"tool-return","tool_name":"t","content":)"
                 + content + '}'));
  CAF_CHECK_EQUAL(to_text(part["content"]), content);
}

CAF_TEST(content items get all fields in the full style only) {
  const auto history
    = request_with(R"({"part_kind":"user-prompt","content":["a",)"
                   R"({"kind":"image-url","url":"u","x":1},)"
                   R"({"kind":"cache-point"},{"kind":"new","y":2}]})");
  CAF_CHECK_EQUAL(to_text(full_part(history)["content"]),
                  R"(["a",{"kind":"image-url","url":"u","x":1,)"
                  R"("force_download":false,"vendor_metadata":null,)"
                  R"("media_type":null,"identifier":null},)"
                  R"({"kind":"cache-point","ttl":"5m"},)"
                  R"({"kind":"new","y":2}])");
  CAF_CHECK_EQUAL(compact(history.c_str()), history);
}

CAF_TEST(every error names its place) {
  CAF_CHECK_EQUAL(problem("{}"), "messages: must be an array");
  CAF_CHECK_EQUAL(problem("[1]"), "messages[0]: must be an object");
  CAF_CHECK_EQUAL(problem("[{}]"), "messages[0].kind: missing");
  CAF_CHECK_EQUAL(problem(R"([{"kind":"reply"}])"),
                  R"(messages[0].kind: must be "request" or "response")");
  CAF_CHECK_EQUAL(problem(R"([{"kind":"request"}])"),
                  "messages[0].parts: missing");
  CAF_CHECK_EQUAL(problem(R"([{"kind":"request","parts":[]},
    {"kind":"response","parts":[{"part_kind":"text","content":""},
     {"part_kind":"tool-call","tool_call_id":"x"}]}])"),
                  "messages[1].parts[1].tool_name: missing");
  CAF_CHECK_EQUAL(
    problem(request_with(R"({"part_kind":"tool-call"})").c_str()),
    R"(messages[0].parts[0].part_kind: "tool-call" belongs in a response)");
  CAF_CHECK_EQUAL(
    problem(response_with(R"({"part_kind":"user-prompt"})").c_str()),
    R"(messages[0].parts[0].part_kind: "user-prompt" belongs in a request)");
  CAF_CHECK_EQUAL(problem(response_with(
                            R"({"part_kind":"tool-call","tool_name":"t",
                                "args":[1]})")
                            .c_str()),
                  "messages[0].parts[0].args: must be a string, an object or "
                  "null");
  CAF_CHECK_EQUAL(problem(request_with(R"({"part_kind":"user-prompt",
                     "content":"","timestamp":"yesterday"})")
                            .c_str()),
                  "messages[0].parts[0].timestamp: must be a time in ISO-8601 "
                  "with Z or an offset");
  CAF_CHECK_EQUAL(problem(request_with(R"({"part_kind":"user-prompt",
                     "content":[{"kind":"audio-url"}]})")
                            .c_str()),
                  "messages[0].parts[0].content[0].url: missing");
  CAF_CHECK_EQUAL(problem(R"([{"kind":"response","parts":[],
                     "finish_reason":"bored"}])"),
                  "messages[0].finish_reason: must be one of stop, length, "
                  "content_filter, tool_call, error, not \"bored\"");
}

CAF_TEST(the numbers of usage are checked) {
  const auto usage_problem = [](const std::string& usage) {
    return problem(
      (R"([{"kind":"response","parts":[],"usage":)" + usage + "}]").c_str());
  };
  for (const auto* value :
       {"-1", "1.5", "\"3\"", "9223372036854775808", "1e300", "true", "[]"})
    CAF_CHECK_EQUAL(
      usage_problem(R"({"input_tokens":)" + std::string{value} + '}'),
      "messages[0].usage.input_tokens: must be a whole number that is not "
      "negative");
  CAF_CHECK_EQUAL(usage_problem(R"({"details":{"a":"b"}})"),
                  "messages[0].usage.details: must hold whole numbers");
  CAF_CHECK_EQUAL(usage_problem("[]"), "messages[0].usage: must be an object");
  for (const auto* cost : {"", ".", "-", "1e", "NaN", "1e999", "1,5", "0x1"})
    CAF_CHECK_EQUAL(usage_problem(R"({"cost":")" + std::string{cost} + "\"}"),
                    "messages[0].usage.cost: must be a decimal number");
}

// Goal: nothing is lost in either style.
// Method: random histories; reading the compact form gives the same compact
// form, and the full form is a fixed point too.
CAF_TEST(random histories survive both styles) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  random_history random{seed};
  for (int i = 0; i < 2000; ++i) {
    const auto history = random.make();
    const auto compact_form = to_json(history, json_style::compact);
    const auto full_form = to_json(history);
    const auto loaded = load(compact_form);
    CAF_REQUIRE(to_json(loaded, json_style::compact) == compact_form);
    CAF_REQUIRE(to_json(loaded) == full_form);
    CAF_REQUIRE(to_json(load(full_form)) == full_form);
    // Also after the way through text.
    CAF_REQUIRE(*parse_json(to_text(full_form)) == full_form);
  }
}

namespace {

/// Changes one place of `value` to something that does not belong there.
void mutate(json& value, random_history& random) {
  auto* place = &value;
  while (place->is_structured() && !place->empty() && random.pick(5) != 0) {
    auto child = place->begin();
    std::advance(child, random.pick(place->size()));
    if (random.pick(12) == 0) {
      place->erase(child);
      return;
    }
    place = &*child;
  }
  if (place->is_object() && random.pick(2) == 0)
    (*place)["k"] = random.value();
  else
    *place = random.value();
}

} // namespace

// Goal: no input makes the reader or the writer throw or crash, and what was
// read can be written and read again.
CAF_TEST(random changes of valid histories give a value or an error) {
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed " << seed);
  random_history random{seed};
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 10'000; ++i) {
    auto value = to_json(random.make());
    for (auto n = random.pick(4); n > 0; --n)
      mutate(value, random);
    auto history = history_from_json(value);
    if (!history) {
      ++refused;
      CAF_REQUIRE(history.error().code == errc::invalid_message_history);
      CAF_REQUIRE(!history.error().message.empty());
      continue;
    }
    ++accepted;
    const auto written = to_json(*history);
    CAF_REQUIRE(to_json(load(written)) == written);
  }
  CAF_CHECK(accepted > 1000);
  CAF_CHECK(refused > 1000);
}
