#include "actors/runs/provider_request.hpp"

#include "runtime/models/provider_table.hpp"
#include "runtime/models/turn_note.hpp"

namespace perdure::actors {

using namespace std::chrono_literals;

namespace {

constexpr auto farewell_max = 30s;

/// Takes an answer that is of no interest.
class deaf_receiver final : public http_receiver {
public:
  void on_head(http_head) override {}
  void on_body(std::string) override {}
  void on_end(http_failure) override {}
};

} // namespace

http_request provider_request(const model_binding& binding,
                              const runtime::wire_request& request) {
  const auto& provider = binding.provider;
  http_request out;
  out.method = request.method;
  out.url = binding.url_of(request.path);
  out.headers = request.headers;
  out.headers.emplace_back("Content-Type", "application/json");
  if (!provider.api_key.empty())
    out.headers.push_back(
      runtime::auth_header(provider.auth, provider.api_key));
  out.headers.insert(out.headers.end(), provider.headers.begin(),
                     provider.headers.end());
  out.body = request.body;
  return out;
}

void abandon_work(const services& node, const model_binding& binding,
                  const runtime::json& settings, const runtime::json& note) {
  const auto known = runtime::turn_note_from_json(note);
  if (!known || known->job.is_null() || binding.codec == nullptr)
    return;
  auto request
    = provider_request(binding, binding.codec->cancel(settings, known->job));
  request.timeout = farewell_max;
  node.http->start(std::move(request), std::make_shared<deaf_receiver>());
}

} // namespace perdure::actors
