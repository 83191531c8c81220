#pragma once

#include "runtime/json.hpp"
#include "runtime/time.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// Numbers and times in the words of a person.
namespace perdure::client {

/// `850 ms`, `1.2 s`, `3 min 5 s`, `2 h 10 min`, `4 d 3 h`.
std::string duration_text(std::chrono::microseconds value);

/// `just now`, `3 min ago`, `in 4 s`.
std::string relative_time(runtime::timestamp time, runtime::timestamp now);

/// The same of a time in JSON; `-` when there is none.
std::string relative_time(const runtime::json& time, runtime::timestamp now);

/// `1 request`, `2 requests`.
std::string counted(std::int64_t count, std::string_view noun);

/// `2 requests, 1 tool call, 152 tokens (120 in, 32 out)`.
std::string usage_text(const runtime::json& usage);

/// `70 bytes`, `1.2 KiB`, `3.4 MiB`.
std::string size_text(std::int64_t size_bytes);

/// A moment that is a time or lies so far back: `2026-01-02T03:04:05Z`, `90s`,
/// `10m`, `2h`, `3d`.
std::optional<runtime::timestamp>
moment_from(std::string_view text, runtime::timestamp now);

// -- fields of JSON from the node ---------------------------------------------

/// The text of a field; empty when it is absent or no text.
std::string text_of(const runtime::json& object, const char* key);

/// The whole number of a field; 0 when it is absent or no number.
std::int64_t count_of(const runtime::json& object, const char* key);

/// A field; null when it is absent.
const runtime::json& field_of(const runtime::json& object, const char* key);

/// A string as it is, everything else as compact JSON.
std::string plain_text(const runtime::json& value);

/// Whether an output, as the node shows it, is an image.
bool is_image(const runtime::json& output);

/// An image, as it is named: `[image/png, 1.2 KiB]`.
std::string image_text(const runtime::json& output);

/// How an image can be had.
std::string
save_command(const std::string& run_id, const std::string& repeat_options);

/// JSON for people and programs: indented.
std::string pretty_text(const runtime::json& value);

} // namespace perdure::client
