#include "tools/library/waiting.hpp"

namespace perdure::library {

actors::wait_request
wait_request_of(const std::string& run_id, const wait_options& options) {
  actors::wait_request out{run_id, options.return_when_waiting, {}};
  if (options.on_event)
    out.on_event = [tell = options.on_event, is_broken = false](
                     const runtime::event_envelope& event) mutable {
      if (is_broken)
        return;
      try {
        tell(to_event(event));
      } catch (...) {
        is_broken = true;
      }
    };
  return out;
}

} // namespace perdure::library
