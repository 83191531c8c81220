#pragma once

#include "runtime/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace perdure::actors {

/// The 32 bytes of SHA-256.
std::string sha256_bytes(std::string_view text);

/// Signs as JSON Web Signatures want it: `ES256` with a key on the curve
/// P-256, `RS256` with an RSA key.
class token_signer {
public:
  virtual ~token_signer() = default;

  [[nodiscard]] virtual std::string_view algorithm() const noexcept = 0;

  /// @returns the signature's bytes
  [[nodiscard]] virtual runtime::result<std::string>
  sign(std::string_view text) const = 0;
};

/// @param pem a private key without a passphrase
/// Errors: errc::invalid_argument when it is none, or of another kind
runtime::result<std::shared_ptr<const token_signer>>
make_token_signer(std::string_view pem);

} // namespace perdure::actors
