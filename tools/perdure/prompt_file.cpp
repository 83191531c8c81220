#include "tools/perdure/prompt_file.hpp"

#include "runtime/base64.hpp"
#include "tools/perdure/text.hpp"
#include "tools/perdure/token_file.hpp"

#include <algorithm>
#include <array>

namespace perdure::client {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

/// What providers take at most, about; base64 makes it 27 MiB.
constexpr std::size_t file_size_max = std::size_t{20} << 20U;

struct known_type {
  std::string_view extension;
  std::string_view media_type;
};

constexpr auto by_extension
  = std::to_array<known_type>({{".png", "image/png"},
                               {".jpg", "image/jpeg"},
                               {".jpeg", "image/jpeg"},
                               {".gif", "image/gif"},
                               {".webp", "image/webp"},
                               {".mp3", "audio/mpeg"},
                               {".wav", "audio/wav"},
                               {".ogg", "audio/ogg"},
                               {".flac", "audio/flac"},
                               {".mp4", "video/mp4"},
                               {".webm", "video/webm"},
                               {".mov", "video/quicktime"},
                               {".pdf", "application/pdf"},
                               {".txt", "text/plain"}});

std::string_view type_of_name(std::string_view name) {
  std::string lower{name};
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  for (const auto& [extension, type] : by_extension)
    if (lower.ends_with(extension))
      return type;
  return {};
}

std::string_view type_of_bytes(std::string_view bytes) {
  using namespace std::string_view_literals;
  constexpr std::size_t riff_kind_at = 8;
  if (bytes.starts_with("\x89PNG\r\n"sv))
    return "image/png";
  if (bytes.starts_with("\xff\xd8\xff"sv))
    return "image/jpeg";
  if (bytes.starts_with("GIF8"sv))
    return "image/gif";
  if (bytes.starts_with("%PDF-"sv))
    return "application/pdf";
  if (bytes.starts_with("ID3"sv) || bytes.starts_with("\xff\xfb"sv))
    return "audio/mpeg";
  if (bytes.starts_with("OggS"sv))
    return "audio/ogg";
  if (bytes.starts_with("fLaC"sv))
    return "audio/flac";
  if (bytes.starts_with("RIFF"sv) && bytes.size() > riff_kind_at) {
    const auto kind = bytes.substr(riff_kind_at);
    if (kind.starts_with("WEBP"sv))
      return "image/webp";
    if (kind.starts_with("WAVE"sv))
      return "audio/wav";
  }
  return {};
}

bool is_text(std::string_view bytes) {
  return bytes.find('\0') == std::string_view::npos && is_utf8(bytes);
}

json link_item(const std::string& url) {
  const auto path = std::string_view{url}.substr(0, url.find_first_of("?#"));
  const auto type = type_of_name(path);
  const auto kind = type.starts_with("image/")   ? "image-url"
                    : type.starts_with("audio/") ? "audio-url"
                    : type.starts_with("video/") ? "video-url"
                                                 : "document-url";
  return {{"kind", kind}, {"url", url}};
}

std::string_view name_of(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

} // namespace

std::string media_type_of(std::string_view bytes, std::string_view name) {
  auto type = type_of_bytes(bytes);
  if (type.empty() && is_text(bytes))
    type = "text/plain";
  if (type.empty())
    type = type_of_name(name);
  // What is called a text and is none is nothing that can be sent.
  return type == "text/plain" && !is_text(bytes) ? std::string{}
                                                 : std::string{type};
}

result<json> prompt_item(const std::string& from) {
  if (from.starts_with("http://") || from.starts_with("https://"))
    return link_item(from);
  auto bytes = read_file(from, file_size_max);
  if (!bytes)
    return failure{errc::invalid_argument, "cannot send the file " + from + ": "
                                             + bytes.error().message};
  if (bytes->empty())
    return failure{errc::invalid_argument, "the file " + from + " is empty"};
  auto type = media_type_of(*bytes, name_of(from));
  if (type.empty())
    return failure{errc::invalid_argument,
                   "cannot tell what the file " + from
                     + " is: it must be an image, audio, video, a PDF document "
                       "or UTF-8 text"};
  if (type == "text/plain")
    return json("File " + std::string{name_of(from)} + ":\n" + *bytes);
  return json{{"kind", "binary"},
              {"data", runtime::base64_url_padded(*bytes)},
              {"media_type", std::move(type)}};
}

} // namespace perdure::client
