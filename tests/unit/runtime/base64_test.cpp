#define CAF_SUITE runtime.base64

#include "runtime/base64.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;

CAF_TEST(the end is padded) {
  CAF_CHECK_EQUAL(base64(""), "");
  CAF_CHECK_EQUAL(base64("f"), "Zg==");
  CAF_CHECK_EQUAL(base64("fo"), "Zm8=");
  CAF_CHECK_EQUAL(base64("foo"), "Zm9v");
  CAF_CHECK_EQUAL(base64("foob"), "Zm9vYg==");
}

CAF_TEST(each alphabet has digits of its own) {
  CAF_CHECK_EQUAL(base64("\xff\xfe\xfb\xf0"), "//778A==");
  CAF_CHECK_EQUAL(base64_url("\xff\xfe\xfb\xf0"), "__778A");
  CAF_CHECK_EQUAL(base64_url_padded("\xff\xfe\xfb\xf0"), "__778A==");
}
