#pragma once

#include "config/expand.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::config {

struct log_options {
  /// `text` for people, `json` for programs.
  std::string format = "text";
  /// `trace`, `debug`, `info`, `warning` or `error`.
  std::string level = "info";
};

/// What the node file says of one provider; the rest comes from the
/// environment and the table of known providers.
struct provider_options {
  std::optional<std::string> base_url;
  std::optional<std::string> api_key;
  /// Of `runtime::wire_names`; a provider of one's own needs it.
  std::optional<std::string> wire;
  /// How the key is shown: `bearer`, or the name of a header.
  std::optional<std::string> auth;
  /// Of the provider's API.
  std::optional<std::string> api_version;
  /// Whether responses are streamed.
  bool stream = true;
  /// Sent along with every request.
  std::map<std::string, std::string> headers;
};

struct tls_options {
  /// Certificate authorities (PEM) that providers are checked against, instead
  /// of the machine's own. Empty: SSL_CERT_FILE, else the machine's.
  std::string ca_file;
};

struct node_limits {
  /// Runs that may work at the same time on this node. At least 1.
  std::uint64_t active_runs_max = 16'384;
  /// Runs that may wait for their turn; over it, new ones are refused.
  std::uint64_t queued_runs_max = 100'000;
  /// Largest body of an API request. 1 KiB to 1 GiB.
  std::uint64_t request_body_max_bytes = std::uint64_t{32} << 20;
  /// Bound of the journal's file. The last 256 MiB of it, a quarter at most,
  /// are kept for runs that exist: new ones are refused. At least 1 MiB.
  std::uint64_t journal_bytes_max = std::uint64_t{1} << 40;
  /// How long an idle run stays in memory. At least 1 ms.
  std::chrono::milliseconds park_after{5'000};
};

/// What a node is started with. The defaults are those of an empty file.
struct node_file {
  /// `host:port`; port 0 takes any free one.
  std::string listen = "127.0.0.1:7437";
  std::string data_dir = "perdure-data";
  /// Agent files, or folders of them.
  std::vector<std::string> agents;
  log_options log;
  /// By the prefix of model strings.
  std::map<std::string, provider_options> providers;
  tls_options tls;
  node_limits limits;
};

/// One thing that is wrong with a value of the node file.
struct node_problem {
  /// Keys from the top, e.g. {"log", "level"}.
  std::vector<std::string> path;
  std::string message;
};

/// @returns everything that is wrong with `node`
std::vector<node_problem> validate(const node_file& node);

/// Reads a node file: JSON with comments, strict. Relative paths start from the
/// folder of `file_name`.
/// Errors: errc::invalid_node_file with every problem, one per line:
/// `file:line:column: path: problem`
runtime::result<node_file>
parse_node_file(std::string_view text, const std::string& file_name,
                const environment& lookup);
runtime::result<node_file>
load_node_file(const std::filesystem::path& file, const environment& lookup);

/// How one provider is reached.
struct provider_settings {
  /// Empty when nothing names one.
  std::string base_url;
  /// Where a missing base URL would be looked for; empty for nowhere.
  std::string base_url_variable;
  /// Empty when there is none.
  std::string api_key;
  /// Where a missing key would be looked for; empty where none is needed: a
  /// server of one's own may want no key, the known ones do.
  std::string api_key_variable;
  std::string wire;
  std::string auth;
  std::string api_version;
  /// See `runtime::provider_entry`.
  std::string path_prefix;
  std::string query;
  /// Name written into responses.
  std::string provider_name;
  bool stream = true;
  std::map<std::string, std::string> headers;
};

/// The settings of all known providers and of those of the node file, by
/// prefix. The file goes before the environment, and the environment before the
/// table.
std::map<std::string, provider_settings>
resolve_providers(const node_file& node, const environment& lookup);

} // namespace perdure::config
