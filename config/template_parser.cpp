#include "config/template_parser.hpp"

#include <algorithm>
#include <optional>

namespace perdure::config {

namespace {

constexpr std::size_t block_depth_max = 32;
constexpr std::string_view blanks = " \t";
constexpr std::string_view spaces = " \t\r\n";

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos)
    return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

/// Splits off the first word.
std::string_view take_word(std::string_view& text) {
  const auto word = text.substr(0, text.find_first_of(spaces));
  text = trim(text.substr(word.size()));
  return word;
}

bool is_key(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char sign) {
    return (sign >= 'a' && sign <= 'z') || (sign >= 'A' && sign <= 'Z')
           || (sign >= '0' && sign <= '9') || sign == '_' || sign == '-'
           || sign == '$' || static_cast<unsigned char>(sign) >= 0x80;
  });
}

std::optional<std::vector<std::string>> parse_keys(std::string_view text) {
  std::vector<std::string> keys;
  while (true) {
    std::size_t size = 0;
    if (text.starts_with('[')) {
      const auto end = text.find(']');
      if (end == std::string_view::npos)
        return std::nullopt;
      keys.emplace_back(text.substr(1, end - 1));
      size = end + 1;
    } else {
      const auto key = text.substr(0, text.find('.'));
      if (!is_key(key))
        return std::nullopt;
      keys.emplace_back(key);
      size = key.size();
    }
    text.remove_prefix(size);
    if (text.empty())
      return keys;
    if (text.front() != '.')
      return std::nullopt;
    text.remove_prefix(1);
  }
}

std::optional<template_path> parse_path(std::string_view text) {
  using start = template_path::start;
  template_path path;
  for (const auto& [name, from] :
       {std::pair{"@index", start::index}, std::pair{"@key", start::key},
        std::pair{"@first", start::first}, std::pair{"@last", start::last},
        std::pair{"@root", start::root}})
    if (text == name) {
      path.from = from;
      return path;
    }
  if (text.starts_with("@root.")) {
    path.from = start::root;
    text.remove_prefix(6);
  } else {
    while (text.starts_with("../")) {
      ++path.parents;
      text.remove_prefix(3);
    }
    if (text == "..") {
      ++path.parents;
      return path;
    }
    if (text.starts_with("./"))
      text.remove_prefix(2);
    if (text == "this" || text == ".")
      return path;
    if (text.starts_with("this.") || text.starts_with("this/"))
      text.remove_prefix(5);
  }
  auto keys = parse_keys(text);
  if (!keys)
    return std::nullopt;
  path.keys = std::move(*keys);
  return path;
}

/// What stands between two braces.
struct tag {
  std::string_view inner;
  /// The part of the text that the tag replaces.
  std::size_t begin = 0;
  std::size_t end = 0;
  bool trims_left = false;
  bool trims_right = false;
  bool is_raw = false;
};

class parser {
public:
  explicit parser(std::string_view text) : text_(text) {
    // nop
  }

  runtime::result<std::vector<template_node>> run() {
    open_.push_back({});
    while (!problem_ && position_ < text_.size()) {
      const auto next = text_.find("{{", position_);
      if (next == std::string_view::npos) {
        add_text(text_.substr(position_));
        position_ = text_.size();
      } else {
        read_tag(next);
      }
    }
    if (!problem_ && open_.size() > 1)
      fail(open_.back().begin,
           "{{#" + open_.back().name + "}} is never closed");
    if (problem_)
      return *problem_;
    return std::move(open_.front().node.body);
  }

private:
  struct block {
    template_node node;
    /// What closes it; `else if` opens blocks that are closed along with it.
    std::string name;
    std::size_t begin = 0;
    bool in_otherwise = false;
    bool is_chained = false;
  };

  void fail(std::size_t offset, const std::string& message) {
    if (problem_)
      return;
    const auto line
      = 1 + std::count(text_.begin(), text_.begin() + offset, '\n');
    problem_ = runtime::failure{runtime::errc::invalid_argument,
                                "template line " + std::to_string(line) + ": "
                                  + message};
  }

  std::vector<template_node>& body() {
    auto& top = open_.back();
    return top.in_otherwise ? top.node.otherwise : top.node.body;
  }

  void add_text(std::string_view text) {
    if (trim_next_) {
      const auto first = text.find_first_not_of(spaces);
      if (first == std::string_view::npos)
        return;
      text.remove_prefix(first);
      trim_next_ = false;
    }
    if (text.empty())
      return;
    template_node node;
    node.text = std::string{text};
    body().push_back(std::move(node));
  }

  void read_tag(std::size_t begin) {
    const auto found = find_tag(begin);
    if (!found)
      return;
    auto tag = *found;
    const auto is_block = tag.inner.starts_with('#')
                          || tag.inner.starts_with('/')
                          || tag.inner.starts_with('!')
                          || tag.inner.starts_with("else") || tag.inner == "^";
    if (is_block && !tag.is_raw)
      widen_standalone(tag);
    auto before = text_.substr(position_, tag.begin - position_);
    if (tag.trims_left)
      before = before.substr(0, before.find_last_not_of(spaces) + 1);
    add_text(before);
    trim_next_ = tag.trims_right;
    position_ = tag.end;
    read_inner(tag, begin);
  }

