#pragma once

#include "actors/edges/callback_gate.hpp"
#include "actors/edges/http_client.hpp"

#include <array>
#include <curl/curl.h>
#include <functional>
#include <optional>

namespace perdure::actors {

/// One request of the client and its answer. Everything but `gate`, `consume`
/// and `id` belongs to the client's thread.
class curl_exchange {
public:
  using clock = std::chrono::steady_clock;
  using time_point = clock::time_point;

  /// `on_head` tells the client that `next_moment` came nearer.
  curl_exchange(std::uint64_t id, http_request request,
                std::shared_ptr<http_receiver> receiver,
                std::function<void()> on_head);

  ~curl_exchange();

  curl_exchange(const curl_exchange&) = delete;
  curl_exchange& operator=(const curl_exchange&) = delete;

  /// Sets up `easy`, which must be fresh. @returns false after `fail`.
  [[nodiscard]] bool prepare(CURL* easy, const curl_options& options);

  /// Counts what the receiver has dealt with. Thread-safe.
  /// @returns whether the transfer waits for that and must be resumed.
  [[nodiscard]] bool consume(std::size_t bytes) noexcept;

  /// Goes on after a pause. @returns false when the transfer is broken.
  [[nodiscard]] bool resume();

  /// Drops what libcurl holds back for a paused transfer, which is over then.
  /// While others use its connection, libcurl 7.88 would leave that in the
  /// handle, before whatever the handle receives next.
  /// @returns whether the handle may be used again
  [[nodiscard]] bool drop_held_back();

  /// When `check_timeouts` is to be called next.
  [[nodiscard]] std::optional<time_point> next_moment() const;

  /// @returns false when a timeout is over; the reason is recorded.
  [[nodiscard]] bool check_timeouts(time_point now);

  /// Records why the exchange ends, unless there is a reason already.
  void fail(runtime::errc code, std::string message, bool permanent = false);

  /// Tells the receiver how it ended, as the last callback.
  void finish(CURLcode code);

  [[nodiscard]] CURL* easy() const noexcept {
    return easy_;
  }

  const std::uint64_t id;
  callback_gate gate;

private:
  static std::size_t
  read(char* buffer, std::size_t size, std::size_t count, void* self);
  static int seek(void* self, curl_off_t offset, int origin);
  static std::size_t
  header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t
  write(char* data, std::size_t size, std::size_t count, void* self);

  std::size_t fill(char* buffer, std::size_t size);
  bool take_header(std::string_view line);
  bool take_body(std::string_view chunk);
  [[nodiscard]] bool must_pause() noexcept;
  bool prepare_url();
  bool prepare_headers();
  bool add_header(const std::string& line);
  void prepare_body();
  void fail_with(CURLcode code);

  /// Runs a callback. @returns whether the exchange goes on.
  template <class Callback>
  bool call(Callback&& callback);

  http_request request_;
  std::shared_ptr<http_receiver> receiver_;
  std::function<void()> on_head_;
  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
  /// Scheme, host and port: what may be shown of the URL.
  std::string origin_;
  // -- the request's body
  std::uint64_t body_size_ = 0;
  std::size_t piece_ = 0;
  std::size_t piece_offset_ = 0;
  // -- the response
  http_head head_;
  std::size_t head_size_ = 0;
  bool head_done_ = false;
  time_point started_;
  time_point last_byte_;
  std::uint64_t received_ = 0;
  std::atomic<std::uint64_t> unconsumed_{0};
  std::atomic<bool> paused_{false};
  bool drops_ = false;
  http_failure failure_;
};

} // namespace perdure::actors
