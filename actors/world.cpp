#include "actors/services.hpp"

#include <array>
#include <random>

namespace perdure::actors {

namespace {

std::mt19937_64& generator() {
  // One per thread: seeding is slow and sharing needs a lock.
  thread_local std::mt19937_64 engine{[] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device()};
    return std::mt19937_64{seed};
  }()};
  return engine;
}

void put_hex(std::string& out, std::uint64_t value, int digits) {
  static constexpr auto alphabet = "0123456789abcdef";
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
    out += alphabet[(value >> static_cast<unsigned>(shift)) & 0xF];
}

class real_world final : public world {
public:
  runtime::timestamp now() override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
      std::chrono::system_clock::now());
  }

  double random() override {
    return std::uniform_real_distribution<double>{}(generator());
  }

  std::string make_run_id() override {
    // UUIDv7: milliseconds, version, 12 bits of microseconds so that ids of one
    // node sort by creation, variant, 62 random bits.
    const auto micros
      = static_cast<std::uint64_t>(now().time_since_epoch().count());
    const auto millis = micros / 1'000;
    const auto fraction = (micros % 1'000) * 4'096 / 1'000;
    const auto noise = generator()();
    std::string out;
    out.reserve(36);
    put_hex(out, millis >> 16, 8);
    out += '-';
    put_hex(out, millis & 0xFFFF, 4);
    out += "-7";
    put_hex(out, fraction, 3);
    out += '-';
    put_hex(out, 0x8000 | ((noise >> 48) & 0x3FFF), 4);
    out += '-';
    put_hex(out, noise & 0xFFFF'FFFF'FFFF, 12);
    return out;
  }

  std::string make_token() override {
    std::string out;
    put_hex(out, generator()(), 16);
    put_hex(out, generator()(), 16);
    return out;
  }
};

} // namespace

std::shared_ptr<world> make_real_world() {
  return std::make_shared<real_world>();
}

} // namespace perdure::actors
