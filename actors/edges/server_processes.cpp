#include "actors/edges/server_processes.hpp"

#include "actors/edges/process_loop.hpp"
#include "actors/edges/server_process.hpp"

namespace perdure::actors {

namespace {

class epoll_server_processes final : public server_processes {
public:
  id start(server_request request,
           std::shared_ptr<server_receiver> receiver) override {
    return servers_.add(std::move(request), std::move(receiver));
  }

  void write(id server, std::string_view bytes) override {
    if (const auto found = servers_.find(server)) {
      found->write(bytes);
      servers_.poke(server);
    }
  }

  void consumed(id server, std::size_t bytes) override {
    const auto found = servers_.find(server);
    if (found && found->consume(bytes))
      servers_.poke(server);
  }

  void close(id server) override {
    if (const auto found = servers_.find(server)) {
      found->close();
      servers_.poke(server);
    }
  }

  void cancel(id server) override {
    servers_.cancel(server);
  }

private:
  process_loop<server_process> servers_;
};

} // namespace

std::unique_ptr<server_processes> make_server_processes() {
  return std::make_unique<epoll_server_processes>();
}

} // namespace perdure::actors
