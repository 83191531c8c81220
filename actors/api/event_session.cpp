#include "actors/api/event_session.hpp"

#include <utility>

namespace perdure::actors {

namespace {

/// Proxies close streams that are silent for longer than about a minute.
constexpr auto keep_alive_interval = std::chrono::seconds{15};

} // namespace

event_session_state::event_session_state(event_session_actor::pointer self_ptr)
  : self(self_ptr) {
  // nop
}

void event_session_state::start() {
  feed.emplace(event_feed_options{options.services, options.run_id,
                                  options.definition, options.after,
                                  [this](const auto& x) { write(x); }});
  options.exchange->begin_stream("text/event-stream");
  options.exchange->on_close(
    [me = event_session_actor{self}] { caf::anon_send(me, over_atom_v); });
  // Watch first and read then: nothing falls between the two.
  if (options.follow)
    self->send(options.gateway,
               watch_run{options.run_id, event_session_actor{self}});
  feed->catch_up();
  if (!options.follow || feed->is_over())
    end();
  else
    keep_alive();
}

template <class News>
void event_session_state::on(const News& news) {
  feed->on(news);
  if (feed->is_over())
    end();
}

void event_session_state::write(
  const std::vector<runtime::event_envelope>& events) {
  std::string text;
  for (const auto& envelope : events) {
    const auto& kind
      = envelope.event["event_kind"].get_ref<const std::string&>();
    text += "id: " + std::to_string(envelope.sequence) + "\nevent: " + kind
            + "\ndata: " + runtime::to_text(to_json(envelope, options.run_id))
            + "\n\n";
  }
  if (!text.empty())
    options.exchange->write(std::move(text));
}

void event_session_state::keep_alive() {
  options.exchange->after(
    keep_alive_interval,
    [me = event_session_actor{self}] { caf::anon_send(me, next_atom_v); });
}

void event_session_state::end() {
  if (std::exchange(ended, true))
    return;
  options.exchange->end_stream();
  self->quit();
}

event_session_actor::behavior_type
event_session(event_session_actor::stateful_pointer<event_session_state> self,
              event_session_options options) {
  self->state.options = std::move(options);
  self->state.start();
  return {
    [self](const entries_published& x) { self->state.on(x); },
    [self](const deltas_published& x) { self->state.on(x); },
    [self](const run_over&) {
      self->state.feed->catch_up();
      self->state.end();
    },
    [self](next_atom) {
      self->state.options.exchange->write(": still here\n\n");
      self->state.keep_alive();
    },
    [self](over_atom) { self->quit(); },
  };
}

} // namespace perdure::actors
