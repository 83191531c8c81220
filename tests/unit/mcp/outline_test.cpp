#define CAF_SUITE mcp.outline

#include "runtime/mcp/outline.hpp"

#include <caf/test/unit_test.hpp>

using perdure::runtime::mcp::outline;

namespace {

struct sample {
  std::string text;
  std::string id;
  bool is_answer;
};

const sample samples[]{
  {R"({"jsonrpc":"2.0","id":7,"result":{}})", "7", true},
  {R"({"result":{"id":1,"method":"x"},"jsonrpc":"2.0","id":-42})", "-42", true},
  {R"({"id":"a\"b}","error":{"code":1,"message":"id\":3"}})", R"("a\"b}")",
   true},
  {R"( { "id" : 12 , "result" : [ {"id": 3} , [] ] } )", "12", true},
  {R"({"result":{"content":[{"text":"\\\" \"id\":9, {[\\"}]},"id":8})", "8",
   true},
  {R"({"id":5,"method":"roots/list"})", "5", false},
  {R"({"method":"notifications/progress","params":{"id":4}})", "", false},
  {R"({"id":null,"error":{}})", "null", true},
  {R"({"identity":3,"x":"id","y":2})", "", false},
  {R"([{"id":1,"result":{}}])", "", false},
  {R"(Server is up, "id":3)", "", false},
  {"}}]]{", "", false},
  {"", "", false},
};

} // namespace

CAF_TEST(an outline tells an answer and its id) {
  for (const auto& sample : samples) {
    const outline whole{sample.text};
    CAF_CHECK_EQUAL(whole.id(), sample.id);
    CAF_CHECK_EQUAL(whole.is_answer(), sample.is_answer);
  }
}

CAF_TEST(the pieces do not matter) {
  for (const auto& sample : samples)
    for (std::size_t cut = 0; cut <= sample.text.size(); ++cut) {
      outline pieces;
      pieces.feed(std::string_view{sample.text}.substr(0, cut));
      pieces.feed(std::string_view{sample.text}.substr(cut));
      CAF_CHECK_EQUAL(pieces.id(), sample.id);
      CAF_CHECK_EQUAL(pieces.is_answer(), sample.is_answer);
    }
}

CAF_TEST(an endless id is not kept) {
  outline endless{R"({"id":")"};
  for (int i = 0; i < 1'000; ++i)
    endless.feed("0123456789");
  CAF_CHECK(endless.id().size() <= 256);
}
