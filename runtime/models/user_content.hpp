#pragma once

#include "runtime/models/model.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::runtime {

/// One thing that a user says or shows, in the terms of the wire formats.
struct user_item {
  /// `text`, or the item's `kind` in the message history.
  std::string kind;
  std::string text;
  std::string url;
  /// Base64, standard alphabet.
  std::string data;
  std::string media_type;
  std::string identifier;
  std::string file_id;
  std::string provider_name;
  /// How closely an image is looked at; empty for the default.
  std::string detail;
  /// Of a cache point.
  std::string ttl;

  [[nodiscard]] bool is_image() const;
  /// The media type, or what the end of the link tells of it; empty when it
  /// tells nothing.
  [[nodiscard]] std::string type() const;
  [[nodiscard]] std::string data_uri() const;
  /// The identifier, or the one that is made for a file that has none.
  [[nodiscard]] std::string name() const;
  /// E.g. `a72e39.pdf`.
  [[nodiscard]] std::string file_name() const;
};

/// The items of a user prompt, cache points among them.
/// Errors: errc::invalid_message_history
result<std::vector<user_item>> read_user_content(const json& content);

/// The file that `value` stands for, as it may be in the result of a tool; an
/// object that only looks like one is none.
std::optional<user_item> read_file(const json& value);

/// One item in a wire format. Errors: errc::invalid_argument.
using item_encoder
  = result<json> (*)(const user_item& item, const model_identity& to);

/// The content of a user prompt in a wire format: text as it is, items one by
/// one; marks that no format here knows (`cache-point`) are left out.
/// Errors: errc::invalid_message_history, errc::invalid_argument
result<json> encode_user_content(const json& content, const model_identity& to,
                                 item_encoder encode);

/// What an API says of an item that it has no form for.
failure unsendable(const user_item& item, std::string_view api);

} // namespace perdure::runtime
