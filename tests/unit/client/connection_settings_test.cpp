#define CAF_SUITE client.connection_settings

#include "tools/perdure/connection_settings.hpp"
#include "tools/perdure/token_file.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <map>
#include <unistd.h>

using namespace perdure;
using namespace perdure::client;

namespace {

namespace fs = std::filesystem;

struct fixture {
  fs::path root = fs::temp_directory_path()
                  / ("perdure-client-" + std::to_string(::getpid()));
  fs::path before = fs::current_path();
  std::map<std::string, std::string> variables;

  fixture() {
    fs::create_directories(root / "work");
    fs::current_path(root / "work");
    variables["HOME"] = (root / "home").string();
  }

  ~fixture() {
    fs::current_path(before);
    fs::remove_all(root);
  }

  void write(const fs::path& file, const std::string& text) {
    fs::create_directories((root / file).parent_path());
    std::ofstream{root / file} << text;
  }

  auto find(const std::string& url = {}, const std::string& file = {}) {
    return find_node(
      url, file, [this](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        if (found == variables.end())
          return std::nullopt;
        return found->second;
      });
  }

  std::string url(const std::string& text) {
    const auto settings = find(text);
    return settings ? settings->url : "refused";
  }

  std::string token(const std::string& url = {}, const std::string& file = {}) {
    const auto settings = find(url, file);
    return settings ? settings->token : "refused";
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(connection_settings_tests, fixture)

CAF_TEST(the node is named by option or environment or is the local one) {
  CAF_CHECK_EQUAL(url(""), "http://127.0.0.1:7437");
  variables["PERDURE_URL"] = "https://node.example:8443/";
  CAF_CHECK_EQUAL(url(""), "https://node.example:8443");
  CAF_CHECK_EQUAL(url("localhost:80"), "http://localhost:80");
  CAF_CHECK_EQUAL(url("http://[::1]:7437/"), "http://[::1]:7437");
  CAF_CHECK_EQUAL(url("https://proxy/perdure/"), "https://proxy/perdure");
}

CAF_TEST(what is no URL of a node is refused) {
  for (const auto* text :
       {"ftp://x", "http://", "http://a b", "file:///etc", "http://u:p@x",
        "http://x?a=b", "http://x#y", "http://x:99999"})
    CAF_CHECK_EQUAL(url(text), "refused");
}

CAF_TEST(the token is looked for in order) {
  write("home/.local/state/perdure/admin.token", "four\n");
  CAF_CHECK_EQUAL(token(), "four");
  variables["XDG_STATE_HOME"] = (root / "state").string();
  write("state/perdure/admin.token", "three");
  CAF_CHECK_EQUAL(token(), "three");
  write("work/perdure-data/admin.token", " two \r\n");
  CAF_CHECK_EQUAL(token(), "two");
  variables["PERDURE_DATA_DIR"] = (root / "data").string();
  CAF_CHECK_EQUAL(token(), "two");
  write("data/admin.token", "one\n");
  CAF_CHECK_EQUAL(token(), "one");
  variables["PERDURE_TOKEN"] = "zero";
  CAF_CHECK_EQUAL(token(), "zero");
  write("named", "first\n");
  CAF_CHECK_EQUAL(token("", (root / "named").string()), "first");
}

CAF_TEST(the token of a local node is not offered to another machine) {
  write("work/perdure-data/admin.token", "local");
  CAF_CHECK_EQUAL(token("http://node.example"), "");
  CAF_CHECK_EQUAL(token("http://127.evil.example"), "");
  CAF_CHECK_EQUAL(token("http://localhost:1"), "local");
  CAF_CHECK_EQUAL(token("http://127.0.0.2:1"), "local");
  write("data/admin.token", "meant");
  variables["PERDURE_DATA_DIR"] = (root / "data").string();
  CAF_CHECK_EQUAL(token("http://node.example"), "meant");
}

CAF_TEST(tokens that cannot be sent are refused) {
  write("named", "a\r\nX-Evil: b");
  CAF_CHECK_EQUAL(token("", (root / "named").string()), "refused");
  write("named", "");
  CAF_CHECK_EQUAL(token("", (root / "named").string()), "refused");
  write("named", std::string(5'000, 'x'));
  CAF_CHECK_EQUAL(token("", (root / "named").string()), "refused");
  CAF_CHECK_EQUAL(token("", (root / "absent").string()), "refused");
  CAF_CHECK_EQUAL(token("", root.string()), "refused");
  variables["PERDURE_TOKEN"] = "two words";
  CAF_CHECK_EQUAL(token(), "refused");
}

CAF_TEST(places without a token are listed) {
  const auto settings = find();
  CAF_REQUIRE(settings);
  CAF_CHECK(settings->token_places.find("perdure-data/admin.token: No such")
            != std::string::npos);
  CAF_CHECK(settings->token_places.find("/var/lib/perdure/admin.token")
            != std::string::npos);
}

CAF_TEST(commands that are suggested name the same node) {
  write("named", "t");
  const auto settings = find("localhost:1", (root / "named").string());
  CAF_REQUIRE(settings);
  CAF_CHECK_EQUAL(settings->repeat_options,
                  " --url http://localhost:1 --token-file "
                    + (root / "named").string());
  const auto local = find();
  CAF_REQUIRE(local);
  CAF_CHECK_EQUAL(local->repeat_options, "");
}

CAF_TEST_FIXTURE_SCOPE_END()
