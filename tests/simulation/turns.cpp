#include "simulation/turns.hpp"

#include "simulation/wire.hpp"

#include <algorithm>
#include <optional>

namespace perdure::simulation {

using runtime::errc;

namespace {

constexpr std::string_view jobs_path = "/responses/";
const std::string hello = "Hello there.";

/// Names must fit into a path.
std::string job_of(std::string key) {
  std::replace(key.begin(), key.end(), '/', '_');
  return key;
}

json job_body(const std::string& key, const char* status, bool has_output) {
  json body{{"id", job_of(key)}, {"object", "response"},
            {"model", "asked"},  {"created_at", 1'800'000'000},
            {"status", status},  {"output", json::array()}};
  if (!has_output)
    return body;
  body["output"].push_back(
    {{"type", "message"},
     {"id", "msg_1"},
     {"content", json::array({{{"type", "output_text"}, {"text", hello}}})}});
  body["usage"] = {{"input_tokens", 20}, {"output_tokens", 5}};
  return body;
}

http_answer whole(const json& body) {
  http_answer out;
  out.headers = {{"content-type", "application/json"}};
  out.chunks = {body.dump()};
  return out;
}

http_answer pending(const std::string& key) {
  return whole(job_body(key, "in_progress", false));
}

http_answer complete(const std::string& key) {
  return whole(job_body(key, "completed", true));
}

/// The events of a job behind `after`; @param count of them arrive
http_answer
streams_job(const std::string& key, std::int64_t after, std::size_t count) {
  const json place{
    {"output_index", 0}, {"content_index", 0}, {"item_id", "msg_1"}};
  auto events = std::vector<json>(4, place);
  events[0] = {{"type", "response.created"},
               {"response", job_body(key, "queued", false)}};
  for (std::size_t i : {1, 2}) {
    events[i]["type"] = "response.output_text.delta";
    events[i]["delta"] = i == 1 ? hello.substr(0, 6) : hello.substr(6);
  }
  events[3] = {{"type", "response.completed"},
               {"response", job_body(key, "completed", true)}};
  http_answer out;
  out.headers = {{"content-type", "text/event-stream"}};
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i]["sequence_number"] = i;
    if (static_cast<std::int64_t>(i) > after && out.chunks.size() < count)
      out.chunks.push_back("data: " + events[i].dump() + "\n\n");
  }
  if (out.chunks.size() == count)
    out.end = {errc::model_network_error, "the connection broke"};
  return out;
}

/// What the request wants to see of a stream; nothing for none.
std::optional<std::int64_t> wanted_after(const std::string& target) {
  if (target.find("stream=true") == std::string::npos)
    return std::nullopt;
  const std::string name = "starting_after=";
  const auto at = target.find(name);
  return at == std::string::npos ? -1
                                 : std::stoll(target.substr(at + name.size()));
}

http_answer says_of_turn(const std::string& text, const char* stop_reason) {
  return whole({{"id", "msg_1"},
                {"type", "message"},
                {"role", "assistant"},
                {"model", "asked"},
                {"content", json::array({{{"type", "text"}, {"text", text}}})},
                {"stop_reason", stop_reason},
                {"usage", {{"input_tokens", 20}, {"output_tokens", 5}}}});
}

scenario turn_scenario(const std::string& name, const std::string& provider) {
  scenario out;
  out.name = name;
  out.agent = plain_agent();
  out.agent.model = provider + ":asked";
  out.input.prompt = "Do it.";
  out.output = hello;
  return out;
}

scenario job_scenario(const std::string& name) {
  auto out = turn_scenario(name, job_provider);
  out.agent.model_settings = {{"openai_background", true}};
  out.world.model
    = [](std::uint32_t, const execution& made) { return pending(made.key); };
  out.world.job = [](const execution& asked) {
    return asked.count < 3 ? pending(asked.key) : complete(asked.key);
  };
  return out;
}

scenario ends_with(scenario plot, runtime::run_end end, errc error) {
  plot.end = end;
  plot.error = error;
  plot.output = nullptr;
  return plot;
}

} // namespace

std::string task_key(const std::string& key) {
  return key.substr(0, key.find("/part/"));
}

std::optional<execution> job_request(const std::string& url) {
  const auto at = url.find(jobs_path);
  if (at == std::string::npos)
    return std::nullopt;
  execution out;
  out.input = url.substr(at + jobs_path.size());
  out.tool = out.input.ends_with("/cancel") ? "cancel" : "fetch";
  out.key = out.input.substr(0, out.input.find_first_of("/?"));
  std::replace(out.key.begin(), out.key.end(), '_', '/');
  return out;
}

std::vector<scenario> turn_scenarios() {
  std::vector<scenario> out;
  out.push_back(job_scenario("a job is polled"));

  out.push_back(job_scenario("a job is streamed in three exchanges"));
  out.back().stream = true;
  out.back().world.model = [](std::uint32_t, const execution& made) {
    return streams_job(made.key, -1, 2);
  };
  out.back().world.job = [](const execution& asked) {
    return streams_job(asked.key, wanted_after(asked.input).value_or(-1),
                       asked.count == 1 ? 1 : SIZE_MAX);
  };

  out.push_back(job_scenario("a job that no attempt can reach for a while"));
  out.back().world.job = [](const execution& asked) {
    return asked.count < 9 ? unreachable() : complete(asked.key);
  };

  out.push_back(ends_with(job_scenario("a job that expires"),
                          runtime::run_end::failed, errc::model_job_expired));
  out.back().world.job = [](const execution&) { return refuses(404); };

  out.push_back(ends_with(job_scenario("a job cancelled with its run"),
                          runtime::run_end::cancelled, errc::cancelled));
  out.back().cancel_after = 2;
  out.back().expected = likeness::same_end;
  out.back().world.job
    = [](const execution& asked) { return pending(asked.key); };

  out.push_back(turn_scenario("a turn paused twice", pausing_provider));
  out.back().world.model = [](std::uint32_t, const execution& made) {
    const auto rest = made.key.substr(task_key(made.key).size());
    if (rest.empty())
      return says_of_turn("Hel", "pause_turn");
    return rest == "/part/2" ? says_of_turn("lo ", "pause_turn")
                             : says_of_turn("there.", "end_turn");
  };
  return out;
}

} // namespace perdure::simulation
