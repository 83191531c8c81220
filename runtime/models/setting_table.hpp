#pragma once

#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// The model settings that exist, and what each wire format makes of them.
namespace perdure::runtime {

/// In the order of `wire_names`.
enum class wire_format : std::uint8_t {
  openai_chat,
  openai_responses,
  anthropic,
  google,
};

enum class setting_use : std::uint8_t {
  /// The API has nothing like it: left out.
  ignored,
  /// Sent as it is.
  copied,
  /// Sent with the keys of its objects in the API's manner: `camelCase`.
  renamed_keys,
  /// True adds a word to the body's list `include`.
  included,
  /// Sent by the codec: other things have a say in it.
  shaped,
};

struct setting_place {
  setting_use use = setting_use::ignored;
  /// JSON pointer into the body, or the word to include; empty when it is not
  /// in the body (headers, the request's timeout).
  std::string_view at{};
};

struct setting_row {
  std::string_view name;
  /// What its value may be; see `fits`.
  std::string_view takes;
  /// By `wire_format`.
  std::array<setting_place, 4> places;
  /// Only this provider has it; empty for all of the wire format.
  std::string_view provider{};

  [[nodiscard]] const setting_place& on(wire_format wire) const noexcept {
    return places[static_cast<std::size_t>(wire)];
  }
};

/// @returns nothing for an unknown name
std::optional<wire_format> wire_of(std::string_view wire_name) noexcept;

/// All settings, weaker ones of the same place first.
std::span<const setting_row> setting_table() noexcept;

/// Writes into `body` what needs no more than the table.
void apply_settings(json& body, const json& settings, wire_format wire,
                    std::string_view provider_name);

/// `thinking_budget` as `thinkingBudget`.
std::string camel_case(std::string_view name);

/// `value` with the keys of all objects in it as `camel_case`.
json with_camel_keys(const json& value);

} // namespace perdure::runtime
