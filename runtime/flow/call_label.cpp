#include "runtime/flow/call_label.hpp"

namespace perdure::runtime {

std::string call_label(std::string_view id, std::uint32_t index) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : id) {
    if (out.size() > call_label_max_bytes)
      break;
    if (c > ' ' && c != '/' && c != '%' && c != 0x7F) {
      out += static_cast<char>(c);
      continue;
    }
    out += '%';
    out += digits[c >> 4];
    out += digits[c & 15];
  }
  if (out.size() > call_label_max_bytes)
    return "%at-" + std::to_string(index);
  return out;
}

} // namespace perdure::runtime
