#define CAF_SUITE flow.cache_key

#include "runtime/flow/cache_key.hpp"
#include "unit/flow/flow_support.hpp"

#include <caf/test/unit_test.hpp>

using namespace perdure::runtime;
using namespace perdure::runtime::test;

namespace {

/// What is hashed can be read in a failed check.
std::string as_it_is(std::string_view text) {
  return '<' + std::string{text} + '>';
}

agent_definition with_tool() {
  auto out = plain_definition();
  out.instructions = {{"Be brief.", false}};
  out.model_settings = {{"temperature", 0}, {"seed", 1}};
  out.tools = {plain_tool("look")};
  out.tools[0].policy.cache.mode = cache_mode::inputs;
  out.model_policy.cache.mode = cache_mode::inputs;
  return out;
}

/// One way a run may have gone.
struct story {
  agent_definition definition = with_tool();
  run_created begin = created();
  std::string id = "c1";
  json args = R"({"city": "Oslo", "page": {"n": 1, "size": 10}})";
  json content = "rain";
  std::int64_t seconds = 0;
  std::int64_t tokens = 20;

  story() {
    begin.definition_hash = "d1";
  }

  std::string call_key() const {
    const auto state = run_with(definition, {begin, asked()});
    return cache_keys{as_it_is}.of(state, tool_task(1, 0));
  }

  std::string model_key() const {
    const auto state = run_with(definition, {begin, asked(), result()});
    return cache_keys{as_it_is}.of(state, model_task(2));
  }

  entry asked() const {
    auto said = response({call(id, "look", args)});
    said.usage.input_tokens = tokens;
    return answered(1, std::move(said), at(seconds));
  }

  entry result() const {
    return task_completed{
      at(seconds + 1), tool_task(1, 0), 1, at(seconds),
      tool_result{"look", id, tool_result_kind::returned, content, {}, {}}};
  }
};

template <class Change>
story with(Change change) {
  story out;
  change(out);
  return out;
}

using change = std::function<void(story&)>;

} // namespace

