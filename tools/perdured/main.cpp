// perdured: the node daemon. Puts the pieces together and waits for a signal.

#include "actors/node/node.hpp"
#include "storage/lmdb/journal_copy.hpp"
#include "tools/hosting/node_setup.hpp"
#include "tools/perdured/log.hpp"
#include "tools/perdured/notify.hpp"
#include "tools/perdured/settings.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

namespace {

using namespace perdure;
using actors::log_level;

constexpr int exit_failed = 1;
constexpr int exit_usage = 2;
constexpr auto stop_grace = std::chrono::seconds{5};

constexpr auto description
  = R"(The Perdure node: runs AI agents that survive crashes and restarts.

  perdured --data-dir /var/lib/perdure --agents agents/

The first start writes an admin token to DATA_DIR/admin.token, which `perdure`
on the same machine reads by itself. SIGTERM and Ctrl-C stop the node in order;
unfinished runs go on at the next start.)";

int complain(const runtime::failure& reason, int code) {
  std::fprintf(stderr, "perdured: %s\n", reason.message.c_str());
  return code;
}

/// A disk that is full is no mistake in a file or an argument.
int exit_code_of(runtime::errc code) {
  return code == runtime::errc::storage_full ? exit_failed : exit_usage;
}

/// A connection is a descriptor: take all that the system allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
}

/// Signals that end the node go to `wait_for_signal` alone; those of a full
/// disk or a closed pipe become errors of the calls that met them.
sigset_t take_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return set;
}

int copy_data(const std::string& from, const std::string& to) {
  if (auto copied = storage::copy_lmdb_journal(from, to); !copied)
    return complain(copied.error(), exit_failed);
  std::printf("copied %s to %s\n", from.c_str(), to.c_str());
  return 0;
}

int run(const perdured::arguments& given) {
  const auto signals = take_signals();
  const auto environment = config::process_environment();
  auto file = perdured::settle(given, environment);
  if (!file)
    return complain(file.error(), exit_usage);
  if (!given.copy_to.empty())
    return copy_data(file->data_dir, given.copy_to);
  raise_descriptor_limit();
  const auto log = perdured::make_logger(file->log);
  auto options = hosting::node_options_of(*file, environment, log);
  if (!options)
    return complain(options.error(), exit_code_of(options.error().code));
  auto failed = std::make_shared<std::atomic<bool>>(false);
  options->on_failure = [failed, log](const std::string& reason) {
    log(log_level::error, "the journal failed, the node stops: " + reason);
    *failed = true;
    ::kill(::getpid(), SIGTERM);
  };
  const auto agents = options->agents.size();
  auto node = actors::node::start(std::move(*options));
  if (!node)
    return complain(node.error(), exit_failed);
  log(log_level::info, "listening on port " + std::to_string((*node)->port())
                         + " with " + std::to_string(agents)
                         + " agents; data in " + file->data_dir);
  perdured::notify_manager("READY=1");
  int signal = 0;
  sigwait(&signals, &signal);
  perdured::notify_manager("STOPPING=1");
  log(log_level::info, "stopping; unfinished runs go on at the next start");
  // A second signal means now.
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  std::signal(SIGTERM, [](int) { ::_exit(exit_failed); });
  std::signal(SIGINT, [](int) { ::_exit(exit_failed); });
  (*node)->stop(stop_grace);
  log(log_level::info, "stopped");
  return *failed ? exit_failed : 0;
}

} // namespace

int main(int argc, char** argv) {
  perdured::arguments given;
  CLI::App app{description, "perdured"};
  app.set_version_flag("--version", "perdured 0.1.0");
  app
    .add_option("--config", given.config_file, "Node file (JSON with comments)")
    ->check(CLI::ExistingFile);
  app.add_option("--data-dir", given.data_dir,
                 "Where the journal and the token are (PERDURE_DATA_DIR, "
                 "./perdure-data)");
  app.add_option("--agents", given.agents,
                 "Agent files, or folders of them (YAML or JSON)");
  app.add_option("--listen", given.listen,
                 "HOST:PORT of the HTTP API (127.0.0.1:7437); port 0 takes a "
                 "free one");
  app.add_option("--log-format", given.log_format, "text or json")
    ->check(CLI::IsMember({"text", "json"}));
  app.add_option("--log-level", given.log_level,
                 "trace, debug, info, warning or error");
  app.add_option("--copy-to", given.copy_to,
                 "Copies the journal, of a running node too, to this new "
                 "directory, and starts no node");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& reason) {
    return app.exit(reason) == 0 ? 0 : exit_usage;
  }
  return run(given);
}
