#include "tools/perdure/commands.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

namespace perdure::client {

int write_output(const workplace& at, const runtime::json& run) {
  const auto run_id = text_of(run, "id");
  if (is_image(field_of(run, "output")) && at.screen.out_style().is_terminal) {
    at.screen.complain(
      "the output is an image, and this is a terminal\n"
      + save_command(run_id, at.node.settings().repeat_options));
    return exit_code::usage;
  }
  const auto bytes = at.node.bytes("/v1/runs/" + run_id + "/output");
  if (!bytes)
    return give_up(at, bytes.error());
  at.screen.out(*bytes);
  if (at.screen.out_style().is_terminal)
    at.screen.end_line();
  return exit_code::completed;
}

int show_output(const workplace& at) {
  const auto run_id = chosen_run(at);
  if (!run_id)
    return give_up(at, run_id.error());
  const auto run = at.node.get("/v1/runs/" + *run_id);
  if (!run)
    return give_up(at, run.error());
  return at.args.is_json ? print_json(at, field_of(*run, "output"))
                         : write_output(at, *run);
}

} // namespace perdure::client