CAF_TEST(what does not reach the tool does not change the key of its call) {
  const auto key = story{}.call_key();
  const std::vector<change> changes{
    [](story& x) { x.begin.run_id.back() = '2'; },
    [](story& x) { x.begin.time = at(-5); },
    [](story& x) { x.begin.input.conversation_id = "another"; },
    [](story& x) { x.begin.input.prompt = "Something else."; },
    [](story& x) { x.begin.input.tags = {"a"}; },
    [](story& x) { x.id = "c2"; },
    [](story& x) { x.seconds = 99; },
    [](story& x) {
      x.args = R"({"page": {"size": 10.0, "n": 1}, "city": "Oslo"})";
    },
    [](story& x) {
      x.args = {{"city", "Oslo"}, {"page", {{"n", 1}, {"size", 1e1}}}};
    },
    [](story& x) { x.definition.tools[0].policy.retries = 7; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAF_MESSAGE("change " << i);
    CAF_CHECK_EQUAL(with(changes[i]).call_key(), key);
  }
}

CAF_TEST(everything else changes the key of a call) {
  const auto key = story{}.call_key();
  const std::vector<change> changes{
    [](story& x) { x.args = R"({"city": "Rome"})"; },
    [](story& x) {
      x.args = R"({"city": "Oslo", "page": {"n": 1, "size": 10}, "x": null})";
    },
    [](story& x) { x.begin.definition_hash = "d2"; },
    [](story& x) {
      x.begin.input.deps = {{"user", 1}};
    },
    [](story& x) {
      x.begin.input.metadata = {{"user", 1}};
    },
    [](story& x) {
      x.definition.tools[0].parameters = {{"type", "object"}};
    },
    [](story& x) { x.definition.tools[0].kind = tool_kind::command; },
    [](story& x) {
      x.definition.tools[0].policy.cache.scope = cache_scope::all;
    }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAF_MESSAGE("change " << i);
    CAF_CHECK(with(changes[i]).call_key() != key);
  }
}

CAF_TEST(excluded inputs of a call do not matter) {
  const auto excluding = [](std::vector<std::string> names, auto more) {
    return with([&](story& x) {
      x.definition.tools[0].policy.cache.exclude = std::move(names);
      more(x);
    });
  };
  const auto nothing = [](story&) {};
  const auto deps = [](story& x) { x.begin.input.deps = {{"user", 1}}; };
  const auto metadata = [](story& x) { x.begin.input.metadata = "m"; };
  const auto city = [](story& x) {
    x.args = R"({"city": "Rome", "page": {"n": 1, "size": 10}})";
  };
  const auto size = [](story& x) {
    x.args = R"({"city": "Oslo", "page": {"n": 1, "size": 99}})";
  };
  CAF_CHECK_EQUAL(excluding({"deps"}, deps).call_key(),
                  excluding({"deps"}, nothing).call_key());
  CAF_CHECK_EQUAL(excluding({"metadata"}, metadata).call_key(),
                  excluding({"metadata"}, nothing).call_key());
  CAF_CHECK_EQUAL(excluding({"city"}, city).call_key(),
                  excluding({"city"}, nothing).call_key());
  CAF_CHECK_EQUAL(excluding({"/page/size"}, size).call_key(),
                  excluding({"/page/size"}, nothing).call_key());
  CAF_CHECK(excluding({"/page/size"}, city).call_key()
            != excluding({"/page/size"}, nothing).call_key());
  CAF_CHECK(excluding({"city"}, deps).call_key()
            != excluding({"city"}, nothing).call_key());
  // A pointer names an argument even where a name means something else.
  CAF_CHECK(excluding({"/deps"}, deps).call_key()
            != excluding({"/deps"}, nothing).call_key());
  // What is not there can be left out.
  CAF_CHECK_EQUAL(excluding({"/page/n/deeper", "/city/0"}, nothing).call_key(),
                  story{}.call_key());
}

CAF_TEST(the scope says which runs share a key) {
  const auto scoped = [](cache_scope scope, auto more) {
    return with([&](story& x) {
      x.definition.tools[0].policy.cache.scope = scope;
      x.definition.model_policy.cache.scope = scope;
      more(x);
    });
  };
  const auto nothing = [](story&) {};
  const auto version = [](story& x) { x.begin.definition_hash = "d2"; };
  const auto agent = [](story& x) {
    x.begin.definition_hash = "d2";
    x.begin.input.agent = "another";
  };
  for (const auto scope :
       {cache_scope::definition, cache_scope::agent, cache_scope::all}) {
    const auto is = scoped(scope, nothing);
    const auto crosses_versions = scope != cache_scope::definition;
    const auto crosses_agents = scope == cache_scope::all;
    CAF_CHECK_EQUAL(scoped(scope, version).call_key() == is.call_key(),
                    crosses_versions);
    CAF_CHECK_EQUAL(scoped(scope, version).model_key() == is.model_key(),
                    crosses_versions);
    CAF_CHECK_EQUAL(scoped(scope, agent).call_key() == is.call_key(),
                    crosses_agents);
    CAF_CHECK_EQUAL(scoped(scope, agent).model_key() == is.model_key(),
                    crosses_agents);
  }
}

CAF_TEST(what does not reach the model does not change the key of a request) {
  const auto key = story{}.model_key();
  const std::vector<change> changes{
    [](story& x) { x.begin.run_id.back() = '2'; },
    [](story& x) { x.begin.time = at(-5); },
    [](story& x) { x.begin.input.conversation_id = "another"; },
    [](story& x) {
      x.begin.input.metadata = {{"user", 1}};
    },
    [](story& x) {
      x.begin.input.deps = {{"user", 1}};
    },
    [](story& x) { x.seconds = 99; },
    [](story& x) { x.tokens = 0; },
    [](story& x) { x.definition.model_policy.retries = 7; },
    [](story& x) {
      x.definition.model_settings = {{"seed", 1.0}, {"temperature", 0.0}};
    }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAF_MESSAGE("change " << i);
    CAF_CHECK_EQUAL(with(changes[i]).model_key(), key);
  }
}

CAF_TEST(everything else changes the key of a request) {
  const auto key = story{}.model_key();
  const std::vector<change> changes{
    [](story& x) { x.begin.input.prompt = "Something else."; },
    [](story& x) { x.begin.input.model = "openai:gpt-4o-mini"; },
    [](story& x) { x.definition.model = "openai:gpt-4o-mini"; },
    [](story& x) { x.definition.instructions[0].text = "Be long."; },
    [](story& x) { x.definition.model_settings["seed"] = 2; },
    [](story& x) { x.definition.tools[0].description = "Looks."; },
    [](story& x) { x.definition.tools.push_back(plain_tool("listen")); },
    [](story& x) {
      x.definition.output.types.resize(1);
      x.definition.output.types[0].json_schema = {{"type", "object"}};
    },
    [](story& x) { x.args = R"({"city": "Rome"})"; },
    [](story& x) { x.content = "sun"; },
    [](story& x) { x.id = "c2"; },
    [](story& x) { x.begin.definition_hash = "d2"; }};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAF_MESSAGE("change " << i);
    CAF_CHECK(with(changes[i]).model_key() != key);
  }
}

