#include "unit/connections/fake_server.hpp"

#include <algorithm>

namespace perdure::tests {

class fake_server::link final
  : public actors::mcp_link,
    public std::enable_shared_from_this<fake_server::link> {
public:
  link(fake_server& server, actors::mcp_link_context context)
    : server_(server), context_(std::move(context)) {}

  void send(mcp::send message) override {
    server_.take(*this, message.text);
  }

  void abandon(mcp::exchange_id) override {}

  void listen() override {}

  void close() override {
    if (!std::exchange(is_closed_, true))
      ++server_.closed;
  }

  /// Calls the receiver a little later, as real links do.
  template <class Work>
  void post(Work work) {
    context_.queue->post([self = weak_from_this(), work] {
      if (const auto found = self.lock(); found && !found->is_closed_)
        work(*found->context_.receiver);
    });
  }

  void answer(const json& id, json result) {
    const auto text
      = json{{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}}
          .dump();
    post([text](auto& to) { to.on_message(text, mcp::exchange_id::none); });
  }

  void end(std::string why,
           mcp::link_failure::kind what = mcp::link_failure::kind::broken) {
    post([why, what](auto& to) {
      mcp::link_failure reason;
      reason.what = what;
      reason.message = why;
      to.on_down(std::move(reason));
    });
  }

private:
  fake_server& server_;
  actors::mcp_link_context context_;
  bool is_closed_ = false;
};

runtime::result<std::shared_ptr<actors::mcp_link>>
fake_server::open(const mcp::server_options&,
                  actors::mcp_link_context context) {
  if (now == conduct::unreachable)
    return runtime::failure{runtime::errc::invalid_argument,
                            "the variable KEY is not set"};
  ++opened;
  auto out = std::make_shared<link>(*this, std::move(context));
  links_.push_back(out);
  if (now == conduct::dies_at_once)
    out->end("it exited with code 1.");
  else if (now == conduct::missing)
    out->end("cannot start fake: it is not there.",
             mcp::link_failure::kind::unusable);
  else if (now != conduct::shut)
    out->post([](auto& to) { to.on_open(); });
  return std::shared_ptr<actors::mcp_link>{std::move(out)};
}

void fake_server::take(link& from, const std::string& text) {
  texts.push_back(text);
  const auto message = json::parse(text);
  if (!message.contains("id") || !message.contains("method"))
    return;
  const auto& id = message["id"];
  const auto method = message["method"].get<std::string>();
  if (method == "server/discover") {
    const json error{{"jsonrpc", "2.0"},
                     {"id", id},
                     {"error", {{"code", -32601}, {"message", "what?"}}}};
    const auto reply = error.dump();
    from.post(
      [reply](auto& to) { to.on_message(reply, mcp::exchange_id::none); });
  } else if (method == "initialize") {
    from.answer(id, {{"protocolVersion", "2025-11-25"},
                     {"capabilities", {{"tools", json::object()}}},
                     {"serverInfo", {{"name", "fake"}, {"version", "1"}}}});
  } else if (now == conduct::dies_of_calls) {
    from.end("it exited with code 3.");
  } else if (now == conduct::good && method == "tools/list") {
    from.answer(id, {{"tools", {{{"name", "echo"}}, {{"name", "add"}}}}});
  } else if (now == conduct::good) {
    from.answer(id, message["params"]["arguments"]);
  }
}

std::size_t fake_server::received(std::string_view method) const {
  const auto wanted = "\"method\":\"" + std::string{method} + '"';
  return static_cast<std::size_t>(
    std::count_if(texts.begin(), texts.end(), [&](const auto& text) {
      return text.find(wanted) != std::string::npos;
    }));
}

void fake_server::say(std::size_t lines) {
  for (const auto& weak : links_)
    if (const auto found = weak.lock())
      for (std::size_t i = 0; i < lines; ++i)
        found->post([i](auto& to) { to.on_log("line " + std::to_string(i)); });
}

} // namespace perdure::tests
