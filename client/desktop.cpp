#include "client/desktop.hpp"

#include "client/snapshot_seeker.hpp"

#include <atomic>

namespace ringdown::client {

identity desktop_identity(std::string application_name) {
  identity who;
  who.application_name = std::move(application_name);
  who.role = role::desktop;
  who.capabilities = {capability::directed, capability::coalesce_ok};
  return who;
}

/// What its listener keeps alive. The model is touched where handlers run, and there only.
struct desktop::state : std::enable_shared_from_this<desktop::state> {
  state(any_t_client& c, std::string name, light_handler handler)
    : client(c), dn(std::move(name)), on_light(std::move(handler)) {}

  void on_notice(const notice& n) {
    bool changed = std::visit([this](const auto& what) { return on(what); }, n);
    show(changed);
    if (std::holds_alternative<gap_notice>(n) && model.needs_snapshot())
      seek_snapshot();
  }

  bool on(const link_notice& n) { return n.phase != link_phase::up && model.on_lost(); }
  bool on(const registration_notice& n) {
    return n.snapshot ? model.on_snapshot(*n.snapshot) : model.on_lost();
  }
  bool on(const gap_notice& n) {
    return n.why == gap_notice::cause::slow && model.on_missed({dn, n.from, n.to, n.epoch});
  }
  bool on(const event_user_event& e) { return model.on_event(e); }
  bool on(const event_outcome&) { return false; }

  void show(bool changed) {
    if (!changed)
      return;
    shown = model.shown();
    if (on_light)
      on_light(model.shown());
  }

  /// The light stays unknown until it comes.
  void seek_snapshot() {
    if (!seeker)
      seeker = std::make_shared<snapshot_seeker>(
        client, dn, [self = weak_from_this()](const dn_snapshot& snapshot) {
          if (auto me = self.lock())
            me->show(me->model.on_snapshot(snapshot));
        });
    seeker->seek();
  }

  any_t_client& client;
  const std::string dn;
  const light_handler on_light;
  light_model model;
  std::shared_ptr<snapshot_seeker> seeker; ///< from the first gap on
  std::atomic<light> shown{light::unknown};
};

desktop::desktop(any_t_client& client, std::string dn, light_handler on_light,
                 const registration& how)
  : client_(client), state_(std::make_shared<state>(client, std::move(dn), std::move(on_light))) {
  auto heard = client_.listen(state_, state_->dn, [me = state_.get()](const notice& n) {
    me->on_notice(n); // the client keeps its owner alive meanwhile
  });
  registering_ = heard ? client_.register_on(state_->dn, how) : registering::too_many;
}

desktop::~desktop() {
  client_.unregister_from(state_->dn);
}

const std::string& desktop::dn() const noexcept {
  return state_->dn;
}

light desktop::shown() const noexcept {
  return state_->shown;
}

namespace {

outgoing_event command_of(const std::string& dn, capture_verb command, conn_id call) {
  auto what = outgoing_event::capture(dn, command, call);
  what.command = random_command_id();
  return what;
}

} // namespace

sending desktop::send(capture_verb command, conn_id call, completion_handler done) {
  request_options how;
  how.again_after_loss = is_safety_command(command);
  return client_.send(command_of(state_->dn, command, call), std::move(done), how);
}

sending desktop::start(conn_id call, completion_handler done) {
  return send(capture_verb::start, call, std::move(done));
}

sending desktop::stop(conn_id call, completion_handler done) {
  return send(capture_verb::stop, call, std::move(done));
}

sending desktop::pause(conn_id call, completion_handler done) {
  return send(capture_verb::pause, call, std::move(done));
}

sending desktop::resume(conn_id call, completion_handler done) {
  return send(capture_verb::resume, call, std::move(done));
}

sending desktop::query(conn_id call, completion_handler done) {
  return send(capture_verb::query, call, std::move(done));
}

completion desktop::ask(capture_verb command, conn_id call, std::chrono::milliseconds timeout) {
  request_options how;
  how.timeout = timeout;
  how.again_after_loss = is_safety_command(command);
  return client_.ask(command_of(state_->dn, command, call), how);
}

} // namespace ringdown::client
