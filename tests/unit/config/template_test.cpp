#define CAF_SUITE config.template

#include "config/template.hpp"

#include <caf/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <random>

using namespace perdure;
using runtime::json;

namespace {

const auto deps = json::parse(R"({
  "name": "Ada", "age": 36, "zero": 0, "rate": 0.5, "yes": true, "no": false,
  "nothing": null, "empty": "", "none": [], "html": "<a> & \"b\"",
  "user": {"name": "Bob", "address": {"city": "Bonn"}},
  "tags": ["x", "y"], "odd key": "odd",
  "rows": [{"id": 1, "parts": ["p"]}, {"id": 2, "parts": []}]})");

std::string rendered(const std::string& text, const json& with = deps) {
  const auto result = config::render(text, with);
  return result ? *result : "error: " + result.error().message;
}

bool fails(const std::string& text, const std::string& part) {
  const auto result = rendered(text);
  if (result.starts_with("error: ") && result.find(part) != std::string::npos)
    return true;
  CAF_MESSAGE("got: " << result);
  return false;
}

std::string names(const std::string& text) {
  const auto result = config::names_in(text);
  std::string joined;
  for (const auto& name : *result)
    joined += (joined.empty() ? "" : ",") + name;
  return joined;
}

} // namespace

CAF_TEST(values are written as they are) {
  CAF_CHECK_EQUAL(rendered("plain"), "plain");
  CAF_CHECK_EQUAL(rendered("{{name}} is {{ age }}."), "Ada is 36.");
  CAF_CHECK_EQUAL(rendered("{{html}}{{{html}}}{{&html}}"),
                  "<a> & \"b\"<a> & \"b\"<a> & \"b\"");
  CAF_CHECK_EQUAL(rendered("{{yes}} {{no}} {{rate}}"), "true false 0.5");
  CAF_CHECK_EQUAL(rendered("[{{nothing}}{{gone}}{{user.gone.x}}{{name.x}}]"),
                  "[]");
  CAF_CHECK_EQUAL(rendered("{{tags}} {{user.address}}"),
                  R"(["x","y"] {"city":"Bonn"})");
  CAF_CHECK_EQUAL(rendered("{{user.address.city}} {{tags.1}} {{rows.0.id}}"),
                  "Bonn y 1");
  CAF_CHECK_EQUAL(rendered("{{[odd key]}} {{this.name}} {{./name}}"),
                  "odd Ada Ada");
  CAF_CHECK_EQUAL(rendered("{{name}}", nullptr), "");
  CAF_CHECK_EQUAL(rendered("{ {name} } }}"), "{ {name} } }}");
}

CAF_TEST(what counts as true) {
  for (const auto* name : {"name", "age", "rate", "yes", "user", "tags"})
    CAF_CHECK_EQUAL(
      rendered("{{#if " + std::string{name} + "}}a{{else}}b{{/if}}"), "a");
  for (const auto* name :
       {"zero", "no", "nothing", "empty", "none", "gone", "user.gone"})
    CAF_CHECK_EQUAL(
      rendered("{{#if " + std::string{name} + "}}a{{else}}b{{/if}}"), "b");
  CAF_CHECK_EQUAL(rendered("{{#unless no}}a{{else}}b{{/unless}}"), "a");
  CAF_CHECK_EQUAL(rendered("{{#if no}}a{{^}}b{{/if}}"), "b");
  CAF_CHECK_EQUAL(rendered("{{#if no}}a{{else if none}}b{{else if yes}}c"
                           "{{else}}d{{/if}}e"),
                  "ce");
  CAF_CHECK_EQUAL(rendered("{{#if no}}a{{else unless no}}b{{/if}}"), "b");
}

CAF_TEST(if keeps the scope and the others open one) {
  CAF_CHECK_EQUAL(rendered("{{#if user}}{{name}}{{/if}}"), "Ada");
  CAF_CHECK_EQUAL(rendered("{{#with user}}{{name}} {{../name}} {{age}}"
                           "{{@root.age}}{{/with}}"),
                  "Bob Ada 36");
  CAF_CHECK_EQUAL(rendered("{{#with gone}}a{{else}}b{{/with}}"), "b");
}

CAF_TEST(each) {
  CAF_CHECK_EQUAL(rendered("{{#each tags}}{{this}},{{/each}}"), "x,y,");
  CAF_CHECK_EQUAL(rendered("{{#each tags}}{{@index}}{{.}}"
                           "{{#unless @last}};{{/unless}}{{/each}}"),
                  "0x;1y");
  CAF_CHECK_EQUAL(rendered("{{#each tags}}{{#if @first}}>{{/if}}{{this}}"
                           "{{/each}}"),
                  ">xy");
  CAF_CHECK_EQUAL(rendered("{{#each user.address}}{{@key}}={{this}}{{/each}}"),
                  "city=Bonn");
  CAF_CHECK_EQUAL(rendered("{{#each none}}a{{else}}b{{/each}}"), "b");
  CAF_CHECK_EQUAL(rendered("{{#each name}}a{{else}}b{{/each}}"), "b");
  CAF_CHECK_EQUAL(
    rendered("{{#each rows}}{{id}}:{{#each parts}}{{this}}"
             "{{../id}}{{../../name}}{{else}}-{{/each}} {{/each}}"),
    "1:p1Ada 2:- ");
  CAF_CHECK_EQUAL(rendered("{{@index}}{{../name}}"), "");
}