  std::optional<tag> find_tag(std::size_t begin) {
    if (begin > 0 && text_[begin - 1] == '\\') {
      fail(begin, "escaped braces ('\\{{') are not supported");
      return std::nullopt;
    }
    const auto rest = text_.substr(begin);
    if (rest.starts_with("{{{{")) {
      fail(begin, "raw blocks ('{{{{') are not supported");
      return std::nullopt;
    }
    tag result;
    result.is_raw = rest.starts_with("{{{");
    std::string_view closing = result.is_raw ? "}}}" : "}}";
    if (rest.starts_with("{{!--") || rest.starts_with("{{~!--"))
      closing = "--}}";
    const auto close = rest.find(closing);
    if (close == std::string_view::npos) {
      fail(begin, "'" + std::string{rest.substr(0, 20)} + "' has no closing "
                    + std::string{closing});
      return std::nullopt;
    }
    const auto opening_size = result.is_raw ? 3U : 2U;
    result.inner = rest.substr(opening_size, close - opening_size);
    if (result.inner.starts_with('~')) {
      result.trims_left = true;
      result.inner.remove_prefix(1);
    }
    if (result.inner.ends_with('~')) {
      result.trims_right = true;
      result.inner.remove_suffix(1);
    }
    result.inner = trim(result.inner);
    result.begin = begin;
    result.end = begin + close + closing.size();
    return result;
  }

  /// A block tag that has a line for itself takes the whole line away.
  void widen_standalone(tag& tag) const {
    auto begin = tag.begin;
    while (begin > 0 && blanks.find(text_[begin - 1]) != std::string_view::npos)
      --begin;
    auto end = std::min(text_.find_first_not_of(blanks, tag.end), text_.size());
    if (begin > 0 && text_[begin - 1] != '\n')
      return;
    if (text_.substr(end).starts_with("\r\n"))
      end += 2;
    else if (text_.substr(end).starts_with("\n"))
      end += 1;
    else if (end != text_.size())
      return;
    tag.begin = std::max(begin, position_);
    tag.end = end;
  }

  void read_inner(const tag& tag, std::size_t begin) {
    auto inner = tag.inner;
    if (inner.starts_with('!') && !tag.is_raw)
      return;
    if (inner.empty())
      return fail(begin, "'{{}}' names nothing");
    if (inner == "else" || inner == "^")
      return open_otherwise(begin);
    if (inner.starts_with("else ")) {
      inner.remove_prefix(5);
      open_otherwise(begin);
      if (!problem_)
        open_block(trim(inner), begin, true);
      return;
    }
    if (inner.front() == '#')
      return open_block(trim(inner.substr(1)), begin, false);
    if (inner.front() == '/')
      return close_block(trim(inner.substr(1)), begin);
    if (inner.front() == '&')
      inner = trim(inner.substr(1));
    template_node node;
    node.type = template_node::kind::value;
    if (set_path(node, inner, begin))
      body().push_back(std::move(node));
  }

  bool set_path(template_node& node, std::string_view text, std::size_t begin) {
    auto path = parse_path(text);
    if (!path) {
      fail(begin, "'" + std::string{text.substr(0, 60)}
                    + "' is not supported; valid: a name or dotted path, and "
                      "the blocks #if, #unless, #each, #with");
      return false;
    }
    node.path = std::move(*path);
    return true;
  }

  void open_block(std::string_view inner, std::size_t begin, bool is_chained) {
    using kind = template_node::kind;
    const auto name = take_word(inner);
    block next;
    if (name == "if")
      next.node.type = kind::if_;
    else if (name == "unless")
      next.node.type = kind::unless;
    else if (name == "each")
      next.node.type = kind::each;
    else if (name == "with")
      next.node.type = kind::with;
    else
      return fail(begin, "the block '" + std::string{name}
                           + "' is not supported; valid: if, unless, each, "
                             "with");
    if (open_.size() > block_depth_max)
      return fail(begin,
                  "blocks nest deeper than " + std::to_string(block_depth_max));
    if (!set_path(next.node, inner, begin))
      return;
    next.name = std::string{name};
    next.begin = begin;
    next.is_chained = is_chained;
    open_.push_back(std::move(next));
  }

  void open_otherwise(std::size_t begin) {
    auto& top = open_.back();
    if (open_.size() == 1 || top.in_otherwise)
      return fail(begin, "{{else}} does not belong to a block");
    top.in_otherwise = true;
  }

  void close_block(std::string_view name, std::size_t begin) {
    while (open_.size() > 1) {
      auto done = std::move(open_.back());
      open_.pop_back();
      body().push_back(std::move(done.node));
      if (done.is_chained)
        continue;
      if (done.name != name)
        fail(begin,
             "{{/" + std::string{name} + "}} closes {{#" + done.name + "}}");
      return;
    }
    fail(begin, "{{/" + std::string{name} + "}} closes nothing");
  }

  std::string_view text_;
  std::size_t position_ = 0;
  bool trim_next_ = false;
  std::vector<block> open_;
  std::optional<runtime::failure> problem_;
};

} // namespace

runtime::result<std::vector<template_node>>
parse_template(std::string_view text) {
  return parser{text}.run();
}

} // namespace perdure::config
