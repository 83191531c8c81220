#include "actors/runs/model_registry.hpp"

#include "runtime/models/wire_body.hpp"

#include <cstring>
#include <fstream>
#include <mutex>
#include <sstream>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;

namespace {

runtime::result<binding_ptr> bind_script(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  if (!file)
    return failure{errc::unknown_model, "script:" + path + ": cannot read '"
                                          + path
                                          + "': " + std::strerror(errno)};
  std::ostringstream text;
  text << file.rdbuf();
  auto local = runtime::make_script_model(text.str());
  if (!local)
    return failure{local.error().code, path + ": " + local.error().message};
  auto out = std::make_shared<model_binding>();
  out->identity = {"script", {}, path};
  out->local = *local;
  return binding_ptr{std::move(out)};
}

binding_ptr bind_test() {
  auto out = std::make_shared<model_binding>();
  out->identity = {"test", {}, "test"};
  out->local = runtime::make_test_model();
  return out;
}

std::string known(const std::map<std::string, provider_settings>& providers) {
  std::string out = "test, script:FILE";
  for (const auto& [prefix, settings] : providers)
    if (!settings.base_url.empty())
      out += ", " + prefix + ":MODEL";
  return out;
}

void fill_in(std::string& text, std::string_view slot,
             const std::string& value) {
  if (const auto at = text.find(slot); at != std::string::npos)
    text.replace(at, slot.size(), value);
}

} // namespace

std::string model_binding::url_of(const std::string& path) const {
  auto url = provider.base_url + provider.path_prefix + path;
  if (!provider.query.empty())
    url += (path.find('?') == std::string::npos ? '?' : '&') + provider.query;
  return url;
}

model_registry::model_registry(
  std::map<std::string, provider_settings> providers)
  : providers_(std::move(providers)) {}

runtime::result<binding_ptr> model_registry::resolve(const std::string& model) {
  {
    const std::shared_lock lock{mutex_};
    if (const auto found = bound_.find(model); found != bound_.end())
      return found->second;
  }
  auto bound = bind(model);
  if (!bound)
    return bound;
  const std::unique_lock lock{mutex_};
  return bound_.emplace(model, *bound).first->second;
}

runtime::result<binding_ptr>
model_registry::bind(const std::string& model) const {
  if (model == "test")
    return bind_test();
  const auto colon = model.find(':');
  const auto prefix = model.substr(0, colon);
  if (colon == std::string::npos || colon + 1 == model.size())
    return failure{errc::unknown_model,
                   "'" + model
                     + "' is not a model; write provider:model, one "
                       "of "
                     + known(providers_)};
  const auto name = model.substr(colon + 1);
  if (prefix == "script")
    return bind_script(name);
  const auto found = providers_.find(prefix);
  if (found == providers_.end())
    return failure{errc::unknown_model, "'" + model
                                          + "' names no provider of this node; "
                                            "it has "
                                          + known(providers_)};
  const auto& provider = found->second;
  if (provider.base_url.empty())
    return failure{errc::unknown_model,
                   "model '" + model + "' has no address: set "
                     + provider.base_url_variable + ", or providers." + prefix
                     + ".base_url in the node file, and restart the node"};
  if (provider.api_key.empty() && !provider.api_key_variable.empty())
    return failure{errc::missing_api_key,
                   "model '" + model + "' needs an API key: set "
                     + provider.api_key_variable + ", or providers." + prefix
                     + ".api_key in the node file, and restart the node"};
  auto codec = runtime::codec_for(provider.wire);
  if (codec == nullptr)
    return failure{errc::unknown_model,
                   "provider '" + prefix + "' speaks the wire format '"
                     + provider.wire + "', which this version does not"};
  auto out = std::make_shared<model_binding>();
  out->identity = {provider.provider_name, provider.base_url, name};
  out->profile = runtime::profile_of_model(model);
  out->codec = std::move(codec);
  out->provider = provider;
  for (auto* text : {&out->provider.path_prefix, &out->provider.query}) {
    fill_in(*text, "{model}", runtime::percent_encoded(name));
    fill_in(*text, "{api_version}",
            runtime::percent_encoded(provider.api_version));
  }
  return binding_ptr{std::move(out)};
}

} // namespace perdure::actors
