#pragma once

#include "config/document.hpp"
#include "config/expand.hpp"

#include <chrono>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace perdure::config {

/// What is wrong with one file, found in any order, told in the file's.
class file_problems {
public:
  explicit file_problems(std::string file);

  void
  add(file_position position, std::string_view path, std::string_view message);
  void
  warn(file_position position, std::string_view path, std::string_view message);

  [[nodiscard]] bool empty() const noexcept;

  /// One line per problem: `file:line:column: path: problem`.
  /// @pre `!empty()`
  [[nodiscard]] runtime::failure to_failure(runtime::errc code) const;

  [[nodiscard]] std::vector<std::string> warnings() const;

private:
  struct line {
    file_position position;
    std::string text;
  };

  [[nodiscard]] line to_line(file_position position, std::string_view path,
                             std::string_view message) const;

  std::string file_;
  std::vector<line> problems_;
  std::vector<line> warnings_;
};

/// What every part of a file is read with.
struct reading {
  file_problems& problems;
  const environment& lookup;
};

/// A part of a file and the path that names it, e.g. `capabilities[0].Command`.
struct file_place {
  const document* node = nullptr;
  std::string path;

  [[nodiscard]] file_place
  at(std::string_view key, const document& child) const;
  [[nodiscard]] file_place at(std::size_t index) const;
};

/// `name`, or the nearest of `names` as a hint; and all of them.
std::string
name_hint(std::string_view name, std::span<const std::string> names);

/// The value of `place` as JSON, with `${NAME}` filled in in all strings.
runtime::json to_json(const file_place& place, const reading& with);

/// The string at `place`, with `${NAME}` filled in.
std::optional<std::string>
read_text(const file_place& place, const reading& with);

/// Reads the members of one object, strictly. Members that are null count as
/// absent. Whatever is wrong is added to the problems and reads as absent.
class field_reader {
public:
  /// @param valid the only keys that may be there
  field_reader(file_place place, const reading& with,
               std::initializer_list<std::string_view> valid);
  field_reader(file_place place, const reading& with,
               std::span<const std::string_view> valid);

  /// @returns nothing when absent
  [[nodiscard]] std::optional<file_place> find(std::string_view key) const;

  std::optional<std::string> text(std::string_view key) const;
  /// Adds a problem when absent.
  std::optional<std::string> required_text(std::string_view key) const;
  std::optional<bool> boolean(std::string_view key) const;
  std::optional<std::int64_t>
  integer(std::string_view key, std::int64_t min,
          std::int64_t max = std::numeric_limits<std::int64_t>::max()) const;
  /// A number of seconds, above 0.
  std::optional<std::chrono::milliseconds> seconds(std::string_view key) const;
  std::optional<std::string>
  choice(std::string_view key,
         std::initializer_list<std::string_view> valid) const;
  std::optional<runtime::json> object(std::string_view key) const;
  /// A list of strings.
  std::optional<std::vector<std::string>> texts(std::string_view key) const;

  void add(const file_place& at, std::string_view message) const;
  /// About the object itself.
  void add(std::string_view message) const;

  [[nodiscard]] const file_place& place() const noexcept;

private:
  file_place place_;
  const reading& with_;
};

} // namespace perdure::config
