#pragma once

#include "runtime/mcp/header_params.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// The little that authorization needs to know of the web.
namespace perdure::runtime::mcp::oauth {

struct http_request {
  std::string method = "GET";
  std::string url;
  header_list headers;
  std::string body;
};

struct http_answer {
  /// 0 when there was none.
  unsigned status = 0;
  std::string body;
};

/// `https://host:port` and `/path`, without query and fragment.
struct split_url {
  std::string origin;
  /// Empty, or begins with a slash and does not end with one.
  std::string path;
};

/// @returns nothing unless it is http(s) with a host
std::optional<split_url> split(std::string_view url);

/// Whether a token may travel there: https, or this machine.
bool is_safe(std::string_view url);

using form = std::vector<std::pair<std::string, std::string>>;

/// `application/x-www-form-urlencoded`; pairs without a value are left out.
std::string encode(const form& fields);
std::string encode(std::string_view text);

/// The fields of a query, or of a URL's query.
std::map<std::string, std::string> decode_query(std::string_view url);

/// What `WWW-Authenticate: Bearer` says.
struct challenge {
  std::string resource_metadata;
  std::string scope;
  std::string error;
};

/// Reads the first Bearer challenge of the header; empty when there is none.
challenge read_challenge(std::string_view header);

} // namespace perdure::runtime::mcp::oauth
