#include "tools/examples/replay/recording.hpp"

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <sstream>

namespace perdure::replay {

using runtime::errc;
using runtime::failure;
using runtime::json;

namespace {

failure malformed(std::size_t index, const char* what) {
  return {errc::invalid_argument,
          "exchange " + std::to_string(index) + " " + what};
}

runtime::result<answer> read_answer(const json& exchange, std::size_t index) {
  if (!exchange.is_object() || !exchange.contains("response")
      || !exchange["response"].is_object())
    return malformed(index, "has no response");
  const auto& response = exchange["response"];
  answer out;
  const auto status = response.find("status");
  if (status == response.end() || !status->is_number_unsigned()
      || status->get<std::uint64_t>() < 200
      || status->get<std::uint64_t>() > 599)
    return malformed(index, "has no status from 200 to 599");
  out.status = status->get<unsigned>();
  const auto type = response.find("content_type");
  if (type != response.end() && type->is_string())
    out.content_type = type->get<std::string>();
  const auto body = response.find("body");
  if (body != response.end() && body->is_string())
    out.body = body->get<std::string>();
  else if (body != response.end() && !body->is_null())
    out.body = runtime::to_text(*body);
  return out;
}

} // namespace

bool answer::is_stream() const {
  return end != ending::complete
         || (status == 200 && content_type.starts_with("text/event-stream"));
}

runtime::result<std::vector<answer>> parse_recording(std::string_view text) {
  auto value = runtime::parse_json(text);
  if (!value)
    return value.error();
  if (!value->is_object() || !value->contains("exchanges")
      || !(*value)["exchanges"].is_array() || (*value)["exchanges"].empty())
    return failure{errc::invalid_argument,
                   "a recording is an object with a list \"exchanges\""};
  std::vector<answer> out;
  for (const auto& exchange : (*value)["exchanges"]) {
    auto next = read_answer(exchange, out.size());
    if (!next)
      return next.error();
    out.push_back(std::move(*next));
  }
  return out;
}

runtime::result<std::vector<answer>>
load_recording(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    return failure{errc::invalid_argument, "cannot read " + file.string()};
  auto out = parse_recording(text.str());
  if (!out)
    return failure{out.error().code,
                   file.string() + ": " + out.error().message};
  return out;
}

} // namespace perdure::replay
