#include "support/real_node.hpp"

#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "support/waiting.hpp"

namespace perdure::tests {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view listening = "listening on port ";

} // namespace

real_node::real_node(std::vector<std::string> environment)
  : environment_(std::move(environment)) {
  fs::create_directories(place_.path() / "agents");
}

fs::path
real_node::write_agent(const std::string& name, std::string_view text) const {
  return place_.write("agents/" + name, text);
}

void real_node::write_node_file(const runtime::json& content) const {
  place_.write("node.json", runtime::to_text(content));
}

void real_node::start() {
  const auto at = log().size();
  process_setup setup;
  setup.argv = {binary().string(),
                "--data-dir",
                data_dir().string(),
                "--agents",
                (place_.path() / "agents").string(),
                "--listen",
                "127.0.0.1:0"};
  if (const auto file = place_.path() / "node.json"; fs::exists(file))
    setup.argv.insert(setup.argv.end(), {"--config", file.string()});
  setup.environment = environment_;
  setup.output = place_.path() / "node.log";
  api_.reset();
  process_ = std::make_unique<process>(setup);
  const bool ready = wait_until([&] {
    if (process_->wait(std::chrono::milliseconds{0}))
      return true;
    const auto port = port_since(at);
    if (!port)
      return false;
    auto token = read_text(data_dir() / "admin.token");
    while (!token.empty() && token.back() == '\n')
      token.pop_back();
    api_.emplace(*port, token);
    return api_->is_healthy();
  });
  if (!ready || process_->wait(std::chrono::milliseconds{0}))
    throw std::runtime_error("the node did not start:\n" + log().substr(at));
}

void real_node::kill9() {
  process_->send(SIGKILL);
  if (!process_->wait(patience))
    throw std::runtime_error("the node cannot be killed");
}

int real_node::terminate() {
  process_->send(SIGTERM);
  const auto code = process_->wait(patience);
  if (!code)
    throw std::runtime_error("the node does not stop:\n" + log());
  return *code;
}

std::string real_node::log() const {
  return read_text(place_.path() / "node.log");
}

fs::path real_node::data_dir() const {
  return place_.path() / "data";
}

fs::path real_node::binary() {
  return fs::path{PERDURE_BINARY_DIR} / "bin" / "perdured";
}

std::optional<std::uint16_t> real_node::port_since(std::size_t at) const {
  const auto text = log().substr(at);
  const auto found = text.find(listening);
  // A whole number only: the line may be half written.
  const auto end = found == std::string::npos ? found : text.find('\n', found);
  if (end == std::string::npos)
    return std::nullopt;
  return static_cast<std::uint16_t>(
    std::strtoul(text.c_str() + found + listening.size(), nullptr, 10));
}

} // namespace perdure::tests
