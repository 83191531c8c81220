#include "actors/edges/process_runner.hpp"

#include "actors/edges/process_loop.hpp"
#include "actors/edges/running_process.hpp"

namespace perdure::actors {

namespace {

class epoll_process_runner final : public process_runner {
public:
  id start(process_request request,
           std::function<void(process_result)> done) override {
    return processes_.add(std::move(request), std::move(done));
  }

  void cancel(id process) override {
    processes_.cancel(process);
  }

private:
  process_loop<running_process> processes_;
};

} // namespace

std::unique_ptr<process_runner> make_process_runner() {
  return std::make_unique<epoll_process_runner>();
}

} // namespace perdure::actors
