#pragma once

#include <initializer_list>
#include <perdure/json.hpp>
#include <string>
#include <string_view>

namespace perdure {

/// What a run is asked: text, or texts and files in order.
///
///     agent.run_sync("What is the capital of France?");
///     agent.run_sync({"What is this?", perdure::image("https://.../a.png")});
class prompt {
public:
  /// Nothing: the run goes on from its message history.
  prompt() = default;
  prompt(const char* text) : content_(text) {}
  prompt(std::string text) : content_(std::move(text)) {}
  prompt(std::initializer_list<json> items);

  /// A string, an array of content items, or null.
  [[nodiscard]] const json& content() const noexcept {
    return content_;
  }

private:
  json content_;
};

/// A file for a prompt, by its address.
json image(std::string_view url);
json audio(std::string_view url);
json video(std::string_view url);
json document(std::string_view url);

/// A file for a prompt, by its content.
/// @param media_type e.g. `image/png`
json file(std::string_view bytes, std::string_view media_type);

} // namespace perdure
