#define CAF_SUITE config.document

#include "config/document.hpp"

#include <caf/test/unit_test.hpp>

#include <random>

using namespace perdure;
using config::document;
using config::document_format;

namespace {

std::string dump(const document& node) {
  if (node.type == document::kind::scalar)
    return runtime::to_text(node.scalar);
  std::string text;
  if (node.type == document::kind::array) {
    for (const auto& item : node.items)
      text += (text.empty() ? "" : ",") + dump(item);
    return "[" + text + "]";
  }
  for (const auto& member : node.members)
    text += (text.empty() ? "" : ",") + member.key + ":" + dump(member.value);
  return "{" + text + "}";
}

/// The content, or `line:column message`.
std::string read(std::string_view text, document_format format) {
  const auto parsed = config::parse_document(text, format);
  if (const auto* problem = std::get_if<config::document_problem>(&parsed))
    return std::to_string(problem->position.line) + ":"
           + std::to_string(problem->position.column) + " " + problem->message;
  return dump(std::get<document>(parsed));
}

std::string yaml(std::string_view text) {
  return read(text, document_format::yaml);
}

std::string json(std::string_view text) {
  return read(text, document_format::json);
}

std::string json_with_comments(std::string_view text) {
  return read(text, document_format::json_with_comments);
}

bool starts(const std::string& text, const std::string& start) {
  if (text.starts_with(start))
    return true;
  CAF_MESSAGE("got: " << text);
  return false;
}

} // namespace

CAF_TEST(yaml scalars follow the core schema of version 1 2) {
  CAF_CHECK_EQUAL(yaml("[yes, no, on, off, y, Yes, TRUE, true, false]"),
                  R"(["yes","no","on","off","y","Yes","TRUE",true,false])");
  CAF_CHECK_EQUAL(yaml(R"(["true", 'null', "1", ~, null, , Null])"),
                  R"(["true","null","1",null,null,null,null])");
  CAF_CHECK_EQUAL(
    yaml("[1, -2, 3.5, 1e3, 007, 0x10, 1_000, 12:30, .5, 1.]"),
    R"([1,-2,3.5,1000.0,"007","0x10","1_000","12:30",".5","1."])");
  CAF_CHECK_EQUAL(yaml("a: |\n  x\n  y\nb: >\n  x\n  y\n"),
                  R"({a:"x\ny\n",b:"x y\n"})");
  CAF_CHECK_EQUAL(yaml("1: a\ntrue: b\n"), R"({1:"a",true:"b"})");
  CAF_CHECK_EQUAL(yaml("2026-01-02"), R"("2026-01-02")");
}

CAF_TEST(json reads as json) {
  CAF_CHECK_EQUAL(json(R"({"a": [1, 2.5, true, null, "xÄ\n"], "b": {}})"),
                  R"({a:[1,2.5,true,null,"xÄ\n"],b:{}})");
  CAF_CHECK_EQUAL(json("\xEF\xBB\xBF 5 "), "5");
  CAF_CHECK_EQUAL(json(R"("\ud83d\ude00\/")"), R"("😀/")");
  CAF_CHECK_EQUAL(json_with_comments("// one\n{/* two */\"a\": 1 // three\n}"),
                  "{a:1}");
  CAF_CHECK_EQUAL(json_with_comments("\"http://x\" /* // */"), "\"http://x\"");
}

