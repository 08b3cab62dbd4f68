// A DN's capture session from its beginning to its end: what only an actor can do for its screen.
#include "actors/dn/dn.hpp"

#include <utility>

namespace ringdown {

session_ref dn_impl::begin_session(screen known) {
  auto session = spawn_session(system(), where(), state_.context, caf::actor_cast<dn_actor>(this),
                               std::move(known));
  monitor(session.handle());
  return session;
}

void dn_impl::end_session(session_ref session) {
  demonitor(session.handle().address());
  caf::anon_send_exit(session.handle(), caf::exit_reason::user_shutdown);
}

/// The recorders are asked anew.
void dn_impl::session_failed(const caf::down_msg& down) {
  if (!screen_.is_held_by(down.source))
    return;
  screen_.fail();
  if (state_.clients.recorders_active() != 0)
    arm_ask_tick();
}

/// Its time has brought something about.
void dn_impl::rang() {
  bool has_ended = false;
  {
    dn_screen::scope within{screen_};
    has_ended = screen_.has_session() && is_blank(screen_.shown());
  }
  if (has_ended)
    screen_.end(); // recorders were asked, and nobody has said or asked anything
  if (state_.saw_closed)
    drop_closed();
}

/// Without a session nobody has said or asked anything yet. A recorder that was registered, and
/// whose broker may just have started again, is asked: then the light can be known.
void dn_impl::arm_ask_tick() {
  if (std::exchange(ask_armed_, true))
    return;
  delayed_send(this, state_.context.bounds.confirm_timeout / 2, ask_atom::value);
}

void dn_impl::ask_tick() {
  ask_armed_ = false;
  if (screen_.has_session() || draining_ || is_removed_ || state_.clients.recorders_active() == 0)
    return; // its session asks
  {
    dn_screen::scope within{screen_};
    screen_.ask_recorders();
  }
  if (state_.saw_closed)
    drop_closed();
}

} // namespace ringdown
