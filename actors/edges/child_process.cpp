#include "actors/edges/child_process.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <memory>
#include <sched.h>
#include <signal.h>
#include <string_view>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>

namespace perdure::actors {

namespace {

enum class start_step { none, group, pipes, directory, program };

/// What the child needs between its birth and `execve`. It shares the memory
/// of the node until then, so the node reads here why it failed.
struct start_plan {
  const char* program = nullptr;
  char* const* argv = nullptr;
  char* const* environment = nullptr;
  const char* directory = nullptr;
  std::array<int, 3> standard{};
  pid_t* group = nullptr;
  unsigned descriptors_max = 0;
  pid_t parent = 0;
  start_step failed_step = start_step::none;
  int error = 0;
};

constexpr std::size_t child_stack_size = std::size_t{64} << 10;
constexpr std::size_t kernel_signal_action_size = 64;

std::string reason_text(int error) {
  return std::generic_category().message(error);
}

// Only raw system calls from here to execve: the child runs in the memory of
// a process with other threads, which may hold any lock. Sanitizers keep
// state per thread and per stack that does not fit here.
#define PERDURE_IN_CHILD                                                       \
  __attribute__((no_sanitize("address", "thread", "undefined")))

PERDURE_IN_CHILD int fail_child(start_plan* plan, start_step step) {
  plan->error = errno;
  plan->failed_step = step;
  ::syscall(SYS_exit_group, 127);
  return 127;
}

PERDURE_IN_CHILD void reset_signals() {
  // All zero is SIG_DFL in the layout of every architecture.
  const std::array<char, kernel_signal_action_size> by_default{};
  for (int signal = 1; signal <= 64; ++signal)
    ::syscall(SYS_rt_sigaction, signal, &by_default, nullptr, 8);
  const std::uint64_t none = 0;
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, 8);
}

PERDURE_IN_CHILD void close_descriptors(unsigned descriptors_max) {
  if (::syscall(SYS_close_range, 3u, ~0u, 0u) == 0)
    return;
  for (unsigned fd = 3; fd < descriptors_max; ++fd)
    ::syscall(SYS_close, fd);
}

PERDURE_IN_CHILD int run_child(void* argument) {
  auto* plan = static_cast<start_plan*>(argument);
  if (::syscall(SYS_setpgid, 0, 0) != 0)
    return fail_child(plan, start_step::group);
  if (plan->group != nullptr)
    __atomic_store_n(plan->group, static_cast<pid_t>(::syscall(SYS_getpid)),
                     __ATOMIC_RELEASE);
  ::syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::syscall(SYS_getppid) != plan->parent)
    return fail_child(plan, start_step::group);
  for (int fd = 0; fd < 3; ++fd)
    if (::syscall(SYS_dup3, plan->standard[static_cast<std::size_t>(fd)], fd, 0)
        < 0)
      return fail_child(plan, start_step::pipes);
  if (plan->directory != nullptr && ::syscall(SYS_chdir, plan->directory) != 0)
    return fail_child(plan, start_step::directory);
  close_descriptors(plan->descriptors_max);
  reset_signals();
  ::syscall(SYS_execve, plan->program, plan->argv, plan->environment);
  return fail_child(plan, start_step::program);
}

#undef PERDURE_IN_CHILD

#if defined(__SANITIZE_THREAD__)
// ThreadSanitizer takes `clone` for a fork and would prepare the memory that
// the child shares for life in another process.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);
constexpr auto clone_child = &__clone;
#else
constexpr auto clone_child = &::clone;
#endif

bool has_nul(std::string_view text) {
  return text.find('\0') != std::string_view::npos;
}

std::string check(const program& what) {
  if (what.argv.empty() || what.argv.front().empty())
    return "cannot start a program without a name";
  if (has_nul(what.directory)
      || std::any_of(what.argv.begin(), what.argv.end(), has_nul))
    return "cannot start a program: an argument or the directory has a zero "
           "byte in it";
  for (const auto& [name, value] : what.environment)
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name)
        || has_nul(value))
      return "cannot start a program: the environment variable \"" + name
             + "\" has no usable name or value";
  return {};
}

/// Finds the program as `execvp` would in the child. Sets `error` otherwise.
std::string find_program(const program& what, int& error) {
  const auto& name = what.argv.front();
  if (name.find('/') != std::string::npos)
    return name;
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";
  const auto given = std::find_if(
    what.environment.begin(), what.environment.end(),
    [](const auto& variable) { return variable.first == "PATH"; });
  if (given != what.environment.end())
    path = given->second;
  else if (const char* own = std::getenv("PATH"))
    path = own;
  error = ENOENT;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find(':', begin), path.size());
    std::string folder{path.substr(begin, end - begin)};
    begin = end + 1;
    if (folder.empty())
      folder = ".";
    auto file = folder + '/' + name;
    auto seen = file;
    if (folder.front() != '/' && !what.directory.empty())
      seen = what.directory + '/' + file;
    struct stat status {};
    if (::stat(seen.c_str(), &status) != 0 || !S_ISREG(status.st_mode))
      continue;
    if (::access(seen.c_str(), X_OK) == 0)
      return file;
    error = errno;
  }
  return {};
}

