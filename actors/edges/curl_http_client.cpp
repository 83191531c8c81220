#include "actors/edges/curl_exchange.hpp"
#include "actors/edges/deadlines.hpp"
#include "actors/edges/epoll_loop.hpp"

#include <cassert>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace perdure::actors {

namespace {

/// Handles kept for later requests; each holds a few KiB.
constexpr std::size_t spare_handles_max = 256;

/// libcurl's multi interface over epoll: with ten thousand silent transfers a
/// wake-up costs what happened, not what could have.
class curl_http_client final : public http_client {
public:
  explicit curl_http_client(curl_options options)
    : options_(std::move(options)), thread_([this] { run(); }) {
    // nop
  }

  /// Cancels every exchange. @pre not called from inside a callback
  ~curl_http_client() override {
    assert(std::this_thread::get_id() != thread_.get_id());
    {
      const std::lock_guard guard{mutex_};
      stopping_ = true;
    }
    loop_.wake();
    thread_.join();
  }

  id start(http_request request,
           std::shared_ptr<http_receiver> receiver) override {
    const std::lock_guard guard{mutex_};
    const auto exchange = next_++;
    exchanges_.emplace(exchange,
                       std::make_shared<curl_exchange>(
                         exchange, std::move(request), std::move(receiver),
                         [this, exchange] { moved_.push_back(exchange); }));
    send(exchange);
    return exchange;
  }

  void consumed(id exchange, std::size_t bytes) override {
    const std::lock_guard guard{mutex_};
    const auto found = exchanges_.find(exchange);
    if (found != exchanges_.end() && found->second->consume(bytes))
      send(exchange);
  }

  void cancel(id exchange) override {
    std::shared_ptr<curl_exchange> found;
    {
      const std::lock_guard guard{mutex_};
      const auto position = exchanges_.find(exchange);
      if (position == exchanges_.end())
        return;
      found = position->second;
    }
    found->gate.close(thread_.get_id());
    const std::lock_guard guard{mutex_};
    send(exchange);
  }

private:
  using exchange_ptr = std::shared_ptr<curl_exchange>;

  // -- on any thread

  /// Has the client's thread look at `exchange`. @pre the mutex is held
  void send(id exchange) {
    if (commands_.empty())
      loop_.wake();
    commands_.push_back(exchange);
  }

  exchange_ptr find(id exchange) {
    const std::lock_guard guard{mutex_};
    const auto found = exchanges_.find(exchange);
    return found == exchanges_.end() ? nullptr : found->second;
  }

  void remove(id exchange) {
    const std::lock_guard guard{mutex_};
    exchanges_.erase(exchange);
  }

  // -- on the client's thread

  void run() {
    block_signals();
    multi_ = ::curl_multi_init();
    const auto set = [this](CURLMoption option, auto value) {
      ::curl_multi_setopt(multi_, option, value);
    };
    set(CURLMOPT_SOCKETFUNCTION, &curl_http_client::on_socket);
    set(CURLMOPT_SOCKETDATA, static_cast<void*>(this));
    set(CURLMOPT_TIMERFUNCTION, &curl_http_client::on_timer);
    set(CURLMOPT_TIMERDATA, static_cast<void*>(this));
    set(CURLMOPT_MAXCONNECTS, options_.idle_connections_max);
    set(CURLMOPT_MAX_HOST_CONNECTIONS, options_.connections_per_host_max);
    while (run_commands())
      wait();
    shut_down();
  }

  void wait() {
    int running = 0;
    auto until = deadlines_.next();
    if (curl_due_ && (!until || *curl_due_ < *until))
      until = curl_due_;
    for (const auto& event : loop_.wait(until)) {
      int mask = 0;
      if ((event.events & EPOLLIN) != 0)
        mask |= CURL_CSELECT_IN;
      if ((event.events & EPOLLOUT) != 0)
        mask |= CURL_CSELECT_OUT;
      if ((event.events & (EPOLLERR | EPOLLHUP)) != 0)
        mask |= CURL_CSELECT_ERR;
      ::curl_multi_socket_action(
        multi_, static_cast<curl_socket_t>(event.data.u64), mask, &running);
    }
    const auto now = epoll_loop::clock::now();
    if (curl_due_ && *curl_due_ <= now) {
      curl_due_.reset();
      ::curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    read_messages();
    while (const auto due = deadlines_.take_due(now))
      if (auto exchange = find(*due)) {
        if (exchange->check_timeouts(now))
          plan(*exchange);
        else
          end(exchange, CURLE_OK);
      }
    for (const auto moved : std::exchange(moved_, {}))
      if (auto exchange = find(moved))
        plan(*exchange);
  }

  void plan(const curl_exchange& exchange) {
    if (const auto next = exchange.next_moment())
      deadlines_.set(exchange.id, *next);
  }

  /// Starts what is new, drops what was cancelled, resumes what may go on.
  /// @returns false once the client is to stop.
  bool run_commands() {
    std::vector<id> commands;
    {
      const std::lock_guard guard{mutex_};
      if (stopping_)
        return false;
      commands.swap(commands_);
    }
    for (const auto command : commands) {
      auto exchange = find(command);
      if (exchange == nullptr)
        continue;
      const bool is_new = exchange->easy() == nullptr;
      if (exchange->gate.closed() || (!is_new && !exchange->resume()))
        end(exchange, CURLE_OK);
      else if (is_new)
        begin(exchange);
    }
    return true;
  }

  void begin(const exchange_ptr& exchange) {
    auto* easy = take_handle();
    const bool prepared = easy != nullptr && multi_ != nullptr
                          && exchange->prepare(easy, options_)
                          && ::curl_multi_add_handle(multi_, easy) == CURLM_OK;
    if (prepared) {
      plan(*exchange);
      return;
    }
    if (easy != nullptr)
      keep_handle(easy);
    remove_after(exchange, CURLE_FAILED_INIT);
  }

  void read_messages() {
    int left = 0;
    while (const auto* message = ::curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE)
        continue;
      const auto code = message->data.result;
      curl_exchange* exchange = nullptr;
      ::curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
      if (auto found = find(exchange->id))
        end(found, code);
    }
  }

