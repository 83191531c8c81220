#include "integration/beyond_fixture.hpp"

#include <caf/test/unit_test.hpp>

#include <stdexcept>

#include "support/waiting.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

const header_list stream_head{{"Content-Type", "text/event-stream"}};

json agent_file(const std::string& wire, const json& settings) {
  const json model{
    {"retries", 1}, {"retry_delay_seconds", 0.01}, {"timeout_seconds", 60}};
  return {
    {"model", wire + ":a-model"},
    {"model_settings", settings},
    {"capabilities", json::array({{{"Durability", {{"model", model}}}}})}};
}

json value_of(const real_node& node, const std::string& target) {
  return node.api().get(target).value();
}

} // namespace

beyond_fixture::beyond_fixture(const std::string& wire, const json& settings)
  : node(std::make_unique<real_node>(std::vector<std::string>{
    "OPENAI_BASE_URL=" + server.url() + "/v1", "OPENAI_API_KEY=a-key",
    "ANTHROPIC_BASE_URL=" + server.url(), "ANTHROPIC_API_KEY=a-key"})) {
  // The same provider twice, since a provider either streams or does not.
  auto plain = json{{"stream", false}};
  const auto is_anthropic = wire == "anthropic";
  plain["wire"] = is_anthropic ? "anthropic" : "openai-responses";
  plain["base_url"] = server.url() + (is_anthropic ? "" : "/v1");
  plain["api_key"] = "a-key";
  node->write_node_file({{"providers", {{"plain", plain}}}});
  node->write_agent("streamed.json",
                    runtime::to_text(agent_file(wire, settings)));
  node->write_agent("plain.json",
                    runtime::to_text(agent_file("plain", settings)));
  node->start();
}

std::string
beyond_fixture::begin(const std::string& agent, std::vector<reaction> reactions,
                      json request) {
  server.play(std::move(reactions));
  request["agent"] = agent;
  const auto answer = node->api().post("/v1/runs", runtime::to_text(request));
  if (answer.status != 201)
    throw std::runtime_error("no run: " + answer.body);
  return answer.value()["id"].get<std::string>();
}

void beyond_fixture::wait_for_note(const std::string& run_id) {
  if (!wait_until([&] { return !entries(run_id, "task_noted").empty(); }))
    throw std::runtime_error("nothing was noted");
}

void beyond_fixture::restart(std::vector<reaction> reactions) {
  node->kill9();
  server.play(std::move(reactions));
  node->start();
}

json beyond_fixture::ended(const std::string& run_id) {
  return node->api().wait_for_state(run_id, "completed");
}

void beyond_fixture::check_output(const std::string& run_id,
                                  const std::string& output) {
  const auto run = ended(run_id);
  CAF_CHECK_EQUAL(run["error"], json{});
  CAF_CHECK_EQUAL(run["state"], "completed");
  CAF_CHECK_EQUAL(run["output"], output);
}

std::vector<std::string> beyond_fixture::asked() {
  std::vector<std::string> out;
  for (const auto& request : server.requests())
    out.push_back(request.substr(0, request.find(" HTTP/")));
  return out;
}

std::vector<json> beyond_fixture::bodies() {
  std::vector<json> out;
  for (const auto& request : server.requests())
    out.push_back(json::parse(request.substr(request.find("\r\n\r\n") + 4),
                              nullptr, false));
  return out;
}

json beyond_fixture::entries(const std::string& run_id,
                             const std::string& kind) const {
  auto out = json::array();
  const auto journal = value_of(*node, "/v1/runs/" + run_id + "/journal");
  for (const auto& entry : journal["entries"])
    if (entry.value("type", "") == kind)
      out.push_back(entry);
  return out;
}

json beyond_fixture::attempts(const std::string& run_id) const {
  const auto tasks = value_of(*node, "/v1/runs/" + run_id + "/tasks")["tasks"];
  if (tasks.size() != 1)
    throw std::runtime_error("not one task: " + tasks.dump());
  return tasks[0]["attempts"];
}

json beyond_fixture::messages(const std::string& run_id) const {
  return value_of(*node, "/v1/runs/" + run_id + "/messages");
}

reaction first_of(const std::vector<std::string>& frames, std::size_t count,
                  connection_end end) {
  reaction out{{head_of(200, stream_head)}, end};
  for (std::size_t i = 0; i < count; ++i)
    out.pieces.push_back(frames.at(i));
  return out;
}

reaction rest_of(const std::vector<std::string>& frames, std::size_t first) {
  reaction out{{head_of(200, stream_head)}};
  for (auto i = first; i < frames.size(); ++i)
    out.pieces.push_back(frames[i]);
  return out;
}

} // namespace perdure::tests
