#include "actors/runs/toolset_cache.hpp"

#include <utility>

namespace perdure::actors {

namespace {

constexpr std::size_t unused_max = 256;

} // namespace

toolset_cache::toolset_cache(runtime::schema_compiler compile)
  : compile_(std::move(compile)) {
  // nop
}

runtime::toolset_joiner
toolset_cache::joiner(std::shared_ptr<toolset_cache> cache, std::string hash) {
  return [cache = std::move(cache), hash = std::move(hash)](const auto& base,
                                                            const auto& lists) {
    return cache->join(hash, base, lists);
  };
}

runtime::result<runtime::definition_ptr>
toolset_cache::join(const std::string& hash,
                    const runtime::agent_definition& base,
                    const std::vector<runtime::tool_listing>& lists) {
  auto key = hash;
  for (const auto& list : lists) {
    // What a server says besides its tools; instructions are of any length.
    key += '/' + list.hash + (list.has_resources ? 'r' : '-')
           + (list.has_prompts ? 'p' : '-')
           + std::to_string(list.instructions.size()) + ':' + list.instructions;
  }
  {
    const std::lock_guard guard{mutex_};
    if (const auto found = known_.find(key); found != known_.end())
      return found->second;
  }
  // Two runs may do this at once; the first one stays.
  auto joined = runtime::join_tools(base, lists, compile_);
  if (!joined)
    return joined;
  const std::lock_guard guard{mutex_};
  shrink();
  return known_.emplace(std::move(key), *joined).first->second;
}

void toolset_cache::shrink() {
  if (known_.size() < unused_max)
    return;
  std::erase_if(known_,
                [](const auto& x) { return x.second.use_count() == 1; });
}

} // namespace perdure::actors
