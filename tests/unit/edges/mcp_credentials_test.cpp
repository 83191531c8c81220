#define CAF_SUITE edges.mcp_credentials

#include "actors/edges/mcp_credentials.hpp"

#include <caf/test/unit_test.hpp>

#include <fstream>
#include <sys/stat.h>

#include "support/temp_dir.hpp"

using namespace perdure;
using namespace perdure::actors;
using namespace perdure::tests;
using namespace std::chrono_literals;

namespace {

mcp_credential full() {
  runtime::mcp::oauth::grant grant;
  grant.access_token = "a";
  grant.refresh_token = "r";
  grant.expires = runtime::timestamp{1'800'000'000s + 5us};
  grant.scope = "read write";
  grant.issuer = "https://login.example";
  grant.step_ups = 2;
  return {grant,
          {{"https://login.example", {"dyn", "s", "client_secret_post"}}},
          "admin"};
}

struct place {
  temp_dir folder;
  std::filesystem::path file = folder.path() / "mcp-credentials.json";

  std::shared_ptr<mcp_credentials> open() const {
    auto out = open_mcp_credentials(file);
    if (!out)
      CAF_FAIL("refused: " << out.error().message);
    return *out;
  }

  runtime::failure refusal() const {
    const auto out = open_mcp_credentials(file);
    CAF_REQUIRE(!out);
    return out.error();
  }

  mode_t mode() const {
    struct stat info {};
    CAF_REQUIRE_EQUAL(::stat(file.c_str(), &info), 0);
    return info.st_mode & 0777;
  }
};

} // namespace

CAF_TEST(what is saved is there the next time) {
  place with;
  CAF_CHECK(!with.open()->load("x").grant);
  CAF_CHECK(!std::filesystem::exists(with.file));
  CAF_REQUIRE(with.open()->save("x", full()));
  const auto same = with.open()->load("x");
  CAF_REQUIRE(same.grant);
  CAF_CHECK_EQUAL(same.grant->access_token, "a");
  CAF_CHECK_EQUAL(same.grant->refresh_token, "r");
  CAF_CHECK(same.grant->expires == full().grant->expires);
  CAF_CHECK_EQUAL(same.grant->scope, "read write");
  CAF_CHECK_EQUAL(same.grant->issuer, "https://login.example");
  CAF_CHECK_EQUAL(same.grant->step_ups, 2u);
  const auto& client = same.clients.at("https://login.example");
  CAF_CHECK_EQUAL(client.id, "dyn");
  CAF_CHECK_EQUAL(client.secret, "s");
  CAF_CHECK_EQUAL(client.auth_method, "client_secret_post");
  CAF_CHECK_EQUAL(same.wanted_scope, "admin");
  CAF_CHECK(!with.open()->load("y").grant);
}

CAF_TEST(nobody else may read the file) {
  place with;
  const auto before = ::umask(0);
  CAF_CHECK(with.open()->save("x", full()));
  ::umask(before);
  CAF_CHECK_EQUAL(with.mode(), 0600u);
  CAF_CHECK_EQUAL(
    std::distance(std::filesystem::directory_iterator{with.folder.path()},
                  std::filesystem::directory_iterator{}),
    1);
  CAF_REQUIRE_EQUAL(::chmod(with.file.c_str(), 0640), 0);
  const auto reason = with.refusal();
  CAF_CHECK(reason.code == runtime::errc::unauthorized);
  CAF_CHECK(reason.message.find("chmod 600") != std::string::npos);
}

CAF_TEST(a forgotten one stays forgotten) {
  place with;
  const auto all = with.open();
  CAF_REQUIRE(all->save("x", full()));
  CAF_REQUIRE(all->save("y", full()));
  const auto forgotten = all->forget("x");
  CAF_REQUIRE(forgotten);
  CAF_CHECK(*forgotten);
  const auto again = all->forget("x");
  CAF_REQUIRE(again);
  CAF_CHECK(!*again);
  CAF_CHECK(!with.open()->load("x").grant);
  CAF_CHECK(with.open()->load("y").grant);
}

CAF_TEST(a half written file beside it does no harm) {
  place with;
  CAF_REQUIRE(with.open()->save("x", full()));
  std::ofstream{with.file.string() + ".new"} << "{\"form";
  CAF_CHECK(with.open()->load("x").grant);
  CAF_REQUIRE(with.open()->save("y", full()));
  CAF_CHECK(with.open()->load("y").grant);
}

CAF_TEST(a file that cannot be read is refused and left alone) {
  for (const auto* text :
       {"", "{", R"({"format": 2, "servers": {}})", R"({"format": 1})",
        R"({"format": 1, "servers": {"x": {"grant": {}}}})",
        R"({"format": 1, "servers": {"x": {"grant": {"access_token": "a",
            "expires": "soon"}}}})"}) {
    place with;
    std::ofstream{with.file} << text;
    CAF_REQUIRE_EQUAL(::chmod(with.file.c_str(), 0600), 0);
    const auto reason = with.refusal();
    CAF_CHECK(reason.code == runtime::errc::storage_corrupt);
    CAF_CHECK(reason.message.find(with.file.string()) != std::string::npos);
    CAF_CHECK_EQUAL(read_text(with.file), text);
  }
}

CAF_TEST(a folder that is not there cannot keep anything) {
  place with;
  const auto all = open_mcp_credentials(with.folder.path() / "no" / "file");
  CAF_REQUIRE(all);
  const auto kept = (*all)->save("x", full());
  CAF_REQUIRE(!kept);
  CAF_CHECK(kept.error().code == runtime::errc::storage_io);
  // It counts all the same, until the end.
  CAF_CHECK((*all)->load("x").grant);
}