CAF_TEST(tags that have a line for themselves leave none) {
  CAF_CHECK_EQUAL(rendered("a\n{{#if yes}}\nb\n{{else}}\nc\n{{/if}}\nd"),
                  "a\nb\nd");
  CAF_CHECK_EQUAL(rendered("a\n  {{#if no}}  \nb\n  {{/if}}\nd\n"), "a\nd\n");
  CAF_CHECK_EQUAL(rendered("{{#each tags}}\r\n- {{this}}\r\n{{/each}}\r\n"),
                  "- x\r\n- y\r\n");
  CAF_CHECK_EQUAL(rendered("a\n{{! note }}\nb"), "a\nb");
  CAF_CHECK_EQUAL(rendered("a {{!-- }} --}} b"), "a  b");
  CAF_CHECK_EQUAL(rendered("a\n{{empty}}\nb"), "a\n\nb");
  CAF_CHECK_EQUAL(rendered("{{#if yes}} {{/if}}\nb"), " \nb");
  CAF_CHECK_EQUAL(rendered("a  {{~name~}}  b"), "aAdab");
  CAF_CHECK_EQUAL(rendered("a \n {{~#if yes~}} \n b \n {{~/if~}} \n c"), "abc");
}

CAF_TEST(other syntax is refused with its line) {
  CAF_CHECK(fails("a\nb {{name", "line 2"));
  CAF_CHECK(fails("{{{name}}", "no closing }}}"));
  CAF_CHECK(fails("{{}}", "names nothing"));
  CAF_CHECK(fails("{{> part}}", "not supported"));
  CAF_CHECK(fails("{{upper name}}", "not supported"));
  CAF_CHECK(fails("{{#list tags}}{{/list}}", "'list' is not supported"));
  CAF_CHECK(fails("{{#tags}}{{/tags}}", "'tags' is not supported"));
  CAF_CHECK(fails("{{#if}}{{/if}}", "not supported"));
  CAF_CHECK(fails("{{#if a b}}{{/if}}", "not supported"));
  CAF_CHECK(fails("{{#if (eq a b)}}{{/if}}", "not supported"));
  CAF_CHECK(fails("{{#each tags as |t|}}{{/each}}", "not supported"));
  CAF_CHECK(fails("{{#if yes}}", "never closed"));
  CAF_CHECK(fails("{{/if}}", "closes nothing"));
  CAF_CHECK(fails("{{#if yes}}{{/each}}", "closes {{#if}}"));
  CAF_CHECK(fails("{{else}}", "does not belong"));
  CAF_CHECK(fails("{{#if a}}{{else}}{{else}}{{/if}}", "does not belong"));
  CAF_CHECK(fails("\\{{name}}", "escaped braces"));
  CAF_CHECK(fails("{{{{raw}}}}", "raw blocks"));
  CAF_CHECK(fails("{{a..b}}", "not supported"));
  CAF_CHECK(fails("{{[a}}", "not supported"));
  CAF_CHECK(fails("{{=<% %>=}}", "not supported"));
  std::string deep;
  for (auto i = 0; i < 1000; ++i)
    deep += "{{#if yes}}";
  CAF_CHECK(fails(deep, "nest deeper"));
}

CAF_TEST(output is bounded) {
  json many;
  for (auto i = 0; i < 300; ++i)
    many["a"].push_back(i);
  CAF_CHECK(rendered("{{#each a}}{{#each @root.a}}{{#each @root.a}}x{{/each}}"
                     "{{/each}}{{/each}}",
                     many)
              .find("4 MiB")
            != std::string::npos);
}

CAF_TEST(names are those that start at the top) {
  CAF_CHECK_EQUAL(names("{{a}} {{b.c}} {{a}} {{this.d}}"), "a,b.c,d");
  CAF_CHECK_EQUAL(names("{{#if x}}{{y}}{{else}}{{z}}{{/if}}"), "x,y,z");
  CAF_CHECK_EQUAL(names("{{#each xs}}{{id}}{{../up}}{{@root.r}}{{@index}}"
                        "{{else}}{{other}}{{/each}}"),
                  "xs,up,r,other");
  CAF_CHECK_EQUAL(names("none {{this}}"), "");
  CAF_CHECK(!config::names_in("{{"));
  CAF_CHECK(config::is_template("a {{b}}"));
  CAF_CHECK(!config::is_template("a {b}"));
}

// Goal: no text crashes the parser or the renderer.
// Method: random sequences of the tokens of the language.
CAF_TEST(random templates never crash) {
  const char* tokens[]{
    "{{",   "}}", "{{{", "}}}",  "#if ", "#each ", "/if", "~",   "/each",
    "else", " ",  "\n",  "name", "tags", "this",   ".",   "../", "@index",
    "!",    "--", "[",   "]",    "x",    "^",      "&"};
  const auto seed = std::random_device{}();
  CAF_MESSAGE("seed: " << seed);
  std::mt19937 random{seed};
  std::size_t valid_count = 0;
  for (auto round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto i = random() % 12; i > 0; --i)
      text += tokens[random() % std::size(tokens)];
    valid_count += config::render(text, deps) ? 1 : 0;
  }
  CAF_CHECK(valid_count > 0);
}
