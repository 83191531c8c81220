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
  /// `any` also makes what no other program would read: unknown kinds, states
  /// that do not belong to the message. Both make fields of newer versions.
  enum class kinds { any, known };

  explicit random_history(std::uint64_t seed, kinds made = kinds::any)
    : random_(seed), is_any_(made == kinds::any) {
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

  /// A retry without the id of its call gets one from others.
  std::string known_id() {
    return is_any_ ? id() : "a";
  }

  /// A kind that the name of a tool does not go with is dropped by others.
  optional_text tool_kind() {
    return is_any_ ? maybe_text() : optional_text{};
  }

  /// Fields of a newer version, which others need not keep.
  json extra() {
    if (!is_any_ || pick(3) != 0)
      return {};
    return {{"newer", value()}};
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

  json binary() {
    return {{"kind", "binary"}, {"data", "_-8="}, {"media_type", "image/png"}};
  }

  json link(const char* kind, const char* ending) {
    json result{{"kind", kind},
                {"url", "https://example.com/" + text() + ending}};
    if (pick(2) == 0)
      result["force_download"]
        = pick(2) == 0 ? json("allow-local") : json(true);
    if (pick(2) == 0)
      result["vendor_metadata"] = object();
    return result;
  }

  json item() {
    switch (pick(is_any_ ? 10 : 9)) {
      case 0:
        return text();
      case 1:
        return link("image-url", "a.png");
      case 2:
        return link("audio-url", "a.mp3");
      case 3:
        return link("video-url", "a.mp4");
      case 4:
        return link("document-url", "a.pdf");
      case 5:
        return binary();
      case 6:
        return {{"kind", "cache-point"}, {"ttl", "1h"}};
      case 7:
        return {{"kind", "uploaded-file"},
                {"file_id", "f-1"},
                {"provider_name", "openai"},
                {"media_type", "application/pdf"}};
      case 8:
        return {
          {"kind", "text-content"}, {"content", text()}, {"metadata", value()}};
      default:
        return {{"kind", "hologram"}, {"depth", value()}};
    }
  }

  /// What a tool gives back; files may be anywhere in it.
  json tool_content() {
    switch (pick(4)) {
      case 0:
        return json::array({text(), binary()});
      case 1:
        return {{"at", json{{"some", link("image-url", "a.png")}}}};
      default:
        return value();
    }
  }

  json speech(const char* speaker) {
    if (is_any_)
      return {{"part_kind", "speech"}, {"audio", value()}};
    return {
      {"part_kind", "speech"},   {"speaker", speaker},
      {"transcript", text()},    {"audio", pick(2) == 0 ? json() : binary()},
      {"interrupted_at_ms", 7},  {"id", text()},
      {"provider_name", text()}, {"provider_details", object()}};
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
    return static_cast<tool_outcome>(pick(is_any_ ? 5 : 4));
  }

  message_state state(bool is_request) {
    if (pick(2) == 0)
      return message_state::complete;
    // Two states belong to responses only.
    return static_cast<message_state>(pick(is_request && !is_any_ ? 2 : 4));
  }

  json validation_error() {
    if (is_any_)
      return object();
    return {{"type", "missing"},
            {"loc", json::array({text(), pick(9)})},
            {"msg", text()},
            {"input", value()}};
  }

  request_part make_request_part() {
    switch (pick(10)) {
      case 0:
        return system_prompt_part{text(), time(), maybe_text(), extra()};
      case 1:
        return user_prompt_part{user_content(), time(), extra()};
      case 2:
        return retry_prompt_part{text(), maybe_text(), known_id(), time(),
                                 extra()};
      case 3:
        return retry_prompt_part{json::array({validation_error()}), "t",
                                 known_id(), time(), extra()};
      case 4:
        return tool_availability_part{{text()}, maybe_text(), extra()};
      case 5:
        return opaque_part{speech("user")};
      case 6:
        return typed_return();
      default:
        return tool_return_part{text(),  tool_content(), id(),      tool_kind(),
                                value(), time(),         outcome(), extra()};
    }
  }

  response_part make_response_part() {
    switch (pick(is_any_ ? 11 : 10)) {
      case 0:
        return text_part{text(), provider(), extra()};
      case 1:
        return thinking_part{text(), maybe_text(), provider(), extra()};
      case 2:
        return file_part{binary(), provider(), extra()};
      case 3:
        return compaction_part{maybe_text(), provider(), extra()};
      case 4: {
        auto data = provider();
        data.id.reset();
        return builtin_tool_return_part{text(),      tool_content(),  id(),
                                        tool_kind(), value(),         time(),
                                        outcome(),   std::move(data), extra()};
      }
      case 5:
        return opaque_part{speech("assistant")};
      case 6:
        return typed_call();
      case 10:
        return opaque_part{{{"part_kind", "dream"}, {"of", value()}}};
      default: {
        tool_call_part result;
        result.tool_name = text();
        result.tool_call_id = id();
        result.tool_kind = tool_kind();
        result.provider = provider();
        result.builtin = pick(4) == 0;
        if (pick(3) != 0)
          result.args = pick(2) == 0 ? json(text()) : object();
        result.extra = extra();
        return result;
      }
    }
  }

  /// A search for tools, or a capability that is loaded.
  tool_call_part typed_call() {
    tool_call_part result;
    result.tool_call_id = id();
    result.provider = provider();
    result.builtin = pick(3) == 0;
    if (result.builtin || pick(2) == 0) {
      result.tool_name = result.builtin ? "tool_search" : "search_tools";
      result.tool_kind = "tool-search";
      result.args = {{"queries", json::array({text()})}};
    } else {
      result.tool_name = "load_capability";
      result.tool_kind = "capability-load";
      result.args = {{"id", text()}};
    }
    return result;
  }

  tool_return_part typed_return() {
    tool_return_part result;
    result.tool_call_id = id();
    result.time = time();
    if (pick(2) == 0) {
      result.tool_name = "search_tools";
      result.tool_kind = "tool-search";
      result.content
        = {{"discovered_tools", json::array({json{{"name", text()}}})}};
    } else {
      result.tool_name = "load_capability";
      result.tool_kind = "capability-load";
      result.content = {{"instructions", text()}};
    }
    return result;
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
    result.state = state(true);
    result.extra = extra();
    return result;
  }

  model_response response() {
    model_response result;
    for (auto i = pick(4); i > 0; --i)
      result.parts.push_back(make_response_part());
    for (auto* count :
         {&result.usage.input_tokens, &result.usage.cache_write_tokens,
          &result.usage.cache_read_tokens, &result.usage.output_tokens,
          &result.usage.input_audio_tokens,
          &result.usage.cache_audio_read_tokens,
          &result.usage.output_audio_tokens})
      *count = static_cast<std::int64_t>(pick(3));
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
    result.state = state(false);
    result.extra = extra();
    return result;
  }

  std::mt19937_64 random_;
  bool is_any_;
};

} // namespace perdure::runtime
