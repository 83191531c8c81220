#define CAF_SUITE runtime.identifier

#include "runtime/messages/identifier.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;

namespace {

std::string bytes_of(std::string_view text) {
  return decode_base64(text).value_or("(not base64)");
}

} // namespace

CAF_TEST(files without a name are named by what is in them) {
  CAF_CHECK_EQUAL(default_identifier(""), "da39a3");
  CAF_CHECK_EQUAL(default_identifier("abc"), "a9993e");
  CAF_CHECK_EQUAL(default_identifier("Hello"), "f7ff9e");
  CAF_CHECK_EQUAL(default_identifier("https://example.com/chart.jpeg"),
                  "a72e39");
  // Around the size of a block, and where the length needs one of its own.
  CAF_CHECK_EQUAL(default_identifier(std::string(55, 'a')), "c1c8bb");
  CAF_CHECK_EQUAL(default_identifier(std::string(56, 'a')), "c2db33");
  CAF_CHECK_EQUAL(default_identifier(std::string(64, 'a')), "0098ba");
  CAF_CHECK_EQUAL(default_identifier(std::string(1'000'000, 'a')), "34aa97");
}

CAF_TEST(base64 in both alphabets) {
  CAF_CHECK_EQUAL(bytes_of("SGVsbG8="), "Hello");
  CAF_CHECK_EQUAL(bytes_of("SGVsbG8"), "Hello");
  CAF_CHECK_EQUAL(bytes_of("_-8="), "\xFF\xEF");
  CAF_CHECK_EQUAL(bytes_of("/+8="), "\xFF\xEF");
  CAF_CHECK_EQUAL(bytes_of(""), "");
  CAF_CHECK(!decode_base64("A"));
  CAF_CHECK(!decode_base64("A B="));
}
