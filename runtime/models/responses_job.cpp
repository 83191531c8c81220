#include "runtime/models/responses_job.hpp"

#include "runtime/models/json_read.hpp"
#include "runtime/models/wire_body.hpp"
#include "runtime/models/wire_settings.hpp"

namespace perdure::runtime {

namespace {

std::string path_of(const json& job) {
  return "/responses/" + percent_encoded(text_or_empty(job, "id"));
}

} // namespace

wire_request fetch_response(const json& settings, const json& job,
                            std::optional<std::int64_t> after) {
  wire_request wire;
  wire.method = "GET";
  wire.path = path_of(job);
  if (after)
    wire.path += "?stream=true";
  if (after.value_or(-1) >= 0)
    wire.path += "&starting_after=" + std::to_string(*after);
  wire.headers = request_headers(settings, after.has_value());
  wire.timeout = time_setting(settings, "timeout");
  wire.in_background = true;
  return wire;
}

result<wire_request>
find_response(const reading_options& with, const wire_request& sent,
              const model_response& so_far) {
  if (!so_far.provider_response_id || so_far.provider_response_id->empty())
    return failure{errc::model_bad_response,
                   with.identity.model_name
                     + ": the response was left unfinished and has no "
                       "`provider_response_id` that it could be asked for by"};
  wire_request wire;
  wire.method = "GET";
  wire.path = path_of({{"id", *so_far.provider_response_id}});
  wire.headers = sent.headers;
  for (auto& [name, value] : wire.headers)
    if (name == "accept")
      value = "application/json";
  wire.timeout = sent.timeout;
  wire.in_background = true;
  return wire;
}

wire_request cancel_response(const json& settings, const json& job) {
  wire_request wire;
  wire.path = path_of(job) + "/cancel";
  wire.headers = request_headers(settings, false);
  return wire;
}

} // namespace perdure::runtime
