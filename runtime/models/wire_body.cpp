#include "runtime/models/wire_body.hpp"

#include <cctype>

namespace perdure::runtime {

void element_pieces::add(const std::vector<json>& elements) {
  if (elements.empty())
    return;
  auto text = join_elements(elements);
  pieces_.push_back(make_piece(pieces_.empty() ? std::move(text) : "," + text));
}

void element_pieces::append_to(text_pieces& body, bool follows) const {
  static const auto comma = make_piece(",");
  if (follows && !pieces_.empty())
    body.push_back(comma);
  body.insert(body.end(), pieces_.begin(), pieces_.end());
}

std::string join_elements(const std::vector<json>& elements) {
  std::string text;
  for (const auto& element : elements) {
    if (!text.empty())
      text += ',';
    text += to_text(element);
  }
  return text;
}

std::shared_ptr<const std::string> make_piece(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view marks = "-._~";
  std::string out;
  for (const unsigned char sign : text) {
    if (std::isalnum(sign) != 0
        || marks.find(static_cast<char>(sign)) != std::string_view::npos) {
      out += static_cast<char>(sign);
      continue;
    }
    out += '%';
    out += digits[sign >> 4U];
    out += digits[sign & 15U];
  }
  return out;
}

std::string open_object(const json& object) {
  auto text = to_text(object);
  text.pop_back();
  return text;
}

} // namespace perdure::runtime
