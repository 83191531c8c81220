#define CAF_SUITE models.conversation

#include "unit/models/make_parts.hpp"
#include "unit/models/recording.hpp"

#include <caf/test/unit_test.hpp>

#include <set>

using namespace perdure::runtime;
using namespace perdure::test;

namespace {

struct talk {
  explicit talk(const std::string& wire, json settings = nullptr,
                const std::string& model = "m",
                const std::string& provider = "openai", bool with_tool = false,
                bool stream = true) {
    auto definition = std::make_shared<agent_definition>();
    definition->model_settings = std::move(settings);
    if (with_tool) {
      tool_definition tool;
      tool.name = "look";
      definition->tools.push_back(tool);
    }
    conversation = codec_for(wire)->converse({{provider, "http://x", model},
                                              definition,
                                              stream,
                                              profile_of(provider, model)});
  }

  json ask(const std::vector<std::string>& instructions = {}) {
    last = conversation->request(instructions);
    return json::parse(whole_body(last));
  }

  void user(json content) {
    model_request request;
    request.parts.push_back(user_prompt_part{std::move(content), {}});
    CAF_REQUIRE(conversation->add(request));
  }

  std::unique_ptr<perdure::runtime::conversation> conversation;
  wire_request last;
};

const std::vector<std::string> wires{"openai-chat", "openai-responses"};

const char* items(const std::string& wire) {
  return wire == "openai-chat" ? "messages" : "input";
}

} // namespace

CAF_TEST(unknown wire formats have no codec) {
  CAF_CHECK(codec_for("openai-chat") != nullptr);
  CAF_CHECK(codec_for("openai-responses") != nullptr);
  CAF_CHECK(codec_for("") == nullptr);
  CAF_CHECK(codec_for("openai") == nullptr);
}

// Goal: a request costs what is new. Method: over 200 steps, the bytes of
// pieces that no earlier request had grow with the messages alone.
CAF_TEST(what was encoded once is shared by all later requests) {
  for (const auto& wire : wires) {
    talk talk{wire, nullptr, "m", "openai", true};
    std::set<const std::string*> known;
    std::vector<std::shared_ptr<const std::string>> kept;
    std::size_t first = 0;
    std::size_t most = 0;
    for (int step = 0; step < 200; ++step) {
      if (step > 0) {
        model_response response;
        response.parts.push_back(
          called("look", "{}", "call_" + std::to_string(step)));
        CAF_REQUIRE(talk.conversation->add(response));
        model_request results;
        results.parts.push_back(returned("look", std::string(100, 'x'),
                                         "call_" + std::to_string(step)));
        CAF_REQUIRE(talk.conversation->add(results));
      } else {
        talk.user("begin");
      }
      const auto body = talk.ask({"Be brief."});
      std::size_t fresh = 0;
      for (const auto& piece : talk.last.body) {
        if (known.insert(piece.get()).second)
          fresh += piece->size();
        kept.push_back(piece);
      }
      (step == 0 ? first : most) = std::max(step == 0 ? first : most, fresh);
      const auto extra = wire == "openai-chat" ? 1U : 0U;
      CAF_REQUIRE_EQUAL(body.at(items(wire)).size(), 1U + extra + 2U * step);
    }
    CAF_CHECK(first > 0);
    CAF_CHECK(most < 400);
    CAF_CHECK(most > 100);
  }
}

