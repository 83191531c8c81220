#pragma once

#include "actors/node/node.hpp"
#include "config/expand.hpp"
#include "config/node_file.hpp"

#include <map>
#include <string>

namespace perdure::hosting {

/// The providers that a node can reach, by the prefix of model strings.
std::map<std::string, actors::provider_settings>
providers_of(const config::node_file& file,
             const config::environment& environment);

/// What a node needs besides agents and a journal: languages, environment,
/// providers and limits.
actors::node_options
base_options(const config::node_file& file,
             const config::environment& environment, const actors::logger& log);

/// A node as its file describes it: journal, agents, API. Without an address to
/// listen on there is no API.
/// Errors: those of its parts, e.g. errc::invalid_agent_file,
/// errc::storage_locked.
runtime::result<actors::node_options>
node_options_of(const config::node_file& file,
                const config::environment& environment,
                const actors::logger& log);

} // namespace perdure::hosting
