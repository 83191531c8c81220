// What a session answers; how it gets there is in http_session.cpp.

#include "actors/edges/http_session.hpp"

#include <array>
#include <charconv>

namespace perdure::actors {

namespace {

/// A body up to this size is put behind its head, a larger one is not copied.
constexpr std::size_t joined_body_max = 16u << 10;

} // namespace

http_response_head
http_session::head(unsigned status, std::string_view type) const {
  if (const auto& tell = worker_->options().on_answer)
    tell(status);
  http_response_head result;
  result.status = status;
  result.content_type = type;
  result.keep_alive = keep_alive_;
  result.old_peer = !knows_chunks_;
  result.date = worker_->date();
  return result;
}

void http_session::respond(unsigned status, std::string_view content_type,
                           std::string body, const http_fields& fields) {
  if (streaming_)
    return;
  auto about = head(status < 200 || status > 999 ? 500 : status, content_type);
  about.content_length = body.size();
  std::string text;
  text.reserve(256 + (body.size() < joined_body_max ? body.size() : 0));
  append_head(text, about, fields);
  const bool sends_body = !head_only_ && has_body(about.status);
  if (sends_body && body.size() < joined_body_max)
    text.append(body);
  send(std::move(text));
  if (sends_body && body.size() >= joined_body_max)
    send(std::move(body));
  finish_exchange();
}

void http_session::begin_stream(std::string_view content_type) {
  if (streaming_)
    return;
  auto about = head(200, content_type);
  about.framing
    = knows_chunks_ ? http_framing::chunked : http_framing::until_close;
  keep_alive_ = keep_alive_ && knows_chunks_;
  std::string text;
  // Proxies must pass a stream on as it comes.
  append_head(text, about,
              {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}});
  streaming_ = true;
  send(std::move(text));
  if (head_only_)
    finish_exchange();
  else
    flush();
}

void http_session::write(std::string chunk) {
  if (!streaming_ || chunk.empty())
    return;
  if (knows_chunks_) {
    std::array<char, 20> size{};
    const auto end
      = std::to_chars(size.data(), size.data() + size.size(), chunk.size(), 16);
    std::string head{size.data(), end.ptr};
    send(std::move(head.append("\r\n")));
    send(std::move(chunk));
    send("\r\n");
  } else {
    send(std::move(chunk));
  }
  write_output();
  // A reader that cannot keep up must not fill the node's memory.
  if (output_bytes_ > worker_->options().stream_buffer_max_bytes)
    close();
}

void http_session::end_stream() {
  if (!streaming_)
    return;
  if (knows_chunks_)
    send("0\r\n\r\n");
  finish_exchange();
}

void http_session::abandon(std::uint64_t number) {
  if (!is_current(number))
    return;
  // Half a stream must not look like a whole one.
  if (streaming_)
    close();
  else
    respond(500, "application/json",
            error_body("internal", "the node gave no answer"), {});
}

void http_session::refuse(unsigned status, std::string_view message) {
  keep_alive_ = false;
  const auto* type = "invalid_argument";
  if (status == 413 || status == 431)
    type = "payload_too_large";
  else if (status == 503)
    type = "overloaded";
  const auto body = error_body(type, message);
  auto about = head(status, "application/json");
  about.content_length = body.size();
  std::string text;
  append_head(text, about, {});
  send(text + body);
  finish_connection();
}

} // namespace perdure::actors
