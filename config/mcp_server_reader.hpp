#pragma once

#include "config/field_reader.hpp"
#include "runtime/mcp/server.hpp"

#include <filesystem>
#include <span>
#include <string_view>

namespace perdure::config {

/// The keys that an entry for an MCP server may have wherever it stands.
std::span<const std::string_view> mcp_server_keys() noexcept;

/// Whether `${VAR}` without a value is a problem now, or only when the
/// connection is opened.
enum class unset_variables { refused, accepted };

/// Reads those keys into `server`, whose id and prefix are the caller's.
/// @param folder what relative paths start from
void read_mcp_server(const field_reader& fields, const reading& with,
                     const std::filesystem::path& folder, unset_variables mode,
                     runtime::mcp::server_options& server);

/// What a server is called that got no name: `{host}-{last part of the path}`.
/// @returns an empty text when the URL has no host that is known now
std::string mcp_id_of_url(std::string_view url);

} // namespace perdure::config
