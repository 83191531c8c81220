#define CAF_SUITE runtime.sse_decoder

#include "runtime/sse_decoder.hpp"

#include <caf/test/unit_test.hpp>

#include <iostream>
#include <random>

using namespace perdure::runtime;

namespace {

struct sample {
  std::string name;
  std::string bytes;
  std::vector<std::string> expected;
};

std::string shown(const sse_event& event) {
  return event.event + "|" + event.data + "|" + event.id;
}

const std::vector<sample>& samples() {
  using namespace std::string_literals;
  static const std::vector<sample> all{
    {"line feeds", "data: a\n\ndata: b\n\n", {"|a|", "|b|"}},
    {"carriage returns", "data: a\r\rdata: b\r\r", {"|a|", "|b|"}},
    {"both", "data: a\r\n\r\ndata: b\r\n\r\n", {"|a|", "|b|"}},
    {"mixed", "event: x\rdata: a\n\r\ndata: b\r\n\n", {"x|a|", "|b|"}},
    {"lines of data", "data: a\ndata: b\ndata:\n\n", {"|a\nb\n|"}},
    {"comments", ": ping\n\n:\ndata: a\n: pong\n\n", {"|a|"}},
    {"no space", "data:a\ndata:  b\n\n", {"|a\n b|"}},
    {"no colon", "data\n\n", {"||"}},
    {"colons in data", "data: a: b:\n\n", {"|a: b:|"}},
    {"names", "event: x\ndata: 1\n\ndata: 2\n\n", {"x|1|", "|2|"}},
    {"ids stay", "id: 7\ndata: 1\n\ndata: 2\n\n", {"|1|7", "|2|7"}},
    {"id is emptied", "id: 7\ndata: 1\n\nid\ndata: 2\n\n", {"|1|7", "|2|"}},
    {"id with zero", "id: a\0b\ndata: 1\n\n"s, {"|1|"}},
    {"name without data", "event: x\n\ndata: 1\n\n", {"|1|"}},
    {"unknown fields", "data: 1\nfoo: bar\nbar\n\n", {"|1|"}},
    {"byte order mark",
     "\xEF\xBB\xBF"
     "data: 1\n\n",
     {"|1|"}},
    {"only one mark",
     "data: 1\n\n\xEF\xBB\xBF"
     "data: 2\n\n",
     {"|1|"}},
    {"no last blank line", "data: 1\n\ndata: 2\n", {"|1|", "|2|"}},
    {"no last line end", "data: 1\n\nevent: e\ndata: 2", {"|1|", "e|2|"}},
    {"characters",
     "data: \xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\r\n\r\n",
     {"|\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80|"}},
    {"nothing", "", {}},
    {"blank lines", "\n\r\n\r\r\n", {}},
  };
  return all;
}

std::vector<std::string> decode(const std::vector<std::string_view>& chunks) {
  sse_decoder decoder;
  std::vector<sse_event> events;
  for (const auto chunk : chunks)
    CAF_REQUIRE(decoder.feed(chunk, events));
  CAF_REQUIRE(decoder.finish(events));
  std::vector<std::string> all;
  for (const auto& event : events)
    all.push_back(shown(event));
  return all;
}

} // namespace

CAF_TEST(whole samples) {
  for (const auto& sample : samples()) {
    CAF_MESSAGE(sample.name);
    CAF_CHECK_EQUAL(decode({sample.bytes}), sample.expected);
  }
}

CAF_TEST(every split in two and in three) {
  for (const auto& sample : samples()) {
    const std::string_view bytes = sample.bytes;
    for (std::size_t i = 0; i <= bytes.size(); ++i)
      for (auto j = i; j <= bytes.size(); ++j)
        if (decode(
              {bytes.substr(0, i), bytes.substr(i, j - i), bytes.substr(j)})
            != sample.expected)
          CAF_FAIL(sample.name << " split at " << i << " and " << j);
    std::vector<std::string_view> single;
    for (std::size_t i = 0; i < bytes.size(); ++i)
      single.push_back(bytes.substr(i, 1));
    CAF_CHECK_EQUAL(decode(single), sample.expected);
  }
}

CAF_TEST(an event comes as soon as it is complete) {
  sse_decoder decoder;
  std::vector<sse_event> events;
  CAF_REQUIRE(decoder.feed("data: 1\n", events));
  CAF_CHECK(events.empty());
  CAF_REQUIRE(decoder.feed("\r", events));
  CAF_CHECK_EQUAL(events.size(), 1u);
  CAF_REQUIRE(decoder.feed("\ndata: 2\n\n", events));
  CAF_REQUIRE_EQUAL(events.size(), 2u);
  CAF_CHECK_EQUAL(events[1].data, "2");
}

CAF_TEST(the delay before a new connection) {
  sse_decoder decoder;
  std::vector<sse_event> events;
  CAF_REQUIRE(decoder.feed("retry: 250\nretry: soon\nretry: -1\n\n", events));
  CAF_CHECK(events.empty());
  CAF_CHECK(decoder.reconnect_delay() == std::chrono::milliseconds{250});
}

CAF_TEST(an event that is too large fails once and for all) {
  for (const auto* line : {"data: ", ": ", "x"}) {
    sse_decoder decoder{64};
    std::vector<sse_event> events;
    CAF_REQUIRE(decoder.feed("data: 1\n\n", events));
    const auto fed = decoder.feed(line + std::string(65, 'a'), events);
    CAF_REQUIRE(!fed);
    CAF_CHECK(fed.error().code == errc::payload_too_large);
    CAF_CHECK(!decoder.feed("\n\ndata: 2\n\n", events));
    CAF_CHECK(!decoder.finish(events));
    CAF_CHECK_EQUAL(events.size(), 1u);
  }
}

CAF_TEST(many lines of one event are bounded together) {
  sse_decoder decoder{64};
  std::vector<sse_event> events;
  auto is_bounded = false;
  for (int i = 0; i < 20 && !is_bounded; ++i)
    is_bounded = !decoder.feed("data: 12345678\n", events);
  CAF_CHECK(is_bounded);
}

CAF_TEST(any bytes give the same events however they are cut) {
  const auto seed = std::random_device{}();
  std::cout << "seed: " << seed << '\n';
  std::mt19937 random{seed};
  constexpr std::string_view letters = "\r\n: dataid\xEF\xBB\xBF\xC3";
  for (int round = 0; round < 2000; ++round) {
    std::string bytes;
    for (auto size = random() % 60; size > 0; --size)
      bytes += letters[random() % letters.size()];
    if (random() % 2 == 0)
      bytes = "data:" + bytes;
    std::vector<std::string_view> chunks;
    std::string_view rest = bytes;
    while (!rest.empty()) {
      const auto size = std::min<std::size_t>(1 + random() % 7, rest.size());
      chunks.push_back(rest.substr(0, size));
      rest.remove_prefix(size);
    }
    CAF_REQUIRE_EQUAL(decode(chunks), decode({bytes}));
  }
}
