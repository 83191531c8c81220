#define CAF_SUITE integration.openapi

#include <caf/test/unit_test.hpp>

#include <set>

#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

constexpr auto verbs = std::to_array<const char*>(
  {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"});

std::string lower(std::string text) {
  for (auto& sign : text)
    sign = static_cast<char>(std::tolower(static_cast<unsigned char>(sign)));
  return text;
}

/// A path of the document with something in place of its parameters.
std::string filled(std::string path, const std::string& run_id) {
  const auto replace = [&path](const std::string& name, const std::string& by) {
    if (const auto at = path.find(name); at != std::string::npos)
      path.replace(at, name.size(), by);
  };
  replace("/approvals/{id}", "/approvals/" + run_id + ":1:0:1");
  replace("{id}", run_id);
  replace("{name}", "hello");
  return path;
}

struct fixture {
  fixture() {
    node.write_agent("hello.json", R"({"model": "test"})");
    node.start();
    const auto answer = node.api().get("/openapi.json");
    CAF_REQUIRE_EQUAL(answer.status, 200);
    document = answer.value();
    CAF_REQUIRE(document.is_object());
    run_id = node.api().run({{"agent", "hello"}, {"prompt", "Hi."}})["id"];
  }

  api_answer call(const std::string& verb, const std::string& path) const {
    const auto token
      = "Authorization: Bearer " + read_text(node.data_dir() / "admin.token");
    return node.api().call(verb, path + "?follow=false", "",
                           {token.substr(0, token.find('\n'))});
  }

  /// The verbs that the server takes at `path`.
  std::set<std::string> taken(const std::string& path) const {
    std::set<std::string> out;
    for (const auto* verb : verbs) {
      const auto answer = call(verb, path);
      const auto text = answer.body.find("there is nothing at");
      if (answer.status != 405 && text == std::string::npos)
        out.insert(lower(verb));
    }
    return out;
  }

  real_node node;
  json document;
  std::string run_id;
};

/// All words in the sources of the server's API: what is a part of a path is
/// among them.
std::set<std::string> words_of_sources() {
  std::set<std::string> out;
  const std::filesystem::path folder{PERDURE_SOURCE_DIR "/actors/api"};
  for (const auto& file : std::filesystem::directory_iterator{folder}) {
    std::string word;
    for (const char sign : read_text(file.path()) + ' ') {
      if (std::islower(static_cast<unsigned char>(sign)) != 0 || sign == '.') {
        word += sign;
        continue;
      }
      if (word.size() > 2)
        out.insert(word);
      word.clear();
    }
  }
  return out;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(openapi_tests, fixture)

CAF_TEST(the server takes what the document lists and nothing else there) {
  std::size_t operations = 0;
  for (const auto& [path, item] : document["paths"].items()) {
    CAF_MESSAGE(path);
    std::set<std::string> listed;
    for (const auto& [verb, operation] : item.items()) {
      listed.insert(verb);
      ++operations;
      CAF_CHECK(operation["operationId"].is_string());
      CAF_CHECK(operation["responses"].is_object());
    }
    // Health answers every verb, so that any probe will do.
    const auto found = taken(filled(path, run_id));
    if (path == "/healthz" || path == "/readyz")
      CAF_CHECK(found.contains("get"));
    else
      CAF_CHECK(found == listed);
  }
  CAF_CHECK(operations >= 18u);
}

// Goal: no route is left out of the document. Method: every word in the
// server's own sources is tried as a path, and below what has paths below it.
CAF_TEST(the document lists whatever the server takes) {
  const auto words = words_of_sources();
  CAF_REQUIRE(words.contains("cancel"));
  CAF_REQUIRE(words.contains("journal"));
  const auto& paths = document["paths"];
  std::size_t found = 0;
  for (const auto& word : words)
    for (const auto& [listed, target] :
         {std::pair{"/" + word, "/" + word},
          std::pair{"/v1/" + word, "/v1/" + word},
          std::pair{"/v1/runs/{id}/" + word,
                    "/v1/runs/" + run_id + "/" + word}})
      for (const auto* verb : {"GET", "POST"}) {
        const auto answer = call(verb, target);
        if (answer.status == 404 || answer.status == 405)
          continue;
        ++found;
        CAF_MESSAGE(verb << ' ' << target);
        CAF_REQUIRE(paths.contains(listed));
        CAF_CHECK(paths[listed].contains(lower(verb)) || listed == "/healthz"
                  || listed == "/readyz");
      }
  CAF_CHECK(found >= 10u);
}

CAF_TEST(every reference in the document leads somewhere) {
  std::size_t count = 0;
  const auto text = runtime::to_text(document);
  const std::string_view mark = R"("$ref":"#)";
  for (auto at = text.find(mark); at != std::string::npos;
       at = text.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    const json::json_pointer pointer{
      text.substr(begin, text.find('"', begin) - begin)};
    CAF_CHECK(document.contains(pointer));
    ++count;
  }
  CAF_CHECK(count > 5u);
}

CAF_TEST_FIXTURE_SCOPE_END()
