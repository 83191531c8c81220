#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <map>
#include <optional>
#include <perdure/docs.hpp>
#include <string>
#include <vector>

/// Types of a program, as its author would describe them.
namespace shop {

enum class size { small, large };
BOOST_DESCRIBE_ENUM(size, small, large)

struct item {
  std::string name;
  double price = 0;
  size how_big = size::small;
};
BOOST_DESCRIBE_STRUCT(item, (), (name, price, how_big))

inline perdure::docs perdure_docs(const item*) {
  return {
    "A thing for sale.",
    {{"name", "As on the label."},
     {"how_big", {{"description", "Of its box."}, {"default", "small"}}}}};
}

struct order {
  std::uint32_t number = 0;
  std::vector<item> items;
  std::optional<std::string> note;
  std::map<std::string, bool> flags;
};
BOOST_DESCRIBE_STRUCT(order, (), (number, items, note, flags))

/// It holds itself.
struct folder {
  std::string name;
  std::vector<folder> folders;
};
BOOST_DESCRIBE_STRUCT(folder, (), (name, folders))

struct shelf {
  folder left;
  folder right;
};
BOOST_DESCRIBE_STRUCT(shelf, (), (left, right))

struct entity {
  std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(entity, (), (id))

struct person : entity {
  std::string name;
};
BOOST_DESCRIBE_STRUCT(person, (entity), (name))

} // namespace shop