struct pipe_ends {
  file_descriptor read;
  file_descriptor write;
};

/// A pipe whose ends are not 0, 1 or 2, which the child overwrites.
bool open_pipe(pipe_ends& ends) {
  std::array<int, 2> raw{};
  if (::pipe2(raw.data(), O_CLOEXEC) != 0)
    return false;
  ends.read = file_descriptor{raw[0]};
  ends.write = file_descriptor{raw[1]};
  for (auto* end : {&ends.read, &ends.write})
    if (end->value() < 3) {
      *end = file_descriptor{::fcntl(end->value(), F_DUPFD_CLOEXEC, 3)};
      if (!*end)
        return false;
    }
  return true;
}

void unblock(const file_descriptor& fd) {
  ::fcntl(fd.value(), F_SETFL, ::fcntl(fd.value(), F_GETFL) | O_NONBLOCK);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts)
    result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

std::string describe(const start_plan& plan, const program& what) {
  const auto reason = reason_text(plan.error);
  if (plan.failed_step == start_step::directory)
    return "cannot start " + what.argv.front() + " in the directory "
           + what.directory + ": " + reason;
  return "cannot start " + what.argv.front() + ": " + reason;
}

/// Runs `plan` in a new process. @returns its id, or -1 with `errno`.
pid_t give_birth(start_plan& plan) {
  // The child shares all memory but not this stack; the calling thread sleeps
  // until the child has called execve or is gone.
  const auto stack = std::make_unique<char[]>(child_stack_size);
  auto* top = stack.get() + child_stack_size;
  top -= reinterpret_cast<std::uintptr_t>(top) % 64;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // A handler of the node must not run in the child.
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const auto pid
    = clone_child(run_child, top, CLONE_VM | CLONE_VFORK | SIGCHLD, &plan);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return pid;
}

unsigned descriptors_max() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return 1'024;
  return static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 65'536));
}

/// Whether what the system says of a program or a directory will be said again.
bool is_lasting(int error) noexcept {
  return error == ENOENT || error == EACCES || error == ENOTDIR
         || error == ENOEXEC || error == ELOOP || error == ENAMETOOLONG;
}

/// Sets `pid`. @returns why it could not.
start_problem
launch(const program& what, const std::string& file,
       const std::array<int, 3>& standard, pid_t* group, pid_t& pid) {
  auto arguments = what.argv;
  std::vector<std::string> variables;
  for (const auto& [key, value] : what.environment)
    variables.push_back(key + '=' + value);
  const auto argv = pointers(arguments);
  const auto environment = pointers(variables);
  start_plan plan;
  plan.program = file.c_str();
  plan.argv = argv.data();
  plan.environment = environment.data();
  if (!what.directory.empty())
    plan.directory = what.directory.c_str();
  plan.standard = standard;
  plan.group = group;
  plan.descriptors_max = descriptors_max();
  plan.parent = ::getpid();
  const auto born = give_birth(plan);
  if (born < 0)
    return {"cannot start " + what.argv.front() + ": " + reason_text(errno)};
  if (plan.failed_step != start_step::none) {
    siginfo_t ignored{};
    ::waitid(P_PID, static_cast<id_t>(born), &ignored, WEXITED);
    const auto is_named = plan.failed_step == start_step::directory
                          || plan.failed_step == start_step::program;
    return {describe(plan, what), is_named && is_lasting(plan.error)};
  }
  pid = born;
  return {};
}

} // namespace

child_process start_child(const program& what, pid_t* group) {
  child_process child;
  child.problem = {check(what), true};
  if (!child.problem.text.empty())
    return child;
  const auto intro = "cannot start " + what.argv.front() + ": ";
  int error = 0;
  const auto file = find_program(what, error);
  if (file.empty()) {
    child.problem
      = {intro
           + (error == ENOENT ? "not found in the PATH of the program"
                              : reason_text(error)),
         is_lasting(error)};
    return child;
  }
  pipe_ends input;
  pipe_ends output;
  pipe_ends errors;
  if (!open_pipe(input) || !open_pipe(output) || !open_pipe(errors)) {
    child.problem = {intro + reason_text(errno)};
    return child;
  }
  child.problem
    = launch(what, file,
             {input.read.value(), output.write.value(), errors.write.value()},
             group, child.pid);
  if (!child.problem.text.empty())
    return child;
  child.exit = file_descriptor{
    static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0))};
  child.input = std::move(input.write);
  child.output = std::move(output.read);
  child.error_output = std::move(errors.read);
  for (const auto* fd : {&child.input, &child.output, &child.error_output})
    unblock(*fd);
  return child;
}

} // namespace perdure::actors
