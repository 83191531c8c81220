#include "support/program.hpp"

#include <cstdlib>
#include <unistd.h>
#include <utility>

namespace perdure::tests {

namespace {

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (auto& text : texts)
    out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

} // namespace

program::program(std::vector<std::string> argv,
                 std::vector<std::string> environment)
  : words_(std::move(argv)), variables_(std::move(environment)) {
  for (const auto* name :
       {"PATH", "HOME", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"})
    if (const char* value = std::getenv(name))
      variables_.push_back(std::string{name} + '=' + value);
  word_list_ = pointers(words_);
  variable_list_ = pointers(variables_);
}

void program::execute() const noexcept {
  ::execve(word_list_[0], word_list_.data(), variable_list_.data());
  ::_exit(127);
}

} // namespace perdure::tests
