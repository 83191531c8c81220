#include "runtime/policy/cache_policy.hpp"

#include <utility>

namespace perdure::runtime {

namespace {

constexpr std::size_t exclude_max = 100;

constexpr auto exclude_reason
  = "must be a list of up to 100 names or JSON pointers (/a/b)";

void read_exclude(field_reader& in, const json& value, cache_policy& into) {
  into.exclude.clear();
  if (value.is_null())
    return;
  if (!value.is_array() || value.size() > exclude_max)
    return in.fail("cache_exclude", exclude_reason);
  for (const auto& item : value) {
    if (!item.is_string() || item.get_ref<const std::string&>().empty()
        || !keys_of_pointer(item.get_ref<const std::string&>()))
      return in.fail("cache_exclude", exclude_reason);
    into.exclude.push_back(item.get<std::string>());
  }
}

} // namespace

void read_cache_policy(field_reader& in, const json& value,
                       cache_policy& into) {
  // The names are in the order of the enums.
  if (value.contains("cache_policy")) {
    if (in.find("cache_policy") == nullptr)
      in.fail("cache_policy", "must be one of none, inputs");
    into.mode
      = static_cast<cache_mode>(in.choice("cache_policy", {"none", "inputs"}));
  }
  if (value.contains("cache_scope")) {
    if (in.find("cache_scope") == nullptr)
      in.fail("cache_scope", "must be one of definition, agent, all");
    into.scope = static_cast<cache_scope>(
      in.choice("cache_scope", {"definition", "agent", "all"}));
  }
  if (const auto names = value.find("cache_exclude"); names != value.end())
    read_exclude(in, *names, into);
  if (value.contains("cache_expiration"))
    into.expiration = in.duration("cache_expiration");
}

void write_cache_policy(const cache_policy& policy, json& out) {
  out["cache_policy"] = policy.mode == cache_mode::inputs ? "inputs" : "none";
  out["cache_exclude"] = policy.exclude;
  out["cache_expiration"]
    = policy.expiration ? to_seconds(*policy.expiration) : json{};
  constexpr const char* scopes[] = {"definition", "agent", "all"};
  out["cache_scope"] = scopes[static_cast<std::size_t>(policy.scope)];
}

std::optional<std::vector<std::string>>
keys_of_pointer(const std::string& pointer) {
  std::vector<std::string> keys;
  if (!pointer.starts_with('/')) {
    keys.push_back(pointer);
    return keys;
  }
  for (std::size_t i = 0; i < pointer.size(); ++i) {
    if (pointer[i] == '/') {
      keys.emplace_back();
      continue;
    }
    if (pointer[i] != '~') {
      keys.back() += pointer[i];
      continue;
    }
    ++i;
    if (i == pointer.size() || (pointer[i] != '0' && pointer[i] != '1'))
      return std::nullopt;
    keys.back() += pointer[i] == '0' ? '~' : '/';
  }
  return keys;
}

} // namespace perdure::runtime
