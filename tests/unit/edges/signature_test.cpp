#define CAF_SUITE edges.signature

#include "actors/edges/signature.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::actors;

CAF_TEST(the digest is that of the test vectors) {
  // RFC 4231, test cases 1, 2 and 6.
  CAF_CHECK_EQUAL(
    hmac_sha256(std::string(20, '\x0b'), "Hi There"),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CAF_CHECK_EQUAL(
    hmac_sha256("Jefe", "what do ya want for nothing?"),
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CAF_CHECK_EQUAL(
    hmac_sha256(std::string(131, '\xaa'),
                "Test Using Larger Than Block-Size Key - Hash Key First"),
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

CAF_TEST(a signature covers the time and the body) {
  const auto signature = sign_body("key", 1'700'000'000, "{}");
  CAF_CHECK_EQUAL(signature,
                  "t=1700000000,v1=" + hmac_sha256("key", "1700000000.{}"));
  CAF_CHECK(signature != sign_body("key", 1'700'000'001, "{}"));
  CAF_CHECK(signature != sign_body("yek", 1'700'000'000, "{}"));
}
