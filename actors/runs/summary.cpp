#include "actors/runs/summary.hpp"

namespace perdure::actors {

using runtime::run_status;

storage::run_summary summary_of(const runtime::run_created& created) {
  storage::run_summary out;
  out.run_id = created.run_id;
  out.agent = created.input.agent;
  out.definition_hash = created.definition_hash;
  out.status
    = created.scheduled_at ? run_status::scheduled : run_status::running;
  if (created.scheduled_at)
    out.reason = "scheduled for " + runtime::to_iso(*created.scheduled_at);
  out.created_at = created.time;
  out.status_since = created.time;
  out.wake_at = created.scheduled_at;
  out.tags = created.input.tags;
  return out;
}

} // namespace perdure::actors