CAF_TEST(instructions are placed first and may change) {
  talk chat{"openai-chat"};
  model_request begin;
  begin.parts.push_back(system_prompt("S1"));
  begin.parts.push_back(system_prompt("S2"));
  begin.parts.push_back(user_prompt_part{"hello", {}});
  begin.parts.push_back(system_prompt("S3"));
  begin.instructions = "of the past";
  CAF_REQUIRE(chat.conversation->add(begin));
  const auto shown = [](const json& body) {
    std::string all;
    for (const auto& item : body.at("messages"))
      all += item.at("role").get<std::string>().substr(0, 1) + ":"
             + item.at("content").get<std::string>() + " ";
    return all;
  };
  CAF_CHECK_EQUAL(shown(chat.ask({"I1", "", "I2"})),
                  "s:S1 s:S2 s:I1 s:I2 u:hello s:S3 ");
  CAF_CHECK_EQUAL(shown(chat.ask({"J"})), "s:S1 s:S2 s:J u:hello s:S3 ");
  CAF_CHECK_EQUAL(shown(chat.ask({})), "s:S1 s:S2 u:hello s:S3 ");

  talk plain{"openai-chat"};
  CAF_CHECK_EQUAL(shown(plain.ask({})), "");
  CAF_CHECK_EQUAL(shown(plain.ask({"I"})), "s:I ");
  plain.user("a");
  plain.user("b");
  CAF_CHECK_EQUAL(shown(plain.ask({})), "u:a u:b ");
  CAF_CHECK_EQUAL(shown(plain.ask({"I"})), "s:I u:a u:b ");

  talk responses{"openai-responses"};
  auto body = responses.ask({"I1", "I2"});
  CAF_CHECK_EQUAL(body.at("instructions"), "I1\n\nI2");
  CAF_CHECK_EQUAL(body.at("input").at(0).at("content"), "");
  responses.user("a");
  body = responses.ask({"\"I\""});
  CAF_CHECK_EQUAL(body.at("instructions"), "\"I\"");
  CAF_CHECK_EQUAL(body.at("input").size(), 1u);
  CAF_CHECK(!responses.ask().contains("instructions"));
}

CAF_TEST(settings of chat completions) {
  const json settings{
    {"max_tokens", 7},
    {"temperature", 0.5},
    {"top_p", 0.1},
    {"seed", 3},
    {"stop_sequences", {"x"}},
    {"parallel_tool_calls", false},
    {"presence_penalty", 1},
    {"frequency_penalty", 2},
    {"logit_bias", {{"50", -100}}},
    {"service_tier", "flex"},
    {"thinking", "high"},
    {"timeout", 3},
    {"extra_body", {{"top_k", 5}, {"seed", 4}, {"messages", "no"}}},
    {"extra_headers",
     {{"X-A", "1"},
      {"Accept", "x/y"},
      {"X-B", "1\r\nX-C: 2"},
      {"a b", "1"},
      {"X-D", 1}}}};
  talk chat{"openai-chat", settings, "m", "together", true};
  auto body = chat.ask();
  CAF_CHECK_EQUAL(body.at("max_tokens"), 7);
  CAF_CHECK_EQUAL(body.at("temperature"), 0.5);
  CAF_CHECK_EQUAL(body.at("seed"), 4);
  CAF_CHECK_EQUAL(body.at("top_k"), 5);
  CAF_CHECK_EQUAL(body.at("stop"), json({"x"}));
  CAF_CHECK_EQUAL(body.at("parallel_tool_calls"), false);
  CAF_CHECK_EQUAL(body.at("presence_penalty"), 1);
  CAF_CHECK_EQUAL(body.at("frequency_penalty"), 2);
  CAF_CHECK_EQUAL(body.at("logit_bias").at("50"), -100);
  CAF_CHECK_EQUAL(body.at("service_tier"), "flex");
  CAF_CHECK_EQUAL(body.at("reasoning_effort"), "high");
  CAF_CHECK_EQUAL(body.at("tool_choice"), "auto");
  CAF_CHECK(body.at("messages").is_array());
  CAF_CHECK(!body.contains("timeout"));
  CAF_CHECK(!body.contains("extra_body"));
  CAF_CHECK_EQUAL(body.at("tools").at(0).at("function").at("parameters").dump(),
                  R"({"type":"object","properties":{}})");
  using header = std::pair<std::string, std::string>;
  const std::vector<header> headers{
    {"content-type", "application/json"}, {"X-A", "1"}, {"Accept", "x/y"}};
  CAF_CHECK(chat.last.headers == headers);

  talk thinker{"openai-chat", settings, "gpt-5-mini"};
  body = thinker.ask();
  CAF_CHECK_EQUAL(body.at("max_completion_tokens"), 7);
  CAF_CHECK(!body.contains("temperature"));
  CAF_CHECK(!body.contains("tools"));
  CAF_CHECK(!body.contains("tool_choice"));
  CAF_CHECK(!body.contains("parallel_tool_calls"));
  CAF_CHECK_EQUAL(body.at("reasoning_effort"), "high");
  talk speaker{"openai-chat", settings, "gpt-4o"};
  CAF_CHECK(!speaker.ask().contains("reasoning_effort"));
  talk whole{"openai-chat", json{}, "m", "openai", false, false};
  body = whole.ask();
  CAF_CHECK_EQUAL(body.at("stream"), false);
  CAF_CHECK(!body.contains("stream_options"));
}

