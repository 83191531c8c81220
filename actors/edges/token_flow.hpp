#pragma once

#include "actors/edges/mcp_http.hpp"
#include "runtime/mcp/oauth/flow.hpp"

namespace perdure::actors {

/// Where a flow lives. All of it outlives the flow.
struct token_flow_context {
  std::shared_ptr<http_client> http;
  std::shared_ptr<work_queue> queue;
  std::function<runtime::timestamp()> now;
};

/// One `oauth::flow` on its way: makes its requests, and hands on its other
/// steps (`visit`, `granted`, `denied`).
///
/// Threads: made, used, called back and destroyed on its queue only; never
///          calls back from inside of a call. Destroying it stops it
class token_flow : public std::enable_shared_from_this<token_flow> {
public:
  using step_handler = std::function<void(runtime::mcp::oauth::step&)>;

  token_flow(token_flow_context context, runtime::mcp::oauth::flow flow,
             step_handler take);
  ~token_flow();

  void begin(const runtime::mcp::oauth::challenge& refusal);

  /// After `visit`: where the person was redirected to.
  void redirected(const std::string& url);

private:
  void go_on(runtime::mcp::oauth::step next);
  void perform(runtime::mcp::oauth::step& next);
  void fetch(runtime::mcp::oauth::http_request what);
  void on_arrival(http_arrival& arrived);

  token_flow_context context_;
  runtime::mcp::oauth::flow flow_;
  step_handler take_;
  http_client::id fetch_ = 0;
  runtime::mcp::oauth::http_answer fetched_;
};

} // namespace perdure::actors
