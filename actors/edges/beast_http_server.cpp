#include "actors/edges/http_session.hpp"

#include <boost/asio/ip/v6_only.hpp>

namespace perdure::actors {

namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

/// Connections above the limit that are told so; more are just closed.
constexpr std::size_t refused_connections_max = 256;
/// Pause when the system has no descriptor for another connection.
constexpr std::chrono::milliseconds accept_pause{100};

using worker_list = std::vector<std::shared_ptr<http_worker>>;

worker_list make_workers(const std::shared_ptr<http_server_state>& state) {
  worker_list workers;
  const auto threads = std::max<std::size_t>(state->options.threads, 1);
  while (workers.size() < threads)
    workers.push_back(std::make_shared<http_worker>(state));
  return workers;
}

/// Accepts connections on the first worker and spreads them over all.
class beast_http_server final : public http_server {
public:
  beast_http_server(const http_server_options& options, request_handler handler)
    : state_(std::make_shared<http_server_state>(options, std::move(handler))),
      workers_(make_workers(state_)) {
    // nop
  }

  ~beast_http_server() override {
    stop(std::chrono::milliseconds{0});
  }

  runtime::result<runtime::unit> listen() {
    const auto& options = state_->options;
    error_code problem;
    tcp::resolver resolver{workers_.front()->io};
    const auto found
      = resolver.resolve(options.host, std::to_string(options.port),
                         tcp::resolver::passive, problem);
    if (problem || found.empty())
      return cannot_listen(problem);
    const auto endpoint = found.begin()->endpoint();
    acceptor_.open(endpoint.protocol(), problem);
    if (!problem)
      acceptor_.set_option(tcp::acceptor::reuse_address{true}, problem);
    if (!problem)
      acceptor_.bind(endpoint, problem);
    if (!problem)
      acceptor_.listen(tcp::acceptor::max_listen_connections, problem);
    if (!problem)
      port_ = acceptor_.local_endpoint(problem).port();
    if (problem)
      return cannot_listen(problem);
    return runtime::ok();
  }

  void start() {
    accept();
    for (const auto& worker : workers_)
      worker->start();
  }

  std::uint16_t port() const noexcept override {
    return port_;
  }

  void stop(std::chrono::milliseconds grace) override {
    const std::lock_guard guard{stop_mutex_};
    if (std::exchange(stopped_, true))
      return;
    workers_.front()->post([this] {
      error_code ignored;
      acceptor_.close(ignored);
      pause_.cancel();
    });
    for (const auto& worker : workers_)
      worker->post([on = worker.get()] { on->begin_stop(); });
    if (!state_->wait_until_idle(grace))
      for (const auto& worker : workers_)
        worker->post([on = worker.get()] { on->close_all(); });
    for (const auto& worker : workers_)
      worker->finish();
  }

private:
  runtime::failure cannot_listen(const error_code& problem) const {
    const auto& options = state_->options;
    return {runtime::errc::unavailable,
            "cannot listen on " + options.host + ':'
              + std::to_string(options.port) + ": " + problem.message()
              + ". Stop the program that uses the port, or choose an address "
                "of this machine and a free port."};
  }

  void accept() {
    auto worker = workers_[next_++ % workers_.size()];
    acceptor_.async_accept(
      worker->io, [this, worker](const error_code& problem, tcp::socket peer) {
        if (problem == boost::asio::error::operation_aborted
            || !acceptor_.is_open())
          return;
        if (!problem)
          take(worker, std::move(peer));
        else if (problem != boost::asio::error::connection_aborted) {
          pause();
          return;
        }
        accept();
      });
  }

  void pause() {
    pause_.expires_after(accept_pause);
    pause_.async_wait([this](const error_code& problem) {
      if (!problem && acceptor_.is_open())
        accept();
    });
  }

  void take(const std::shared_ptr<http_worker>& worker, tcp::socket peer) {
    const auto count = state_->add_connection();
    const auto limit = state_->options.connections_max;
    if (count > limit + refused_connections_max) {
      state_->remove_connection();
      return;
    }
    auto session = std::make_shared<http_session>(worker, std::move(peer));
    auto begin = [worker, session, refused = count > limit] {
      worker->add(session);
      if (worker->stopping())
        session->close();
      else if (refused)
        session->refuse_connection();
      else
        session->start();
    };
    if (worker == workers_.front())
      begin();
    else
      worker->post(std::move(begin));
  }

  const std::shared_ptr<http_server_state> state_;
  const worker_list workers_;
  tcp::acceptor acceptor_{workers_.front()->io};
  boost::asio::steady_timer pause_{workers_.front()->io};
  std::size_t next_ = 0;
  std::uint16_t port_ = 0;
  std::mutex stop_mutex_;
  bool stopped_ = false;
};

} // namespace

runtime::result<std::unique_ptr<http_server>>
start_http_server(const http_server_options& options, request_handler handler) {
  auto server
    = std::make_unique<beast_http_server>(options, std::move(handler));
  if (auto listening = server->listen(); !listening)
    return listening.error();
  server->start();
  return std::unique_ptr<http_server>{std::move(server)};
}

} // namespace perdure::actors
