#include "runtime/mcp/oauth/discovery.hpp"

#include <algorithm>

namespace perdure::runtime::mcp::oauth {

namespace {

constexpr std::string_view resource_place
  = "/.well-known/oauth-protected-resource";
constexpr std::string_view oauth_place
  = "/.well-known/oauth-authorization-server";
constexpr std::string_view openid_place = "/.well-known/openid-configuration";

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (end > 0)
      out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

template <class... Parts>
std::string join(const Parts&... parts) {
  std::string out;
  (out.append(parts), ...);
  return out;
}

} // namespace

std::vector<std::string> resource_metadata_urls(const std::string& server_url,
                                                const challenge& refusal) {
  std::vector<std::string> out;
  if (is_safe(refusal.resource_metadata)
      || (split(refusal.resource_metadata) && !is_safe(server_url)))
    out.push_back(refusal.resource_metadata);
  const auto server = split(server_url);
  if (!server)
    return out;
  for (auto url : {join(server->origin, resource_place, server->path),
                   join(server->origin, resource_place)})
    if (std::find(out.begin(), out.end(), url) == out.end())
      out.push_back(std::move(url));
  return out;
}

std::vector<std::string> server_metadata_urls(const std::string& issuer) {
  const auto parts = split(issuer);
  if (!parts)
    return {};
  const auto& [origin, path] = *parts;
  if (path.empty())
    return {join(origin, oauth_place), join(origin, openid_place)};
  return {join(origin, oauth_place, path), join(origin, openid_place, path),
          join(origin, path, openid_place)};
}

bool covers(std::string_view resource, std::string_view server_url) {
  const auto wide = split(resource);
  const auto narrow = split(server_url);
  if (!wide || !narrow || wide->origin != narrow->origin)
    return false;
  return narrow->path == wide->path
         || narrow->path.starts_with(wide->path + '/') || wide->path.empty();
}

bool is_same_issuer(std::string_view wanted, std::string_view found) {
  if (wanted == found)
    return true;
  const auto bare = [](std::string_view url) {
    const auto parts = split(url);
    return parts && parts->path.empty() && url.ends_with('/')
             ? url.substr(0, url.size() - 1)
             : url;
  };
  return bare(wanted) == bare(found);
}

std::vector<std::string> texts_at(const json& value, const char* key) {
  std::vector<std::string> out;
  if (!value.is_object())
    return out;
  const auto found = value.find(key);
  if (found != value.end() && found->is_array())
    for (const auto& item : *found)
      if (item.is_string())
        out.push_back(item.get<std::string>());
  return out;
}

std::string union_of_scopes(std::string_view first, std::string_view second) {
  auto all = words(first);
  for (auto& word : words(second))
    if (std::find(all.begin(), all.end(), word) == all.end())
      all.push_back(std::move(word));
  std::string out;
  for (const auto& word : all)
    out += (out.empty() ? "" : " ") + word;
  return out;
}

} // namespace perdure::runtime::mcp::oauth
