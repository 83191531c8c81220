// A program with a durable agent, to be killed while a tool is under way.
//
//   library_worker FOLDER
//
// Each tool adds a line `TOOL KEY` to FOLDER/effects; `slow` waits for
// FOLDER/go. The answers of the model are in FOLDER/script.json.

#include <filesystem>
#include <fstream>
#include <iostream>
#include <perdure/durable_agent.hpp>
#include <thread>

namespace fs = std::filesystem;

int main(int, char** argv) {
  const fs::path folder{argv[1]};
  const auto note = [folder](const perdure::run_context& context) {
    std::ofstream{folder / "effects", std::ios::app}
      << context.tool_name + ' ' + context.idempotency_key + '\n';
  };
  perdure::agent agent{
    {.name = "worker", .model = "script:" + (folder / "script.json").string()}};
  agent.tool("first", "Is quick.", note)
    .tool("slow", "Takes its time.",
          [=](const perdure::run_context& context) {
            note(context);
            while (!fs::exists(folder / "go"))
              std::this_thread::sleep_for(std::chrono::milliseconds{1});
          })
    .tool("last", "Is quick.", note);
  try {
    perdure::durable_agent durable{
      agent, {}, {.data_dir = (folder / "data").string()}};
    const auto result = durable.run_sync("work", {.run_id = "the-run"});
    std::cout << result.run_id << ' ' << result.output << '\n';
    return result ? 0 : 1;
  } catch (const perdure::error& reason) {
    std::cerr << reason.what() << '\n';
    return 2;
  }
}
