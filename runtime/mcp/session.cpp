#include "runtime/mcp/session.hpp"

#include <utility>

namespace perdure::runtime::mcp {

std::string_view to_string(era value) noexcept {
  switch (value) {
    case era::unknown:
      return "unknown";
    case era::legacy:
      return "legacy";
    case era::modern:
      return "modern";
  }
  return "unknown";
}

session_options session_options_for(const server_options& server) {
  session_options out;
  out.server_id = server.id;
  out.transport = server.transport;
  out.version = server.version;
  out.roots = server.roots;
  out.log_level = server.log_level;
  out.caches_lists = server.cache_lists;
  out.init_timeout = server.init_timeout;
  return out;
}

class session::implementation {
public:
  explicit implementation(session_options given) : options(std::move(given)) {
    // nop
  }

  session_options options;
  std::vector<step> steps;
};

session::session(session_options options)
  : impl_(std::make_unique<implementation>(std::move(options))) {
  // nop
}

session::~session() = default;
session::session(session&&) noexcept = default;
session& session::operator=(session&&) noexcept = default;

void session::opened(timestamp) {}

void session::received(std::string_view, exchange_id, timestamp) {}

void session::lost(exchange_id, link_failure, timestamp) {}

void session::down(link_failure, timestamp) {}

call_id session::call(call_request, timestamp) {
  return {};
}

void session::cancel(call_id, std::string_view, timestamp) {}

void session::answer(question_id, const json&, timestamp) {}

void session::refuse(question_id, std::int64_t, std::string_view, timestamp) {}

void session::set_roots(std::vector<std::string>, timestamp) {}

void session::close(timestamp) {}

void session::tick(timestamp) {}

std::optional<timestamp> session::next_moment() const {
  return std::nullopt;
}

std::vector<step> session::take() {
  return std::exchange(impl_->steps, {});
}

bool session::is_ready() const noexcept {
  return false;
}

std::size_t session::calls() const noexcept {
  return 0;
}

} // namespace perdure::runtime::mcp
