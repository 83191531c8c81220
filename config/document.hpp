#pragma once

#include "runtime/json.hpp"
#include "runtime/result.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace perdure::config {

/// A place in a file. Lines and columns count from 1; a column is a byte.
struct file_position {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// A YAML or JSON document that knows where each part of it stands.
struct document {
  enum class kind : std::uint8_t { scalar, array, object };

  struct member;

  document::kind type = kind::scalar;
  file_position position;
  /// Null, a boolean, a number or a string.
  runtime::json scalar;
  std::vector<document> items;
  /// In the order of the file; keys are unique.
  std::vector<member> members;

  /// @returns null when there is no such member
  [[nodiscard]] const document* find(std::string_view key) const;
};

struct document::member {
  std::string key;
  file_position position;
  document value;
};

/// Which text a document is written in.
enum class document_format : std::uint8_t {
  yaml,
  json,
  /// JSON with `//` and `/* */` comments.
  json_with_comments,
};

/// Where and why a document cannot be read.
struct document_problem {
  file_position position;
  std::string message;
};

/// Reads one document. YAML follows the 1.2 core schema: only `true` and
/// `false` are booleans, quoted scalars are strings; tags and merge keys are
/// refused. Both formats refuse duplicate keys, more than 64 levels of nesting
/// and more than 100,000 values (aliases count as what they stand for).
std::variant<document, document_problem>
parse_document(std::string_view text, document_format format);

} // namespace perdure::config
