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
  wire.timeout = request_timeout(settings);
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
