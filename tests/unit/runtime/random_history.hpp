#pragma once

#include "runtime/messages/message.hpp"

#include <random>
#include <string>

namespace perdure::runtime {

/// Makes histories that a runtime, an application or a broken client could
/// hold: results that fit and results that do not, every kind of part, fields
/// set and left out.
class random_history {
public:
  explicit random_history(std::uint64_t seed) : random_(seed) {
    // nop
  }

  message_history make() {
    message_history result;
    const auto count = pick(9);
    for (std::size_t i = 0; i < count; ++i) {
      message item;
      if (pick(2) == 0)
        item = request();
      else
        item = response();
      result.push_back(std::make_shared<const message>(std::move(item)));
    }
    return result;
  }

  /// Uniform in [0, bound).
  std::size_t pick(std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>{0, bound - 1}(random_);
  }

  json value(int depth = 0) {
    switch (pick(depth > 2 ? 6 : 8)) {
      case 0:
        return nullptr;
      case 1:
        return pick(2) == 0;
      case 2:
        return static_cast<std::int64_t>(pick(1000)) - 500;
      case 3:
        return 0.25 * static_cast<double>(pick(100));
      case 4:
      case 5:
        return text();
      case 6: {
        auto result = json::array();
        for (auto i = pick(3); i > 0; --i)
          result.push_back(value(depth + 1));
        return result;
      }
      default:
        return object(depth + 1);
    }
  }

private:
  std::string text() {
    static const std::string texts[]
      = {"", "x", "ä\n\"", "{}", "image-url", "search", "a/b+c="};
    return texts[pick(std::size(texts))];
  }

  optional_text maybe_text() {
    return pick(2) == 0 ? optional_text{} : optional_text{text()};
  }

  /// Few ids, so that they are met again.
  std::string id() {
    static const std::string ids[] = {"", "a", "b", "c"};
    return ids[pick(std::size(ids))];
  }

  json object(int depth = 0) {
    auto result = json::object();
    for (auto i = pick(3); i > 0; --i)
      result["k" + std::to_string(pick(9))] = value(depth);
    return result;
  }

  json maybe_object() {
    return pick(2) == 0 ? json() : object();
  }

  timestamp time() {
    return timestamp{std::chrono::microseconds{
      pick(3) == 0 ? 0 : 1'767'323'045'000'000 + pick(5'000'000)}};
  }

  json item() {
    auto result = json::object();
    switch (pick(5)) {
      case 0:
        return text();
      case 1:
        result = {{"kind", "image-url"}, {"url", text()}};
        break;
      case 2:
        result
          = {{"kind", "binary"}, {"data", "_-8="}, {"media_type", "image/png"}};
        break;
      case 3:
        result = {{"kind", "cache-point"}, {"ttl", "1h"}};
        break;
      default:
        result = {{"kind", "hologram"}, {"depth", value()}};
        break;
    }
    return result;
  }

  json user_content() {
    if (pick(2) == 0)
      return text();
    auto result = json::array();
    for (auto i = pick(3); i > 0; --i)
      result.push_back(item());
    return result;
  }

  provider_data provider() {
    return {maybe_text(), maybe_text(), maybe_object()};
  }

  tool_outcome outcome() {
    return static_cast<tool_outcome>(pick(4));
  }

  message_state state() {
    return pick(2) == 0 ? message_state::complete
                        : static_cast<message_state>(pick(4));
  }

  request_part make_request_part() {
    switch (pick(8)) {
      case 0:
        return system_prompt_part{text(), time(), maybe_text()};
      case 1:
        return user_prompt_part{user_content(), time()};
      case 2:
        return retry_prompt_part{text(), maybe_text(), id(), time()};
      case 3:
        return retry_prompt_part{json::array({object()}), "t", id(), time()};
      case 4:
        return tool_availability_part{{text()}, maybe_text()};
      case 5:
        return opaque_part{{{"part_kind", "speech"}, {"audio", value()}}};
      default:
        return tool_return_part{text(),  value(), id(),     maybe_text(),
                                value(), time(),  outcome()};
    }
  }

  response_part make_response_part() {
    switch (pick(9)) {
      case 0:
        return text_part{text(), provider()};
      case 1:
        return thinking_part{text(), maybe_text(), provider()};
      case 2:
        return file_part{
          {{"kind", "binary"}, {"data", "_-8="}, {"media_type", "image/png"}},
          provider()};
      case 3:
        return compaction_part{maybe_text(), provider()};
      case 4:
        return opaque_part{{{"part_kind", "dream"}, {"of", value()}}};
      case 5: {
        auto data = provider();
        data.id.reset();
        return builtin_tool_return_part{text(),       value(),        id(),
                                        maybe_text(), value(),        time(),
                                        outcome(),    std::move(data)};
      }
      default: {
        tool_call_part result;
        result.tool_name = text();
        result.tool_call_id = id();
        result.tool_kind = maybe_text();
        result.provider = provider();
        result.builtin = pick(4) == 0;
        if (pick(3) != 0)
          result.args = pick(2) == 0 ? json(text()) : object();
        return result;
      }
    }
  }

  model_request request() {
    model_request result;
    for (auto i = pick(4); i > 0; --i)
      result.parts.push_back(make_request_part());
    if (pick(2) == 0)
      result.time = time();
    if (pick(2) == 0)
      result.instructions = id();
    result.run_id = maybe_text();
    result.conversation_id = maybe_text();
    result.metadata = maybe_object();
    result.state = state();
    return result;
  }

  model_response response() {
    model_response result;
    for (auto i = pick(4); i > 0; --i)
      result.parts.push_back(make_response_part());
    result.usage.input_tokens = static_cast<std::int64_t>(pick(2));
    result.usage.output_audio_tokens = static_cast<std::int64_t>(pick(3));
    if (pick(2) == 0)
      result.usage.details = {{"reasoning_tokens", 7}};
    if (pick(2) == 0)
      result.usage.cost = "0.10";
    if (pick(2) == 0)
      result.usage.extra = {{"tool_use_tokens", nullptr}};
    if (pick(2) == 0)
      result.model_name = text();
    result.provider_name = maybe_text();
    result.provider_url = maybe_text();
    result.time = time();
    result.provider_details = maybe_object();
    if (pick(2) == 0)
      result.provider_response_id = text();
    result.finish_reason = static_cast<finish_reason>(pick(6));
    result.run_id = maybe_text();
    result.conversation_id = maybe_text();
    result.metadata = maybe_object();
    result.state = state();
    return result;
  }

  std::mt19937_64 random_;
};

} // namespace perdure::runtime
