#pragma once

#include <caf/detail/thread_safe_actor_clock.hpp>
#include <caf/policy/work_sharing.hpp>
#include <caf/scheduler/coordinator.hpp>

#include <atomic>

namespace perdure::actors {

/// The clock of a scheduler, spared what nobody needs: CAF cancels the timeouts
/// of every actor that ends, which wakes the clock's thread, although few
/// actors ever have one. A task is an actor, so that was a tenth of its cost.
/// Delayed messages are not timeouts.
class sparing_clock final : public caf::detail::thread_safe_actor_clock {
public:
  explicit sparing_clock(caf::actor_clock& clock) : clock_(clock) {
    // nop
  }

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self,
                            caf::atom_value type, std::uint64_t id) override;
  void set_multi_timeout(time_point t, caf::abstract_actor* self,
                         caf::atom_value type, std::uint64_t id) override;
  void set_request_timeout(time_point t, caf::abstract_actor* self,
                           caf::message_id id) override;
  void cancel_ordinary_timeout(caf::abstract_actor* self,
                               caf::atom_value type) override;
  void cancel_request_timeout(caf::abstract_actor* self,
                              caf::message_id id) override;
  void cancel_timeouts(caf::abstract_actor* self) override;
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override;
  void
  schedule_message(time_point t, caf::group target,
                   caf::strong_actor_ptr sender, caf::message content) override;
  void cancel_all() override;

private:
  caf::actor_clock& clock_;
  /// Some actor of the system has set a timeout at some time.
  std::atomic<bool> used_{false};
};

/// CAF's scheduler whose idle workers sleep until there is work, with that
/// clock.
class scheduler final
  : public caf::scheduler::coordinator<caf::policy::work_sharing> {
public:
  using super = caf::scheduler::coordinator<caf::policy::work_sharing>;

  explicit scheduler(caf::actor_system& system)
    : super(system), sparing_clock_(super::clock()) {
    // nop
  }

  /// For `caf::actor_system_config::load`.
  static caf::actor_system::module*
  make(caf::actor_system& system, caf::detail::type_list<>);

  sparing_clock& clock() noexcept override {
    return sparing_clock_;
  }

private:
  sparing_clock sparing_clock_;
};

} // namespace perdure::actors
