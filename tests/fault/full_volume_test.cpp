// Goal: a node that is started on a full disk says so and ends, and what was
//       acknowledged before is there once there is room.
// Method: a small file system in memory as the data directory. It takes rights
//         to mount one; without them the test says so.

#define CAF_SUITE fault.full_volume

#include <caf/test/unit_test.hpp>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sys/mount.h>

#include "support/real_node.hpp"

using namespace perdure;
using namespace perdure::tests;
using runtime::json;

namespace {

/// A file system of its own for a directory, gone with its owner.
class volume {
public:
  volume(const std::filesystem::path& at, std::size_t size) : at_(at) {
    std::filesystem::create_directories(at);
    const auto options = "mode=0700,size=" + std::to_string(size);
    is_there_ = ::mount("tmpfs", at.c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (is_there_)
      return;
    CAF_MESSAGE(
      "skipped: cannot mount a file system: " << std::strerror(errno));
    // Nothing else is an excuse.
    CAF_CHECK(errno == EPERM || errno == EACCES);
  }
  volume(const volume&) = delete;
  volume& operator=(const volume&) = delete;

  ~volume() {
    if (is_there_)
      ::umount2(at_.c_str(), MNT_DETACH);
  }

  [[nodiscard]] bool is_there() const {
    return is_there_;
  }

  /// Leaves no more than `room` bytes, in whole pages.
  void fill(std::size_t room = 0) const {
    const auto space = std::filesystem::space(at_);
    std::ofstream file{at_ / "filler", std::ios::binary};
    if (space.available > room)
      file << std::string(space.available - room, 'x');
  }

  void free() const {
    std::filesystem::remove(at_ / "filler");
  }

private:
  std::filesystem::path at_;
  bool is_there_ = false;
};

/// Why the node does not start; empty when it does.
std::string refusal(real_node& node) {
  try {
    node.start();
  } catch (const std::runtime_error& reason) {
    return reason.what();
  }
  return {};
}

finished start_alone(const real_node& node) {
  return run_program({real_node::binary().string(), "--data-dir",
                      node.data_dir().string(), "--listen", "127.0.0.1:0"});
}

/// Whether the node can do its work.
bool does_work(const real_node& node) {
  const auto run = node.api().run({{"agent", "hello"}, {"prompt", "Hi."}});
  return run.is_object() && run["state"] == "completed";
}

/// What a run came to, as text.
std::string output_at(const real_node& node, const std::string& path) {
  const auto run = node.api().get(path).value();
  return run.is_object() ? runtime::to_text(run["output"]) : std::string{};
}

constexpr std::size_t kibibyte = 1'024;

} // namespace

CAF_TEST(a first start on a full disk says so) {
  for (const std::size_t room : {0, 4, 8, 64, 200, 264, 272, 280}) {
    real_node node;
    node.write_agent("hello.json", R"({"model": "test"})");
    const volume disk{node.data_dir(), 8'192 * kibibyte};
    if (!disk.is_there())
      return;
    disk.fill(room * kibibyte);
    const auto ended = start_alone(node);
    CAF_MESSAGE(room << " KiB: " << ended.output);
    CAF_REQUIRE(ended.exit_code);
    CAF_CHECK_EQUAL(*ended.exit_code, 1);
    CAF_CHECK(ended.output.starts_with("perdured: "));
    CAF_CHECK(ended.output.find("free disk space") != std::string::npos
              || ended.output.find("No space left") != std::string::npos);
    // What it left behind is in nobody's way.
    disk.free();
    CAF_CHECK_EQUAL(refusal(node), "");
    CAF_CHECK(does_work(node));
    CAF_CHECK_EQUAL(node.terminate(), 0);
  }
}

CAF_TEST(what was acknowledged outlasts starts on a full disk) {
  real_node node;
  node.write_agent("hello.json", R"({"model": "test"})");
  const volume disk{node.data_dir(), 8'192 * kibibyte};
  if (!disk.is_there())
    return;
  node.start();
  const auto first = node.api().run({{"agent", "hello"}, {"prompt", "Hi."}});
  CAF_REQUIRE_EQUAL(first["state"], "completed");
  const auto path = "/v1/runs/" + first["id"].get<std::string>();
  const auto output = output_at(node, path);
  node.kill9();
  disk.fill();
  // It either starts and refuses new runs, or does not start and says why.
  const auto why = refusal(node);
  CAF_MESSAGE("on a full disk: " << (why.empty() ? "it starts" : why));
  if (why.empty()) {
    CAF_CHECK_EQUAL(output_at(node, path), output);
    const auto refused
      = node.api().post("/v1/runs", R"({"agent": "hello", "prompt": "Hi."})");
    CAF_CHECK_EQUAL(refused.status, 507);
    CAF_CHECK_EQUAL(refused.error_type(), "storage_full");
    node.kill9();
  } else {
    CAF_CHECK(why.find("free disk space") != std::string::npos);
  }
  disk.free();
  node.start();
  CAF_CHECK_EQUAL(output_at(node, path), output);
  CAF_CHECK(does_work(node));
}