  void end(const exchange_ptr& exchange, CURLcode code) {
    if (auto* easy = exchange->easy()) {
      const bool is_clean = exchange->drop_held_back();
      // In the middle of a transfer this closes its connection.
      ::curl_multi_remove_handle(multi_, easy);
      if (is_clean)
        keep_handle(easy);
      else
        ::curl_easy_cleanup(easy);
    }
    remove_after(exchange, code);
  }

  /// Removed after the last callback: `cancel` waits for one it can find.
  void remove_after(const exchange_ptr& exchange, CURLcode code) {
    deadlines_.clear(exchange->id);
    exchange->finish(code);
    remove(exchange->id);
  }

  CURL* take_handle() {
    if (spare_handles_.empty())
      return ::curl_easy_init();
    auto* easy = spare_handles_.back();
    spare_handles_.pop_back();
    return easy;
  }

  void keep_handle(CURL* easy) {
    if (spare_handles_.size() >= spare_handles_max) {
      ::curl_easy_cleanup(easy);
      return;
    }
    ::curl_easy_reset(easy);
    spare_handles_.push_back(easy);
  }

  void shut_down() {
    std::unordered_map<id, exchange_ptr> left;
    {
      const std::lock_guard guard{mutex_};
      left.swap(exchanges_);
    }
    for (const auto& [key, exchange] : left) {
      exchange->gate.close(thread_.get_id());
      if (auto* easy = exchange->easy()) {
        static_cast<void>(exchange->drop_held_back());
        ::curl_multi_remove_handle(multi_, easy);
        ::curl_easy_cleanup(easy);
      }
    }
    for (auto* easy : spare_handles_)
      ::curl_easy_cleanup(easy);
    ::curl_multi_cleanup(multi_);
  }

  static int on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) {
    auto& loop = static_cast<curl_http_client*>(self)->loop_;
    if (what == CURL_POLL_REMOVE) {
      loop.forget(fd);
      return 0;
    }
    std::uint32_t events = 0;
    if ((what & CURL_POLL_IN) != 0)
      events |= EPOLLIN;
    if ((what & CURL_POLL_OUT) != 0)
      events |= EPOLLOUT;
    // -1 makes curl give up with an error of its own.
    return loop.watch(fd, events, static_cast<std::uint64_t>(fd)) ? 0 : -1;
  }

  static int on_timer(CURLM*, long timeout_ms, void* self) {
    auto& due = static_cast<curl_http_client*>(self)->curl_due_;
    due.reset();
    if (timeout_ms >= 0)
      due = epoll_loop::clock::now() + std::chrono::milliseconds{timeout_ms};
    return 0;
  }

  const curl_options options_;
  std::mutex mutex_;
  std::unordered_map<id, exchange_ptr> exchanges_;
  std::vector<id> commands_;
  id next_ = 1;
  bool stopping_ = false;
  // The client's thread only.
  epoll_loop loop_;
  CURLM* multi_ = nullptr;
  std::vector<CURL*> spare_handles_;
  std::optional<epoll_loop::clock::time_point> curl_due_;
  deadlines deadlines_;
  std::vector<id> moved_;
  // Last, so that it starts with everything in place.
  std::thread thread_;
};

} // namespace

std::unique_ptr<http_client> make_curl_http_client(curl_options options) {
  static const bool initialised
    = [] { return ::curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK; }();
  assert(initialised);
  static_cast<void>(initialised);
  return std::make_unique<curl_http_client>(std::move(options));
}

} // namespace perdure::actors
