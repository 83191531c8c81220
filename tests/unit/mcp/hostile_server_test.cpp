#define CAF_SUITE mcp.hostile_server

#include "unit/mcp/driver.hpp"

#include <iostream>
#include <random>
#include <set>

using namespace perdure::mcp_test;

namespace {

using engine = std::mt19937_64;

std::size_t pick(engine& random, std::size_t count) {
  return std::uniform_int_distribution<std::size_t>{0, count - 1}(random);
}

/// JSON that a server might send instead of what is expected.
json odd_value(engine& random, int depth = 0) {
  switch (pick(random, depth < 3 ? 11 : 8)) {
    case 0:
      return nullptr;
    case 1:
      return random() % 2 == 0;
    case 2:
      return static_cast<std::int64_t>(random() % 12) - 2;
    case 3:
      return static_cast<std::uint64_t>(random());
    case 4:
      return 1e300 * (random() % 2 == 0 ? 1 : -1);
    case 5:
      return "t1";
    case 6:
      return "\xFF\xC3";
    case 7:
      return 0.5;
    case 8: {
      auto out = json::array();
      for (auto n = pick(random, 3); n > 0; --n)
        out.push_back(odd_value(random, depth + 1));
      return out;
    }
    default: {
      static const std::vector<std::string> keys{"tools",
                                                 "resultType",
                                                 "inputRequests",
                                                 "requestState",
                                                 "taskId",
                                                 "status",
                                                 "task",
                                                 "nextCursor",
                                                 "ttlMs",
                                                 "progressToken",
                                                 "progress",
                                                 "total",
                                                 "requestId",
                                                 "uri",
                                                 "supported",
                                                 "elicitations",
                                                 "protocolVersion",
                                                 "supportedVersions",
                                                 "capabilities",
                                                 "_meta",
                                                 "pollIntervalMs",
                                                 "pollInterval",
                                                 "result",
                                                 "error",
                                                 "level",
                                                 "mode",
                                                 "url",
                                                 "elicitationId",
                                                 "data",
                                                 "message"};
      static const std::vector<std::string> words{
        "input_required", "task",       "complete",  "working",
        "completed",      "failed",     "cancelled", "2025-11-25",
        "2026-07-28",     "2025-03-26", "url"};
      auto out = json::object();
      for (auto n = pick(random, 6); n > 0; --n)
        out[keys[pick(random, keys.size())]]
          = random() % 2 == 0 ? json(words[pick(random, words.size())])
                              : odd_value(random, depth + 1);
      return out;
    }
  }
}

json odd_message(engine& random, std::uint64_t ids) {
  static const std::vector<std::string> methods{
    "ping",
    "roots/list",
    "elicitation/create",
    "sampling/createMessage",
    "notifications/progress",
    "notifications/cancelled",
    "notifications/message",
    "notifications/tools/list_changed",
    "notifications/resources/updated",
    "notifications/subscriptions/acknowledged",
    "notifications/elicitation/complete",
    "make/coffee"};
  json out{{"jsonrpc", "2.0"}};
  const auto id
    = random() % 4 == 0 ? odd_value(random) : json(1 + random() % (ids + 1));
  switch (pick(random, 5)) {
    case 0:
      out["id"] = id;
      out["method"] = methods[pick(random, methods.size())];
      out["params"] = odd_value(random);
      break;
    case 1:
      out["method"] = methods[pick(random, methods.size())];
      out["params"] = odd_value(random);
      break;
    case 2:
      out["id"] = id;
      out["error"]
        = {{"code", random() % 2 == 0 ? json(-32022) : odd_value(random)},
           {"data", odd_value(random)}};
      break;
    default:
      out["id"] = id;
      out["result"] = odd_value(random);
  }
  return out;
}

std::string odd_text(engine& random, std::uint64_t ids) {
  auto text = to_text(odd_message(random, ids));
  switch (pick(random, 8)) {
    case 0:
      text.resize(pick(random, text.size()));
      break;
    case 1:
      text[pick(random, text.size())] = static_cast<char>(random());
      break;
    case 2:
      text = '[' + text + ',' + to_text(odd_message(random, ids)) + ']';
      break;
    default:
      break;
  }
  return text;
}

/// Lets a session live through a random life and keeps the books of its calls.
class life {
public:
  explicit life(std::uint64_t seed) : random_(seed), it_(options(random_)) {
    // nop
  }

