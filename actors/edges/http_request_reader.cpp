#include "actors/edges/http_request_reader.hpp"

#include "actors/edges/http_target.hpp"
#include "actors/edges/http_text.hpp"

#include <algorithm>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>

namespace perdure::actors {

namespace http = boost::beast::http;

namespace {

constexpr std::uint32_t header_max_bytes = 16u << 10;
constexpr std::uint64_t body_reserve_max_bytes = 1u << 20;

} // namespace

std::string_view server_request::header(std::string_view name) const noexcept {
  for (const auto& [key, value] : headers)
    if (key == name)
      return value;
  return {};
}

const std::string*
server_request::query_value(std::string_view name) const noexcept {
  for (const auto& [key, value] : query)
    if (key == name)
      return &value;
  return nullptr;
}

http_request_reader::http_request_reader(std::uint64_t body_max_bytes)
  : body_max_bytes_(body_max_bytes) {
  eager(true);
  header_limit(header_max_bytes);
  body_limit(body_max_bytes);
}

std::size_t http_request_reader::read(std::string_view input) {
  error_code problem;
  std::size_t used = 0;
  while (!is_done() && !problem && used < input.size())
    used += put(
      boost::asio::const_buffer{input.data() + used, input.size() - used},
      problem);
  if (problem == http::error::need_more) {
    // A line that does not end would be kept and searched for ever.
    if (input.size() - used > header_max_bytes)
      explain(http::make_error_code(http::error::header_limit));
  } else if (problem && problem_.status == 0) {
    explain(problem);
  }
  return used;
}

bool http_request_reader::take_expectation() noexcept {
  return header_read_ && !is_done() && std::exchange(expects_continue_, false);
}

void http_request_reader::explain(const error_code& problem) {
  if (problem == http::error::body_limit
      || problem == http::error::buffer_overflow)
    problem_ = {413, "the body of a request may have "
                       + std::to_string(body_max_bytes_)
                       + " bytes; send less, or raise the limit of the node"};
  else if (problem == http::error::header_limit)
    problem_
      = {431, "the header of a request may have "
                + std::to_string(header_max_bytes) + " bytes; send less"};
  else
    problem_ = {400, "not an HTTP/1.1 request: " + problem.message()};
}

void http_request_reader::count_header(std::size_t size, error_code& problem) {
  header_bytes_ += size;
  if (header_bytes_ > header_max_bytes)
    problem = http::make_error_code(http::error::header_limit);
}

void http_request_reader::refuse(unsigned status, std::string message,
                                 error_code& problem) {
  problem_ = {status, std::move(message)};
  problem = http::make_error_code(http::error::bad_value);
}

void http_request_reader::on_request_impl(http::verb, string_view method,
                                          string_view target, int version,
                                          error_code& problem) {
  count_header(target.size(), problem);
  if (problem)
    return;
  version_ = version;
  head_only_ = method == "HEAD";
  request.method = head_only_ ? "GET" : std::string{method};
  http_target decoded;
  auto wrong = decode_target({target.data(), target.size()}, decoded);
  if (!wrong.empty()) {
    refuse(400, std::move(wrong), problem);
    return;
  }
  request.path = std::move(decoded.path);
  request.query = std::move(decoded.query);
}

void http_request_reader::on_response_impl(int, string_view, int, error_code&) {
  // nop: a request has no status line
}

void http_request_reader::on_field_impl(http::field name, string_view name_text,
                                        string_view value,
                                        error_code& problem) {
  count_header(name_text.size() + value.size() + 4, problem);
  // A trailer must not pass for a header that was there from the start.
  if (header_read_ || problem)
    return;
  auto& [key, text] = request.headers.emplace_back();
  key = lower_case({name_text.data(), name_text.size()});
  text.assign(value.data(), value.size());
  if (name == http::field::host) {
    ++hosts_;
  } else if (name == http::field::expect) {
    expects_continue_ = boost::beast::iequals(value, "100-continue");
    if (!expects_continue_)
      refuse(417, "the only expectation that can be met is 100-continue",
             problem);
  } else if (name == http::field::transfer_encoding
             && (version_ < 11 || !boost::beast::iequals(value, "chunked"))) {
    // Any other reading of the body would let a request hide in it.
    refuse(400,
           "the only transfer encoding that is understood is chunked, "
           "in HTTP/1.1",
           problem);
  }
}

void http_request_reader::on_header_impl(error_code& problem) {
  header_read_ = true;
  expects_continue_ = expects_continue_ && version_ == 11;
  if (hosts_ > 1 || (hosts_ == 0 && version_ == 11))
    refuse(400, "a request needs exactly one Host header", problem);
}

void http_request_reader::on_body_init_impl(
  const boost::optional<std::uint64_t>& size, error_code&) {
  if (size)
    request.body.reserve(std::min(*size, body_reserve_max_bytes));
}

std::size_t http_request_reader::on_body_impl(string_view body, error_code&) {
  request.body.append(body.data(), body.size());
  return body.size();
}

void http_request_reader::on_chunk_header_impl(std::uint64_t,
                                               string_view extensions,
                                               error_code& problem) {
  count_header(extensions.size(), problem);
}

std::size_t
http_request_reader::on_chunk_body_impl(std::uint64_t, string_view body,
                                        error_code&) {
  request.body.append(body.data(), body.size());
  return body.size();
}

void http_request_reader::on_finish_impl(error_code&) {
  // nop
}

} // namespace perdure::actors
