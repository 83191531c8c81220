#include "config/pattern.hpp"

#include "config/utf8.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <regex>
#include <vector>

namespace perdure::config {

namespace {

constexpr std::size_t pattern_size_max = 4096;
constexpr std::size_t text_size_max = std::size_t{256} << 10;
constexpr std::size_t group_depth_max = 50;

/// The automaton repeats a counted part as often as its count says, and its
/// closure is computed by recursion: its size bounds time and stack.
constexpr std::uint64_t cost_max = 5000;

runtime::failure refuse(std::string_view text, const std::string& reason) {
  return {runtime::errc::unsupported_schema,
          "pattern '" + std::string{text.substr(0, 100)} + "' " + reason};
}

/// Reads a pattern once, without matching, to bound what matching may cost.
class inspector {
public:
  explicit inspector(std::string_view text) : text_(text) {
    groups_.emplace_back();
  }

  /// @returns what is wrong, if anything
  std::optional<std::string> run() {
    while (position_ < text_.size() && !problem_)
      step();
    if (!problem_ && groups_.size() > 1)
      problem_ = "has a '(' that is never closed";
    if (!problem_ && groups_.front().cost > cost_max)
      problem_ = "is too large: the product of its repetitions is over "
                 + std::to_string(cost_max);
    return problem_;
  }

  bool has_nested_repetition() const noexcept {
    return nested_;
  }

private:
  struct group {
    std::uint64_t cost = 0;
    std::uint64_t atom = 0;
    bool unbounded = false;
    bool atom_unbounded = false;
  };

  void step() {
    const auto sign = text_[position_++];
    switch (sign) {
      case '\\':
        escape();
        add_atom(1, false);
        break;
      case '[':
        skip_class();
        add_atom(1, false);
        break;
      case '(':
        open();
        break;
      case ')':
        close();
        break;
      case '*':
      case '+':
        repeat(1, true);
        break;
      case '{':
        counted();
        break;
      case '?':
      case '|':
        break;
      default:
        // Bytes that go on a UTF-8 sequence belong to the same atom.
        if ((static_cast<unsigned char>(sign) & 0xC0U) != 0x80U)
          add_atom(1, false);
        break;
    }
  }

