// An agent whose events are written to a file, each exactly in order, whatever
// happens to the program; and whose words are printed while the model says
// them.
//
//   OPENAI_API_KEY=... event_handler
//   event_handler test

#include <fstream>
#include <iostream>
#include <mutex>
#include <perdure/durable_agent.hpp>
#include <set>

/// A log that an event is in once, also when its handler ran twice because the
/// program died right after it.
class audit_log {
public:
  explicit audit_log(std::string path) : path_(std::move(path)) {
    std::ifstream file{path_};
    std::string key;
    for (std::string rest; file >> key && std::getline(file, rest);)
      known_.insert(key);
  }

  void add(const std::string& key, const std::string& line) {
    const std::lock_guard lock{mutex_};
    if (known_.insert(key).second)
      std::ofstream{path_, std::ios::app} << key << ' ' << line << '\n';
  }

private:
  std::string path_;
  std::mutex mutex_;
  std::set<std::string> known_;
};

int main(int argc, char** argv) {
  try {
    audit_log log{"audit.log"};
    perdure::agent poet{{
      .name = "poet",
      .model = argc > 1 ? argv[1] : "openai:gpt-4o",
      .instructions = {"Write a poem of four lines."},
    }};
    poet.tool("season", "The season of the year.", [] { return "autumn"; });
    poet.event_handler("audit", [&](const perdure::event& event,
                                    const perdure::run_context& context) {
      log.add(context.idempotency_key, event.kind);
    });

    perdure::durable_agent durable{poet};
    durable.run_sync(
      "Write about the season.",
      {.run_id = "poem", .wait = {.on_event = [](const perdure::event& event) {
                           std::cout << event.text() << std::flush;
                         }}});
    std::cout << '\n';
  } catch (const perdure::error& reason) {
    std::cerr << reason.what() << '\n';
    return 1;
  }
}
