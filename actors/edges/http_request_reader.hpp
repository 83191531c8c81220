#pragma once

#include "actors/edges/http_server.hpp"

#include <boost/beast/http/basic_parser.hpp>

namespace perdure::actors {

/// Why a request is refused: the status of the answer and a sentence.
struct request_problem {
  unsigned status = 0;
  std::string message;
};

/// Reads one request with Beast's parser straight into a `server_request`.
class http_request_reader final
  : public boost::beast::http::basic_parser<true> {
public:
  explicit http_request_reader(std::uint64_t body_max_bytes);

  /// Reads from `input`, which begins with what was left over last time.
  /// @returns how much of it was used up.
  std::size_t read(std::string_view input);

  /// What is wrong; status 0 when nothing is.
  [[nodiscard]] const request_problem& problem() const noexcept {
    return problem_;
  }

  /// Whether the client waits for "100 Continue" before it sends the body.
  /// True once.
  [[nodiscard]] bool take_expectation() noexcept;

  /// The client asked with HEAD and gets no body.
  [[nodiscard]] bool head_only() const noexcept {
    return head_only_;
  }

  /// The peer speaks HTTP/1.1 and knows chunks.
  [[nodiscard]] bool knows_chunks() const noexcept {
    return version_ == 11;
  }

  server_request request;

private:
  using error_code = boost::beast::error_code;
  using string_view = boost::beast::string_view;

  void on_request_impl(boost::beast::http::verb, string_view method,
                       string_view target, int version,
                       error_code& problem) override;
  void on_response_impl(int, string_view, int, error_code&) override;
  void on_field_impl(boost::beast::http::field name, string_view name_text,
                     string_view value, error_code& problem) override;
  void on_header_impl(error_code& problem) override;
  void on_body_init_impl(const boost::optional<std::uint64_t>& size,
                         error_code& problem) override;
  std::size_t on_body_impl(string_view body, error_code& problem) override;
  void on_chunk_header_impl(std::uint64_t size, string_view extensions,
                            error_code& problem) override;
  std::size_t on_chunk_body_impl(std::uint64_t left, string_view body,
                                 error_code& problem) override;
  void on_finish_impl(error_code& problem) override;

  /// Counts all that is not body: it is bounded as a whole.
  void count_header(std::size_t size, error_code& problem);
  void refuse(unsigned status, std::string message, error_code& problem);
  void explain(const error_code& problem);

  std::uint64_t body_max_bytes_;
  request_problem problem_;
  std::size_t header_bytes_ = 0;
  int version_ = 11;
  unsigned hosts_ = 0;
  bool header_read_ = false;
  bool expects_continue_ = false;
  bool head_only_ = false;
};

} // namespace perdure::actors
