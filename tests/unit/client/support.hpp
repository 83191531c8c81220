#pragma once

#include "tools/perdure/api.hpp"
#include "tools/perdure/console.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <deque>
#include <functional>
#include <string>
#include <vector>

namespace perdure::client {

inline runtime::timestamp test_time() {
  return *runtime::from_iso("2026-01-02T03:04:05Z");
}

/// Both standard streams, in memory.
struct captured {
  std::string out;
  std::string err;
  bool reader_gone = false;

  console screen(bool is_terminal = false) {
    const stream_style style{is_terminal, false, false, 0};
    return {[this](std::string_view x) {
              out += x;
              return reader_gone ? EPIPE : 0;
            },
            [this](std::string_view x) {
              err += x;
              return 0;
            },
            style, style};
  }
};

/// Gives the replies of a list and keeps the requests.
class scripted_connection : public http_connection {
public:
  struct step {
    http_reply reply;
    /// What the sink gets before the reply ends.
    std::vector<std::string> chunks;
  };

  http_reply send(const http_request& request, const body_sink& sink) override {
    requests.push_back(request);
    if (steps.empty())
      return {link::refused, "nobody is there", 0, {}, {}};
    const auto next = steps.front();
    steps.pop_front();
    for (const auto& chunk : next.chunks)
      if (!sink(chunk))
        return {link::ok, {}, 200, {}, {}};
    return next.reply;
  }

  void reply(unsigned status, std::string body = "{}") {
    steps.push_back({{link::ok, {}, status, std::move(body), {}}, {}});
  }

  void fail(client::link how) {
    steps.push_back({{how, "it broke", 0, {}, {}}, {}});
  }

  void
  stream(std::vector<std::string> chunks, client::link end = client::link::ok) {
    steps.push_back({{end, "it broke", 200, {}, {}}, std::move(chunks)});
  }

  std::deque<step> steps;
  std::vector<http_request> requests;
};

/// A clock that waiting moves.
struct test_clock {
  runtime::timestamp time = test_time();
  std::vector<std::chrono::milliseconds> waits;
  bool interrupts = false;

  clockwork parts() {
    return {[this] { return time; },
            [this](std::chrono::milliseconds delay) {
              waits.push_back(delay);
              time += delay;
              return !interrupts;
            }};
  }
};

inline connection_settings test_settings() {
  return {"http://127.0.0.1:7437", true, "secret", "here", {}};
}

constexpr const char* test_run_id = "0197a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b";

} // namespace perdure::client
