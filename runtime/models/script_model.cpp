#include "runtime/field_reader.hpp"
#include "runtime/messages/content_items.hpp"
#include "runtime/models/local_model.hpp"
#include "runtime/models/wire_error.hpp"
#include "runtime/models/word_count.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

/// Script files: what a model without a network says.
///
///     {
///       "responses": [
///         {"error": {"status": 429, "message": "slow down",
///                    "retry_after_seconds": 1}},
///         {"thinking": "The user wants the weather.",
///          "text": "Let me look.",
///          "tool_calls": [{"tool": "weather", "args": {"city": "Oslo"},
///                          "id": "call_oslo"}],
///          "delay_ms": 200},
///         {"text": "It is cold.", "word_delay_ms": 20,
///          "usage": {"input_tokens": 120, "output_tokens": 4}}
///       ],
///       "repeat": false
///     }
///
/// The n-th model request of a run gets the n-th answer: `thinking`, `text`,
/// `image` and `tool_calls` in this order, at least one of them. `image` is
/// `{"media_type": "image/png", "data": BASE64}`. `args` is an object,
/// or a string that is sent as it stands (to see what becomes of bad JSON);
/// left out it is `{}`. `id` is `call_{request}_{call}` unless it is given,
/// both counted from 0; a given one is the same each time the script repeats.
///
/// Errors are not answers: those in front of an answer are what the first
/// attempts at its request get, one each. Errors at the end of the script
/// belong to the request after the last answer, and the last of them repeats.
/// `status` is 400 to 599; 0 stands for a broken connection.
///
/// `delay_ms` passes before the first word, `word_delay_ms` between words.
/// `usage` left out is an estimate of one token for each word: output of the
/// answer, input of the newest message alone.
///
/// With `repeat`, the script begins again after its last answer; without it a
/// request too many fails. Unknown keys are errors.
namespace perdure::runtime {

namespace {

constexpr std::int64_t delay_ms_max = 86'400'000;

struct scripted_answer {
  std::vector<attempt_failure> errors;
  local_answer answer;
  /// Positions of the parts whose id is made from the request's index.
  std::vector<std::size_t> generated_ids;
  bool has_usage = false;
};

struct script {
  std::vector<scripted_answer> answers;
  /// Behind the last answer.
  std::vector<attempt_failure> last_errors;
  bool repeats = false;
};

std::string at(const std::string& place, std::size_t index) {
  return place + "[" + std::to_string(index) + "]";
}

std::chrono::milliseconds read_delay(field_reader& in, std::string_view key) {
  const auto delay_ms = in.count(key).value_or(0);
  if (delay_ms > delay_ms_max)
    in.fail(key, "must be at most a day");
  return std::chrono::milliseconds{std::min(delay_ms, delay_ms_max)};
}

attempt_failure
read_error(const json& value, const std::string& place, std::string& problem) {
  field_reader in{value, place, problem};
  in.only({"status", "message", "retry_after_seconds"});
  attempt_failure reason;
  const auto status = in.count("status");
  if (!status || (*status != 0 && (*status < 400 || *status > 599))) {
    in.fail("status", "must be 0 or an HTTP status from 400 to 599");
    return reason;
  }
  reason.status = static_cast<std::uint16_t>(*status);
  reason.code
    = *status == 0 ? errc::model_network_error : errc::model_http_error;
  reason.retryable = *status == 0 || is_retryable_status(reason.status);
  reason.retry_after = in.duration("retry_after_seconds");
  reason.message = "script: ";
  if (*status != 0)
    reason.message += "HTTP " + std::to_string(*status) + ": ";
  reason.message += in.optional_text("message").value_or("scripted error");
  return reason;
}

usage read_usage(const json& value, const std::string& place,
                 std::string& problem) {
  field_reader in{value, place, problem};
  in.only({"input_tokens", "output_tokens", "cache_read_tokens",
           "cache_write_tokens"});
  usage counts;
  counts.input_tokens = in.count("input_tokens").value_or(0);
  counts.output_tokens = in.count("output_tokens").value_or(0);
  counts.cache_read_tokens = in.count("cache_read_tokens").value_or(0);
  counts.cache_write_tokens = in.count("cache_write_tokens").value_or(0);
  return counts;
}

tool_call_part
read_call(const json& value, const std::string& place, std::string& problem) {
  field_reader in{value, place, problem};
  in.only({"tool", "args", "id"});
  tool_call_part call;
  call.tool_name = in.required_text("tool");
  call.tool_call_id = in.text("id");
  const auto* args = in.find("args");
  if (args == nullptr)
    call.args = "{}";
  else if (args->is_string())
    call.args = *args;
  else if (args->is_object())
    call.args = to_text(*args);
  else
    in.fail("args", "must be an object or a string");
  if (call.tool_name.empty())
    in.fail("tool", "must not be empty");
  return call;
}

file_part
read_image(const json& value, const std::string& place, std::string& problem) {
  field_reader in{value, place, problem};
  in.only({"media_type", "data"});
  file_part image;
  auto data = url_safe_base64(in.required_text("data"));
  if (!data)
    in.fail("data", "must be base64");
  image.content = {{"kind", "binary"},
                   {"data", std::move(data).value_or("")},
                   {"media_type", in.required_text("media_type")}};
  return image;
}

scripted_answer
read_answer(const json& value, const std::string& place, std::string& problem) {
  field_reader in{value, place, problem};
  in.only({"thinking", "text", "image", "tool_calls", "delay_ms",
           "word_delay_ms", "usage"});
  scripted_answer made;
  auto& response = made.answer.response;
  if (auto thinking = in.optional_text("thinking"))
    response.parts.push_back(thinking_part{std::move(*thinking), {}, {}});
  if (auto text = in.optional_text("text"))
    response.parts.push_back(text_part{std::move(*text), {}});
  if (const auto* image = in.find("image"))
    response.parts.push_back(read_image(*image, in.place("image"), problem));
  response.finish_reason = finish_reason::stop;
  if (const auto* calls = in.array("tool_calls"))
    for (std::size_t i = 0; i < calls->size(); ++i) {
      auto call
        = read_call((*calls)[i], at(in.place("tool_calls"), i), problem);
      if (call.tool_call_id.empty())
        made.generated_ids.push_back(response.parts.size());
      response.parts.push_back(std::move(call));
      response.finish_reason = finish_reason::tool_call;
    }
  if (response.parts.empty())
    in.fail("text", "an answer needs `text`, `thinking`, `image`, "
                    "`tool_calls` or `error`");
  made.answer.delay = read_delay(in, "delay_ms");
  made.answer.word_delay = read_delay(in, "word_delay_ms");
  const auto* counts = in.find("usage");
  made.has_usage = counts != nullptr;
  if (counts != nullptr)
    response.usage = read_usage(*counts, in.place("usage"), problem);
  else
    response.usage.output_tokens = count_words(response);
  response.model_name = "script";
  response.provider_name = "script";
  return made;
}

script read_script(const json& value, std::string& problem) {
  field_reader in{value, "script", problem};
  in.only({"responses", "repeat"});
  script read;
  read.repeats = in.flag("repeat", false);
  const auto* responses = in.array("responses");
  if (responses == nullptr || responses->empty()) {
    in.fail("responses", "must be an array that is not empty");
    return read;
  }
  std::vector<attempt_failure> errors;
  for (std::size_t i = 0; i < responses->size(); ++i) {
    const auto& item = (*responses)[i];
    const auto place = at("responses", i);
    if (item.is_object() && item.contains("error")) {
      field_reader error{item, place, problem};
      error.only({"error"});
      errors.push_back(
        read_error(item.at("error"), error.place("error"), problem));
      continue;
    }
    auto answer = read_answer(item, place, problem);
    answer.errors = std::exchange(errors, {});
    read.answers.push_back(std::move(answer));
  }
  read.last_errors = std::move(errors);
  return read;
}

class script_model final : public local_model {
public:
  explicit script_model(script content) : script_(std::move(content)) {
    // nop
  }

