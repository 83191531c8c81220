#include "config/schema_reference.hpp"

#include <charconv>
#include <optional>
#include <vector>

namespace perdure::config {

namespace {

using runtime::json;

runtime::failure refuse(std::string_view reference, std::string_view reason) {
  return {runtime::errc::unsupported_schema,
          "$ref '" + std::string{reference} + "' " + std::string{reason}};
}

/// The `$id` of a node when it names a resource, not a place inside one.
const std::string* own_id(const json& node) {
  if (!node.is_object())
    return nullptr;
  const auto found = node.find("$id");
  if (found == node.end() || !found->is_string())
    return nullptr;
  const auto& id = found->get_ref<const std::string&>();
  return id.empty() || id.front() == '#' ? nullptr : &id;
}

/// Undoes `%41` and, after that, `~1` and `~0`.
std::optional<std::string> unescape_token(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '%') {
      text += token[i];
      continue;
    }
    unsigned byte = 0;
    const auto digits = token.substr(i + 1, 2);
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, byte, 16);
    if (digits.size() != 2 || error != std::errc{} || stop != end)
      return std::nullopt;
    text += static_cast<char>(byte);
    i += 2;
  }
  std::string key;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '~') {
      key += text[i];
      continue;
    }
    if (++i == text.size() || (text[i] != '0' && text[i] != '1'))
      return std::nullopt;
    key += text[i] == '0' ? '~' : '/';
  }
  return key;
}

const json* child_of(const json& node, const std::string& key) {
  if (node.is_object()) {
    const auto found = node.find(key);
    return found == node.end() ? nullptr : &*found;
  }
  if (!node.is_array())
    return nullptr;
  std::size_t index = 0;
  const auto* end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, index);
  if (error != std::errc{} || stop != end || index >= node.size())
    return nullptr;
  return &node[index];
}

} // namespace

std::string escape_token(std::string_view key) {
  std::string token;
  for (const auto sign : key) {
    if (sign == '~')
      token += "~0";
    else if (sign == '/')
      token += "~1";
    else
      token += sign;
  }
  return token;
}

schema_references::schema_references(const json& root) : root_(root) {
  collect({&root_, "", &root_});
}

schema_place
schema_references::child(const schema_place& from, const json& node,
                         std::string_view key) const {
  return {&node, from.pointer + "/" + escape_token(key),
          own_id(node) != nullptr ? &node : from.resource};
}

void schema_references::collect(const schema_place& root) {
  // A worklist: documents may nest deeper than the stack.
  std::vector<schema_place> open{root};
  while (!open.empty()) {
    const auto place = std::move(open.back());
    open.pop_back();
    const auto& node = *place.node;
    if (const auto* id = own_id(node))
      resources_.emplace(id->substr(0, id->find('#')), place);
    if (node.is_object()) {
      for (const auto* keyword : {"$anchor", "$dynamicAnchor", "$id"}) {
        const auto found = node.find(keyword);
        if (found == node.end() || !found->is_string())
          continue;
        auto name = found->get<std::string>();
        if (keyword == std::string_view{"$id"}) {
          const auto hash = name.find('#');
          if (hash == std::string::npos)
            continue;
          name.erase(0, hash + 1);
        }
        anchors_.emplace(std::pair{place.resource, std::move(name)}, place);
      }
      for (const auto& [key, value] : node.items())
        // What these hold is data, even if it looks like a schema.
        if (value.is_structured() && key != "enum" && key != "const"
            && key != "default" && key != "examples")
          open.push_back(child(place, value, key));
    } else if (node.is_array()) {
      for (std::size_t i = 0; i < node.size(); ++i)
        if (node[i].is_structured())
          open.push_back(child(place, node[i], std::to_string(i)));
    }
  }
}

runtime::result<schema_place>
schema_references::resolve(std::string_view reference,
                           const schema_place& from) const {
  const auto hash = reference.find('#');
  const auto document = reference.substr(0, hash);
  const auto fragment = hash == std::string_view::npos
                          ? std::string_view{}
                          : reference.substr(hash + 1);
  auto base = schema_place{from.resource, "", from.resource};
  if (!document.empty()) {
    const auto found = resources_.find(document);
    if (found == resources_.end())
      return refuse(reference, "is outside of the schema: only references "
                               "within the document work, such as "
                               "#/$defs/name");
    base = found->second;
  }
  if (fragment.empty() || fragment.front() == '/') {
    auto place = follow(base, fragment);
    return place ? place : refuse(reference, place.error().message);
  }
  const auto anchor
    = anchors_.find(std::pair{base.resource, std::string{fragment}});
  if (anchor == anchors_.end())
    return refuse(reference, "names nothing in the schema");
  return anchor->second;
}

runtime::result<schema_place>
schema_references::follow(schema_place base, std::string_view pointer) const {
  auto place = std::move(base);
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const auto end = pointer.find('/');
    const auto key = unescape_token(pointer.substr(0, end));
    if (!key)
      return runtime::failure{runtime::errc::unsupported_schema,
                              "has a broken escape sequence"};
    const auto* next = child_of(*place.node, *key);
    if (next == nullptr)
      return runtime::failure{runtime::errc::unsupported_schema,
                              "names nothing in the schema"};
    place = child(place, *next, *key);
    pointer.remove_prefix(end == std::string_view::npos ? pointer.size() : end);
  }
  return place;
}

} // namespace perdure::config
