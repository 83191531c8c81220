#include "support/api_client.hpp"

#include <curl/curl.h>
#include <memory>

#include "support/waiting.hpp"

namespace perdure::tests {

using runtime::json;

namespace {

std::size_t append(char* data, std::size_t, std::size_t size, void* to) {
  static_cast<std::string*>(to)->append(data, size);
  return size;
}

} // namespace

json api_answer::value() const {
  auto parsed = runtime::parse_json(body);
  return parsed ? std::move(*parsed) : json();
}

std::string api_answer::error_type() const {
  const auto parsed = value();
  if (!parsed.is_object() || !parsed.contains("error")
      || !parsed["error"].is_object())
    return {};
  return parsed["error"].value("type", "");
}

api_client::api_client(std::uint16_t port, std::string token)
  : port_(port), token_(std::move(token)) {
  // nop
}

api_answer api_client::get(const std::string& target) const {
  return call("GET", target, {}, {"Authorization: Bearer " + token_});
}

api_answer api_client::post(const std::string& target, const std::string& body,
                            const std::vector<std::string>& headers) const {
  auto all = headers;
  all.push_back("Authorization: Bearer " + token_);
  all.emplace_back("Content-Type: application/json");
  return call("POST", target, body, all);
}

api_answer api_client::call(const std::string& method,
                            const std::string& target, const std::string& body,
                            const std::vector<std::string>& headers) const {
  const std::unique_ptr<CURL, void (*)(CURL*)> handle{curl_easy_init(),
                                                      curl_easy_cleanup};
  // Nothing that the client would add by itself to large bodies.
  curl_slist* list = curl_slist_append(nullptr, "Expect:");
  for (const auto& header : headers)
    list = curl_slist_append(list, header.c_str());
  const std::unique_ptr<curl_slist, void (*)(curl_slist*)> owner{
    list, curl_slist_free_all};
  api_answer out;
  const auto url = "http://127.0.0.1:" + std::to_string(port_) + target;
  auto* const curl = handle.get();
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROXY, "");
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT, 120L);
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
  if (!body.empty() || method == "POST" || method == "PUT") {
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(body.size()));
  }
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &out.body);
  // A body that is refused unread can end in a reset; the answer still counts.
  curl_easy_perform(curl);
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &out.status);
  return out;
}

json api_client::run(const json& request) const {
  auto answer = post("/v1/runs?wait=60", runtime::to_text(request));
  return answer.status == 201 || answer.status == 200 ? answer.value() : json();
}

json api_client::wait_for_state(const std::string& run_id,
                                const std::string& state) const {
  json run;
  const bool there = wait_until([&] {
    const auto answer = get("/v1/runs/" + run_id);
    if (answer.status != 200)
      return false;
    run = answer.value();
    return run["state"] == state || !run["ended_at"].is_null();
  });
  return there ? run : json();
}

json api_client::wait_for_questions(const std::string& run_id,
                                    std::size_t count) const {
  json questions;
  const bool there = wait_until([&] {
    const auto answer = get("/v1/runs/" + run_id + "/approvals");
    if (answer.status != 200)
      return false;
    questions = answer.value()["approvals"];
    return questions.size() == count;
  });
  return there ? questions : json();
}

bool api_client::is_healthy() const {
  return call("GET", "/healthz", {}, {}).status == 200;
}

} // namespace perdure::tests
