#define CAF_SUITE runtime.identifier

#include "runtime/messages/identifier.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;

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
  CAF_CHECK_EQUAL(*decode_base64("SGVsbG8="), "Hello");
  CAF_CHECK_EQUAL(*decode_base64("SGVsbG8"), "Hello");
  CAF_CHECK_EQUAL(*decode_base64("_-8="), "\xFF\xEF");
  CAF_CHECK_EQUAL(*decode_base64("/+8="), "\xFF\xEF");
  CAF_CHECK_EQUAL(*decode_base64(""), "");
  CAF_CHECK(!decode_base64("A"));
  CAF_CHECK(!decode_base64("A B="));
}
