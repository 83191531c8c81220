#pragma once

#include "actors/edges/file_descriptor.hpp"

#include <cstddef>
#include <sys/types.h>
#include <utility>
#include <vector>

namespace perdure::actors {

/// Kills process groups when this process dies, however it dies.
///
/// The kernel itself kills the child of a dead parent, but not what the child
/// has started. So a second process waits at a pipe for the end of this one and
/// then kills all groups of a list in memory that both share. It holds nothing
/// else of this process, and signals that can be blocked do not reach it. A
/// list in memory costs a start of a program no system call.
///
/// When the system has no room for that process, the groups are not guarded.
///
/// Threads: one owner
class process_guard {
public:
  /// A group's line in the list, from before its first process until its end.
  /// Without room in the list it is empty.
  class place {
  public:
    place() noexcept = default;

    place(process_guard* owner, pid_t* group) noexcept
      : owner_(owner), group_(group) {
      // nop
    }

    place(place&& other) noexcept
      : owner_(std::exchange(other.owner_, nullptr)),
        group_(std::exchange(other.group_, nullptr)) {
      // nop
    }

    place& operator=(place&& other) noexcept {
      if (this != &other) {
        clear();
        owner_ = std::exchange(other.owner_, nullptr);
        group_ = std::exchange(other.group_, nullptr);
      }
      return *this;
    }

    ~place() {
      clear();
    }

    /// Where the leader itself writes its id before it begins.
    [[nodiscard]] pid_t* group() const noexcept {
      return group_;
    }

    /// Takes the group off the list; its last process must not be reaped yet,
    /// since its number could then be another group's.
    void clear() noexcept;

  private:
    process_guard* owner_ = nullptr;
    pid_t* group_ = nullptr;
  };

  process_guard();
  ~process_guard();

  process_guard(const process_guard&) = delete;
  process_guard& operator=(const process_guard&) = delete;

  [[nodiscard]] place take_place();

private:
  pid_t* groups_ = nullptr;
  std::size_t used_ = 0;
  std::vector<pid_t*> spare_;
  pid_t pid_ = -1;
  /// Closed by the system when this process dies.
  file_descriptor alive_;
};

} // namespace perdure::actors
