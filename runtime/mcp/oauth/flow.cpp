#include "runtime/mcp/oauth/flow.hpp"

#include "runtime/base64.hpp"
#include "runtime/field_reader.hpp"
#include "runtime/mcp/oauth/discovery.hpp"
#include "runtime/mcp/outbox.hpp"

#include <algorithm>
#include <chrono>

namespace perdure::runtime::mcp::oauth {

namespace {

/// A server that always wants more gets no more.
constexpr unsigned step_ups_max = 3;

bool is_refusal(unsigned status) noexcept {
  return status >= 400 && status < 500;
}

/// @returns null unless the answer is a JSON object
json object_in(const http_answer& answer) {
  auto value = parse_json(answer.body);
  return value && value->is_object() ? std::move(*value) : json{};
}

bool contains(const std::vector<std::string>& all, std::string_view one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

bool is_true(const json& value, const char* key) {
  const auto found = value.find(key);
  return found != value.end() && *found == true;
}

/// `error: description` of an answer, or its status.
std::string reason_in(const http_answer& answer) {
  const auto value = object_in(answer);
  auto out = text_at(value, "error");
  if (const auto more = text_at(value, "error_description"); !more.empty())
    out += (out.empty() ? "" : ": ") + more;
  return out.empty() ? "status " + std::to_string(answer.status) : out;
}

http_request get(std::string url) {
  return {"GET", std::move(url), {{"Accept", "application/json"}}, {}};
}

} // namespace

flow::flow(flow_options options, flow_services services)
  : options_(std::move(options)), services_(std::move(services)) {
  // nop
}

step flow::begin(const challenge& refusal, timestamp now) {
  refusal_ = refusal;
  now_ = now;
  const auto& previous = options_.previous;
  if (previous && refusal.error == "insufficient_scope"
      && previous->step_ups >= step_ups_max)
    return deny("the server wants other scopes again and again; last: "
                + refusal.scope);
  if (lacks_person() && !can_refresh())
    return deny_login();
  candidates_ = resource_metadata_urls(options_.server_url, refusal);
  return next_resource_metadata();
}

step flow::answered(const http_answer& answer, timestamp now) {
  now_ = now;
  // Only a refusal says that something is not there.
  if (answer.status == 0 || answer.status >= 500)
    return deny(answer.status == 0
                  ? "the authorization server does not answer"
                  : "the authorization server answered with status "
                      + std::to_string(answer.status),
                errc::mcp_unavailable);
  switch (phase_) {
    case phase::resource_metadata:
      return on_resource_metadata(answer);
    case phase::server_metadata:
      return on_server_metadata(answer);
    case phase::registering:
      return on_registered(answer);
    case phase::refreshing:
    case phase::asking_token:
      return on_token(answer);
    case phase::idle:
    case phase::visiting:
      break;
  }
  return deny("an answer that nobody waits for", errc::internal);
}

// -- discovery ----------------------------------------------------------------

step flow::next_resource_metadata() {
  if (candidates_.empty()) {
    const auto server = split(options_.server_url);
    if (!server)
      return deny("the server's URL is none: " + options_.server_url);
    return begin_server_metadata(server->origin);
  }
  phase_ = phase::resource_metadata;
  auto url = std::move(candidates_.front());
  candidates_.erase(candidates_.begin());
  return fetch{get(std::move(url))};
}

step flow::on_resource_metadata(const http_answer& answer) {
  auto metadata = is_refusal(answer.status) ? json{} : object_in(answer);
  if (metadata.is_null())
    return next_resource_metadata();
  const auto resource = text_at(metadata, "resource");
  if (!covers(resource, options_.server_url))
    return deny("the metadata is of another resource, '" + resource
                + "', and not of " + options_.server_url);
  resource_ = std::move(metadata);
  const auto servers = texts_at(resource_, "authorization_servers");
  if (servers.empty())
    return deny("the server's metadata names no authorization server");
  return begin_server_metadata(servers.front());
}

step flow::begin_server_metadata(const std::string& issuer) {
  if (!is_safe(issuer))
    return deny("the authorization server " + issuer + " is not https");
  issuer_ = issuer;
  candidates_ = server_metadata_urls(issuer);
  return next_server_metadata();
}

step flow::next_server_metadata() {
  if (candidates_.empty())
    return resource_.is_null()
             ? use_default_endpoints()
             : deny("the authorization server " + issuer_ + " has no metadata");
  phase_ = phase::server_metadata;
  auto url = std::move(candidates_.front());
  candidates_.erase(candidates_.begin());
  return fetch{get(std::move(url))};
}

step flow::on_server_metadata(const http_answer& answer) {
  auto metadata = is_refusal(answer.status) ? json{} : object_in(answer);
  if (metadata.is_null())
    return next_server_metadata();
  const auto issuer = text_at(metadata, "issuer");
  if (!is_same_issuer(issuer_, issuer))
    return deny("the metadata of the authorization server " + issuer_
                + " is that of another one, '" + issuer + "'");
  issuer_ = issuer;
  server_ = std::move(metadata);
  return on_server_known();
}

/// Servers of 2025-03-26 may have no metadata at all.
step flow::use_default_endpoints() {
  server_ = {{"issuer", issuer_},
             {"authorization_endpoint", issuer_ + "/authorize"},
             {"token_endpoint", issuer_ + "/token"},
             {"registration_endpoint", issuer_ + "/register"},
             {"code_challenge_methods_supported", json::array({"S256"})}};
  return on_server_known();
}

step flow::on_server_known() {
  if (!is_safe(endpoint("token_endpoint")))
    return deny("the authorization server " + issuer_
                + " has no token endpoint that is https");
  choose_scope();
  return find_client();
}

void flow::choose_scope() {
  scope_ = options_.auth.scope;
  if (scope_.empty())
    scope_ = refusal_.scope;
  if (scope_.empty())
    for (const auto& word : texts_at(resource_, "scopes_supported"))
      scope_ = union_of_scopes(scope_, word);
  if (options_.previous && refusal_.error == "insufficient_scope")
    scope_ = union_of_scopes(options_.previous->scope, refusal_.scope);
  const auto may_refresh = options_.auth.kind != auth_kind::client_credentials;
  if (may_refresh && !scope_.empty()
      && contains(texts_at(server_, "scopes_supported"), "offline_access"))
    scope_ = union_of_scopes(scope_, "offline_access");
}

// -- the client ---------------------------------------------------------------

step flow::find_client() {
  const auto& auth = options_.auth;
  if (!auth.client_id.empty()) {
    const auto& previous = options_.previous;
    if (previous && !previous->issuer.empty() && previous->issuer != issuer_)
      return deny("the server has another authorization server, " + issuer_
                  + ", where the client '" + auth.client_id + "' is not known");
    client_ = {auth.client_id, auth.client_secret, {}};
    return authorize();
  }
  if (auth.kind == auth_kind::client_credentials)
    return deny("client credentials need a client_id");
  const auto known = options_.clients.find(issuer_);
  if (known != options_.clients.end()) {
    client_ = known->second;
    return authorize();
  }
  if (is_true(server_, "client_id_metadata_document_supported")
      && !auth.client_metadata_url.empty()) {
    client_ = {auth.client_metadata_url, {}, "none"};
    return authorize();
  }
  if (lacks_person())
    return deny_login();
  const auto url = endpoint("registration_endpoint");
  if (!is_safe(url))
    return deny("the authorization server " + issuer_
                + " registers no clients; set auth.client_id");
  json body{
    {"client_name", options_.client_name},
    {"redirect_uris", json::array({options_.redirect_uri})},
    {"grant_types", json::array({"authorization_code", "refresh_token"})},
    {"response_types", json::array({"code"})},
    {"token_endpoint_auth_method", method_to_register(server_)},
    {"application_type", "native"}};
  if (!scope_.empty())
    body["scope"] = scope_;
  phase_ = phase::registering;
  return fetch{
    {"POST",
     url,
     {{"Content-Type", "application/json"}, {"Accept", "application/json"}},
     to_text(body)}};
}

step flow::on_registered(const http_answer& answer) {
  const auto registered = object_in(answer);
  client_
    = {text_at(registered, "client_id"), text_at(registered, "client_secret"),
       text_at(registered, "token_endpoint_auth_method")};
  if (is_refusal(answer.status) || client_.id.empty())
    return deny("the authorization server " + issuer_
                + " does not register the client: " + reason_in(answer));
  options_.clients[issuer_] = client_;
  return authorize();
}

// -- the grant ----------------------------------------------------------------

step flow::authorize() {
  const auto resource = text_at(resource_, "resource");
  if (options_.auth.kind == auth_kind::client_credentials)
    return ask_token({{"grant_type", "client_credentials"},
                      {"scope", scope_},
                      {"resource", resource}},
                     phase::asking_token);
  if (can_refresh() && options_.previous->issuer == issuer_)
    return ask_token({{"grant_type", "refresh_token"},
                      {"refresh_token", options_.previous->refresh_token},
                      {"resource", resource}},
                     phase::refreshing);
  if (lacks_person())
    return deny_login();
  const auto url = endpoint("authorization_endpoint");
  if (!is_safe(url))
    return deny("the authorization server " + issuer_
                + " has no authorization endpoint that is https");
  if (!contains(texts_at(server_, "code_challenge_methods_supported"), "S256"))
    return deny("the authorization server " + issuer_
                + " does not say that it checks code challenges (S256)");
  verifier_ = services_.random_text();
  state_ = services_.random_text();
  phase_ = phase::visiting;
  const auto query
    = encode(form{{"response_type", "code"},
                  {"client_id", client_.id},
                  {"redirect_uri", options_.redirect_uri},
                  {"state", state_},
                  {"code_challenge", base64_url(services_.sha256(verifier_))},
                  {"code_challenge_method", "S256"},
                  {"scope", scope_},
                  {"resource", resource}});
  return visit{url + (url.find('?') == std::string::npos ? '?' : '&') + query};
}

step flow::redirected(std::string_view url) {
  if (phase_ != phase::visiting)
    return deny("a redirect that nobody waits for", errc::internal);
  const auto fields = decode_query(url);
  const auto field = [&](const char* key) {
    const auto found = fields.find(key);
    return found == fields.end() ? std::string{} : found->second;
  };
  const auto has_issuer = fields.contains("iss");
  // Before anything that the redirect says is believed, errors included. No
  // normalisation: a look-alike is another server.
  if (has_issuer && field("iss") != issuer_)
    return deny("the answer is of another authorization server than "
                + issuer_);
  if (!has_issuer
      && is_true(server_, "authorization_response_iss_parameter_supported"))
    return deny("the answer does not say which authorization server it is of");
  if (field("state") != state_)
    return deny("the answer belongs to another login");
  if (!field("error").empty())
    return deny("the authorization server refused: " + field("error") + ' '
                + field("error_description"));
  if (field("code").empty())
    return deny("the authorization server sent no code");
  return ask_token({{"grant_type", "authorization_code"},
                    {"code", field("code")},
                    {"redirect_uri", options_.redirect_uri},
                    {"code_verifier", verifier_},
                    {"resource", text_at(resource_, "resource")}},
                   phase::asking_token);
}

step flow::ask_token(form fields, phase next) {
  header_list headers{{"Content-Type", "application/x-www-form-urlencoded"},
                      {"Accept", "application/json"}};
  const auto added = add_client(client_, options_.auth, server_, services_,
                                now_, fields, headers);
  if (!added)
    return deny(added.error().message);
  phase_ = next;
  return fetch{
    {"POST", endpoint("token_endpoint"), std::move(headers), encode(fields)}};
}

step flow::on_token(const http_answer& answer) {
  const auto value = object_in(answer);
  const auto token = text_at(value, "access_token");
  if (is_refusal(answer.status) || token.empty()) {
    if (phase_ == phase::refreshing) {
      options_.previous->refresh_token.clear();
      return authorize();
    }
    // A registration may have been forgotten; once it is made again.
    if (text_at(value, "error") == "invalid_client"
        && options_.auth.client_id.empty()
        && options_.clients.erase(issuer_) > 0 && options_.previous)
      return find_client();
    return deny("the authorization server " + issuer_
                + " gives no token: " + reason_in(answer));
  }
  grant out;
  out.access_token = token;
  out.refresh_token = text_at(value, "refresh_token");
  const auto& previous = options_.previous;
  if (out.refresh_token.empty() && phase_ == phase::refreshing)
    out.refresh_token = previous->refresh_token;
  if (const auto seconds = value.find("expires_in"); seconds != value.end())
    if (const auto lifetime = to_milliseconds(*seconds))
      out.expires = later(now_, *lifetime);
  const auto given = text_at(value, "scope");
  out.scope = given.empty() ? scope_ : given;
  out.issuer = issuer_;
  if (previous && refusal_.error == "insufficient_scope")
    out.step_ups = previous->step_ups + 1;
  phase_ = phase::idle;
  return granted{std::move(out), options_.clients};
}

std::string flow::endpoint(const char* key) const {
  return text_at(server_, key);
}

bool flow::lacks_person() const noexcept {
  return options_.auth.kind == auth_kind::login && !options_.has_person;
}

/// A refreshed token has the scopes of the one before.
bool flow::can_refresh() const noexcept {
  return options_.previous && !options_.previous->refresh_token.empty()
         && refusal_.error != "insufficient_scope";
}

step flow::deny_login() {
  auto message = refusal_.error == "insufficient_scope"
                   ? "the server wants more than the last login allowed ("
                       + refusal_.scope + "); a person has to log in again"
                   : std::string{"a person has to log in first"};
  if (!options_.login_command.empty())
    message += ": " + options_.login_command;
  return deny(std::move(message));
}

step flow::deny(std::string message, errc code) {
  phase_ = phase::idle;
  return denied{{code, std::move(message)}};
}

} // namespace perdure::runtime::mcp::oauth