  void escape() {
    if (position_ == text_.size()) {
      problem_ = "ends with a backslash";
      return;
    }
    const auto sign = text_[position_++];
    const auto letter
      = (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z');
    // Without this, an unknown escape would silently mean the bare letter.
    constexpr std::string_view known = "bBdDsSwWfnrtvcxu";
    if (letter && known.find(sign) == std::string_view::npos)
      problem_ = std::string{"uses \\"} + sign + ", which is not supported";
    if (sign >= '1' && sign <= '9')
      problem_ = "uses a back-reference, which is not supported";
  }

  void skip_class() {
    while (position_ < text_.size() && !problem_) {
      const auto sign = text_[position_++];
      if (sign == ']')
        return;
      if (sign == '\\')
        escape();
    }
    if (!problem_)
      problem_ = "has a '[' that is never closed";
  }

  void open() {
    if (position_ < text_.size() && text_[position_] == '?') {
      const auto kind = text_.substr(position_, 2);
      if (kind != "?:" && kind != "?=" && kind != "?!") {
        problem_ = "uses a group that starts with '(" + std::string{kind}
                   + "', which is not supported";
        return;
      }
      position_ += 2;
    }
    if (groups_.size() > group_depth_max)
      problem_ = "nests groups too deeply";
    groups_.emplace_back();
  }

  void close() {
    if (groups_.size() == 1) {
      problem_ = "has a ')' without a '('";
      return;
    }
    const auto inner = groups_.back();
    groups_.pop_back();
    add_atom(inner.cost + 1, inner.unbounded);
  }

  void counted() {
    const auto end = text_.find('}', position_);
    if (end == std::string_view::npos) {
      problem_ = "has a '{' that is never closed";
      return;
    }
    const auto counts = text_.substr(position_, end - position_);
    const auto comma = counts.find(',');
    const auto has_end
      = comma == std::string_view::npos || comma + 1 < counts.size();
    const auto last = has_end && comma != std::string_view::npos
                        ? counts.substr(comma + 1)
                        : counts.substr(0, comma);
    std::uint32_t count = 0;
    const auto [stop, error]
      = std::from_chars(last.data(), last.data() + last.size(), count);
    if (error != std::errc{} || stop != last.data() + last.size()) {
      problem_ = "has a repetition '{" + std::string{counts}
                 + "}' that is not a number";
      return;
    }
    position_ = end + 1;
    repeat(std::max<std::uint64_t>(count, 1), !has_end);
  }

  void repeat(std::uint64_t count, bool unbounded) {
    auto& top = groups_.back();
    nested_ = nested_ || ((unbounded || count > 1) && top.atom_unbounded);
    // The first one is counted already.
    const auto more = std::min(count - 1, cost_max + 1) * top.atom;
    top.cost = std::min(top.cost + more, 2 * cost_max);
    top.unbounded = top.unbounded || unbounded;
    top.atom = 0;
    top.atom_unbounded = unbounded;
  }

  void add_atom(std::uint64_t cost, bool unbounded) {
    auto& top = groups_.back();
    top.cost = std::min(top.cost + cost, 2 * cost_max);
    top.atom = cost;
    top.atom_unbounded = unbounded;
    top.unbounded = top.unbounded || unbounded;
  }

  std::string_view text_;
  std::size_t position_ = 0;
  std::vector<group> groups_;
  std::optional<std::string> problem_;
  bool nested_ = false;
};

std::optional<std::string> inspect(std::string_view text, bool backtracking) {
  if (text.size() > pattern_size_max)
    return "is longer than " + std::to_string(pattern_size_max) + " bytes";
  if (text.find('\0') != std::string_view::npos)
    return "contains a zero byte";
  inspector reader{text};
  if (auto problem = reader.run())
    return problem;
  if (backtracking && reader.has_nested_repetition())
    return "repeats a repetition, which may take for ever to match";
  return std::nullopt;
}

} // namespace

struct pattern::program {
  std::wregex regex;
};

pattern::pattern(std::shared_ptr<const program> content)
  : program_(std::move(content)) {
  // nop
}

runtime::result<pattern> pattern::compile(std::string_view text) {
  if (auto problem = inspect(text, false))
    return refuse(text, *problem);
  // libstdc++'s default matcher recurses once per character of the text; its
  // polynomial one does not. A whole match of ".*(pattern).*" visits each
  // character once, where a search would start again at each of them.
  constexpr auto flags = std::regex_constants::ECMAScript
                         | std::regex_constants::nosubs
                         | std::regex_constants::__polynomial;
  try {
    const auto wide = L"(?:[\\s\\S]*)(?:" + to_wide(text) + L")(?:[\\s\\S]*)";
    return pattern{
      std::make_shared<program>(program{std::wregex{wide, flags}})};
  } catch (const std::regex_error& reason) {
    return refuse(text, std::string{"is not a supported expression: "}
                          + reason.what());
  }
}

bool pattern::matches(std::string_view text) const {
  if (text.size() > text_size_max)
    return false;
  try {
    return std::regex_match(to_wide(text), program_->regex);
  } catch (const std::regex_error&) {
    return false;
  }
}

runtime::result<runtime::unit>
check_backtracking_pattern(std::string_view text) {
  if (auto problem = inspect(text, true))
    return refuse(text, *problem);
  try {
    [[maybe_unused]] const std::regex compiled{std::string{text}};
  } catch (const std::regex_error& reason) {
    return refuse(text, std::string{"is not a supported expression: "}
                          + reason.what());
  }
  return runtime::ok();
}

} // namespace perdure::config
