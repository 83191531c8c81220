#include "runtime/models/tool_files.hpp"

#include "runtime/messages/model_text.hpp"

#include <array>

namespace perdure::runtime {

namespace {

// Deeper than this nothing is a file; it bounds the recursion.
constexpr int depth_max = 64;

void take_files(json& value, std::vector<user_item>& files, int depth) {
  if (!value.is_structured() || depth > depth_max)
    return;
  if (auto file = read_file(value)) {
    value = "See file " + file->name() + ".";
    files.push_back(std::move(*file));
    return;
  }
  for (auto& child : value)
    take_files(child, files, depth + 1);
}

} // namespace

shown_result show(const tool_return_part& part) {
  shown_result shown;
  // Most results hold none, and are not copied.
  if (!part.content.is_structured()) {
    shown.text = text_of(part);
    return shown;
  }
  auto copy = part;
  take_files(copy.content, shown.files, 0);
  shown.text = text_of(copy);
  return shown;
}

std::string introduction(const user_item& file) {
  return "This is file " + file.name() + ":";
}

result<json> encode_files(const std::vector<user_item>& files,
                          const model_identity& to, item_encoder encode) {
  auto content = json::array();
  for (const auto& file : files) {
    user_item name;
    name.kind = "text";
    name.text = introduction(file);
    for (const user_item* item :
         std::to_array<const user_item*>({&name, &file})) {
      auto element = encode(*item, to);
      if (!element)
        return element.error();
      content.push_back(std::move(*element));
    }
  }
  return content;
}

} // namespace perdure::runtime
