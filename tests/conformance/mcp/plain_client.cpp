#include "conformance/mcp/plain_client.hpp"

#include "actors/edges/http_client.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <cstdlib>
#include <future>
#include <iostream>
#include <random>
#include <stdexcept>

namespace perdure::tests {

using namespace actors;

namespace {

class wall_clock final : public world {
public:
  runtime::timestamp now() override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now());
  }

  double random() override {
    return 0.5;
  }

  std::string make_run_id() override {
    return "run";
  }

  std::string make_token() override {
    std::random_device chance;
    std::string out;
    while (out.size() < 32)
      out += "0123456789abcdef"[chance() % 16];
    return out;
  }
};

services_ptr make_services() {
  auto out = std::make_shared<services>();
  out->world = std::make_shared<wall_clock>();
  out->http = make_curl_http_client();
  out->environment = [](std::string_view name) -> std::optional<std::string> {
    const auto* value = std::getenv(std::string{name}.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>{value};
  };
  out->expand = [](std::string_view text) -> runtime::result<std::string> {
    return std::string{text};
  };
  out->log
    = [](log_level, const std::string& line) { std::cerr << line + '\n'; };
  return out;
}

/// What an agreeable person puts into a field.
json value_for(const json& schema) {
  if (const auto given = schema.find("default"); given != schema.end())
    return *given;
  const auto type = schema.value("type", "");
  if (type == "boolean")
    return true;
  if (type == "integer" || type == "number")
    return 1;
  if (type == "array")
    return json::array();
  if (const auto choices = schema.find("enum"); choices != schema.end())
    return choices->front();
  return "x";
}

json reply_to(const std::string& method, const json& params) {
  if (method == "sampling/createMessage")
    return {{"role", "assistant"},
            {"content", {{"type", "text"}, {"text", "ok"}}},
            {"model", "none"},
            {"stopReason", "endTurn"}};
  if (method == "roots/list")
    return {{"roots", {{{"uri", "file:///tmp"}, {"name", "tmp"}}}}};
  json out{{"action", "accept"}};
  if (params.value("mode", "form") == "url")
    return out;
  out["content"] = json::object();
  const auto schema = params.value("requestedSchema", json::object());
  const auto fields = schema.value("properties", json::object());
  for (const auto& [name, field] : fields.items())
    out["content"][name] = value_for(field);
  return out;
}

struct one_call {
  mcp_hub_actor hub;
  mcp_address to;
  std::shared_ptr<std::promise<mcp::call_outcome>> promise;
  std::atomic<std::size_t>* progress;
};

mcp_caller::behavior_type waiter(mcp_caller::pointer self, one_call call) {
  return {
    [=](mcp_call_ended& message) {
      call.promise->set_value(std::move(message.outcome));
      self->quit();
    },
    [](const mcp_call_noted&) {},
    [=](const mcp_call_progressed&) { ++*call.progress; },
    [=](const mcp_question& asked) {
      self->send(call.hub, mcp_reply{call.to,
                                     asked.question,
                                     reply_to(asked.method, asked.params),
                                     0,
                                     {}});
    },
    [](const mcp_question_closed&) {},
    [](const mcp_elicited&) {},
  };
}

} // namespace

plain_client::system_config::system_config() {
  add_message_types<caf::id_block::perdure_mcp_messages>();
  set("scheduler.max-threads", std::size_t{2});
  set("scheduler.policy", caf::atom("sharing"));
}

plain_client::plain_client(mcp::server_options options, mcp_visitor visitor)
  : board_(std::make_shared<mcp_board>()) {
  options.sampling = true;
  address_
    = {std::make_shared<const mcp::server_options>(std::move(options)), "run"};
  mcp_world world;
  world.services = make_services();
  world.links
    = make_mcp_links(*world.services, mcp_http_access{*world.services, nullptr,
                                                      std::move(visitor)});
  world.board = board_;
  world.abilities.elicitation_form = true;
  world.abilities.elicitation_url = true;
  world.abilities.sampling = true;
  hub_ = system_.spawn(mcp_hub, std::move(world));
}

plain_client::~plain_client() {
  caf::anon_send_exit(hub_, caf::exit_reason::user_shutdown);
}

mcp::call_outcome plain_client::call(mcp::call_request request) {
  one_call call{hub_, address_,
                std::make_shared<std::promise<mcp::call_outcome>>(),
                &progress_};
  auto outcome = call.promise->get_future();
  const auto caller = system_.spawn(waiter, call);
  caf::anon_send(hub_, mcp_call{address_, std::move(request), caller, 1});
  return outcome.get();
}

json plain_client::finish(mcp::call_request request) {
  for (;;) {
    auto outcome = call(request);
    if (auto* done = std::get_if<mcp::completed>(&outcome))
      return std::move(done->result);
    if (const auto* failure = std::get_if<mcp::call_failure>(&outcome))
      throw std::runtime_error(request.method + ": " + failure->message);
    auto& needs = std::get<mcp::needs_input>(outcome);
    request.input_responses = json::object();
    for (const auto& [key, asked] : needs.requests.items())
      request.input_responses[key]
        = reply_to(asked["method"].get<std::string>(),
                   asked.value("params", json::object()));
    request.request_state = std::move(needs.request_state);
    request.note = std::move(needs.note);
  }
}

json plain_client::result(std::string method, json params) {
  mcp::call_request request;
  request.method = std::move(method);
  request.params = std::move(params);
  return finish(std::move(request));
}

std::map<std::string, json> plain_client::tools() {
  mcp::call_request request;
  request.method = "tools/list";
  request.all_pages = true;
  std::map<std::string, json> out;
  const auto listed = finish(std::move(request));
  for (const auto& tool : listed["tools"]) {
    const auto name = tool["name"].get<std::string>();
    auto params = mcp::header_params_of(tool["inputSchema"]);
    if (!params) {
      std::cerr << "left out: " << name << ": " << params.error().message
                << '\n';
      continue;
    }
    header_params_[name] = std::move(*params);
    out.emplace(name, tool);
  }
  return out;
}

json plain_client::call_tool(const std::string& name, const json& arguments,
                             mcp::call_request request) {
  request.method = "tools/call";
  request.params = {{"name", name}, {"arguments", arguments}};
  request.header_params = header_params_[name];
  return finish(std::move(request));
}

mcp_status plain_client::status() const {
  const auto all = board_->all();
  return all.empty() ? mcp_status{} : all.front().status;
}

} // namespace perdure::tests
