// perdure-replay: a provider that says what it said before. `--help` tells how.

#include "tools/examples/replay/replay_server.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <pthread.h>

namespace {

using namespace perdure;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;

constexpr auto description
  = R"(A local server that speaks recorded provider traffic.

  perdure-replay --file tests/data/wire/durable_simple_agent.json

It gives the answers of the file in order, whatever it is asked, and prints a
line for each request. Point a node to it with OPENAI_BASE_URL, or with
providers.NAME.base_url in its node file.)";

} // namespace

int main(int argc, char** argv) {
  replay::replay_options options;
  std::string file;
  int delay_ms = 0;
  CLI::App app{description, "perdure-replay"};
  app.add_option("--port", options.port, "Port on 127.0.0.1 (0: a free one)");
  app.add_option("--file", file, "Recorded exchanges")->required();
  app
    .add_option("--chunk-delay-ms", delay_ms,
                "Milliseconds between two pieces of a streamed body")
    ->check(CLI::Range(0, 60'000));
  app.add_option("--seed", options.seed,
                 "Streamed bodies are cut where this says");
  app.add_flag("--loop", options.loop, "Begin again after the last answer");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& reason) {
    return app.exit(reason) == 0 ? 0 : exit_usage;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  auto answers = replay::load_recording(file);
  if (!answers) {
    std::fprintf(stderr, "perdure-replay: %s\n",
                 answers.error().message.c_str());
    return exit_usage;
  }
  options.chunk_delay = std::chrono::milliseconds{delay_ms};
  options.on_request
    = [](std::size_t number, const actors::server_request& request) {
        std::printf("request %zu %s %s %s\n", number, request.method.c_str(),
                    request.path.c_str(),
                    std::string{request.header("idempotency-key")}.c_str());
      };
  auto server
    = replay::replay_server::start(std::move(*answers), std::move(options));
  if (!server) {
    std::fprintf(stderr, "perdure-replay: %s\n",
                 server.error().message.c_str());
    return exit_failed;
  }
  std::printf("listening on port %u\n",
              static_cast<unsigned>((*server)->port()));
  int signal = 0;
  sigwait(&signals, &signal);
  return 0;
}
