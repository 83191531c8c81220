#include "actors/edges/token_signer.hpp"

#include <array>
#include <openssl/bio.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <vector>

namespace perdure::actors {

namespace {

using runtime::errc;
using runtime::failure;
using runtime::result;

template <auto Free>
struct freed_with {
  template <class Pointer>
  void operator()(Pointer* pointer) const {
    Free(pointer);
  }
};

using key_ptr = std::unique_ptr<EVP_PKEY, freed_with<EVP_PKEY_free>>;
using digest_ptr = std::unique_ptr<EVP_MD_CTX, freed_with<EVP_MD_CTX_free>>;
using signature_ptr = std::unique_ptr<ECDSA_SIG, freed_with<ECDSA_SIG_free>>;

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// Of a number on P-256.
constexpr int coordinate_size = 32;

/// OpenSSL writes a DER sequence of two numbers; the standard wants them side
/// by side.
std::string side_by_side(const std::vector<unsigned char>& der) {
  const auto* begin = der.data();
  const signature_ptr parsed{
    ::d2i_ECDSA_SIG(nullptr, &begin, static_cast<long>(der.size()))};
  if (!parsed)
    return {};
  std::array<unsigned char, std::size_t{2} * coordinate_size> out{};
  ::BN_bn2binpad(ECDSA_SIG_get0_r(parsed.get()), out.data(), coordinate_size);
  ::BN_bn2binpad(ECDSA_SIG_get0_s(parsed.get()), out.data() + coordinate_size,
                 coordinate_size);
  return {out.begin(), out.end()};
}

class openssl_signer final : public token_signer {
public:
  explicit openssl_signer(key_ptr key)
    : key_(std::move(key)),
      is_curve_(::EVP_PKEY_base_id(key_.get()) == EVP_PKEY_EC) {
    // nop
  }

  std::string_view algorithm() const noexcept override {
    return is_curve_ ? "ES256" : "RS256";
  }

  result<std::string> sign(std::string_view text) const override {
    const digest_ptr digest{::EVP_MD_CTX_new()};
    std::size_t size = 0;
    std::vector<unsigned char> out;
    bool done = digest
                && ::EVP_DigestSignInit(digest.get(), nullptr, ::EVP_sha256(),
                                        nullptr, key_.get())
                     == 1
                && ::EVP_DigestSign(digest.get(), nullptr, &size,
                                    bytes_of(text), text.size())
                     == 1;
    out.resize(size);
    done = done
           && ::EVP_DigestSign(digest.get(), out.data(), &size, bytes_of(text),
                               text.size())
                == 1;
    if (!done)
      return failure{errc::internal, "the private key does not sign"};
    out.resize(size);
    return is_curve_ ? side_by_side(out) : std::string{out.begin(), out.end()};
  }

private:
  key_ptr key_;
  bool is_curve_;
};

/// Never asks for a passphrase.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

} // namespace

std::string sha256_bytes(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  ::EVP_Digest(text.data(), text.size(), out.data(), &size, ::EVP_sha256(),
               nullptr);
  return {out.begin(), out.begin() + size};
}

result<std::shared_ptr<const token_signer>>
make_token_signer(std::string_view pem) {
  const std::unique_ptr<BIO, freed_with<BIO_free_all>> source{
    ::BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  key_ptr key{
    ::PEM_read_bio_PrivateKey(source.get(), nullptr, &no_passphrase, nullptr)};
  if (!key)
    return failure{errc::invalid_argument,
                   "the private key is no PEM without a passphrase"};
  const auto kind = ::EVP_PKEY_base_id(key.get());
  const bool is_curve
    = kind == EVP_PKEY_EC && ::EVP_PKEY_bits(key.get()) == 256;
  if (!is_curve && kind != EVP_PKEY_RSA)
    return failure{errc::invalid_argument,
                   "the private key is neither RSA nor on the curve P-256"};
  return std::shared_ptr<const token_signer>{
    std::make_shared<openssl_signer>(std::move(key))};
}

} // namespace perdure::actors
