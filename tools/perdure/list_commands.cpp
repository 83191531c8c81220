#include "runtime/flow/run_status.hpp"
#include "tools/perdure/commands.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/follow.hpp"
#include "tools/perdure/history_view.hpp"
#include "tools/perdure/interrupts.hpp"
#include "tools/perdure/run_view.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace perdure::client {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

constexpr std::int64_t page_size_max = 1'000;

/// Query of `GET /v1/runs` but for the page.
result<std::string>
filter_of(const list_arguments& list, runtime::timestamp now) {
  std::string out;
  const auto add = [&out](const char* name, const std::string& value) {
    if (!value.empty())
      out += std::string{"&"} + name + "=" + url_escape(value);
  };
  add("state", list.state);
  add("agent", list.agent);
  add("tag", list.tag);
  if (!list.since.empty()) {
    const auto since = moment_from(list.since, now);
    if (!since)
      return failure{errc::invalid_argument,
                     "--since must be a time like 2026-01-02T03:04:05Z, or an "
                     "age like 90s, 10m, 2h, 3d"};
    add("since", runtime::to_iso(*since));
  }
  return out;
}

/// Prints what `GET /v1/runs/ID/WHAT` says.
template <class View>
int show(const workplace& at, const std::string& what, const View& view) {
  const auto run_id = chosen_run(at);
  if (!run_id)
    return give_up(at, run_id.error());
  const auto value = at.node.get("/v1/runs/" + *run_id + what);
  if (!value)
    return give_up(at, value.error());
  if (at.args.is_json)
    return print_json(at, *value);
  at.screen.out(view(*value));
  return exit_code::completed;
}

} // namespace

result<std::string> chosen_run(const workplace& at) {
  if (at.args.run_id != "last")
    return at.args.run_id;
  const auto page = at.node.get("/v1/runs?limit=1");
  if (!page)
    return page.error();
  const auto& runs = field_of(*page, "runs");
  if (!runs.is_array() || runs.empty())
    return failure{errc::run_not_found, "there is no run yet"};
  return text_of(runs.front(), "id");
}

int give_up(const workplace& at, const failure& reason) {
  at.screen.complain(reason.message);
  return exit_code_of(reason.code);
}

int print_json(const workplace& at, const json& value) {
  at.screen.out(pretty_text(value) + "\n");
  return exit_code::completed;
}

int list_runs(const workplace& at) {
  const auto& list = at.args.list;
  const auto now = at.node.clock().now();
  const auto filter = filter_of(list, now);
  if (!filter)
    return give_up(at, filter.error());
  auto rows = json::array();
  std::string cursor;
  for (bool more = true; more;) {
    const auto left = list.limit - static_cast<std::int64_t>(rows.size());
    auto target = "/v1/runs?limit="
                  + std::to_string(std::min(left, page_size_max)) + *filter;
    if (!cursor.empty())
      target += "&cursor=" + url_escape(cursor);
    auto page = at.node.get(target);
    if (!page)
      return give_up(at, page.error());
    const auto& runs = field_of(*page, "runs");
    for (const auto& run : runs)
      rows.push_back(run);
    cursor = text_of(*page, "cursor");
    more = !cursor.empty() && !runs.empty()
           && static_cast<std::int64_t>(rows.size()) < list.limit;
  }
  if (at.args.is_json)
    return print_json(at,
                      json{{"runs", std::move(rows)},
                           {"cursor", cursor.empty() ? json() : json(cursor)}});
  if (rows.empty()) {
    at.screen.note("there are no such runs", tone::dim);
    return exit_code::completed;
  }
  at.screen.out(runs_text(rows, now, at.screen.out_style().width));
  if (!cursor.empty())
    at.screen.note("there are more; see --limit", tone::dim);
  return exit_code::completed;
}

int list_tasks(const workplace& at) {
  return show(at, "/tasks", [&at](const json& value) {
    return tasks_text(field_of(value, "tasks"), at.node.clock().now(),
                      at.screen.out_style().width);
  });
}

int list_agents(const workplace& at) {
  const auto value = at.node.get("/v1/agents");
  if (!value)
    return give_up(at, value.error());
  if (at.args.is_json)
    return print_json(at, *value);
  const auto& agents = field_of(*value, "agents");
  if (agents.empty())
    at.screen.note("the node has no agents", tone::dim);
  else
    at.screen.out(agents_text(agents, at.screen.out_style().width));
  return exit_code::completed;
}

int list_events(const workplace& at) {
  const auto run_id = chosen_run(at);
  if (!run_id)
    return give_up(at, run_id.error());
  // A node that is not there is told of at once.
  if (const auto run = at.node.get("/v1/runs/" + *run_id); !run)
    return give_up(at, run.error());
  follow_listener listener;
  listener.on_event = [&at](const json& envelope) {
    at.screen.out(at.args.is_json
                    ? runtime::to_text(envelope) + "\n"
                    : event_text(envelope, at.screen.out_style().width));
    return !at.screen.is_broken();
  };
  listener.on_outage = [&at] {
    at.screen.note("the node is away; waiting for it", tone::warning);
  };
  listener.on_return = [&at] { at.screen.note("it is back", tone::dim); };
  if (at.args.follow)
    interrupts::watch();
  follower events{at.node, {*run_id, at.args.follow}, std::move(listener)};
  if (const auto end = events.run(); !end)
    return give_up(at, end.error());
  return exit_code::completed;
}

int show_run(const workplace& at) {
  return show(at, "", [&at](const json& value) {
    return run_text(value, at.node.clock().now());
  });
}

int show_messages(const workplace& at) {
  return show(at, "/messages",
              [](const json& value) { return history_text(value); });
}

int show_why(const workplace& at) {
  return show(at, "/why", [&at](const json& value) {
    return why_text(value, at.node.clock().now());
  });
}

int cancel_run(const workplace& at) {
  const auto run_id = chosen_run(at);
  if (!run_id)
    return give_up(at, run_id.error());
  auto body = json::object();
  if (!at.args.reason.empty())
    body["reason"] = at.args.reason;
  const auto answer = at.node.post("/v1/runs/" + *run_id + "/cancel", body);
  if (!answer)
    return give_up(at, answer.error());
  if (at.args.is_json)
    return print_json(at, *answer);
  at.screen.note("run " + *run_id + " is being cancelled", tone::dim);
  return exit_code::completed;
}

} // namespace perdure::client