CAF_TEST(settings of responses) {
  const json settings{{"max_tokens", 7},
                      {"temperature", 0.5},
                      {"thinking", true},
                      {"openai_reasoning_summary", "auto"},
                      {"openai_text_verbosity", "low"},
                      {"openai_store", false},
                      {"tool_choice", "none"}};
  talk thinker{"openai-responses", settings, "o3", "openai", true};
  auto body = thinker.ask();
  CAF_CHECK_EQUAL(body.at("max_output_tokens"), 7);
  CAF_CHECK_EQUAL(body.at("reasoning").dump(),
                  R"({"effort":"medium","summary":"auto"})");
  CAF_CHECK_EQUAL(body.at("include").dump(),
                  R"(["reasoning.encrypted_content"])");
  CAF_CHECK_EQUAL(body.at("text").at("verbosity"), "low");
  CAF_CHECK_EQUAL(body.at("store"), false);
  CAF_CHECK_EQUAL(body.at("tool_choice"), "none");
  CAF_CHECK_EQUAL(body.at("tools").at(0).at("strict"), false);
  CAF_CHECK(!body.contains("temperature"));
  talk speaker{"openai-responses", settings, "gpt-4o"};
  body = speaker.ask();
  CAF_CHECK_EQUAL(body.at("temperature"), 0.5);
  CAF_CHECK(!body.contains("reasoning"));
  CAF_CHECK(!body.contains("include"));
}

CAF_TEST(what a user shows) {
  const json content{
    "look",
    {{"kind", "text-content"}, {"content", "at"}, {"metadata", 1}},
    {{"kind", "cache-point"}},
    {{"kind", "image-url"},
     {"url", "http://a/b.png"},
     {"vendor_metadata", {{"detail", "low"}}}},
    {{"kind", "binary"}, {"data", "_-8"}, {"media_type", "image/png"}},
    {{"kind", "binary"},
     {"data", "YQ=="},
     {"media_type", "application/pdf"},
     {"identifier", "a72e39"}}};
  talk chat{"openai-chat"};
  chat.user(content);
  CAF_CHECK_EQUAL(
    chat.ask().at("messages").at(0).at("content").dump(),
    R"([{"type":"text","text":"look"},{"type":"text","text":"at"},)"
    R"({"type":"image_url","image_url":{"url":"http://a/b.png",)"
    R"("detail":"low"}},{"type":"image_url","image_url":{"url":)"
    R"("data:image/png;base64,/+8="}},{"type":"file","file":{)"
    R"("filename":"a72e39.pdf","file_data":)"
    R"("data:application/pdf;base64,YQ=="}}])");
  talk responses{"openai-responses"};
  responses.user(content);
  CAF_CHECK_EQUAL(
    responses.ask().at("input").at(0).at("content").dump(),
    R"([{"type":"input_text","text":"look"},)"
    R"({"type":"input_text","text":"at"},)"
    R"({"type":"input_image","detail":"low",)"
    R"("image_url":"http://a/b.png"},{"type":"input_image",)"
    R"("detail":"auto","image_url":"data:image/png;base64,/+8="},)"
    R"({"type":"input_file","filename":"a72e39.pdf",)"
    R"("file_data":"data:application/pdf;base64,YQ=="}])");
}

