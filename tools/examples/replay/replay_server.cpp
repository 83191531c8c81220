#include "tools/examples/replay/replay_server.hpp"

#include <algorithm>

namespace perdure::replay {

namespace {

using exchange_ptr = std::shared_ptr<actors::server_exchange>;

/// A streamed body on its way.
struct delivery {
  std::vector<std::string> pieces;
  std::size_t next = 0;
  ending end = ending::complete;
  std::chrono::milliseconds delay;
};

/// Cuts `body` into pieces of 1 to `most` bytes.
std::vector<std::string>
cut(std::string_view body, std::uint64_t seed, std::size_t most) {
  std::mt19937_64 random{seed};
  std::vector<std::string> out;
  while (!body.empty()) {
    const auto size = std::min<std::size_t>(body.size(), 1 + random() % most);
    out.emplace_back(body.substr(0, size));
    body.remove_prefix(size);
  }
  return out;
}

void deliver(const exchange_ptr& exchange,
             const std::shared_ptr<delivery>& what) {
  while (what->next < what->pieces.size()) {
    exchange->write(std::move(what->pieces[what->next++]));
    if (what->delay.count() > 0) {
      exchange->after(what->delay,
                      [exchange, what] { deliver(exchange, what); });
      return;
    }
  }
  // Letting go of the exchange without an end closes the connection.
  if (what->end == ending::complete)
    exchange->end_stream();
}

} // namespace

replay_server::replay_server(std::vector<answer> answers,
                             replay_options options)
  : options_(std::move(options)), answers_(std::move(answers)),
    random_(options_.seed) {
  options_.chunk_max_bytes = std::max<std::size_t>(1, options_.chunk_max_bytes);
}

runtime::result<std::unique_ptr<replay_server>>
replay_server::start(std::vector<answer> answers, replay_options options) {
  actors::http_server_options http;
  http.port = options.port;
  std::unique_ptr<replay_server> out{
    new replay_server{std::move(answers), std::move(options)}};
  auto server = actors::start_http_server(
    http, [self = out.get()](const exchange_ptr& exchange) {
      self->handle(exchange);
    });
  if (!server)
    return server.error();
  out->server_ = std::move(*server);
  return out;
}

replay_server::~replay_server() {
  {
    const std::lock_guard guard{mutex_};
    stalled_.clear();
  }
  // Its thread calls `handle`, so it goes first.
  if (server_)
    server_->stop(std::chrono::milliseconds{0});
  server_.reset();
}

std::uint16_t replay_server::port() const {
  return server_->port();
}

std::string replay_server::url() const {
  return "http://127.0.0.1:" + std::to_string(port());
}

void replay_server::play(std::vector<answer> answers, std::uint64_t seed) {
  std::vector<exchange_ptr> stalled;
  const std::lock_guard guard{mutex_};
  answers_ = std::move(answers);
  random_.seed(seed);
  asked_.clear();
  stalled.swap(stalled_);
}

std::vector<actors::server_request> replay_server::asked() const {
  const std::lock_guard guard{mutex_};
  return asked_;
}

bool replay_server::wait_for_requests(std::size_t count,
                                      std::chrono::milliseconds limit) {
  std::unique_lock guard{mutex_};
  return came_.wait_for(guard, limit, [&] { return asked_.size() >= count; });
}

void replay_server::handle(const exchange_ptr& exchange) {
  answer what;
  std::size_t number = 0;
  std::uint64_t seed = 0;
  {
    const std::lock_guard guard{mutex_};
    number = asked_.size();
    asked_.push_back(exchange->request());
    seed = random_();
    const auto at
      = options_.loop && !answers_.empty() ? number % answers_.size() : number;
    if (at < answers_.size()) {
      what = answers_[at];
    } else {
      what.status = 400;
      what.body = R"({"error": {"type": "invalid_request_error", "message": )"
                  R"("the recording has no answer to this request"}})";
    }
    if (what.end == ending::stalled)
      stalled_.push_back(exchange);
    came_.notify_all();
  }
  if (options_.on_request)
    options_.on_request(number + 1, exchange->request());
  if (what.is_stream())
    stream(exchange, what, seed);
  else
    exchange->respond(what.status, what.content_type, std::move(what.body),
                      std::move(what.headers));
}

void replay_server::stream(const exchange_ptr& exchange, const answer& what,
                           std::uint64_t seed) {
  auto out = std::make_shared<delivery>();
  out->end = what.end;
  out->delay = options_.chunk_delay;
  std::string_view body = what.body;
  if (what.end != ending::complete)
    body = body.substr(0, what.bytes_max);
  out->pieces = cut(body, seed, options_.chunk_max_bytes);
  exchange->begin_stream(what.content_type);
  deliver(exchange, out);
}

} // namespace perdure::replay
