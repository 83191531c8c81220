#include "tools/library/memory_node.hpp"

#include "storage/memory/memory_journal.hpp"
#include "tools/hosting/node_setup.hpp"
#include "tools/library/log.hpp"
#include "tools/library/waiting.hpp"

namespace perdure::library {

memory_node::memory_node(const agent::parts& served)
  : agent_(served.definition.name) {
  const config::node_file defaults;
  auto options = hosting::base_options(defaults, config::process_environment(),
                                       make_logger({}));
  options.journal
    = storage::make_memory_journal(std::make_shared<storage::memory_disk>());
  options.agents.push_back({served.definition, served.code});
  node_ = require(actors::node::start(std::move(options)));
}

run_result memory_node::run(const prompt& what, const run_options& options) {
  auto& runs = node_->runs();
  const auto created = await<actors::created_run>([&](auto done) {
    runs.create(create_body(agent_, what, options), options.run_id,
                std::move(done));
  });
  auto request = wait_request_of(created.run_id, options.wait);
  request.until_asked = true; // nobody could answer
  return to_result(await<actors::run_view>(
    [&](auto done) { runs.wait(std::move(request), std::move(done)); }));
}

} // namespace perdure::library
