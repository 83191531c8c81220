#include "tools/hosting/address.hpp"

#include <charconv>

namespace perdure::hosting {

using runtime::errc;
using runtime::failure;

runtime::result<address> parse_address(const std::string& text) {
  const failure bad{errc::invalid_argument,
                    "'" + text
                      + "' is not an address; write host:port, e.g. "
                        "127.0.0.1:7437 or [::1]:7437"};
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0)
    return bad;
  address out;
  out.host = text.substr(0, colon);
  if (out.host.front() == '[' && out.host.back() == ']')
    out.host = out.host.substr(1, out.host.size() - 2);
  const auto* end = text.data() + text.size();
  const auto [at, code]
    = std::from_chars(text.data() + colon + 1, end, out.port);
  if (code != std::errc{} || at != end || out.host.empty())
    return bad;
  return out;
}

} // namespace perdure::hosting
