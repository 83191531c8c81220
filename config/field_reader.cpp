#include "config/field_reader.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace perdure::config {

namespace {

using runtime::json;

std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= left.size(); ++i) {
    auto diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const auto changed = diagonal + (left[i - 1] == right[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string_view kind_of(const document& node) {
  if (node.type == document::kind::object)
    return "an object";
  if (node.type == document::kind::array)
    return "a list";
  if (node.scalar.is_string())
    return "a string";
  if (node.scalar.is_boolean())
    return "true or false";
  return node.scalar.is_null() ? "null" : "a number";
}

} // namespace

// -- file_problems ------------------------------------------------------------

file_problems::file_problems(std::string file) : file_(std::move(file)) {
  // nop
}

file_problems::line
file_problems::to_line(file_position position, std::string_view path,
                       std::string_view message) const {
  auto text = file_ + ":" + std::to_string(position.line) + ":"
              + std::to_string(position.column) + ": ";
  if (!path.empty())
    text.append(path).append(": ");
  return {position, text.append(message)};
}

void file_problems::add(file_position position, std::string_view path,
                        std::string_view message) {
  problems_.push_back(to_line(position, path, message));
}

void file_problems::warn(file_position position, std::string_view path,
                         std::string_view message) {
  warnings_.push_back(to_line(position, path, message));
}

bool file_problems::empty() const noexcept {
  return problems_.empty();
}

runtime::failure file_problems::to_failure(runtime::errc code) const {
  auto sorted = problems_;
  std::stable_sort(
    sorted.begin(), sorted.end(), [](const line& left, const line& right) {
      return std::pair{left.position.line, left.position.column}
             < std::pair{right.position.line, right.position.column};
    });
  std::string text;
  for (const auto& problem : sorted)
    text += (text.empty() ? "" : "\n") + problem.text;
  return {code, std::move(text)};
}

std::vector<std::string> file_problems::warnings() const {
  std::vector<std::string> texts;
  for (const auto& warning : warnings_)
    texts.push_back(warning.text);
  return texts;
}

// -- places and values --------------------------------------------------------

file_place file_place::at(std::string_view key, const document& child) const {
  return {&child,
          path.empty() ? std::string{key} : path + "." + std::string{key}};
}

file_place file_place::at(std::size_t index) const {
  return {&node->items[index], path + "[" + std::to_string(index) + "]"};
}

std::string
name_hint(std::string_view name, std::span<const std::string> names) {
  if (names.empty())
    return "valid: none";
  const std::string* nearest = nullptr;
  auto distance = name.size() / 2 + 1;
  std::string valid;
  for (const auto& candidate : names) {
    valid += (valid.empty() ? "" : ", ") + candidate;
    // Names that long are not typos, and the comparison is quadratic.
    const auto found
      = name.size() > 64 ? distance : edit_distance(name, candidate);
    if (found < distance) {
      distance = found;
      nearest = &candidate;
    }
  }
  const auto hint = nearest == nullptr ? "" : "did you mean " + *nearest + "? ";
  return hint + "valid: " + valid;
}

std::optional<std::string>
read_text(const file_place& place, const reading& with) {
  const auto& node = *place.node;
  if (node.type != document::kind::scalar || !node.scalar.is_string()) {
    with.problems.add(node.position, place.path,
                      "must be a string, is " + std::string{kind_of(node)});
    return std::nullopt;
  }
  auto expanded
    = expand(node.scalar.get_ref<const std::string&>(), with.lookup);
  if (!expanded) {
    with.problems.add(node.position, place.path, expanded.error().message);
    return std::nullopt;
  }
  return std::move(*expanded);
}

json to_json(const file_place& place, const reading& with) {
  const auto& node = *place.node;
  if (node.type == document::kind::object) {
    auto object = json::object();
    for (const auto& member : node.members)
      object[member.key] = to_json(place.at(member.key, member.value), with);
    return object;
  }
  if (node.type == document::kind::array) {
    auto array = json::array();
    for (std::size_t i = 0; i < node.items.size(); ++i)
      array.push_back(to_json(place.at(i), with));
    return array;
  }
  if (!node.scalar.is_string())
    return node.scalar;
  return read_text(place, with).value_or("");
}

// -- field_reader -------------------------------------------------------------

field_reader::field_reader(file_place place, const reading& with,
                           std::initializer_list<std::string_view> valid)
  : field_reader(std::move(place), with,
                 std::span{valid.begin(), valid.end()}) {
  // nop
}

field_reader::field_reader(file_place place, const reading& with,
                           std::span<const std::string_view> valid)
  : place_(std::move(place)), with_(with) {
  if (place_.node->type != document::kind::object) {
    add("must be an object, is " + std::string{kind_of(*place_.node)});
    return;
  }
  const std::vector<std::string> names{valid.begin(), valid.end()};
  for (const auto& member : place_.node->members)
    if (std::find(names.begin(), names.end(), member.key) == names.end())
      with_.problems.add(member.position, place_.path,
                         "unknown key '" + member.key + "'; "
                           + name_hint(member.key, names));
}

std::optional<file_place> field_reader::find(std::string_view key) const {
  const auto* child = place_.node->find(key);
  if (child == nullptr
      || (child->type == document::kind::scalar && child->scalar.is_null()))
    return std::nullopt;
  return place_.at(key, *child);
}

std::optional<std::string> field_reader::text(std::string_view key) const {
  const auto found = find(key);
  return found ? read_text(*found, with_) : std::nullopt;
}

std::optional<std::string>
field_reader::required_text(std::string_view key) const {
  const auto found = find(key);
  if (!found)
    add("'" + std::string{key} + "' is missing");
  auto value = text(key);
  if (value && value->empty()) {
    add(*found, "must not be empty");
    return std::nullopt;
  }
  return value;
}

std::optional<bool> field_reader::boolean(std::string_view key) const {
  const auto found = find(key);
  if (!found)
    return std::nullopt;
  if (found->node->scalar.is_boolean())
    return found->node->scalar.get<bool>();
  add(*found,
      "must be true or false, is " + std::string{kind_of(*found->node)});
  return std::nullopt;
}

std::optional<std::int64_t>
field_reader::integer(std::string_view key, std::int64_t min,
                      std::int64_t max) const {
  const auto found = find(key);
  if (!found)
    return std::nullopt;
  const auto& value = found->node->scalar;
  const auto is_huge
    = value.is_number_unsigned()
      && value.get<std::uint64_t>() > static_cast<std::uint64_t>(
           std::numeric_limits<std::int64_t>::max());
  if (value.is_number_integer() && !is_huge) {
    const auto number = value.get<std::int64_t>();
    if (number >= min && number <= max)
      return number;
  }
  const auto range
    = max == std::numeric_limits<std::int64_t>::max()
        ? "at least " + std::to_string(min)
        : "from " + std::to_string(min) + " to " + std::to_string(max);
  add(*found, "must be a whole number, " + range);
  return std::nullopt;
}

std::optional<std::chrono::milliseconds>
field_reader::seconds(std::string_view key) const {
  constexpr auto seconds_max = 1e9; // about 31 years
  const auto found = find(key);
  if (!found)
    return std::nullopt;
  const auto& value = found->node->scalar;
  if (value.is_number()) {
    const auto number = value.get<double>();
    const auto count = std::llround(std::min(number, seconds_max) * 1000);
    if (number <= seconds_max && count > 0)
      return std::chrono::milliseconds{count};
  }
  add(*found, "must be a number of seconds, at least 0.001");
  return std::nullopt;
}

std::optional<std::string>
field_reader::choice(std::string_view key,
                     std::initializer_list<std::string_view> valid) const {
  const auto found = find(key);
  auto value = text(key);
  const std::vector<std::string> names{valid.begin(), valid.end()};
  if (!value || std::find(names.begin(), names.end(), *value) != names.end())
    return value;
  add(*found, "unknown value '" + *value + "'; " + name_hint(*value, names));
  return std::nullopt;
}

std::optional<json> field_reader::object(std::string_view key) const {
  const auto found = find(key);
  if (!found)
    return std::nullopt;
  if (found->node->type == document::kind::object)
    return to_json(*found, with_);
  add(*found, "must be an object, is " + std::string{kind_of(*found->node)});
  return std::nullopt;
}

std::optional<std::vector<std::string>>
field_reader::texts(std::string_view key) const {
  const auto found = find(key);
  if (!found)
    return std::nullopt;
  if (found->node->type != document::kind::array) {
    add(*found,
        "must be a list of strings, is " + std::string{kind_of(*found->node)});
    return std::nullopt;
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < found->node->items.size(); ++i)
    if (auto value = read_text(found->at(i), with_))
      values.push_back(std::move(*value));
  return values;
}

void field_reader::add(const file_place& at, std::string_view message) const {
  with_.problems.add(at.node->position, at.path, message);
}

void field_reader::add(std::string_view message) const {
  add(place_, message);
}

const file_place& field_reader::place() const noexcept {
  return place_;
}

} // namespace perdure::config
