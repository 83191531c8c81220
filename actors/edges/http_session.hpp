#pragma once

#include "actors/edges/http_exchange.hpp"
#include "actors/edges/http_request_reader.hpp"
#include "actors/edges/http_response.hpp"

#include <deque>
#include <optional>

namespace perdure::actors {

/// One connection: reads requests, one after another, and writes answers.
///
///   reading --request--> answering --answered--> reading
///      |                     |                      |
///      +--------- last answer written --------------+--> lingering --> closed
///
/// Lingering: the peer reads the last answer while what it still sends is
/// dropped; closing at once would make the system throw the answer away.
/// Any state goes to closed when the peer goes away or a time is over.
///
/// Threads: its worker's only.
class http_session : public std::enable_shared_from_this<http_session> {
public:
  using socket = boost::asio::ip::tcp::socket;

  http_session(std::shared_ptr<http_worker> worker, socket peer);

  void start();

  /// Answers with 503, whatever is asked.
  void refuse_connection();

  void begin_stop();
  void close();
  void tick();

  // -- for the exchange

  [[nodiscard]] bool is_current(std::uint64_t number) const noexcept {
    return answering_ && number == number_;
  }

  void respond(unsigned status, std::string_view content_type, std::string body,
               const http_fields& fields);
  void begin_stream(std::string_view content_type);
  void write(std::string chunk);
  void end_stream();
  /// Nobody is left who could answer.
  void abandon(std::uint64_t number);

  /// Where the worker keeps this session.
  std::size_t position = 0;

private:
  void wait_readable();
  void on_readable();
  void on_end_of_input();
  void wait_writable();
  /// Writes what can be written, now or at the end of `process`.
  void flush();
  void write_output();
  void take_input(std::string_view bytes);
  void process(std::string_view input);
  /// @returns what is left of `input`.
  std::string_view read_request(std::string_view input);
  void handle_request();
  void refuse(unsigned status, std::string_view message);
  void finish_exchange();
  void finish_connection();
  void linger();
  http_response_head head(unsigned status, std::string_view type) const;
  void send(std::string bytes);
  [[nodiscard]] bool may_read() const noexcept;

  const std::shared_ptr<http_worker> worker_;
  socket socket_;
  std::optional<http_request_reader> reader_;
  /// What was read and does not belong to the request being answered.
  std::string input_;
  std::deque<std::string> output_;
  std::size_t output_offset_ = 0;
  std::uint64_t output_bytes_ = 0;
  std::weak_ptr<http_exchange> exchange_;
  std::uint64_t number_ = 0;
  std::optional<http_worker::time_point> deadline_;
  http_worker::time_point last_write_;
  bool answering_ = false;
  bool streaming_ = false;
  bool chunked_ = false;
  bool head_only_ = false;
  bool keep_alive_ = true;
  bool knows_chunks_ = true;
  bool processing_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool lingering_ = false;
  bool input_ended_ = false;
  bool closed_ = false;
};

} // namespace perdure::actors
