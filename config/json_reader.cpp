#include "config/json_reader.hpp"

#include <optional>
#include <set>

namespace perdure::config {

namespace {

using runtime::json;

/// Finds the structure and the positions; what a string or a number means is
/// left to the JSON library, token by token.
class json_reader {
public:
  json_reader(std::string_view text, bool with_comments)
    : text_(text), with_comments_(with_comments) {
    // nop
  }

  std::variant<document, document_problem> run() {
    document root;
    skip();
    value(root, 0);
    skip();
    if (!problem_ && offset_ < text_.size())
      fail("expected the end of the file");
    if (problem_)
      return *problem_;
    return root;
  }

private:
  char peek() const noexcept {
    return offset_ < text_.size() ? text_[offset_] : '\0';
  }

  void advance() noexcept {
    if (text_[offset_++] == '\n') {
      ++position_.line;
      position_.column = 1;
    } else {
      ++position_.column;
    }
  }

  void fail(std::string message) {
    if (!problem_)
      problem_ = document_problem{position_, std::move(message)};
  }

  bool failed() const noexcept {
    return problem_.has_value();
  }

  std::string_view rest() const noexcept {
    return text_.substr(offset_);
  }

  /// Spaces and, where they are allowed, comments.
  void skip() {
    while (offset_ < text_.size() && !failed()) {
      const auto sign = peek();
      if (sign == ' ' || sign == '\t' || sign == '\r' || sign == '\n')
        advance();
      else if (sign == '/')
        comment();
      else
        return;
    }
  }

  void comment() {
    if (!with_comments_)
      return fail("comments are not allowed here");
    if (rest().starts_with("//")) {
      while (offset_ < text_.size() && peek() != '\n')
        advance();
      return;
    }
    if (!rest().starts_with("/*"))
      return fail("expected a value, or a comment");
    const auto start = position_;
    while (offset_ < text_.size() && !rest().starts_with("*/"))
      advance();
    if (offset_ == text_.size()) {
      position_ = start;
      return fail("the comment is never closed");
    }
    advance();
    advance();
  }

  void value(document& target, std::size_t depth) {
    target.position = position_;
    if (depth > document_depth_max)
      return fail("nests deeper than " + std::to_string(document_depth_max)
                  + " levels");
    if (++count_ > document_values_max)
      return fail("has more than " + std::to_string(document_values_max)
                  + " values");
    switch (peek()) {
      case '{':
        return object(target, depth);
      case '[':
        return array(target, depth);
      case '"':
        target.scalar = string();
        return;
      default:
        return bare(target);
    }
  }

  void object(document& target, std::size_t depth) {
    target.type = document::kind::object;
    std::set<std::string> keys;
    advance();
    skip();
    while (!failed() && peek() != '}') {
      if (peek() != '"')
        return fail("expected a key in quotes or '}'");
      document::member member;
      member.position = position_;
      member.key = string();
      if (!failed() && !keys.insert(member.key).second) {
        position_ = member.position;
        return fail("the key '" + member.key + "' is there twice");
      }
      skip();
      if (!failed() && peek() != ':')
        return fail("expected ':' after the key");
      if (failed())
        return;
      advance();
      skip();
      value(member.value, depth + 1);
      target.members.push_back(std::move(member));
      if (!separator('}'))
        return;
    }
    if (!failed())
      advance();
  }

  void array(document& target, std::size_t depth) {
    target.type = document::kind::array;
    advance();
    skip();
    while (!failed() && peek() != ']') {
      target.items.emplace_back();
      value(target.items.back(), depth + 1);
      if (!separator(']'))
        return;
    }
    if (!failed())
      advance();
  }

  /// Takes a ',' that something follows, or stops in front of `end`.
  bool separator(char end) {
    skip();
    if (failed())
      return false;
    if (peek() == end)
      return true;
    if (peek() != ',') {
      fail(std::string{"expected ',' or '"} + end + "'");
      return false;
    }
    advance();
    skip();
    if (!failed() && peek() == end)
      fail(std::string{"a ',' must not stand before '"} + end + "'");
    return !failed();
  }

  std::string string() {
    const auto start = offset_;
    const auto start_position = position_;
    advance();
    while (offset_ < text_.size() && peek() != '"' && peek() != '\n') {
      if (peek() == '\\')
        advance();
      if (offset_ < text_.size())
        advance();
    }
    if (peek() != '"') {
      position_ = start_position;
      fail("the string is never closed");
      return {};
    }
    advance();
    const auto token = text_.substr(start, offset_ - start);
    const auto parsed = json::parse(token, nullptr, false);
    if (!parsed.is_string()) {
      position_ = start_position;
      fail("the string has an invalid escape or a control character");
      return {};
    }
    return parsed.get<std::string>();
  }

  void bare(document& target) {
    const auto start = offset_;
    while (offset_ < text_.size() && !is_end(peek()))
      advance();
    const auto token = text_.substr(start, offset_ - start);
    const auto parsed = json::parse(token, nullptr, false);
    if (token.empty() || parsed.is_discarded()) {
      position_ = target.position;
      return fail(token.empty() ? std::string{"expected a value"}
                                : "'" + std::string{token.substr(0, 40)}
                                    + "' is not a JSON value");
    }
    target.scalar = parsed;
  }

  static bool is_end(char sign) noexcept {
    return sign == ',' || sign == ']' || sign == '}' || sign == '/'
           || sign == ':' || sign == '"' || sign == '[' || sign == '{'
           || static_cast<unsigned char>(sign) <= ' ';
  }

  std::string_view text_;
  bool with_comments_;
  std::size_t offset_ = 0;
  file_position position_;
  std::size_t count_ = 0;
  std::optional<document_problem> problem_;
};

} // namespace

std::variant<document, document_problem>
read_json(std::string_view text, bool with_comments) {
  return json_reader{text, with_comments}.run();
}

} // namespace perdure::config