CAF_TEST(problems have a line and a column) {
  CAF_CHECK(starts(json("{\n  \"a\": 1,\n  \"a\": 2}"), "3:3 the key 'a'"));
  CAF_CHECK(starts(json("{\n  \"a\": tru\n}"), "2:8 'tru' is not"));
  CAF_CHECK(starts(json("[1,]"), "1:4 a ',' must not"));
  CAF_CHECK(starts(json("{\"a\": 1,}"), "1:9 a ',' must not"));
  CAF_CHECK(starts(json("[1 2]"), "1:4 expected ',' or ']'"));
  CAF_CHECK(starts(json("{\"a\" 1}"), "1:6 expected ':'"));
  CAF_CHECK(starts(json("{a: 1}"), "1:2 expected a key"));
  CAF_CHECK(starts(json("{"), "1:2 expected a key"));
  CAF_CHECK(starts(json("["), "1:2 expected a value"));
  CAF_CHECK(starts(json("\"a"), "1:1 the string is never closed"));
  CAF_CHECK(starts(json("\"a\nb\""), "1:1 the string is never closed"));
  CAF_CHECK(starts(json(R"("\x")"), "1:1 the string has an invalid escape"));
  CAF_CHECK(starts(json(R"("\ud83d")"), "1:1 the string has an invalid"));
  CAF_CHECK(starts(json("\"\\"), "1:1 the string is never closed"));
  CAF_CHECK(starts(json("1 2"), "1:3 expected the end"));
  CAF_CHECK(starts(json(""), "1:1 expected a value"));
  CAF_CHECK(starts(json("01"), "1:1 '01' is not"));
  CAF_CHECK(starts(json("NaN"), "1:1 'NaN' is not"));
  CAF_CHECK(starts(json("// x\n1"), "1:1 comments are not allowed"));
  CAF_CHECK(starts(json_with_comments("/* x"), "1:1 the comment is never"));
  CAF_CHECK(starts(json_with_comments("/ x"), "1:1 expected a value, or"));
  CAF_CHECK(starts(json("\"\xff\""), "1:1 the file is not UTF-8"));
  CAF_CHECK(starts(yaml("a: 1\nb:\n  c: 1\n  c: 2\n"), "4:3 the key 'c'"));
  CAF_CHECK(starts(yaml("a: [1\nb: 2"), "2:"));
  CAF_CHECK(starts(yaml("a: b: c"), "1:"));
  CAF_CHECK(starts(yaml("? [1]\n: 2"), "1:3 a key must be text"));
  CAF_CHECK(starts(yaml("a: !!python/name:os.system x"), "1:4 the tag"));
  CAF_CHECK(starts(yaml("a: !own {b: 1}"), "1:4 the tag"));
  CAF_CHECK(starts(yaml("x: &a {b: 1}\ny: {<<: *a}"), "2:5 merge keys"));
  CAF_CHECK(starts(yaml(""), "1:1 the file is empty"));
  CAF_CHECK(starts(yaml("# only a comment"), "1:1 the file is empty"));
  CAF_CHECK(starts(yaml("a: 1\n---\nb: 2"), "3:"));
  CAF_CHECK(starts(yaml("a: *gone"), "1:"));
}

CAF_TEST(positions are where values start) {
  const auto parsed
    = config::parse_document("a:\n  - x\n  -   y\n", document_format::yaml);
  const auto& list = *std::get<document>(parsed).find("a");
  CAF_CHECK_EQUAL(list.items[1].position.line, 3u);
  CAF_CHECK_EQUAL(list.items[1].position.column, 7u);
  CAF_CHECK(std::get<document>(parsed).find("b") == nullptr);
}

CAF_TEST(anchors work and cannot explode) {
  CAF_CHECK_EQUAL(yaml("a: &x {b: [1]}\nc: *x\nd: &s t\ne: *s"),
                  R"({a:{b:[1]},c:{b:[1]},d:"t",e:"t"})");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (auto i = 1; i < 10; ++i) {
    const auto before = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (auto j = 0; j < 10; ++j)
      bomb += (j > 0 ? ", " : "") + before;
    bomb += "]\n";
  }
  CAF_CHECK(yaml(bomb).find("100000 values") != std::string::npos);
  std::string chain = "[&a0 [x]";
  for (auto i = 1; i < 100; ++i)
    chain += ", &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]";
  CAF_CHECK(yaml(chain + "]").find("nests deeper") != std::string::npos);
  CAF_CHECK(yaml("&a [*a]").find("alias stands inside") != std::string::npos);
}

CAF_TEST(depth and size are bounded) {
  const std::string deep(100'000, '[');
  CAF_CHECK(json(deep).find("nests deeper") != std::string::npos);
  CAF_CHECK(starts(yaml(deep), "1:"));
  std::string braces;
  for (auto i = 0; i < 10'000; ++i)
    braces += "{a: ";
  CAF_CHECK(starts(yaml(braces), "1:"));
  std::string long_list = "[1";
  for (auto i = 0; i < 200'000; ++i)
    long_list += ",1";
  CAF_CHECK(json(long_list + "]").find("100000 values") != std::string::npos);
  CAF_CHECK(json(std::string(5'000'000, ' ')).find("4 MiB")
            != std::string::npos);
}

// Goal: no file crashes a reader. Method: seeded mutations of two documents.
CAF_TEST(mutated documents never crash) {
  const std::string texts[]{
    "# c\nmodel: a:b\nlist: [1, 'two', &x {k: v}]\nref: *x\ntext: |\n  one\n"
    "  two\nmap:\n  - a: 1\n    b: ~\n  - !!str x\n\"q\": \"\\u00e4\"\n",
    "{\"a\": [1, -2.5e3, true, null, \"\\u00e4\\n\"], /* c */ \"b\": {}}"};
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed: " << seed);
  std::mt19937 random{seed};
  std::size_t valid_count = 0;
  for (auto round = 0; round < 5'000; ++round)
    for (const auto format :
         {document_format::yaml, document_format::json_with_comments}) {
      auto text = texts[format == document_format::yaml ? 0 : 1];
      for (auto i = 0; i < 1 + round % 4; ++i)
        text[random() % text.size()] = static_cast<char>(random() % 128);
      const auto parsed = config::parse_document(text, format);
      valid_count += std::holds_alternative<document>(parsed) ? 1 : 0;
    }
  CAF_CHECK(valid_count > 0);
}
