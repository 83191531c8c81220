#pragma once

#include "runtime/models/model.hpp"

#include <string>
#include <string_view>

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

  [[nodiscard]] bool is_image() const;
  [[nodiscard]] std::string data_uri() const;
  /// E.g. `a72e39.pdf`.
  [[nodiscard]] std::string file_name() const;
};

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
