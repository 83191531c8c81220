#pragma once

#include "runtime/result.hpp"

#include <string>
#include <vector>

namespace perdure::config {

/// Which subschema leads to which; bounds how deep a validator recurses.
///
/// Units:   nodes count from 0 in the order of `add`; node 0 is the root
class schema_graph {
public:
  void add(std::string pointer);

  /// @param in_place whether `to` is about the same value as `from`, not
  /// about a part of it
  /// @pre both nodes were added
  void connect(std::size_t from, std::size_t to, bool in_place);

  /// @returns errc::unsupported_schema when a schema leads back to itself about
  /// the same value, or when chains are too long
  [[nodiscard]] runtime::result<runtime::unit> check() const;

private:
  struct node {
    std::string pointer;
    std::vector<std::size_t> in_place;
    std::vector<std::size_t> all;
  };

  std::vector<node> nodes_;
};

} // namespace perdure::config
