#include "tools/perdure/token_file.hpp"

#include "tools/perdure/text.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace perdure::client {

using runtime::errc;
using runtime::failure;
using runtime::result;

namespace {

constexpr std::size_t token_size_max = 4'096;

/// @returns an empty text when `text` can be no token
std::string as_token(std::string_view text) {
  auto out = trim(text);
  const bool good = std::all_of(out.begin(), out.end(),
                                [](char c) { return c > ' ' && c <= '~'; });
  return good ? out : std::string{};
}

std::vector<std::string>
data_directories(bool is_loopback, const environment& env) {
  std::vector<std::string> out;
  if (auto named = env("PERDURE_DATA_DIR"))
    out.push_back(*named);
  if (!is_loopback)
    return out;
  out.emplace_back("perdure-data");
  if (auto state = env("XDG_STATE_HOME"))
    out.push_back(*state + "/perdure");
  else if (auto home = env("HOME"))
    out.push_back(*home + "/.local/state/perdure");
  out.emplace_back("/var/lib/perdure");
  return out;
}

result<found_token> named_token(const std::string& file) {
  auto text = read_file(file, token_size_max);
  if (!text)
    return failure{errc::invalid_argument,
                   "cannot read the token: " + text.error().message};
  found_token out{as_token(*text), file};
  if (out.token.empty())
    return failure{errc::invalid_argument,
                   "there is no token in " + file
                     + ": it must hold one word and nothing else"};
  return out;
}

} // namespace

result<std::string> read_file(const std::string& path, std::size_t size_max) {
  const auto refuse = [&path](std::string_view why) {
    return failure{errc::invalid_argument, path + ": " + std::string{why}};
  };
  struct closer {
    int descriptor;
    ~closer() {
      if (descriptor >= 0)
        ::close(descriptor);
    }
  };
  const closer file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.descriptor < 0)
    return refuse(std::strerror(errno));
  std::string out;
  char buffer[16'384];
  for (;;) {
    const auto count = ::read(file.descriptor, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0)
      return refuse(std::strerror(errno));
    if (count == 0)
      return out;
    out.append(buffer, static_cast<std::size_t>(count));
    if (out.size() > size_max)
      return refuse("larger than " + std::to_string(size_max) + " bytes");
  }
}

result<found_token>
find_token(const std::string& file, bool is_loopback, const environment& env) {
  if (!file.empty())
    return named_token(file);
  if (auto text = env("PERDURE_TOKEN")) {
    found_token out{as_token(*text), "PERDURE_TOKEN"};
    if (out.token.empty())
      return failure{errc::invalid_argument,
                     "PERDURE_TOKEN is not one word of printable characters"};
    return out;
  }
  found_token out;
  out.places = "--token-file (not given)\nPERDURE_TOKEN (not set)";
  for (const auto& directory : data_directories(is_loopback, env)) {
    const auto path = directory + "/admin.token";
    auto text = read_file(path, token_size_max);
    if (text) {
      out.token = as_token(*text);
      out.places += "\n" + path + (out.token.empty() ? ": holds no token" : "");
    } else {
      out.places += "\n" + text.error().message;
    }
    if (!out.token.empty())
      return out;
  }
  return out;
}

} // namespace perdure::client
