#pragma once

#include "runtime/messages/history_json.hpp"
#include "runtime/models/model.hpp"

#include <algorithm>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <stdexcept>

/// Reading recorded exchanges, and watching what a reader tells.
namespace perdure::test {

using runtime::json;

/// Who is asked.
struct subject {
  std::string wire;
  std::string provider;
  std::string model;
};

inline std::string file_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The exchanges of one recording that went to a model.
inline std::vector<json> recorded(const std::string& name) {
  const auto value = json::parse(
    file_text(PERDURE_SOURCE_DIR "/tests/data/wire/" + name + ".json"));
  std::vector<json> exchanges;
  for (const auto& exchange : value.at("exchanges")) {
    const auto path = exchange.at("request").value("path", std::string{});
    if (!path.ends_with("/mcp"))
      exchanges.push_back(exchange);
  }
  return exchanges;
}

inline std::string body_of(const json& exchange) {
  const auto& body = exchange.at("response").at("body");
  return body.is_string() ? body.get<std::string>() : body.dump();
}

inline std::string type_of(const json& exchange) {
  return exchange.at("response").at("content_type").get<std::string>();
}

inline std::string wire_of(const json& exchange) {
  const auto path = exchange.at("request").at("path").get<std::string>();
  if (path.ends_with("/messages"))
    return "anthropic";
  if (path.find(":generateContent") != std::string::npos
      || path.find(":streamGenerateContent") != std::string::npos)
    return "google";
  return path.ends_with("/responses") ? "openai-responses" : "openai-chat";
}

inline const std::vector<std::string>& chat_recordings() {
  static const std::vector<std::string> names{
    "durable_simple_agent",
    "durable_complex_agent",
    "durable_multiple_agents",
    "durable_model_retry",
    "durable_approval_and_external_tool",
    "durable_mcp_streamable_http",
    "openai_chat_tool_output",
    "openai_chat_native_output_multiple",
    "openai_chat_run_stream_sync_streams_real_model",
    "openai_chat_instructions_with_tool_calls_keep_instructions",
    "openai_chat_compatible_api_with_tool_calls_without_id",
    "deepseek_model_thinking_stream",
    "groq_tool_use_failed_error_streaming",
  };
  return names;
}

inline const std::vector<std::string>& responses_recordings() {
  static const std::vector<std::string> names{
    "openai_responses_stream",
    "openai_responses_thinking_with_tool_calls",
  };
  return names;
}

/// A field that is a string; empty when it is absent or something else.
inline std::string text_at(const json& value, const char* key) {
  return value.is_object() && value.contains(key) && value.at(key).is_string()
           ? value.at(key).get<std::string>()
           : std::string{};
}

/// What a response consists of: its body, or the objects of its events.
inline std::vector<json> messages_in(const json& exchange) {
  constexpr std::string_view field = "data: ";
  const auto& body = exchange.at("response").at("body");
  if (!body.is_string())
    return {body};
  std::vector<json> messages;
  std::istringstream lines{body.get<std::string>()};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("data: {"))
      messages.push_back(json::parse(line.substr(field.size())));
  return messages;
}

/// The text of a request's body.
inline std::string whole_body(const runtime::wire_request& wire) {
  std::string text;
  for (const auto& piece : wire.body)
    text += *piece;
  return text;
}

/// Checks the order of events and puts the parts together from the deltas.
class watcher {
public:
  std::string wrong;
  std::vector<runtime::response_part> parts;

  runtime::delta_sink sink() {
    return [this](const runtime::response_event& event) {
      std::visit([this](const auto& x) { on(x); }, event);
    };
  }

  /// What is wrong with the events, given the parts of the response.
  std::string compare(const std::vector<runtime::response_part>& result) {
    if (!wrong.empty())
      return wrong;
    if (parts.size() != result.size())
      return "other number of parts";
    for (std::size_t i = 0; i < parts.size(); ++i) {
      if (!ended_.contains(i))
        return "part did not end";
      // Details besides content are told with the end alone.
      auto told = runtime::to_json(parts[i]);
      auto full = runtime::to_json(result[i]);
      told.erase("provider_details");
      full.erase("provider_details");
      if (told != full)
        return "deltas give " + told.dump() + ", not " + full.dump();
    }
    return {};
  }

private:
  void on(const runtime::part_started& event) {
    if (event.index != parts.size())
      wrong = "index of a new part";
    parts.push_back(event.part);
  }

