#define CAF_SUITE client.prompt_file

#include "tools/perdure/prompt_file.hpp"

#include <caf/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <random>

using namespace perdure;
using namespace perdure::client;
using namespace std::string_literals;
using runtime::json;

namespace {

struct fixture {
  fixture()
    : folder(std::filesystem::temp_directory_path()
             / ("perdure_files_" + std::to_string(std::random_device{}()))) {
    std::filesystem::create_directories(folder);
  }

  ~fixture() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  std::string file(const std::string& name, const std::string& bytes) {
    const auto path = folder / name;
    std::ofstream{path, std::ios::binary} << bytes;
    return path.string();
  }

  /// What is said of a file that is refused; empty when it is taken.
  std::string refusal(const std::string& name, const std::string& bytes) {
    const auto item = prompt_item(file(name, bytes));
    return item ? "" : item.error().message;
  }

  std::filesystem::path folder;
};

json item(const std::string& from) {
  auto made = prompt_item(from);
  if (!made)
    CAF_FAIL("refused: " << made.error().message);
  return std::move(*made);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(prompt_file_tests, fixture)

CAF_TEST(what a file is shows in how it begins) {
  CAF_CHECK_EQUAL(media_type_of("\x89PNG\r\n\x1a\n", "photo.jpg"), "image/png");
  CAF_CHECK_EQUAL(media_type_of("\xff\xd8\xff\xe0", "x"), "image/jpeg");
  CAF_CHECK_EQUAL(media_type_of("GIF89a", "x"), "image/gif");
  CAF_CHECK_EQUAL(media_type_of("RIFF\x01\x02\x03\x04WEBPVP8 ", "x"),
                  "image/webp");
  CAF_CHECK_EQUAL(media_type_of("RIFF\x01\x02\x03\x04WAVEfmt ", "x"),
                  "audio/wav");
  CAF_CHECK_EQUAL(media_type_of("ID3\x03", "x"), "audio/mpeg");
  CAF_CHECK_EQUAL(media_type_of("%PDF-1.7", "x"), "application/pdf");
  CAF_CHECK_EQUAL(media_type_of("# Notes\n", "README.md"), "text/plain");
}

CAF_TEST(else its name says what it is) {
  CAF_CHECK_EQUAL(media_type_of("\0\0\0\x18"s, "film.MP4"), "video/mp4");
  CAF_CHECK_EQUAL(media_type_of("\0\1\2"s, "x.bin"), "");
  CAF_CHECK_EQUAL(media_type_of("\0\1\2"s, "notes.txt"), "");
}

CAF_TEST(files become content items) {
  const auto photo = item(file("photo.png", "\x89PNG\r\n\x1a\nx"));
  CAF_CHECK_EQUAL(photo["kind"], "binary");
  CAF_CHECK_EQUAL(photo["media_type"], "image/png");
  CAF_CHECK_EQUAL(photo["data"], "iVBORw0KGgp4");
  CAF_CHECK_EQUAL(item(file("notes.md", "# Hi\n")),
                  json("File notes.md:\n# Hi\n"));
}

CAF_TEST(links are named by what they lead to) {
  const auto kind
    = [](const char* url) -> json { return item(url).at("kind"); };
  CAF_CHECK_EQUAL(kind("https://x.org/a.JPG?size=2"), "image-url");
  CAF_CHECK_EQUAL(kind("https://x.org/a.mp3#t=1"), "audio-url");
  CAF_CHECK_EQUAL(kind("https://x.org/a.mp4"), "video-url");
  CAF_CHECK_EQUAL(kind("http://x.org/report"), "document-url");
  const auto link = item("http://x.org/a.png");
  CAF_CHECK_EQUAL(link["url"], "http://x.org/a.png");
}

CAF_TEST(what cannot be sent is refused with a reason) {
  CAF_CHECK(refusal("empty.png", "").find("is empty") != std::string::npos);
  CAF_CHECK(refusal("x.bin", "\0\1\2"s).find("cannot tell what")
            != std::string::npos);
  CAF_CHECK(refusal("big.png", std::string((20U << 20U) + 1, 'x')).size() > 0);
  CAF_CHECK(!prompt_item((folder / "nowhere.png").string()));
}

CAF_TEST_FIXTURE_SCOPE_END()
