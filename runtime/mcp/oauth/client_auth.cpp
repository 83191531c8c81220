#include "runtime/mcp/oauth/client_auth.hpp"

#include "runtime/base64.hpp"
#include "runtime/mcp/oauth/discovery.hpp"
#include "runtime/mcp/outbox.hpp"

#include <algorithm>
#include <chrono>

namespace perdure::runtime::mcp::oauth {

namespace {

constexpr std::string_view basic = "client_secret_basic";
constexpr std::string_view post = "client_secret_post";
constexpr std::string_view signed_jwt = "private_key_jwt";

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

std::vector<std::string> methods_of(const json& server) {
  return texts_at(server, "token_endpoint_auth_methods_supported");
}

std::string_view
method_of(const client& who, const auth_options& auth, const json& server) {
  if (!auth.private_key_file.empty() && who.id == auth.client_id)
    return signed_jwt;
  if (who.secret.empty())
    return "none";
  const auto methods = methods_of(server);
  const auto& registered = who.auth_method;
  if ((registered == basic || registered == post)
      && (methods.empty() || contains(methods, registered)))
    return registered == basic ? basic : post;
  return contains(methods, post) && !contains(methods, basic) ? post : basic;
}

/// A JWT that says who the client is, for five minutes.
result<std::string> assertion(const client& who, const json& server,
                              const flow_services& services, timestamp now) {
  if (!services.sign)
    return failure{errc::mcp_unauthorized,
                   "there is no key to sign for the client '" + who.id
                     + "' with"};
  using std::chrono::seconds;
  const auto from
    = std::chrono::duration_cast<seconds>(now.time_since_epoch()).count();
  constexpr std::int64_t lifetime_seconds = 300;
  const json header{{"alg", services.sign_algorithm}, {"typ", "JWT"}};
  const json claims{{"iss", who.id},
                    {"sub", who.id},
                    {"aud", text_at(server, "issuer")},
                    {"jti", services.random_text()},
                    {"iat", from},
                    {"exp", from + lifetime_seconds}};
  const auto input
    = base64_url(to_text(header)) + '.' + base64_url(to_text(claims));
  auto signature = services.sign(input);
  if (!signature)
    return signature.error();
  return input + '.' + base64_url(*signature);
}

} // namespace

std::string method_to_register(const json& server) {
  const auto methods = methods_of(server);
  if (methods.empty() || contains(methods, "none"))
    return "none";
  return std::string{
    contains(methods, post) && !contains(methods, basic) ? post : basic};
}

result<unit> add_client(const client& who, const auth_options& auth,
                        const json& server, const flow_services& services,
                        timestamp now, form& fields, header_list& headers) {
  const auto method = method_of(who, auth, server);
  if (method == basic) {
    headers.emplace_back("Authorization",
                         "Basic "
                           + base64(encode(who.id) + ':' + encode(who.secret)));
    return ok();
  }
  fields.emplace_back("client_id", who.id);
  if (method == post)
    fields.emplace_back("client_secret", who.secret);
  if (method != signed_jwt)
    return ok();
  auto text = assertion(who, server, services, now);
  if (!text)
    return text.error();
  fields.emplace_back("client_assertion_type",
                      "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
  fields.emplace_back("client_assertion", std::move(*text));
  return ok();
}

} // namespace perdure::runtime::mcp::oauth