CAF_TEST(files that tools return are shown behind all results) {
  for (const auto& wire : wires) {
    talk talk{wire};
    model_request request;
    request.parts.push_back(returned("look",
                                     {{"note", "see"},
                                      {"file",
                                       {{"kind", "binary"},
                                        {"data", "SGVsbG8="},
                                        {"media_type", "image/png"}}}},
                                     "c1"));
    request.parts.push_back(returned("look", "text", "c2"));
    CAF_REQUIRE(talk.conversation->add(request));
    const auto body = talk.ask();
    const auto& said = body.at(items(wire));
    CAF_REQUIRE_EQUAL(said.size(), 3u);
    const auto* field = wire == "openai-chat" ? "content" : "output";
    CAF_CHECK_EQUAL(said[0].at(field),
                    R"({"note":"see","file":"See file f7ff9e."})");
    CAF_CHECK_EQUAL(said[1].at(field), "text");
    CAF_CHECK_EQUAL(said[2].at("role"), "user");
    CAF_CHECK_EQUAL(said[2].at("content")[0].at("text"),
                    "This is file f7ff9e:");
    CAF_CHECK(said[2].at("content")[1].dump().find("SGVsbG8=")
              != std::string::npos);
  }
}

CAF_TEST(feedback and summaries of newer histories are told by a user) {
  struct row {
    const char* part;
    const char* text;
  };
  const std::vector<row> rows{
    {R"({"part_kind":"retry-feedback","content":"Shorter.",)"
     R"("retry":{"cause":"model_retry","attempt":1,"max_retries":2}})",
     "The application could not use this answer:\n<pyai:retry_feedback>\n"
     "Shorter.\n</pyai:retry_feedback>"},
    {R"({"part_kind":"retry-feedback","content":[{"type":"missing"}],)"
     R"("retry":{"cause":"validation_error"}})",
     "The application could not use this answer:\n<pyai:validation_errors>\n"
     R"([{"type":"missing"}])"
     "\n</pyai:validation_errors>"},
    {R"({"part_kind":"retry-feedback","content":"Please answer.",)"
     R"("retry":{"cause":"no_output"}})",
     "Please answer."},
    {R"({"part_kind":"compaction","content":"They met.","id":null,)"
     R"("provider_name":null})",
     "Another model has summarized what was said before:\n"
     "<pyai:conversation_summary>\nThey met.\n"
     "</pyai:conversation_summary>"},
  };
  for (const std::string wire :
       {"openai-chat", "openai-responses", "anthropic", "google"})
    for (const auto& row : rows) {
      talk talk{wire};
      model_request request;
      request.parts.push_back(opaque_part{json::parse(row.part)});
      CAF_REQUIRE(talk.conversation->add(request));
      CAF_CHECK(talk.ask().dump().find(json(row.text).dump())
                != std::string::npos);
    }
  // What a provider compacted means something to that provider alone.
  talk talk{"openai-chat"};
  model_request foreign;
  foreign.parts.push_back(opaque_part{
    {{"part_kind", "compaction"}, {"content", "x"}, {"provider_name", "p"}}});
  CAF_CHECK(!talk.conversation->add(foreign));
}

