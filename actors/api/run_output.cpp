#include "actors/api/run_output.hpp"

#include "actors/api/answers.hpp"
#include "runtime/flow/answer.hpp"

namespace perdure::actors {

void answer_output(server_exchange& exchange, const runtime::run_state& run) {
  const auto& ended = run.ended;
  if (!ended || ended->end != runtime::run_end::completed)
    return answer(
      exchange,
      runtime::failure{runtime::errc::conflict,
                       "run " + run.created.run_id + " has no output: it is "
                         + std::string{runtime::to_string(run.status())}});
  auto content = runtime::output_content_of(*run.definition, ended->output);
  exchange.respond(200, content.media_type, std::move(content.bytes));
}

} // namespace perdure::actors
