#pragma once

#include "runtime/models/user_content.hpp"

#include <string>
#include <vector>

namespace perdure::runtime {

/// What a tool returned, with the files in it apart.
struct shown_result {
  /// As `text_of`; in the place of a file stands `See file ID.`.
  std::string text;
  std::vector<user_item> files;
};

shown_result show(const tool_return_part& part);

/// What a user says in front of a file that a tool returned.
std::string introduction(const user_item& file);

/// The content of a user's message that shows `files`, each with its name.
/// Errors: errc::invalid_argument
result<json> encode_files(const std::vector<user_item>& files,
                          const model_identity& to, item_encoder encode);

} // namespace perdure::runtime
