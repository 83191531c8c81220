#define CAF_SUITE integration.image_output

#include "runtime/base64.hpp"

#include <caf/test/unit_test.hpp>

#include "support/process.hpp"
#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// The bytes of a picture: more than an entry holds in place.
std::string picture() {
  std::string bytes{"\x89PNG\r\n"};
  for (std::size_t i = 0; i < 100'000; ++i)
    bytes += static_cast<char>(i * i % 251);
  return bytes;
}

/// A script whose first answer is text where an image is wanted.
std::string script() {
  const json image{{"media_type", "image/png"},
                   {"data", runtime::base64(picture())}};
  const json hesitant{{"text", "A cat, I suppose?"}};
  const json painted{{"text", "Here."}, {"image", image}};
  return runtime::to_text(
    json{{"responses", json::array({hesitant, painted})}});
}

constexpr const char* painter = R"({"model": "script:painter.txt",
  "capabilities": [{"Output": {"allow_image": true}}]})";

struct fixture {
  fixture() {
    node.write_agent("painter.txt", script());
    node.write_agent("painter.json", painter);
    node.write_agent("mute.txt", R"({"responses": [{"text": "No."}],
                                     "repeat": true})");
    node.write_agent("mute.json", R"({"model": "script:mute.txt",
      "capabilities": [{"Output": {"allow_image": true}}]})");
    node.start();
  }

  json run(const char* agent) {
    auto out = node.api().run({{"agent", agent}, {"prompt", "A cat."}});
    CAF_REQUIRE(out.is_object());
    return out;
  }

  std::string output_path(const json& run) {
    return "/v1/runs/" + run["id"].get<std::string>() + "/output";
  }

  real_node node;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(image_output_tests, fixture)

CAF_TEST(an image is the output and survives its node) {
  const auto made = run("painter");
  CAF_REQUIRE_EQUAL(made["state"], "completed");
  CAF_CHECK_EQUAL(made["output"]["media_type"], "image/png");
  CAF_CHECK_EQUAL(made["output"]["size_bytes"], picture().size());
  CAF_CHECK(!made["output"].contains("data"));
  CAF_CHECK_EQUAL(made["usage"]["requests"], 2);
  CAF_CHECK(node.api().get(output_path(made)).body == picture());
  node.kill9();
  node.start();
  const auto again = node.api().get(output_path(made));
  CAF_CHECK_EQUAL(again.status, 200);
  CAF_CHECK(again.body == picture());
}

CAF_TEST(the client tool saves an image) {
  const auto made = run("painter");
  const auto file = node.place().path() / "cat.png";
  const auto tool = run_program(
    {"/bin/sh", "-c",
     "\"$TOOL\" output \"$RUN\" --url \"$NODE\" --token-file \"$TOKEN\" "
     "> \"$FILE\""},
    {"TOOL=" PERDURE_BINARY_DIR "/bin/perdure",
     "RUN=" + made["id"].get<std::string>(),
     "NODE=http://127.0.0.1:" + std::to_string(node.api().port()),
     "TOKEN=" + (node.data_dir() / "admin.token").string(),
     "FILE=" + file.string()});
  CAF_CHECK(tool.exit_code == 0);
  CAF_CHECK(read_text(file) == picture());
}

CAF_TEST(a run without an image has no output) {
  const auto failed = run("mute");
  CAF_CHECK_EQUAL(failed["state"], "failed");
  CAF_CHECK_EQUAL(failed["error"].value("type", ""), "output_retries_exceeded");
  const auto answer = node.api().get(output_path(failed));
  CAF_CHECK_EQUAL(answer.status, 409);
  CAF_CHECK_EQUAL(answer.error_type(), "conflict");
}

CAF_TEST_FIXTURE_SCOPE_END()
