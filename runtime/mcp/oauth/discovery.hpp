#pragma once

#include "runtime/json.hpp"
#include "runtime/mcp/oauth/web.hpp"

#include <string>
#include <string_view>
#include <vector>

/// Where metadata is found, and what it has to say to be believed.
namespace perdure::runtime::mcp::oauth {

/// Where the metadata of a protected resource may be, best first.
std::vector<std::string>
resource_metadata_urls(const std::string& server_url, const challenge& refusal);

/// Where the metadata of an authorization server may be, best first.
std::vector<std::string> server_metadata_urls(const std::string& issuer);

/// Whether a token for `resource` is one for the server: the same origin, and
/// the same path or one above it.
bool covers(std::string_view resource, std::string_view server_url);

/// Whether metadata is that of the issuer it was looked for at. Only a slash
/// after a bare host does not matter.
bool is_same_issuer(std::string_view wanted, std::string_view found);

/// Strings of an array; empty when there is none.
std::vector<std::string> texts_at(const json& value, const char* key);

/// Both scopes, each part once, in order.
std::string union_of_scopes(std::string_view first, std::string_view second);

} // namespace perdure::runtime::mcp::oauth