CAF_TEST(what cannot be sent is refused and leaves no trace) {
  for (const auto& wire : wires) {
    talk talk{wire};
    talk.user("before");
    const auto before = talk.ask();
    const std::vector<std::pair<json, errc>> refused{
      {json::array({{{"kind", "video-url"}, {"url", "http://a"}}}),
       errc::invalid_argument},
      {json::array({"x", {{"kind", "new"}}}), errc::invalid_argument},
      {json::array({{{"kind", "uploaded-file"},
                     {"file_id", "f"},
                     {"provider_name", "google"}}}),
       errc::invalid_argument},
      {json::array({{{"url", "x"}}}), errc::invalid_message_history},
      {json::array({json::array()}), errc::invalid_message_history},
      {7, errc::invalid_message_history},
      {nullptr, errc::invalid_message_history},
    };
    for (const auto& [content, code] : refused) {
      model_request request;
      request.parts.push_back(user_prompt_part{"fine", {}});
      request.parts.push_back(user_prompt_part{content, {}});
      const auto added = talk.conversation->add(request);
      CAF_REQUIRE(!added);
      CAF_MESSAGE(added.error().message);
      CAF_CHECK(added.error().code == code);
    }
    model_request opaque;
    opaque.parts.push_back(opaque_part{{{"part_kind", "speech"}}});
    const auto added = talk.conversation->add(opaque);
    CAF_REQUIRE(!added);
    CAF_CHECK(added.error().message.find("`speech`") != std::string::npos);
    CAF_CHECK_EQUAL(talk.ask(), before);
  }
}

