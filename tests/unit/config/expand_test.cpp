#define CAF_SUITE config.expand

#include "config/expand.hpp"

#include <caf/test/unit_test.hpp>

#include <cstdlib>
#include <map>

using namespace perdure;

namespace {

std::string expanded(std::string_view text) {
  const std::map<std::string, std::string, std::less<>> variables{
    {"NAME", "value"},
    {"EMPTY", ""},
    {"TRICKY", "${NAME} $${x}"},
    {"_a1", "u"}};
  const auto result = config::expand(text, [&](std::string_view name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::optional<std::string>{}
                                    : found->second;
  });
  return result ? *result : "error: " + result.error().message;
}

bool fails(std::string_view text, const std::string& part) {
  const auto result = expanded(text);
  return result.starts_with("error: ")
         && result.find(part) != std::string::npos;
}

} // namespace

CAF_TEST(variables are filled in) {
  CAF_CHECK_EQUAL(expanded(""), "");
  CAF_CHECK_EQUAL(expanded("plain"), "plain");
  CAF_CHECK_EQUAL(expanded("${NAME}"), "value");
  CAF_CHECK_EQUAL(expanded("a${NAME}b${_a1}c"), "avaluebuc");
  CAF_CHECK_EQUAL(expanded("${EMPTY}"), "");
}

CAF_TEST(defaults stand in for unset and empty variables) {
  CAF_CHECK_EQUAL(expanded("${GONE:-x y}"), "x y");
  CAF_CHECK_EQUAL(expanded("${EMPTY:-x}"), "x");
  CAF_CHECK_EQUAL(expanded("${NAME:-x}"), "value");
  CAF_CHECK_EQUAL(expanded("${GONE:-}"), "");
  CAF_CHECK_EQUAL(expanded("${GONE:-:-}"), ":-");
}

CAF_TEST(what is filled in is not looked at again) {
  CAF_CHECK_EQUAL(expanded("${TRICKY}"), "${NAME} $${x}");
}

CAF_TEST(dollars elsewhere are text) {
  CAF_CHECK_EQUAL(expanded("$5 $NAME $"), "$5 $NAME $");
  CAF_CHECK_EQUAL(expanded("^a$|$$"), "^a$|$$");
  CAF_CHECK_EQUAL(expanded("$${NAME}"), "${NAME}");
  CAF_CHECK_EQUAL(expanded("$$${NAME}"), "$${NAME}");
  CAF_CHECK_EQUAL(expanded("$${"), "${");
}

CAF_TEST(mistakes are named) {
  CAF_CHECK(fails("${GONE}", "GONE is not set"));
  CAF_CHECK(fails("a ${NAME", "no closing brace"));
  CAF_CHECK(fails("${}", "is not a variable"));
  CAF_CHECK(fails("${1a}", "is not a variable"));
  CAF_CHECK(fails("${a b}", "is not a variable"));
  CAF_CHECK(fails("${NAME-x}", "is not a variable"));
}

CAF_TEST(the environment of the process) {
  ::setenv("PERDURE_EXPAND_TEST", "here", 1);
  const auto lookup = config::process_environment();
  CAF_CHECK(lookup("PERDURE_EXPAND_TEST") == "here");
  ::unsetenv("PERDURE_EXPAND_TEST");
  CAF_CHECK(!lookup("PERDURE_EXPAND_TEST"));
}