  [[nodiscard]] std::variant<local_answer, attempt_failure>
  answer(const local_request& request) const override {
    const auto count = script_.answers.size();
    const auto attempt = std::max<std::size_t>(request.attempt, 1);
    // Errors at the end are a turn of their own.
    const auto turns = count + (script_.last_errors.empty() ? 0U : 1U);
    auto turn = request.index;
    if (script_.repeats)
      turn %= turns;
    if (turn >= turns)
      return too_many(request.index);
    if (turn == count)
      return script_
        .last_errors[std::min(attempt, script_.last_errors.size()) - 1];
    const auto& scripted = script_.answers[turn];
    if (attempt <= scripted.errors.size())
      return scripted.errors[attempt - 1];
    return spoken(scripted, request);
  }

private:
  [[nodiscard]] attempt_failure too_many(std::size_t index) const {
    return bad_response(
      "script",
      "the script has " + std::to_string(script_.answers.size())
        + " answers, but this is request " + std::to_string(index + 1)
        + " of the run; add answers or set `repeat`",
      false);
  }

  static local_answer
  spoken(const scripted_answer& scripted, const local_request& request) {
    auto answer = scripted.answer;
    std::size_t number = 0;
    for (const auto position : scripted.generated_ids)
      if (auto* call
          = std::get_if<tool_call_part>(&answer.response.parts[position]))
        call->tool_call_id = "call_" + std::to_string(request.index) + "_"
                             + std::to_string(number++);
    if (!scripted.has_usage && !request.messages.empty())
      answer.response.usage.input_tokens
        = count_words(*request.messages.back());
    return answer;
  }

  script script_;
};

} // namespace

result<std::shared_ptr<const local_model>>
make_script_model(std::string_view text) {
  const auto value = parse_json(text);
  if (!value)
    return failure{value.error().code, "script: " + value.error().message};
  std::string problem;
  auto content = read_script(*value, problem);
  if (!problem.empty())
    return failure{errc::invalid_argument, problem};
  return std::shared_ptr<const local_model>{
    std::make_shared<const script_model>(std::move(content))};
}

} // namespace perdure::runtime
