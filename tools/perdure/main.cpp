#include "tools/perdure/commands.hpp"
#include "tools/perdure/curl_connection.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/interrupts.hpp"

#include <csignal>
#include <system_error>

using namespace perdure;
using namespace perdure::client;

int main(int argc, char** argv) {
  // A reader that has gone is an error of `write`, not the end of everything.
  std::signal(SIGPIPE, SIG_IGN);
  auto screen = console::of_process();
  const auto parsed = parse_arguments({argv + (argc > 0 ? 1 : 0), argv + argc});
  if (const auto* exit = std::get_if<early_exit>(&parsed)) {
    screen.out(exit->text);
    if (!exit->complaint.empty())
      screen.complain(exit->complaint);
    return exit->code;
  }
  const auto& args = std::get<arguments>(parsed);
  const auto settings
    = find_node(args.url, args.token_file, process_environment());
  if (!settings) {
    screen.complain(settings.error().message);
    return exit_code_of(settings.error().code);
  }
  const auto connection = make_curl_connection(*settings);
  const clockwork clock{[] {
                          return std::chrono::floor<std::chrono::microseconds>(
                            std::chrono::system_clock::now());
                        },
                        interrupts::wait};
  api node{*connection, *settings, clock};
  const auto code = perform({node, screen, args});
  if (const auto lost = screen.lost_output(); lost != 0) {
    screen.complain("cannot write the output: "
                    + std::generic_category().message(lost));
    return exit_code::failed;
  }
  return code;
}
