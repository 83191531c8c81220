#include "actors/api/stored_run.hpp"

#include <algorithm>

namespace perdure::actors {

using runtime::errc;
using runtime::failure;

runtime::result<runtime::unit> check_run_id(const std::string& text) {
  const auto is_hex
    = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  bool good = text.size() == 36;
  for (std::size_t i = 0; good && i < text.size(); ++i)
    good = i == 8 || i == 13 || i == 18 || i == 23 ? text[i] == '-'
                                                   : is_hex(text[i]);
  if (!good)
    return failure{errc::run_not_found,
                   "'" + text
                     + "' is not the id of a run; `perdure runs` "
                       "lists them"};
  return runtime::ok();
}

runtime::result<stored_run>
load_run(const services& node, const std::string& run_id) {
  if (auto good = check_run_id(run_id); !good)
    return good.error();
  auto summary = node.journal->summary(run_id);
  if (!summary)
    return summary.error();
  auto definition = node.agents->by_hash(summary->definition_hash);
  if (!definition)
    return definition.error();
  auto entries = node.journal->read(run_id);
  if (!entries)
    return entries.error();
  stored_run out{
    *definition, {}, runtime::run_state{*definition, node.language.render}};
  out.entries.reserve(entries->size());
  for (auto& stored : *entries) {
    out.state.apply(stored.value);
    out.entries.push_back(std::move(stored.value));
  }
  return out;
}

} // namespace perdure::actors
