#pragma once

#include "actors/edges/http_worker.hpp"

#include <atomic>
#include <list>
#include <variant>

namespace perdure::actors {

/// The server's side of `server_exchange`: keeps the order of the calls of all
/// threads and has the session perform them on its own.
///
/// Threads: any, unless said otherwise. Holding one keeps no connection open;
///          when the last holder lets go without an answer, the peer gets 500.
class http_exchange final : public server_exchange,
                            public std::enable_shared_from_this<http_exchange> {
public:
  http_exchange(std::shared_ptr<http_worker> worker,
                std::weak_ptr<http_session> session, std::uint64_t number,
                server_request request);

  ~http_exchange() override;

  const server_request& request() const noexcept override;
  void respond(unsigned status, std::string_view content_type, std::string body,
               std::vector<std::pair<std::string, std::string>> headers
               = {}) override;
  void begin_stream(std::string_view content_type) override;
  void write(std::string chunk) override;
  void end_stream() override;
  void on_close(std::function<void()> callback) override;
  void after(std::chrono::milliseconds delay,
             std::function<void()> callback) override;

  /// Ends it: nothing has an effect any more. On the session's thread.
  void close();

private:
  struct whole_answer {
    unsigned status;
    std::string content_type;
    std::string body;
    std::vector<std::pair<std::string, std::string>> headers;
  };
  struct stream_begin {
    std::string content_type;
  };
  struct stream_chunk {
    std::string bytes;
  };
  struct stream_end {};
  struct delayed {
    std::chrono::milliseconds delay;
    std::function<void()> callback;
  };
  using call = std::variant<whole_answer, stream_begin, stream_chunk,
                            stream_end, delayed>;

  void submit(call what);
  void perform_calls();
  void perform(http_session& session, whole_answer what);
  void perform(http_session& session, stream_begin what);
  void perform(http_session& session, stream_chunk what);
  void perform(http_session& session, stream_end what);
  void perform(http_session& session, delayed what);

  const server_request request_;
  const std::shared_ptr<http_worker> worker_;
  const std::weak_ptr<http_session> session_;
  const std::uint64_t number_;
  std::mutex mutex_;
  std::vector<call> calls_;
  std::vector<std::function<void()>> on_close_;
  bool scheduled_ = false;
  bool over_ = false;
  // The session's thread only.
  std::list<boost::asio::steady_timer> timers_;
  bool timers_ended_ = false;
};

} // namespace perdure::actors
