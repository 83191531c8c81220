#define CAF_SUITE edges.function_pool

#include "actors/edges/function_pool.hpp"
#include "unit/edges/waiting.hpp"

#include <caf/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <latch>
#include <memory>
#include <thread>

using perdure::actors::function_pool;
using perdure::tests::eventually;

CAF_TEST(functions that block do not hold up each other) {
  function_pool pool{3};
  // None can end before all three have begun.
  std::latch begun{3};
  std::atomic<int> ended{0};
  for (int i = 0; i < 3; ++i)
    pool.start([&] {
      begun.arrive_and_wait();
      ++ended;
    });
  CAF_CHECK(eventually([&] { return ended == 3; }));
}

CAF_TEST(there are never more at once than threads and each runs once) {
  constexpr int count = 200;
  std::atomic<int> now{0};
  std::atomic<int> most{0};
  std::atomic<int> ended{0};
  {
    function_pool pool{2};
    for (int i = 0; i < count; ++i)
      pool.start([&] {
        const int running = ++now;
        for (int seen = most; seen < running;)
          most.compare_exchange_weak(seen, running);
        std::this_thread::yield();
        --now;
        ++ended;
      });
    CAF_CHECK(eventually([&] { return ended == count; }));
  }
  CAF_CHECK_LESS_OR_EQUAL(most.load(), 2);
  CAF_CHECK_EQUAL(ended.load(), count);
}

CAF_TEST(stopping waits for what is under way and drops what waits) {
  function_pool pool{1};
  std::promise<void> go;
  std::atomic<bool> has_begun{false};
  std::atomic<bool> has_ended{false};
  std::atomic<bool> was_dropped{true};
  auto held = std::make_shared<int>(0);
  pool.start([&, gate = go.get_future().share()] {
    has_begun = true;
    gate.wait();
    has_ended = true;
  });
  pool.start([&, held] { was_dropped = false; });
  CAF_CHECK(eventually([&] { return has_begun.load(); }));
  std::thread stopper{[&] { pool.stop(); }};
  CAF_CHECK(eventually([&] { return held.use_count() == 1; }));
  CAF_CHECK(!has_ended);
  go.set_value();
  stopper.join();
  CAF_CHECK(has_ended);
  CAF_CHECK(was_dropped);
  pool.start([&] { was_dropped = false; });
  CAF_CHECK(was_dropped);
}