  void live() {
    for (int i = 0; i < 300; ++i) {
      it_.steps.clear();
      act();
      account();
    }
    it_.subject.close(it_.now);
    it_.look();
    account();
    CAF_CHECK(open_.empty());
    CAF_CHECK_EQUAL(it_.subject.calls(), 0u);
  }

private:
  static session_options options(engine& random) {
    auto out = random() % 2 == 0 ? stdio_options() : http_options();
    out.abilities.elicitation_form = random() % 2 == 0;
    out.abilities.elicitation_url = random() % 2 == 0;
    out.abilities.sampling = random() % 2 == 0;
    out.remembered = static_cast<era>(random() % 3);
    if (random() % 2 == 0)
      out.roots = {"file:///a"};
    return out;
  }

  exchange_id some_exchange() {
    return static_cast<exchange_id>(pick(random_, exchanges_ + 2));
  }

  void act() {
    switch (pick(random_, 14)) {
      case 0:
        return it_.open();
      case 1:
        return it_.lose_link(static_cast<link_failure::kind>(random_() % 4));
      case 2:
        return it_.lose(some_exchange(),
                        {static_cast<link_failure::kind>(random_() % 4),
                         "x",
                         static_cast<unsigned>(random_() % 600),
                         odd_text(random_, exchanges_),
                         {}});
      case 3:
        return it_.pass(std::chrono::milliseconds{random_() % 20'000});
      case 4:
        it_.subject.answer(static_cast<question_id>(random_() % 5),
                           odd_value(random_), it_.now);
        return it_.look();
      case 5:
        it_.subject.cancel(static_cast<call_id>(random_() % 20), "x", it_.now);
        return it_.look();
      case 6:
        return call();
      case 7:
        return make_well_formed();
      default:
        it_.hear(odd_text(random_, exchanges_), some_exchange());
    }
  }

  void call() {
    static const std::vector<std::string> methods{
      "tools/call", "tools/list", "resources/read", "prompts/get"};
    call_request request;
    request.method = methods[pick(random_, methods.size())];
    if (random_() % 4 == 0)
      request.params = odd_value(random_);
    if (random_() % 4 == 0)
      request.note = odd_value(random_);
    if (random_() % 4 == 0)
      request.input_responses = odd_value(random_);
    request.as_task = random_() % 2 == 0;
    request.all_pages = random_() % 2 == 0;
    request.wants_progress = random_() % 2 == 0;
    request.timeout = std::chrono::milliseconds{random_() % 60'000};
    const auto id = it_.subject.call(std::move(request), it_.now);
    CAF_REQUIRE(open_.insert(id).second);
    it_.look();
  }

  /// Without it no life would get beyond the handshake.
  void make_well_formed() {
    if (last_.exchange == exchange_id::none)
      return;
    if (last_.method == "server/discover" && random_() % 2 == 0)
      it_.reply(last_, {{"supportedVersions", {"2026-07-28"}}});
    else if (last_.method == "initialize")
      it_.reply(last_, {{"protocolVersion",
                         random_() % 2 == 0 ? "2025-11-25" : "2025-03-26"}});
    else if (last_.method == "tools/call")
      it_.reply(last_, random_() % 2 == 0
                         ? text_result("x")
                         : json{{"resultType", "task"}, {"taskId", "t1"}});
    else
      it_.reply_error(last_, -32601, "no");
  }

  /// Every call ends once; every message that is sent is well-formed.
  void account() {
    for (const auto& item : it_.steps) {
      if (const auto* end = std::get_if<done>(&item)) {
        CAF_REQUIRE_EQUAL(open_.erase(end->call), 1u);
      } else if (const auto* message = std::get_if<send>(&item)) {
        const auto text = driver::message_of(*message);
        CAF_REQUIRE_EQUAL(text["jsonrpc"], "2.0");
        CAF_REQUIRE(message->text.find('\n') == std::string::npos);
        if (message->exchange != exchange_id::none) {
          last_ = *message;
          exchanges_ = static_cast<std::uint64_t>(message->exchange);
        }
      }
    }
    CAF_REQUIRE_EQUAL(open_.size(), it_.subject.calls());
  }

  engine random_;
  driver it_;
  std::set<call_id> open_;
  std::uint64_t exchanges_ = 0;
  send last_;
};

} // namespace

CAF_TEST(answers to nothing are told once and change nothing) {
  driver it{stdio_options()};
  it.open_legacy();
  it.call(tool_call("a"));
  const auto sent = it.one<send>();
  it.hear(R"({"jsonrpc":"2.0","id":99,"result":{}})");
  it.one<ignored>();
  it.hear(R"({"jsonrpc":"2.0","id":"3","result":{}})");
  it.one<ignored>();
  it.hear(R"({"jsonrpc":"2.0","id":-1,"result":{}})");
  it.one<ignored>();
  it.hear(R"({"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}})");
  it.one<ignored>();
  it.reply(sent, text_result("x"));
  it.one<done>();
  // Twice.
  it.reply(sent, text_result("y"));
  CAF_CHECK(it.steps.empty());
}

CAF_TEST(an error without an id belongs to its exchange) {
  driver it{http_options()};
  it.open_legacy();
  it.call(tool_call("a"));
  it.hear(R"({"jsonrpc":"2.0","id":null,"error":{"code":-32000,)"
          R"("message":"Bad Request"}})",
          it.one<send>().exchange);
  CAF_CHECK_EQUAL(failure_of(it).message, "Bad Request");
}

CAF_TEST(noise is told and changes nothing) {
  driver it{stdio_options()};
  it.open_legacy();
  for (const std::string text :
       {"Server running on stdio", "", "[]", "[[[[", "\xFF", "{}", "7",
        R"({"jsonrpc":"2.0","id":1e999,"result":{}})",
        R"([{"jsonrpc":"2.0","id":1,"result":{}}])"}) {
    it.hear(text);
    it.one<ignored>();
    CAF_CHECK_EQUAL(it.steps.size(), 1u);
  }
  std::string deep(100'000, '[');
  it.hear(deep);
  it.one<ignored>();
}

CAF_TEST(batches come with their version only) {
  driver it{stdio_options()};
  it.open();
  it.reply_error(it.one<send>(), -32601, "no");
  it.reply(it.one<send>(), {{"protocolVersion", "2025-03-26"}});
  const auto one = it.call(tool_call("a"));
  const auto first = it.one<send>();
  const auto two = it.call(tool_call("b"));
  const auto second = it.one<send>();
  const auto answer = [](const send& item) {
    return answer_text(static_cast<std::int64_t>(item.exchange),
                       json::object());
  };
  it.hear('[' + answer(second) + ',' + answer(first) + ']');
  const auto ends = it.all<done>();
  CAF_REQUIRE_EQUAL(ends.size(), 2u);
  CAF_CHECK(ends[0].call == two);
  CAF_CHECK(ends[1].call == one);
}

CAF_TEST(a server cannot open questions without end) {
  auto options = stdio_options();
  options.abilities.elicitation_form = true;
  driver it{options};
  it.open_legacy();
  it.call(tool_call("a"));
  std::size_t open = 0;
  std::size_t refused = 0;
  for (int id = 0; id < 1000; ++id) {
    it.hear(R"({"jsonrpc":"2.0","method":"elicitation/create","id":)"
            + std::to_string(id) + "}");
    open += it.all<asked>().size();
    refused += it.all<send>().size();
  }
  CAF_CHECK_EQUAL(open, 64u);
  CAF_CHECK_EQUAL(refused, 936u);
  it.hear(R"({"jsonrpc":"2.0","method":"elicitation/create","id":3})");
  CAF_CHECK(it.sent().contains("error"));
}

// Goal: whatever a server says and whenever links break, every call ends
//   exactly once, everything that is sent is well-formed, and nothing throws.
// Method: seeded random lives; the seed is printed.
CAF_TEST(sessions live through anything) {
  const auto first = std::random_device{}();
  std::cout << "seeds from " << first << std::endl;
  for (std::uint64_t seed = first; seed < first + 400ull; ++seed) {
    CAF_MESSAGE("seed " << seed);
    life{seed}.live();
  }
}
