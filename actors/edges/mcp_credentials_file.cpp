#include "actors/edges/mcp_credentials.hpp"
#include "runtime/field_reader.hpp"
#include "runtime/json.hpp"

#include <nlohmann/json.hpp>

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <sys/stat.h>
#include <unistd.h>

namespace perdure::actors {

namespace {

namespace oauth = runtime::mcp::oauth;
using runtime::errc;
using runtime::failure;
using runtime::field_reader;
using runtime::json;
using runtime::result;
using runtime::unit;

constexpr std::int64_t format_version = 1;

using credentials_by_key = std::map<std::string, mcp_credential>;

// -- text ---------------------------------------------------------------------

json write(const oauth::grant& grant) {
  json out{{"access_token", grant.access_token}};
  if (!grant.refresh_token.empty())
    out["refresh_token"] = grant.refresh_token;
  if (grant.expires)
    out["expires"] = runtime::to_iso(*grant.expires);
  out["scope"] = grant.scope;
  out["issuer"] = grant.issuer;
  if (grant.step_ups != 0)
    out["step_ups"] = grant.step_ups;
  return out;
}

oauth::grant
read_grant(const json& value, std::string place, std::string& problem) {
  field_reader in{value, std::move(place), problem};
  oauth::grant out;
  out.access_token = in.required_text("access_token");
  out.refresh_token = in.text("refresh_token");
  out.expires = in.time("expires");
  out.scope = in.text("scope");
  out.issuer = in.text("issuer");
  out.step_ups = static_cast<unsigned>(in.count("step_ups").value_or(0));
  return out;
}

json write(const mcp_credential& what) {
  auto out = json::object();
  if (what.grant)
    out["grant"] = write(*what.grant);
  auto clients = json::object();
  for (const auto& [issuer, client] : what.clients)
    clients[issuer] = {{"id", client.id},
                       {"secret", client.secret},
                       {"auth_method", client.auth_method}};
  out["clients"] = std::move(clients);
  if (!what.wanted_scope.empty())
    out["wanted_scope"] = what.wanted_scope;
  return out;
}

mcp_credential
read_credential(const json& value, std::string place, std::string& problem) {
  field_reader in{value, std::move(place), problem};
  mcp_credential out;
  if (const auto* grant = in.find("grant"))
    out.grant = read_grant(*grant, in.place("grant"), problem);
  out.wanted_scope = in.text("wanted_scope");
  const auto* clients = in.find("clients");
  if (clients == nullptr || !clients->is_object())
    return out;
  for (const auto& [issuer, client] : clients->items()) {
    field_reader one{client, in.place("clients") + '.' + issuer, problem};
    out.clients[issuer]
      = {one.required_text("id"), one.text("secret"), one.text("auth_method")};
  }
  return out;
}

std::string text_of(const credentials_by_key& all) {
  auto servers = json::object();
  for (const auto& [key, credential] : all)
    servers[key] = write(credential);
  return runtime::to_text(
    {{"format", format_version}, {"servers", std::move(servers)}});
}

result<credentials_by_key>
read(const std::string& text, const std::filesystem::path& file) {
  credentials_by_key out;
  auto value = runtime::parse_json(text);
  std::string problem;
  if (!value) {
    problem = "it is not JSON";
  } else {
    field_reader in{*value, {}, problem};
    if (in.count("format").value_or(0) != format_version)
      in.fail("format", "is not 1");
    const auto* servers = in.find("servers");
    if (servers == nullptr || !servers->is_object())
      in.fail("servers", "must be an object");
    else
      for (const auto& [key, item] : servers->items())
        out[key]
          = read_credential(item, in.place("servers") + '.' + key, problem);
  }
  if (problem.empty())
    return out;
  return failure{errc::storage_corrupt,
                 "the credentials of MCP servers in " + file.string()
                   + " cannot be read: " + problem
                   + "; remove the file and log in again"};
}

// -- the file -----------------------------------------------------------------

failure io_error(const std::filesystem::path& file, const char* what) {
  return {errc::storage_io, std::string{"cannot "} + what + ' ' + file.string()
                              + ": " + std::strerror(errno)};
}

bool write_whole(int file, std::string_view text) {
  while (!text.empty()) {
    const auto size = ::write(file, text.data(), text.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  return ::fsync(file) == 0;
}

bool sync_folder_of(const std::filesystem::path& file) {
  const auto folder = file.has_parent_path() ? file.parent_path() : ".";
  const int handle = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (handle < 0)
    return false;
  const bool synced = ::fsync(handle) == 0;
  ::close(handle);
  return synced;
}

/// Writes beside the file and renames: a crash leaves the old one or the new.
result<unit>
replace(const std::filesystem::path& file, const std::string& text) {
  const auto fresh = file.string() + ".new";
  ::unlink(fresh.c_str());
  const int handle
    = ::open(fresh.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (handle < 0)
    return io_error(fresh, "create");
  const bool written = write_whole(handle, text);
  const int error = errno;
  ::close(handle);
  errno = error;
  if (!written || ::rename(fresh.c_str(), file.c_str()) != 0
      || !sync_folder_of(file))
    return io_error(file, "write");
  return runtime::ok();
}

class credentials_in_file final : public mcp_credentials {
public:
  credentials_in_file(std::filesystem::path file, credentials_by_key known)
    : file_(std::move(file)), known_(std::move(known)) {
    // nop
  }

  [[nodiscard]] mcp_credential load(const std::string& server) const override {
    const std::lock_guard guard{mutex_};
    const auto found = known_.find(server);
    return found == known_.end() ? mcp_credential{} : found->second;
  }

  result<unit> save(const std::string& server, mcp_credential what) override {
    const std::lock_guard guard{mutex_};
    known_[server] = std::move(what);
    return replace(file_, text_of(known_));
  }

  result<bool> forget(const std::string& server) override {
    const std::lock_guard guard{mutex_};
    if (known_.erase(server) == 0)
      return false;
    if (auto kept = replace(file_, text_of(known_)); !kept)
      return kept.error();
    return true;
  }

private:
  std::filesystem::path file_;
  mutable std::mutex mutex_;
  credentials_by_key known_;
};

} // namespace

result<std::shared_ptr<mcp_credentials>>
open_mcp_credentials(const std::filesystem::path& file) {
  credentials_by_key known;
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0) {
    if ((info.st_mode & 077) != 0)
      return failure{errc::unauthorized,
                     file.string()
                       + " can be read by other users; run: chmod 600 "
                       + file.string()};
    std::ifstream in{file, std::ios::binary};
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    auto read_in = read(text, file);
    if (!read_in)
      return read_in.error();
    known = std::move(*read_in);
  } else if (errno != ENOENT) {
    return io_error(file, "look at");
  }
  return std::shared_ptr<mcp_credentials>{
    std::make_shared<credentials_in_file>(file, std::move(known))};
}

} // namespace perdure::actors