CAF_TEST(retries and bad arguments go back as the model can read them) {
  model_response response;
  response.parts.push_back(said("A"));
  response.parts.push_back(said(""));
  response.parts.push_back(said("B"));
  response.parts.push_back(called("look", "{oops", "c1"));
  response.parts.push_back(called("look", nullptr, "c2"));
  auto builtin = called("search", "{}", "c3");
  builtin.builtin = true;
  response.parts.push_back(builtin);
  model_request request;
  request.parts.push_back(retried("No.", "look", "c1"));
  request.parts.push_back(returned("look", {{"a", 1}}, "c2"));
  request.parts.push_back(retried("Again.", {}, "x"));
  talk chat{"openai-chat"};
  CAF_REQUIRE(chat.conversation->add(response));
  CAF_REQUIRE(chat.conversation->add(request));
  const auto messages = chat.ask().at("messages");
  CAF_REQUIRE_EQUAL(messages.size(), 4u);
  CAF_CHECK_EQUAL(messages[0].at("content"), "A\n\nB");
  CAF_REQUIRE_EQUAL(messages[0].at("tool_calls").size(), 2u);
  CAF_CHECK_EQUAL(
    messages[0].at("tool_calls")[0].at("function").at("arguments"),
    R"({"INVALID_JSON":"{oops"})");
  CAF_CHECK_EQUAL(
    messages[0].at("tool_calls")[1].at("function").at("arguments"), "{}");
  CAF_CHECK_EQUAL(messages[1].at("content"),
                  "No.\n\nFix the errors and try again.");
  CAF_CHECK_EQUAL(messages[2].at("content"), R"({"a":1})");
  CAF_CHECK_EQUAL(messages[3].at("role"), "user");
}

CAF_TEST(an empty answer is left out) {
  for (const auto& wire : wires) {
    talk talk{wire};
    talk.user("a");
    CAF_REQUIRE(talk.conversation->add(model_response{}));
    talk.user("b");
    CAF_CHECK_EQUAL(talk.ask().at(items(wire)).size(), 2u);
  }
}

CAF_TEST(thinking in a field goes back to its own provider) {
  model_response response;
  response.parts.push_back(
    thinking_part{"hm", {}, {"reasoning_content", "deepseek", {}}});
  response.parts.push_back(said("hello"));
  talk same{"openai-chat", nullptr, "m", "deepseek"};
  CAF_REQUIRE(same.conversation->add(response));
  auto item = same.ask().at("messages").at(0);
  CAF_CHECK_EQUAL(item.at("reasoning_content"), "hm");
  CAF_CHECK_EQUAL(item.at("content"), "hello");
  talk other{"openai-chat", nullptr, "m", "together"};
  CAF_REQUIRE(other.conversation->add(response));
  item = other.ask().at("messages").at(0);
  CAF_CHECK(!item.contains("reasoning_content"));
  CAF_CHECK_EQUAL(item.at("content"), "<think>\nhm\n</think>\n\nhello");
}

CAF_TEST(opaque reasoning goes back to its own provider) {
  model_response response;
  response.parts.push_back(
    thinking_part{"a", "secret", {"rs_1", "openai", {}}});
  response.parts.push_back(thinking_part{"b", {}, {"rs_1", "openai", {}}});
  response.parts.push_back(text_part{"x", {"msg_1", "openai", {}}});
  response.parts.push_back(text_part{"y", {"msg_1", "openai", {}}});
  auto call = called("look", "{}", "c1");
  call.provider = {"fc_1", "openai", {}};
  response.parts.push_back(call);
  const auto input_of = [&](json settings, const std::string& model,
                            const std::string& provider) {
    talk talk{"openai-responses", std::move(settings), model, provider};
    CAF_REQUIRE(talk.conversation->add(response));
    return talk.ask().at("input");
  };
  auto input = input_of(nullptr, "gpt-5", "openai");
  CAF_REQUIRE_EQUAL(input.size(), 3u);
  CAF_CHECK_EQUAL(input[0].dump(),
                  R"({"type":"reasoning","id":"rs_1","summary":[)"
                  R"({"type":"summary_text","text":"a"},)"
                  R"({"type":"summary_text","text":"b"}],)"
                  R"("encrypted_content":"secret"})");
  CAF_CHECK_EQUAL(input[1].at("id"), "msg_1");
  CAF_CHECK_EQUAL(input[1].at("content").size(), 2u);
  CAF_CHECK_EQUAL(input[2].at("id"), "fc_1");

  // Nothing is kept there: the encrypted text counts, ids do not.
  // Without the ids of its items the provider gets the words alone.
  input = input_of({{"openai_send_reasoning_ids", false}}, "gpt-5", "openai");
  CAF_CHECK(input.dump().find("\"id\"") == std::string::npos);
  CAF_CHECK(input.dump().find("encrypted_content") == std::string::npos);
  input = input_of({{"openai_store", false}}, "gpt-5", "openai");
  CAF_CHECK_EQUAL(input[0].at("encrypted_content"), "secret");
  CAF_CHECK_EQUAL(input[1].dump(), R"({"role":"assistant","content":"x"})");
  CAF_CHECK(!input.back().contains("id"));

  input = input_of(nullptr, "gpt-4o", "openai");
  CAF_CHECK_EQUAL(input[0].dump(), R"({"role":"assistant","content":"x"})");
  CAF_CHECK(!input.back().contains("id"));

  input = input_of(nullptr, "gpt-5", "other");
  CAF_CHECK_EQUAL(input[0].at("content"), "<think>\na\n</think>");
  CAF_CHECK(!input.back().contains("id"));
}

CAF_TEST(text that is not valid is sent all the same) {
  for (const auto& wire : wires) {
    talk talk{wire};
    model_request request;
    request.parts.push_back(returned("t",
                                     "a\xFF"
                                     "b",
                                     "c"));
    CAF_REQUIRE(talk.conversation->add(request));
    CAF_CHECK_EQUAL(talk.ask({"\xC3"}).at(items(wire)).size(),
                    wire == "openai-chat" ? 2u : 1u);
  }
}

CAF_TEST(metadata of a tool result is for no model) {
  for (const auto* wire :
       {"openai-chat", "openai-responses", "anthropic", "google"}) {
    talk talk{wire, nullptr, "m", wire, true};
    talk.user("begin");
    model_response response;
    response.parts.push_back(called("look", "{}", "c1"));
    CAF_REQUIRE(talk.conversation->add(response));
    model_request results;
    auto part = returned("look", "seen", "c1");
    part.metadata = {{"private", "for the host program"}};
    results.parts.push_back(part);
    CAF_REQUIRE(talk.conversation->add(results));
    const auto body = talk.ask().dump();
    CAF_CHECK(body.find("seen") != std::string::npos);
    CAF_CHECK(body.find("for the host program") == std::string::npos);
  }
}
