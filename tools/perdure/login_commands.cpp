#include "tools/perdure/commands.hpp"
#include "tools/perdure/exit_code.hpp"
#include "tools/perdure/interrupts.hpp"
#include "tools/perdure/line_input.hpp"
#include "tools/perdure/redirect_listener.hpp"
#include "tools/perdure/words.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdlib>
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

/// Logins of people at MCP servers. The node gets the tokens and keeps them;
/// this shows the page, and tells the node where it led to.
namespace perdure::client {

using runtime::errc;
using runtime::failure;
using runtime::json;
using runtime::result;

namespace {

/// As long as the node remembers that somebody wants to log in.
constexpr auto patience = std::chrono::minutes{10};

std::string login_path(const workplace& at) {
  return "/v1/mcp/" + url_escape(at.args.mcp.server) + "/login";
}

/// Has the browser of this machine show `url`. @returns whether one was started
bool open_browser(const std::string& url) {
  const char* chosen = std::getenv("BROWSER");
  std::string program
    = chosen == nullptr || *chosen == '\0' ? "xdg-open" : chosen;
  std::string page = url;
  std::array<char*, 3> argv{program.data(), page.data(), nullptr};
  posix_spawn_file_actions_t quiet{};
  ::posix_spawn_file_actions_init(&quiet);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    ::posix_spawn_file_actions_addopen(&quiet, stream, "/dev/null", O_WRONLY,
                                       0);
  pid_t child = 0;
  const int error = ::posix_spawnp(&child, program.c_str(), &quiet, nullptr,
                                   argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&quiet);
  return error == 0;
}

void show_page(const workplace& at, const std::string& url) {
  at.screen.note("Log in on this page:\n\n  " + url + '\n');
  if (at.args.mcp.opens_browser && !open_browser(url))
    at.screen.note("No browser could be started.", tone::warning);
}

result<std::string> pasted_redirect(const workplace& at) {
  at.screen.note("Then paste the address that the browser ended up at, even "
                 "if it shows nothing there:");
  if (auto line = read_line())
    return std::move(*line);
  if (interrupts::happened())
    return failure{errc::cancelled, "interrupted"};
  return failure{errc::invalid_argument, "no address came"};
}

/// Where the login led to.
result<std::string> redirect_of(const workplace& at, const json& begun) {
  const auto url = text_of(begun, "url");
  if (at.args.mcp.is_pasted) {
    show_page(at, url);
    return pasted_redirect(at);
  }
  auto listener = redirect_listener::open(text_of(begun, "redirect_uri"));
  if (!listener)
    return listener.error();
  show_page(at, url);
  return listener->wait(patience);
}

} // namespace

int log_in(const workplace& at) {
  interrupts::watch();
  const auto begun = at.node.post(login_path(at), json::object());
  if (!begun)
    return give_up(at, begun.error());
  const auto redirect = redirect_of(at, *begun);
  if (!redirect)
    return give_up(at, redirect.error());
  const auto done
    = at.node.post(login_path(at) + '/' + url_escape(text_of(*begun, "login")),
                   {{"redirected_to", *redirect}});
  if (!done)
    return give_up(at, done.error());
  if (at.args.is_json)
    return print_json(at, *done);
  at.screen.out("logged in at " + at.args.mcp.server + '\n');
  return exit_code::completed;
}

int log_out(const workplace& at) {
  const auto done = at.node.remove(login_path(at));
  if (!done)
    return give_up(at, done.error());
  if (at.args.is_json)
    return print_json(at, *done);
  at.screen.out(field_of(*done, "forgotten") == true
                  ? "logged out of " + at.args.mcp.server + '\n'
                  : "nobody was logged in at " + at.args.mcp.server + '\n');
  return exit_code::completed;
}

} // namespace perdure::client
