#define CAF_SUITE library.prompt

#include "runtime/messages/content_items.hpp"

#include <caf/test/unit_test.hpp>

#include <perdure/prompt.hpp>

using perdure::json;
using perdure::prompt;

CAF_TEST(nothing text and items) {
  CAF_CHECK(prompt{}.content().is_null());
  CAF_CHECK_EQUAL(prompt{"hello"}.content().dump(), R"("hello")");
  CAF_CHECK_EQUAL(prompt{std::string{"hello"}}.content().dump(), R"("hello")");
  const prompt both{"look:", perdure::image("https://example.org/a.png")};
  CAF_CHECK_EQUAL(
    both.content().dump(),
    R"(["look:",{"kind":"image-url","url":"https://example.org/a.png"}])");
}

CAF_TEST(bytes are base64 of the alphabet of histories) {
  const auto data = [](std::string_view bytes) {
    return perdure::file(bytes, "image/png")["data"].get<std::string>();
  };
  CAF_CHECK_EQUAL(data(""), "");
  CAF_CHECK_EQUAL(data("f"), "Zg==");
  CAF_CHECK_EQUAL(data("fo"), "Zm8=");
  CAF_CHECK_EQUAL(data("foo"), "Zm9v");
  CAF_CHECK_EQUAL(data("foobar"), "Zm9vYmFy");
  CAF_CHECK_EQUAL(data("\xFF\xFE\xFD"), "__79");
}

CAF_TEST(items are what histories hold) {
  const prompt all{"text",
                   perdure::image("https://example.org/a.png"),
                   perdure::audio("https://example.org/a.mp3"),
                   perdure::video("https://example.org/a.mp4"),
                   perdure::document("https://example.org/a.pdf"),
                   perdure::file("bytes", "image/png")};
  CAF_CHECK_EQUAL(perdure::runtime::check_user_content(all.content(), "prompt"),
                  "");
}
