#define CAF_SUITE edges.token_signer

#include "actors/edges/token_signer.hpp"

#include <caf/test/unit_test.hpp>

#include <memory>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

using namespace perdure::actors;

namespace {

using key_ptr = std::shared_ptr<EVP_PKEY>;

key_ptr curve_key(const char* curve) {
  return {EVP_EC_gen(curve), EVP_PKEY_free};
}

key_ptr rsa_key() {
  return {EVP_RSA_gen(2'048), EVP_PKEY_free};
}

std::string pem_of(const key_ptr& key) {
  const std::unique_ptr<BIO, decltype(&BIO_free_all)> out{BIO_new(BIO_s_mem()),
                                                          &BIO_free_all};
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr,
                           nullptr);
  char* text = nullptr;
  const auto size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

bool verifies(const key_ptr& key, const std::string& text,
              const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest{
    EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  return EVP_DigestVerifyInit(digest.get(), nullptr, EVP_sha256(), nullptr,
                              key.get())
           == 1
         && EVP_DigestVerify(digest.get(), bytes(signature), signature.size(),
                             bytes(text), text.size())
              == 1;
}

/// As OpenSSL has it, out of two numbers side by side.
std::string to_der(const std::string& both) {
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature{
    ECDSA_SIG_new(), &ECDSA_SIG_free};
  ECDSA_SIG_set0(signature.get(), BN_bin2bn(bytes(both), 32, nullptr),
                 BN_bin2bn(bytes(both) + 32, 32, nullptr));
  unsigned char* out = nullptr;
  const auto size = i2d_ECDSA_SIG(signature.get(), &out);
  std::string der{out, out + size};
  OPENSSL_free(out);
  return der;
}

} // namespace

CAF_TEST(a key on P 256 signs as ES256) {
  const auto key = curve_key("P-256");
  const auto signer = make_token_signer(pem_of(key));
  CAF_REQUIRE(signer);
  CAF_CHECK_EQUAL((*signer)->algorithm(), "ES256");
  // Numbers that begin with zeros keep their width.
  for (int i = 0; i < 300; ++i) {
    const auto text = "text " + std::to_string(i);
    const auto signature = (*signer)->sign(text);
    CAF_REQUIRE(signature);
    CAF_REQUIRE_EQUAL(signature->size(), 64u);
    CAF_CHECK(verifies(key, text, to_der(*signature)));
    CAF_CHECK(!verifies(key, "other", to_der(*signature)));
  }
}

CAF_TEST(an RSA key signs as RS256) {
  const auto key = rsa_key();
  const auto signer = make_token_signer(pem_of(key));
  CAF_REQUIRE(signer);
  CAF_CHECK_EQUAL((*signer)->algorithm(), "RS256");
  const auto signature = (*signer)->sign("text");
  CAF_REQUIRE(signature);
  CAF_CHECK(verifies(key, "text", *signature));
}

CAF_TEST(other keys are refused) {
  CAF_CHECK(!make_token_signer("no key"));
  CAF_CHECK(!make_token_signer(""));
  CAF_CHECK(!make_token_signer(pem_of(curve_key("P-384"))));
}

CAF_TEST(the digest is that of the test vectors) {
  const auto digest = sha256_bytes("abc");
  CAF_REQUIRE_EQUAL(digest.size(), 32u);
  CAF_CHECK_EQUAL(static_cast<unsigned char>(digest[0]), 0xbau);
  CAF_CHECK_EQUAL(static_cast<unsigned char>(digest[31]), 0xadu);
}