  void on(const runtime::part_grew& event) {
    if (event.index >= parts.size() || ended_.contains(event.index)) {
      wrong = "growth of a part that is not open";
      return;
    }
    auto& part = parts[event.index];
    if (const auto* text = std::get_if<runtime::text_delta>(&event.delta)) {
      std::get<runtime::text_part>(part).content += text->content_delta;
    } else if (const auto* thought
               = std::get_if<runtime::thinking_delta>(&event.delta)) {
      auto& grown = std::get<runtime::thinking_part>(part);
      grown.content += thought->content_delta;
      if (thought->signature_delta)
        grown.signature = thought->signature_delta;
    } else {
      const auto& call = std::get<runtime::tool_call_delta>(event.delta);
      auto& grown = std::get<runtime::tool_call_part>(part);
      grown.tool_name += call.tool_name_delta.value_or("");
      grown.args = (grown.args.is_string() ? grown.args.get<std::string>() : "")
                   + call.args_delta;
    }
  }

  void on(const runtime::part_ended& event) {
    if (event.index >= parts.size() || !ended_.insert(event.index).second) {
      wrong = "end of a part that is not open";
      return;
    }
    auto told = runtime::to_json(parts[event.index]);
    auto full = runtime::to_json(event.part);
    told.erase("provider_details");
    full.erase("provider_details");
    if (told != full)
      wrong = "the part that ended is not what was told";
  }

  std::set<std::size_t> ended_;
};

using reading = std::variant<runtime::model_response, runtime::attempt_failure>;

struct observed {
  reading result;
  /// What is wrong with the events; of a failure, with their order only.
  std::string wrong;
};

/// Feeds `body` in the given pieces.
template <class NextSize>
observed read_in(
  const std::string& wire, const std::string& type, const std::string& body,
  NextSize next_size, const std::string& provider = "openai",
  std::function<std::string()> make_id = [] { return std::string{"made"}; }) {
  const auto codec = runtime::codec_for(wire);
  const auto reader = codec->read({{provider, "http://x", "asked"},
                                   runtime::profile_of(provider, "asked"),
                                   type,
                                   std::move(make_id)});
  watcher watch;
  std::string_view rest = body;
  while (!rest.empty()) {
    const auto size = std::min<std::size_t>(rest.size(), next_size());
    if (auto reason = reader->feed(rest.substr(0, size), watch.sink()))
      return {*reason, watch.wrong};
    rest.remove_prefix(size);
  }
  auto result = reader->finish(runtime::timestamp{}, watch.sink());
  if (const auto* response = std::get_if<runtime::model_response>(&result)) {
    auto wrong = response->provider_details.is_object()
                     && response->provider_details.contains("refusal")
                   ? watch.wrong
                   : watch.compare(response->parts);
    return {std::move(result), std::move(wrong)};
  }
  return {std::move(result), watch.wrong};
}

inline observed
read_whole(const std::string& wire, const std::string& type,
           const std::string& body, const std::string& provider = "openai") {
  return read_in(
    wire, type, body, [&] { return body.size(); }, provider);
}

/// The response that was read. Throws when there is none, or when something is
/// wrong with the events.
inline const runtime::model_response& response_in(const observed& seen) {
  if (!seen.wrong.empty())
    throw std::runtime_error(seen.wrong);
  if (const auto* reason = std::get_if<runtime::attempt_failure>(&seen.result))
    throw std::runtime_error(reason->message);
  return std::get<runtime::model_response>(seen.result);
}

/// Reads the responses of the recordings whole, byte by byte, and in pieces of
/// random sizes; `check` gets the exchange and what was read of it.
template <class Check>
void read_however_cut(const std::vector<std::string>& names,
                      const std::string& provider, Check check) {
  const auto seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  std::mt19937 random{seed};
  for (const auto& name : names)
    for (const auto& exchange : recorded(name)) {
      std::cout << name << '\n';
      const auto body = body_of(exchange);
      const auto read = [&](auto next_size) {
        const auto seen = read_in(wire_of(exchange), type_of(exchange), body,
                                  next_size, provider);
        check(exchange, response_in(seen));
      };
      read([&] { return body.size(); });
      read([] { return 1U; });
      for (int round = 0; round < 3; ++round)
        read([&] { return 1 + random() % 400; });
    }
}

} // namespace perdure::test