CAF_TEST(excluded model settings do not matter) {
  const auto keyed = [](const char* name, int seed) {
    return with([&](story& x) {
             x.definition.model_policy.cache.exclude = {name};
             x.definition.model_settings["seed"] = seed;
           })
      .model_key();
  };
  CAF_CHECK_EQUAL(keyed("seed", 1), keyed("seed", 2));
  CAF_CHECK_EQUAL(keyed("model_settings", 1), keyed("model_settings", 2));
  CAF_CHECK(keyed("temperature", 1) != keyed("temperature", 2));
}

CAF_TEST(ids that the node made up count by their order) {
  const auto keyed = [](const std::string& first, const std::string& second,
                        const std::string& answered_first) {
    const auto definition = with_tool();
    const auto other = answered_first == first ? second : first;
    model_request results;
    for (const auto& id : {answered_first, other}) {
      tool_return_part part;
      part.tool_name = "look";
      part.tool_call_id = id;
      part.content = "rain";
      results.parts.emplace_back(std::move(part));
    }
    auto begin = created();
    begin.input.history = {std::make_shared<const message>(response(
                             {call(first, "look"), call(second, "look")})),
                           std::make_shared<const message>(std::move(results))};
    const auto state = run_with(definition, {begin});
    return cache_keys{as_it_is}.of(state, model_task(1));
  };
  CAF_CHECK_EQUAL(keyed("pyd_ai_1", "pyd_ai_2", "pyd_ai_1"),
                  keyed("pyd_ai_8", "pyd_ai_3", "pyd_ai_8"));
  CAF_CHECK(keyed("pyd_ai_1", "pyd_ai_2", "pyd_ai_1")
            != keyed("pyd_ai_1", "pyd_ai_2", "pyd_ai_2"));
}

CAF_TEST(a key costs what is new and is the same as one made from scratch) {
  std::size_t hashed = 0;
  const auto short_digest = [&hashed](std::string_view text) {
    hashed += text.size();
    return std::to_string(std::hash<std::string_view>{}(text));
  };
  run_state state{share(with_tool()), {}};
  state.apply(created());
  cache_keys kept{short_digest};
  std::size_t early = 0;
  for (std::uint32_t step = 1; step <= 50; ++step) {
    hashed = 0;
    const auto key = kept.of(state, model_task(step));
    if (step == 3)
      early = hashed;
    if (step > 3)
      CAF_CHECK(hashed < early + 100);
    CAF_CHECK_EQUAL(key, cache_keys{short_digest}.of(state, model_task(step)));
    const auto made = call("c" + std::to_string(step), "look");
    state.apply(answered(step, response({made})));
    state.apply(returned(step, 0, made));
  }
}
