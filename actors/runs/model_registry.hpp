#pragma once

#include "runtime/models/local_model.hpp"
#include "runtime/models/model.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace perdure::actors {

/// How the node reaches one provider.
struct provider_settings {
  std::string provider_name;
  /// Name for `runtime::codec_for`.
  std::string wire;
  /// Empty when nothing names one.
  std::string base_url;
  /// Where a missing base URL would be looked for.
  std::string base_url_variable;
  /// Empty for a provider that wants none.
  std::string api_key;
  /// Where a missing key would be looked for; empty where none is needed.
  std::string api_key_variable;
  /// See `runtime::auth_header`.
  std::string auth = "bearer";
  std::string api_version;
  /// Go around the path of a request; `{model}` and `{api_version}` are filled
  /// in.
  std::string path_prefix;
  std::string query;
  bool stream = true;
  std::vector<std::pair<std::string, std::string>> headers;
};

/// A model string made ready for use: either a codec and where to send what it
/// encodes, or a local model.
struct model_binding {
  runtime::model_identity identity;
  runtime::model_profile profile;
  std::shared_ptr<const runtime::codec> codec;
  provider_settings provider;
  std::shared_ptr<const runtime::local_model> local;

  /// Where a request goes. @param path may have a query of its own
  [[nodiscard]] std::string url_of(const std::string& path) const;
};

using binding_ptr = std::shared_ptr<const model_binding>;

/// Resolves `provider:model`, `test` and `script:FILE`. Thread-safe; what was
/// resolved once is kept.
class model_registry {
public:
  explicit model_registry(std::map<std::string, provider_settings> providers);

  /// Errors: errc::unknown_model (naming what is close), errc::missing_api_key
  /// (naming the variable), errc::invalid_argument for a bad script.
  [[nodiscard]] runtime::result<binding_ptr> resolve(const std::string& model);

private:
  [[nodiscard]] runtime::result<binding_ptr>
  bind(const std::string& model) const;

  std::map<std::string, provider_settings> providers_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, binding_ptr> bound_;
};

} // namespace perdure::actors
