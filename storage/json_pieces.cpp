#include "storage/json_pieces.hpp"

namespace perdure::storage {

namespace {

/// Position of the quote that ends the string whose content begins at `begin`.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  for (auto at = text.find_first_of("\"\\", begin);
       at != std::string_view::npos; at = text.find_first_of("\"\\", at + 2))
    if (text[at] == '"')
      return at;
  return std::string_view::npos;
}

} // namespace

std::vector<std::string_view>
split_at_long_strings(std::string_view text, std::size_t size_min) {
  std::vector<std::string_view> out;
  std::size_t taken = 0;
  if (text.starts_with('"'))
    return {text};
  for (auto quote = text.find('"'); quote != std::string_view::npos;) {
    const auto begin = quote + 1;
    const auto end = end_of_string(text, begin);
    if (end == std::string_view::npos)
      break;
    if (end - begin >= size_min) {
      out.push_back(text.substr(taken, begin - taken));
      out.push_back(text.substr(begin, end - begin));
      taken = end;
    }
    quote = text.find('"', end + 1);
  }
  out.push_back(text.substr(taken));
  return out;
}

} // namespace perdure::storage
