#include "config/document.hpp"

#include "config/json_reader.hpp"
#include "config/utf8.hpp"
#include "config/yaml_reader.hpp"

#include <algorithm>

namespace perdure::config {

const document* document::find(std::string_view key) const {
  const auto found
    = std::find_if(members.begin(), members.end(),
                   [&](const member& item) { return item.key == key; });
  return found == members.end() ? nullptr : &found->value;
}

std::variant<document, document_problem>
parse_document(std::string_view text, document_format format) {
  constexpr std::size_t size_max = std::size_t{4} << 20;
  if (text.size() > size_max)
    return document_problem{{}, "the file is larger than 4 MiB"};
  if (text.starts_with("\xEF\xBB\xBF"))
    text.remove_prefix(3);
  if (!is_utf8(text))
    return document_problem{{}, "the file is not UTF-8"};
  if (format == document_format::yaml)
    return read_yaml(text);
  return read_json(text, format == document_format::json_with_comments);
}

} // namespace perdure::config
