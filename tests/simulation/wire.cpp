#include "simulation/wire.hpp"

namespace perdure::simulation {

using runtime::errc;

namespace {

http_answer whole(json message, const std::string& finish_reason) {
  const json body{
    {"id", "chatcmpl-1"},
    {"object", "chat.completion"},
    {"created", 1'800'000'000},
    {"model", "gpt-4o-2024-08-06"},
    {"choices", json::array({json{{"index", 0},
                                  {"message", std::move(message)},
                                  {"finish_reason", finish_reason}}})},
    {"usage",
     {{"prompt_tokens", 20}, {"completion_tokens", 5}, {"total_tokens", 25}}}};
  http_answer out;
  out.headers = {{"content-type", "application/json"}};
  const auto text = body.dump();
  // Two pieces: the reader must not depend on where they are cut.
  out.chunks = {text.substr(0, text.size() / 2), text.substr(text.size() / 2)};
  return out;
}

std::string frame(const json& value) {
  return "data: " + value.dump() + "\n\n";
}

json chunk(json delta, json finish_reason) {
  return {{"id", "chatcmpl-1"},
          {"object", "chat.completion.chunk"},
          {"created", 1'800'000'000},
          {"model", "gpt-4o-2024-08-06"},
          {"choices",
           json::array({json{{"index", 0},
                             {"delta", std::move(delta)},
                             {"finish_reason", std::move(finish_reason)}}})}};
}

} // namespace

http_answer says(const std::string& text) {
  return whole({{"role", "assistant"}, {"content", text}}, "stop");
}

http_answer says_nothing(const std::string& finish_reason) {
  return whole({{"role", "assistant"}, {"content", ""}}, finish_reason);
}

http_answer
calls(const std::vector<wire_call>& wanted, const std::string& finish_reason) {
  auto list = json::array();
  for (const auto& call : wanted)
    list.push_back(
      {{"id", call.id},
       {"type", "function"},
       {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  return whole({{"role", "assistant"},
                {"content", nullptr},
                {"tool_calls", std::move(list)}},
               finish_reason);
}

http_answer streams(const std::string& text, std::size_t pieces) {
  http_answer out;
  out.headers = {{"content-type", "text/event-stream"}};
  out.chunks.push_back(
    frame(chunk({{"role", "assistant"}, {"content", ""}}, nullptr)));
  for (std::size_t at = 0; at < text.size(); at += 4)
    out.chunks.push_back(
      frame(chunk({{"content", text.substr(at, 4)}}, nullptr)));
  out.chunks.push_back(frame(chunk(json::object(), "stop")));
  auto usage = chunk(json::object(), nullptr);
  usage["choices"] = json::array();
  usage["usage"]
    = {{"prompt_tokens", 20}, {"completion_tokens", 5}, {"total_tokens", 25}};
  out.chunks.push_back(frame(usage));
  out.chunks.push_back("data: [DONE]\n\n");
  if (pieces < out.chunks.size()) {
    out.chunks.resize(pieces);
    out.end = {errc::model_network_error, "the connection broke"};
  }
  return out;
}

http_answer refuses(unsigned status, const std::string& retry_after) {
  http_answer out;
  out.status = status;
  out.headers = {{"content-type", "application/json"}};
  if (!retry_after.empty())
    out.headers.emplace_back("retry-after", retry_after);
  const auto* type = status < 500 ? "invalid_request_error" : "server_error";
  out.chunks
    = {json{{"error", {{"message", "not now"}, {"type", type}}}}.dump()};
  return out;
}

http_answer unreachable() {
  http_answer out;
  out.status = 0;
  out.end = {errc::model_network_error, "connection refused"};
  return out;
}

http_answer silence(std::chrono::milliseconds timeout) {
  http_answer out;
  out.status = 0;
  out.end = {errc::model_timeout, "no answer"};
  out.takes = timeout;
  return out;
}

actors::process_result prints(const std::string& output) {
  return {actors::process_end::exited, 0, output, {}, {}};
}

actors::process_result exits(int code, const std::string& error_output) {
  return {actors::process_end::exited, code, {}, error_output, {}};
}

actors::process_result hangs() {
  return {actors::process_end::timed_out, 0, {}, {}, {}};
}

} // namespace perdure::simulation
