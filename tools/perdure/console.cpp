#include "tools/perdure/console.hpp"

#include "tools/perdure/text.hpp"

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace perdure::client {

namespace {

/// Writes everything, whatever the descriptor's mode is.
int write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto count = ::write(descriptor, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      pollfd ready{descriptor, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

stream_style style_of(int descriptor) {
  stream_style out;
  struct stat about {};
  out.is_file = ::fstat(descriptor, &about) == 0 && S_ISREG(about.st_mode);
  out.is_terminal = ::isatty(descriptor) == 1;
  if (!out.is_terminal)
    return out;
  const auto is_set = [](const char* name) {
    const auto* value = std::getenv(name);
    return value != nullptr && *value != '\0';
  };
  const auto* terminal = std::getenv("TERM");
  out.has_colour
    = !is_set("NO_COLOR")
      && (terminal == nullptr || std::string_view{terminal} != "dumb");
  winsize size{};
  out.width = 80;
  if (::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col != 0)
    out.width = size.ws_col;
  return out;
}

std::string_view code_of(tone look) noexcept {
  switch (look) {
    case tone::dim:
      return "\x1b[2m";
    case tone::good:
      return "\x1b[32m";
    case tone::warning:
      return "\x1b[33m";
    case tone::bad:
      return "\x1b[31m";
    case tone::plain:
      break;
  }
  return {};
}

std::string in_colour(std::string_view text, tone look, bool has_colour) {
  const auto code = code_of(look);
  if (!has_colour || code.empty())
    return std::string{text};
  return std::string{code} + std::string{text} + "\x1b[0m";
}

} // namespace

console::console(writer out, writer err, stream_style out_style,
                 stream_style err_style)
  : out_(std::move(out)), err_(std::move(err)), out_style_(out_style),
    err_style_(err_style) {
  // nop
}

console console::of_process() {
  return {[](std::string_view x) { return write_all(STDOUT_FILENO, x); },
          [](std::string_view x) { return write_all(STDERR_FILENO, x); },
          style_of(STDOUT_FILENO), style_of(STDERR_FILENO)};
}

void console::write_out(std::string_view text) {
  if (text.empty() || is_broken())
    return;
  out_error_ = out_(text);
  // A coloured line ends with the reset of its colour.
  constexpr std::string_view reset = "\x1b[0m";
  if (out_style_.has_colour && text.ends_with(reset))
    text.remove_suffix(reset.size());
  at_line_start_ = text.ends_with('\n');
}

int console::lost_output() const noexcept {
  return out_error_ == EPIPE ? 0 : out_error_;
}

void console::out(std::string_view text, tone look) {
  if (out_style_.is_terminal)
    write_out(in_colour(without_controls(text), look, out_style_.has_colour));
  else
    write_out(text);
}

void console::end_line() {
  if (!at_line_start_)
    write_out("\n");
}

void console::note(std::string_view text, tone look) {
  std::string lines;
  // On a shared screen a note must not land in the middle of a line.
  if (out_style_.is_terminal && err_style_.is_terminal && !at_line_start_) {
    lines += "\n";
    at_line_start_ = true;
  }
  lines += in_colour(without_controls(text), look, err_style_.has_colour);
  lines += "\n";
  err_(lines);
}

void console::complain(std::string_view message) {
  std::string text = "perdure: ";
  for (const auto c : message) {
    text += c;
    if (c == '\n')
      text += "  ";
  }
  note(text, tone::bad);
}

} // namespace perdure::client
