#include "config/yaml_reader.hpp"

#include "config/json_reader.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace perdure::config {

namespace {

using runtime::json;

file_position to_position(const YAML::Mark& mark) {
  if (mark.is_null())
    return {};
  return {static_cast<std::size_t>(mark.line) + 1,
          static_cast<std::size_t>(mark.column) + 1};
}

/// Stops the parser; never leaves this file.
struct stop {
  document_problem problem;
};

/// A plain scalar that is not quoted, as YAML 1.2 reads it, but for octal,
/// hexadecimal and infinite numbers: those have no form in JSON.
json resolve_plain(const std::string& text) {
  if (text.empty() || text == "~" || text == "null")
    return nullptr;
  if (text == "true")
    return true;
  if (text == "false")
    return false;
  const auto starts_like_number
    = text.front() == '-' || (text.front() >= '0' && text.front() <= '9');
  if (starts_like_number) {
    auto number = json::parse(text, nullptr, false);
    if (number.is_number())
      return number;
  }
  return text;
}

class builder : public YAML::EventHandler {
public:
  document take() {
    return std::move(root_);
  }

  bool has_content() const noexcept {
    return has_root_;
  }

  void OnDocumentStart(const YAML::Mark& mark) override {
    root_.position = to_position(mark);
  }

  void OnDocumentEnd() override {
    // nop
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(leaf(mark, nullptr), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      refuse(mark, "the alias stands inside what it names");
    // Expanding is what makes a small file large: count what comes out of it.
    count_ += found->second.count;
    check_count(mark);
    if (open_.size() + found->second.depth > document_depth_max)
      refuse(mark, "nests deeper than " + std::to_string(document_depth_max)
                     + " levels");
    if (!open_.empty())
      open_.back().depth
        = std::max(open_.back().depth, found->second.depth + 1);
    auto copy = found->second.value;
    copy.position = to_position(mark);
    add(std::move(copy), 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag,
                YAML::anchor_t anchor, const std::string& value) override {
    check_tag(mark, tag == "?" || tag == "!" ? "" : tag);
    if (tag == "?")
      return add(leaf(mark, resolve_plain(value)), anchor);
    add(leaf(mark, value), anchor);
  }

  void
  OnSequenceStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, document::kind::array, anchor);
  }

  void OnSequenceEnd() override {
    close();
  }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag,
                  YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, document::kind::object, anchor);
  }

  void OnMapEnd() override {
    close();
  }

private:
  struct frame {
    document value;
    YAML::anchor_t anchor = 0;
    std::optional<document> key;
    std::set<std::string> keys;
    std::size_t first_count = 0;
    std::size_t depth = 1;
  };

  struct anchored {
    document value;
    std::size_t count = 1;
    std::size_t depth = 0;
  };

  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw stop{{to_position(mark), std::move(message)}};
  }

  [[noreturn]] static void refuse(file_position place, std::string message) {
    throw stop{{place, std::move(message)}};
  }

  static void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(mark, "the tag '" + tag + "' is not supported; remove it");
  }

  void check_count(const YAML::Mark& mark) const {
    if (count_ > document_values_max)
      refuse(mark, "has more than " + std::to_string(document_values_max)
                     + " values");
  }

  document leaf(const YAML::Mark& mark, json value) {
    ++count_;
    check_count(mark);
    document result;
    result.position = to_position(mark);
    result.scalar = std::move(value);
    return result;
  }

  void
  open(const YAML::Mark& mark, document::kind type, YAML::anchor_t anchor) {
    frame next;
    next.first_count = count_;
    next.value = leaf(mark, nullptr);
    next.value.type = type;
    next.anchor = anchor;
    if (open_.size() >= document_depth_max)
      refuse(mark, "nests deeper than " + std::to_string(document_depth_max)
                     + " levels");
    open_.push_back(std::move(next));
  }

  void close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    if (!open_.empty())
      open_.back().depth = std::max(open_.back().depth, done.depth + 1);
    if (done.anchor != 0)
      anchors_[done.anchor]
        = {done.value, count_ - done.first_count, done.depth};
    add(std::move(done.value), 0);
  }

  void add(document value, YAML::anchor_t anchor) {
    if (anchor != 0)
      anchors_[anchor] = {value, 1, 0};
    if (open_.empty()) {
      root_ = std::move(value);
      has_root_ = true;
      return;
    }
    auto& top = open_.back();
    if (top.value.type == document::kind::array) {
      top.value.items.push_back(std::move(value));
    } else if (!top.key) {
      check_key(top.keys, value);
      top.key = std::move(value);
    } else {
      top.value.members.push_back(
        {text_of(*top.key), top.key->position, std::move(value)});
      top.key.reset();
    }
  }

  /// Keys are text: `1:` and `true:` are the keys "1" and "true".
  static std::string text_of(const document& key) {
    if (key.scalar.is_string())
      return key.scalar.get<std::string>();
    return key.scalar.is_null() ? "null" : runtime::to_text(key.scalar);
  }

  static void check_key(std::set<std::string>& keys, const document& key) {
    if (key.type != document::kind::scalar)
      refuse(key.position, "a key must be text");
    const auto name = text_of(key);
    if (name == "<<")
      refuse(key.position, "merge keys ('<<') are not supported");
    if (!keys.insert(name).second)
      refuse(key.position, "the key '" + name + "' is there twice");
  }

  document root_;
  bool has_root_ = false;
  std::size_t count_ = 0;
  std::vector<frame> open_;
  std::map<YAML::anchor_t, anchored> anchors_;
};

} // namespace

std::variant<document, document_problem> read_yaml(std::string_view text) {
  std::istringstream input{std::string{text}};
  try {
    YAML::Parser parser{input};
    builder first;
    if (!parser.HandleNextDocument(first) || !first.has_content())
      return document_problem{{}, "the file is empty"};
    builder second;
    if (parser.HandleNextDocument(second)) {
      auto extra = second.take();
      return document_problem{extra.position,
                              "a second document starts here; one per file"};
    }
    return first.take();
  } catch (const stop& reason) {
    return reason.problem;
  } catch (const YAML::Exception& reason) {
    return document_problem{to_position(reason.mark), reason.msg};
  } catch (const std::exception& reason) {
    return document_problem{{}, reason.what()};
  }
}

} // namespace perdure::config
