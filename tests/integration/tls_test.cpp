#define CAF_SUITE integration.tls

#include <caf/test/unit_test.hpp>

#include "support/real_node.hpp"
#include "support/tls_server.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// A provider that is reached over TLS, and a node that may know how.
struct fixture {
  fixture() {
    server.serve("/v1/chat/completions",
                 R"({"id": "c1", "model": "gpt-4o", "choices": [{"index": 0, )"
                 R"("message": {"role": "assistant", "content": "Good day."}, )"
                 R"("finish_reason": "stop"}]})");
  }

  /// A started node with an agent that may try a model request three times.
  std::unique_ptr<real_node> start(const json& tls, const std::string& host,
                                   std::vector<std::string> environment = {}) {
    environment.push_back("no_proxy=*");
    auto node = std::make_unique<real_node>(std::move(environment));
    node->write_agent(
      "greeter.json",
      runtime::to_text(
        {{"model", "house:gpt-4o"},
         {"capabilities",
          json::array(
            {{{"Durability",
               {{"model",
                 {{"retries", 2}, {"retry_delay_seconds", 0.01}}}}}}})}}));
    node->write_node_file({{"tls", tls},
                           {"providers",
                            {{"house",
                              {{"wire", "openai-chat"},
                               {"stream", false},
                               {"base_url", server.url(host) + "/v1"}}}}}});
    node->start();
    return node;
  }

  json run(const real_node& node) const {
    return node.api().run({{"agent", "greeter"}, {"prompt", "Hello?"}});
  }

  void check_completed(const real_node& node) const {
    const auto ended = run(node);
    CAF_CHECK_EQUAL(ended["error"], json());
    CAF_CHECK_EQUAL(ended["output"], "Good day.");
  }

  void check_refused(const real_node& node) const {
    const auto failed = run(node);
    CAF_CHECK_EQUAL(failed["state"], "failed");
    CAF_CHECK_EQUAL(failed["error"].value("type", ""), "model_network_error");
    const auto message = failed["error"].value("message", "");
    CAF_MESSAGE(message);
    CAF_CHECK(message.find("certificate") != std::string::npos);
    // It would end the same way each time: the two retries are left.
    const auto tasks
      = node.api()
          .get("/v1/runs/" + failed["id"].get<std::string>() + "/tasks")
          .value()["tasks"];
    CAF_REQUIRE_EQUAL(tasks.size(), 1u);
    CAF_CHECK_EQUAL(tasks[0]["attempts"], 1);
    CAF_CHECK_EQUAL(server.requests(), 0u);
  }

  tls_server server;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tls_tests, fixture)

CAF_TEST(the node file names the authorities) {
  const auto node
    = start({{"ca_file", server.ca_file().string()}}, "localhost");
  for (int i = 0; i < 3; ++i)
    check_completed(*node);
  CAF_CHECK_EQUAL(server.requests(), 3u);
  CAF_CHECK_EQUAL(server.connections(), 1u);
}

CAF_TEST(the environment names the authorities) {
  const auto node = start(json::object(), "localhost",
                          {"SSL_CERT_FILE=" + server.ca_file().string()});
  check_completed(*node);
}

CAF_TEST(an unknown authority fails the run at once) {
  check_refused(*start(json::object(), "localhost"));
  // The file goes before the environment.
  check_refused(*start({{"ca_file", server.other_ca_file().string()}},
                       "localhost",
                       {"SSL_CERT_FILE=" + server.ca_file().string()}));
}

CAF_TEST(another host fails the run at once) {
  check_refused(*start({{"ca_file", server.ca_file().string()}}, "127.0.0.1"));
}

CAF_TEST(a file that is not there is told at the start) {
  std::string problem;
  try {
    start({{"ca_file", "/no/such/file.pem"}}, "localhost");
  } catch (const std::runtime_error& error) {
    problem = error.what();
  }
  CAF_CHECK(problem.find("tls.ca_file: cannot read /no/such/file.pem")
            != std::string::npos);
}

CAF_TEST_FIXTURE_SCOPE_END()
