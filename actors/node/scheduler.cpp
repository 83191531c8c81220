#include "actors/node/scheduler.hpp"

#include <utility>

namespace perdure::actors {

void sparing_clock::set_ordinary_timeout(time_point t,
                                         caf::abstract_actor* self,
                                         caf::atom_value type,
                                         std::uint64_t id) {
  used_ = true;
  clock_.set_ordinary_timeout(t, self, type, id);
}

void sparing_clock::set_multi_timeout(time_point t, caf::abstract_actor* self,
                                      caf::atom_value type, std::uint64_t id) {
  used_ = true;
  clock_.set_multi_timeout(t, self, type, id);
}

void sparing_clock::set_request_timeout(time_point t, caf::abstract_actor* self,
                                        caf::message_id id) {
  used_ = true;
  clock_.set_request_timeout(t, self, id);
}

void sparing_clock::cancel_ordinary_timeout(caf::abstract_actor* self,
                                            caf::atom_value type) {
  clock_.cancel_ordinary_timeout(self, type);
}

void sparing_clock::cancel_request_timeout(caf::abstract_actor* self,
                                           caf::message_id id) {
  clock_.cancel_request_timeout(self, id);
}

void sparing_clock::cancel_timeouts(caf::abstract_actor* self) {
  if (used_)
    clock_.cancel_timeouts(self);
}

void sparing_clock::schedule_message(time_point t,
                                     caf::strong_actor_ptr receiver,
                                     caf::mailbox_element_ptr content) {
  clock_.schedule_message(t, std::move(receiver), std::move(content));
}

void sparing_clock::schedule_message(time_point t, caf::group target,
                                     caf::strong_actor_ptr sender,
                                     caf::message content) {
  clock_.schedule_message(t, std::move(target), std::move(sender),
                          std::move(content));
}

void sparing_clock::cancel_all() {
  clock_.cancel_all();
}

caf::actor_system::module*
scheduler::make(caf::actor_system& system, caf::detail::type_list<>) {
  // The system owns it.
  return new scheduler(system);
}

} // namespace perdure::actors
