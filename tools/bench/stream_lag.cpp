#include "tools/bench/stream_lag.hpp"

#include "tools/bench/host.hpp"
#include "tools/bench/load_client.hpp"
#include "tools/bench/system.hpp"
#include "tools/bench/usage.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace perdure::bench {

namespace {

using runtime::json;
using steady = std::chrono::steady_clock;

/// Around the time in each chunk's text.
constexpr char mark = '#';

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
           steady::now().time_since_epoch())
    .count();
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void no_delay(int socket) {
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool send_all(int socket, const std::string& text) {
  return ::send(socket, text.data(), text.size(), MSG_NOSIGNAL)
         == static_cast<ssize_t>(text.size());
}

// -- the provider -------------------------------------------------------------

std::string chunk(const json& delta, const char* finish) {
  const auto data
    = "data: "
      + runtime::to_text(
        {{"id", "answer"},
         {"model", "lag"},
         {"choices",
          {{{"index", 0},
            {"delta", delta},
            {"finish_reason", finish == nullptr ? json() : json(finish)}}}}})
      + "\n\n";
  char size[16];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + data + "\r\n";
}

/// Reads a request's head and takes what comes with it; bodies are small.
bool read_request(int socket) {
  std::string text;
  char buffer[16'384];
  for (;;) {
    const auto size = ::recv(socket, buffer, sizeof buffer, 0);
    if (size <= 0)
      return false;
    text.append(buffer, static_cast<std::size_t>(size));
    const auto end = text.find("\r\n\r\n");
    const auto at = text.find("Content-Length: ");
    if (end != std::string::npos && at < end
        && text.size()
             >= end + 4 + std::strtoull(text.c_str() + at + 16, nullptr, 10))
      return true;
  }
}

class provider {
public:
  provider(int listener, const stream_lag_options& options)
    : listener_(listener), options_(options) {
    std::thread{[this] { accept_all(); }}.detach();
  }

  /// All streams begin, once all runs are watched.
  void begin() {
    begun_ = true;
    begun_.notify_all();
  }

private:
  void accept_all() {
    for (std::size_t n = 0;; ++n) {
      const auto socket = ::accept(listener_, nullptr, nullptr);
      if (socket < 0)
        std::_Exit(1);
      no_delay(socket);
      std::thread{[this, socket, n] { serve(socket, n); }}.detach();
    }
  }

  void serve(int socket, std::size_t n) {
    if (read_request(socket)) {
      begun_.wait(false);
      const auto interval = std::chrono::milliseconds{options_.interval_ms};
      // Not all at the same moment.
      std::this_thread::sleep_for(interval * (n % 100) / 100);
      speak(socket, interval);
    }
    ::close(socket);
  }

  void speak(int socket, std::chrono::milliseconds interval) const {
    send_all(socket, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
                     "Transfer-Encoding: chunked\r\n\r\n");
    auto next = steady::now();
    for (std::size_t i = 0; i < options_.chunks; ++i) {
      std::this_thread::sleep_until(next += interval);
      send_all(socket, chunk({{"content",
                               mark + std::to_string(now_us()) + mark + ' '}},
                             nullptr));
    }
    send_all(socket, chunk(json::object(), "stop"));
    send_all(socket, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n");
  }

  int listener_;
  const stream_lag_options& options_;
  std::atomic<bool> begun_{false};
};

// -- the watchers -------------------------------------------------------------

class watchers {
public:
  watchers(std::uint16_t node, std::string token)
    : node_(node), token_(std::move(token)) {}

  void create_and_watch() {
    const auto run_id = create();
    const auto socket = ask("GET /v1/runs/" + run_id + "/events", {});
    threads_.emplace_back([this, socket] { watch(socket); });
  }

  json wait() {
    for (auto& thread : threads_)
      thread.join();
    return {{"lags_us", lags_us_}, {"errors", errors_}};
  }

private:
  int ask(const std::string& what, const std::string& body) const {
    const auto socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(socket >= 0, "socket");
    const auto address = loopback(node_);
    check(::connect(socket, reinterpret_cast<const sockaddr*>(&address),
                    sizeof address)
            == 0,
          "connect");
    no_delay(socket);
    send_all(socket, what
                       + " HTTP/1.1\r\nHost: localhost\r\n"
                         "Authorization: Bearer "
                       + token_
                       + "\r\nContent-Type: application/json\r\n"
                         "Content-Length: "
                       + std::to_string(body.size()) + "\r\n\r\n" + body);
    return socket;
  }

  std::string create() const {
    const auto socket
      = ask("POST /v1/runs", R"({"agent": "lag", "prompt": "Speak."})");
    std::string text;
    char buffer[16'384];
    std::size_t at = std::string::npos;
    while ((at = text.find("\"id\":\"")) == std::string::npos
           || text.size() < at + 42) {
      const auto size = ::recv(socket, buffer, sizeof buffer, 0);
      check(size > 0, "recv");
      text.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(socket);
    return text.substr(at + 6, 36);
  }

  void watch(int socket) {
    std::string text;
    std::vector<std::int64_t> lags;
    char buffer[16'384];
    bool over = false;
    while (!over) {
      const auto size = ::recv(socket, buffer, sizeof buffer, 0);
      const auto now = now_us();
      if (size <= 0)
        break;
      text.append(buffer, static_cast<std::size_t>(size));
      for (auto end = text.find("\n\n"); end != std::string::npos;
           end = text.find("\n\n")) {
        const auto event = text.substr(0, end);
        text.erase(0, end + 2);
        over = over || event.find("agent_run_result") != std::string::npos;
        const auto at = event.find(mark);
        if (at != std::string::npos
            && event.find("content_delta") != std::string::npos)
          lags.push_back(now
                         - std::strtoll(event.c_str() + at + 1, nullptr, 10));
      }
    }
    ::close(socket);
    const std::lock_guard guard{mutex_};
    lags_us_.insert(lags_us_.end(), lags.begin(), lags.end());
    errors_ += over ? 0 : 1;
  }

  std::uint16_t node_;
  std::string token_;
  std::mutex mutex_;
  std::vector<std::int64_t> lags_us_;
  std::size_t errors_ = 0;
  std::vector<std::thread> threads_;
};

// -- the child ----------------------------------------------------------------

void write_line(int descriptor, const json& value) {
  auto text = value.dump() + '\n';
  for (std::size_t done = 0; done < text.size();) {
    const auto size
      = ::write(descriptor, text.data() + done, text.size() - done);
    check(size > 0, "write");
    done += static_cast<std::size_t>(size);
  }
}

json read_line(int descriptor) {
  std::string line;
  char buffer[65'536];
  while (line.empty() || line.back() != '\n') {
    const auto size = ::read(descriptor, buffer, sizeof buffer);
    if (size <= 0)
      return nullptr;
    line.append(buffer, static_cast<std::size_t>(size));
  }
  return json::parse(line);
}

[[noreturn]] void serve(int listener, int commands, int answers,
                        const stream_lag_options& options) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto command = read_line(commands);
  if (command.is_null())
    std::_Exit(0);
  provider speaker{listener, options};
  watchers all{command["port"], command["token"]};
  for (std::size_t i = 0; i < options.streams; ++i)
    all.create_and_watch();
  // Until every run asks and every watcher is known.
  std::this_thread::sleep_for(std::chrono::seconds{1});
  speaker.begin();
  write_line(answers, all.wait());
  std::_Exit(0);
}

} // namespace

stream_peer::stream_peer(const stream_lag_options& options) {
  const auto listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  check(listener >= 0, "socket");
  auto address = loopback(0);
  socklen_t size = sizeof address;
  auto* const raw = reinterpret_cast<sockaddr*>(&address);
  check(::bind(listener, raw, size) == 0, "bind");
  check(::listen(listener, 1'024) == 0, "listen");
  check(::getsockname(listener, raw, &size) == 0, "getsockname");
  port_ = ntohs(address.sin_port);
  int to_child[2];
  int from_child[2];
  check(::pipe(to_child) == 0 && ::pipe(from_child) == 0, "pipe");
  child_ = ::fork();
  check(child_ >= 0, "fork");
  if (child_ == 0) {
    ::close(to_child[1]);
    ::close(from_child[0]);
    serve(listener, to_child[0], from_child[1], options);
  }
  ::close(listener);
  ::close(to_child[0]);
  ::close(from_child[1]);
  commands_ = to_child[1];
  answers_ = from_child[0];
}

stream_peer::~stream_peer() {
  ::close(commands_);
  ::close(answers_);
  ::kill(child_, SIGKILL);
  ::waitpid(child_, nullptr, 0);
}

json stream_peer::play(std::uint16_t node, const std::string& token) {
  write_line(commands_, {{"port", node}, {"token", token}});
  return read_line(answers_);
}

json stream_lag(const stream_lag_options& options, stream_peer& peer) {
  host::options settings{options.directory, {}, options.threads, options.sync};
  actors::agent_deployment agent;
  agent.definition.name = "lag";
  agent.definition.model = "lag:lag";
  agent.definition.model_policy = runtime::default_model_policy();
  settings.agents.push_back(std::move(agent));
  auto& provider = settings.providers["lag"];
  provider.provider_name = "lag";
  provider.wire = "openai-chat";
  provider.base_url = "http://127.0.0.1:" + std::to_string(peer.port());
  host node{settings};
  const auto cpu_before = processor_time();
  const auto told = peer.play(node.port(), node.token());
  const std::chrono::duration<double> cpu = processor_time() - cpu_before;
  auto lags = told.at("lags_us").get<std::vector<std::uint32_t>>();
  std::sort(lags.begin(), lags.end());
  const auto expected = options.streams * options.chunks;
  const auto cpu_us = cpu.count() * 1e6
                      / static_cast<double>(std::max<std::size_t>(1, expected));
  std::printf("%10s %10s %10s %10s %10s %10s %12s\n", "streams", "chunks/s",
              "events", "p50 us", "p99 us", "max us", "cpu us/chunk");
  std::printf("%10zu %10.0f %10zu %10u %10u %10u %12.1f\n", options.streams,
              1e3 * static_cast<double>(options.streams)
                / static_cast<double>(options.interval_ms),
              lags.size(), percentile(lags, 0.5), percentile(lags, 0.99),
              percentile(lags, 1.0), cpu_us);
  // The first chunk of each is a part that begins, and no delta.
  if (told.at("errors") != 0 || lags.size() + options.streams < expected)
    std::printf("  %s streams broke off\n", told.at("errors").dump().c_str());
  return {
    {"streams", options.streams},         {"chunks", options.chunks},
    {"interval_ms", options.interval_ms}, {"events", lags.size()},
    {"p50_us", percentile(lags, 0.5)},    {"p99_us", percentile(lags, 0.99)},
    {"max_us", percentile(lags, 1.0)},    {"node_cpu_us_per_chunk", cpu_us},
    {"errors", told.at("errors")}};
}

} // namespace perdure::bench
