#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace perdure::client {

/// What standard output or standard error is connected to.
struct stream_style {
  bool is_terminal = false;
  bool is_file = false;
  bool has_colour = false;
  /// Columns; 0 when there is no screen.
  std::size_t width = 0;
};

enum class tone { plain, dim, good, warning, bad };

/// Standard output and standard error: answers to the one, everything else to
/// the other, which may share a screen. Never throws and never ends the
/// process: a reader that has gone is a state. Not thread-safe.
class console {
public:
  /// @returns 0, or the `errno` of what went wrong
  using writer = std::function<int(std::string_view)>;

  console(writer out, writer err, stream_style out_style,
          stream_style err_style);

  /// The streams of this process.
  static console of_process();

  /// Writes `text` to standard output, free of controls on a terminal.
  void out(std::string_view text, tone look = tone::plain);

  /// Ends the line on standard output, unless it has just begun.
  void end_line();

  /// Writes one or more lines to standard error.
  void note(std::string_view text, tone look = tone::plain);

  /// A problem with its remedy on the lines that follow the first one.
  void complain(std::string_view message);

  /// Standard output takes nothing any more.
  [[nodiscard]] bool is_broken() const noexcept {
    return out_error_ != 0;
  }

  /// Why output was lost; 0 when it was not, or when its reader had enough.
  [[nodiscard]] int lost_output() const noexcept;

  [[nodiscard]] const stream_style& out_style() const noexcept {
    return out_style_;
  }

  [[nodiscard]] const stream_style& err_style() const noexcept {
    return err_style_;
  }

private:
  void write_out(std::string_view text);

  writer out_;
  writer err_;
  stream_style out_style_;
  stream_style err_style_;
  int out_error_ = 0;
  bool at_line_start_ = true;
};

} // namespace perdure::client
