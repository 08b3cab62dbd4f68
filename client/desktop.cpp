#include "client/desktop.hpp"

#include "client/internal/snapshot_seeker.hpp"

#include <mutex>
#include <utility>

namespace ringdown::client {

using guard = std::lock_guard<std::mutex>;

identity desktop_identity(std::string application_name) {
  identity who;
  who.application_name = std::move(application_name);
  who.role = role::desktop;
  who.capabilities = {capability::outcomes, capability::directed, capability::coalesce_ok};
  return who;
}

namespace {

/// No command of the DN's waits for its outcome.
bool none_pending(const dn_snapshot& snapshot) {
  return !snapshot.session || snapshot.session->pending == 0;
}

} // namespace

/// What its listener keeps alive. The model is touched where handlers run, and there only; a
/// command may be sent by any thread. No handler runs and no call of the client's is made with the
/// lock held.
struct desktop::state : std::enable_shared_from_this<desktop::state> {
  state(any_t_client& c, std::string name, light_handler light, desktop_options options)
    : client(c), dn(std::move(name)), on_light(std::move(light)),
      on_outcome(std::move(options.on_outcome)), agent_id(std::move(options.agent_id)) {}

  template <class Call>
  auto with_ledger(Call call) {
    guard held{lock};
    return call(ledger);
  }

  void on_notice(const notice& n) {
    std::visit([this](const auto& what) { on(what); }, n);
    show();
    seek_snapshot();
  }

  void on(const link_notice& n) {
    if (n.phase == link_phase::up)
      model.on_link();
    else
      model.on_lost();
    bool none_can_come = n.phase == link_phase::up
                           ? n.broker_restarted
                           : n.phase == link_phase::given_up || n.phase == link_phase::stopped;
    if (none_can_come)
      for (auto& doubtful : with_ledger([](auto& l) { return l.all_in_doubt(); }))
        tell(doubtful);
  }
  /// What the broker had accepted, or held, it may have decided while the link was down. An outcome
  /// on its way may still come.
  void on(const registration_notice& n) {
    if (!n.snapshot) {
      model.on_unregistered();
      return;
    }
    model.on_snapshot(*n.snapshot);
    if (none_pending(*n.snapshot))
      for (auto& id : with_ledger([](auto& l) { return l.open(); }))
        doubt_later(id, outcome_margin);
    for (auto& id : with_ledger([&](auto& l) { return l.let_go(*n.snapshot); }))
      if (!later(outcome_margin, [this, id] { doubt_held(id); }))
        doubt_held(id);
    renew_later();
  }
  void on(const gap_notice& n) {
    if (n.why == gap_notice::cause::slow)
      model.on_missed({dn, n.from, n.to, n.epoch});
  }
  void on(const credentials_notice&) {} // the link stands as it stood
  void on(const event_user_event& e) { model.on_event(e); }
  void on(const event_outcome& e) {
    auto finished = with_ledger([&](auto& l) { return l.on_outcome(e); });
    if (!finished)
      return;
    if (e.result != outcome::confirmed || model.anything_stands())
      model.doubt_what_stands();
    tell(*finished);
  }

  /// What follows a change of the model or the ledger.
  void show() {
    light_view now{model.shown(),      with_ledger([](auto& l) { return l.newest(); }),
                   model.pauses(),     model.waiting(),
                   model.alarms(),     model.is_current(),
                   model.why_unknown()};
    {
      guard held{lock};
      if (now == shown)
        return;
      shown = now;
    }
    if (on_light)
      on_light(now);
  }

  void tell(const finished_command& finished) {
    show(); // it is pending no more
    auto& handler = finished.done ? finished.done : on_outcome;
    if (handler)
      handler(finished.what);
  }

  void doubt(const command_id& id) {
    if (auto finished = with_ledger([&](auto& l) { return l.in_doubt(id); }))
      tell(*finished);
  }

  void doubt_held(const command_id& id) {
    if (auto finished = with_ledger([&](auto& l) { return l.held_in_doubt(id); }))
      tell(*finished);
  }

  /// How a command's request has ended.
  void on_completion(const outgoing_event& command, const completion& c) {
    auto id = command.command;
    if (c.status == request_status::unknown_outcome)
      return doubt(id);
    if (c.status != request_status::acknowledged)
      return forget(id);
    auto own = command.confirm_timeout;
    auto deadline = own ? std::optional{client.now() + *own} : std::nullopt;
    model.doubt_what_stands();
    if (!with_ledger([&](auto& l) { return l.acknowledged(id, *c.ack(), deadline); }))
      return seek_snapshot(); // told before its answer came
    show();
    seek_snapshot();
    doubt_later(id, own ? *own + outcome_margin : outcome_wait_max);
  }

  void doubt_later(const command_id& id, std::chrono::milliseconds wait) {
    if (!later(wait, [this, id] { doubt(id); }))
      doubt(id); // never silence
  }

  bool later(std::chrono::milliseconds wait, std::function<void()> what) {
    return client.call_after(weak_from_this(), wait, std::move(what));
  }

  void forget(const command_id& id) {
    guard held{lock};
    ledger.withdrawn(id);
  }

  /// The whole command. From now on its outcome is owed.
  outgoing_event expect(capture_verb command, outgoing_event with, outcome_handler told) {
    with.this_dn = dn;
    auto& pairs = with.data.pairs;
    pairs.insert(pairs.begin(), {std::string{screen_capture_key}, std::string{to_string(command)}});
    if (!with.command)
      with.command = random_command_id();
    guard held{lock};
    if (with.agent_id.empty())
      with.agent_id = agent_id;
    event_outcome owed;
    owed.this_dn = dn;
    owed.command = with.command;
    owed.connection = with.connection;
    owed.verb = command;
    owed.reason = with.reason;
    owed.agent_id = with.agent_id;
    ledger.sent(std::move(owed), std::move(told));
    return with;
  }

  /// If it is needed. Behind a gap the light stays unknown until it comes.
  void seek_snapshot() {
    if (!model.needs_snapshot() || std::exchange(doubts_sought, model.doubts()) == model.doubts())
      return;
    if (!seeker)
      seeker = std::make_shared<snapshot_seeker>(
        client, dn, [self = weak_from_this()](const dn_snapshot& snapshot) {
          if (auto me = self.lock()) {
            me->model.on_snapshot(snapshot);
            me->show();
            me->renew_later();
          }
        });
    seeker->seek();
  }

  /// A pause ends with its call, an alarm with a recorder that comes: no event need tell of it.
  void renew_later() {
    if (renewal_armed || !model.anything_stands())
      return;
    renewal_armed = later(renewed_after, [this] {
      renewal_armed = false;
      model.doubt_what_stands();
      seek_snapshot();
    });
  }

  any_t_client& client;
  const std::string dn;
  const light_handler on_light;
  const outcome_handler on_outcome;
  light_model model;
  std::shared_ptr<snapshot_seeker> seeker; ///< from the first need on
  std::uint64_t doubts_sought = 0;
  bool renewal_armed = false;
  mutable std::mutex lock;
  std::string agent_id;
  command_ledger ledger;
  light_view shown;
};

desktop::desktop(any_t_client& client, std::string dn, light_handler on_light,
                 desktop_options options)
  : client_(client) {
  auto how = options.how;
  state_ = std::make_shared<state>(client, std::move(dn), std::move(on_light), std::move(options));
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

void desktop::set_agent(std::string agent_id) {
  guard held{state_->lock};
  state_->agent_id = std::move(agent_id);
}

light desktop::shown() const {
  return view().state;
}

light_view desktop::view() const {
  guard held{state_->lock};
  return state_->shown;
}

namespace {

/// The broker knows a command by its id and does it once. A query takes no id.
bool is_known_again(capture_verb command) {
  return command != capture_verb::query;
}

outgoing_event on_call(conn_id call) {
  outgoing_event what;
  what.connection = call;
  return what;
}

} // namespace

sending desktop::send(capture_verb command, outgoing_event with, completion_handler done,
                      outcome_handler told) {
  auto what = state_->expect(command, std::move(with), std::move(told));
  request_options how;
  how.again_after_loss = is_known_again(command);
  auto ended = [weak = std::weak_ptr{state_}, what, done = std::move(done)](const completion& c) {
    if (done)
      done(c);
    if (auto me = weak.lock())
      me->on_completion(what, c);
  };
  auto sent = client_.send(what, std::move(ended), how);
  if (!sent)
    state_->forget(what.command);
  return sent;
}

sending desktop::start(conn_id call, completion_handler done, outcome_handler told) {
  return send(capture_verb::start, on_call(call), std::move(done), std::move(told));
}

sending desktop::stop(conn_id call, completion_handler done, outcome_handler told) {
  return send(capture_verb::stop, on_call(call), std::move(done), std::move(told));
}

sending desktop::pause(conn_id call, completion_handler done, outcome_handler told) {
  return send(capture_verb::pause, on_call(call), std::move(done), std::move(told));
}

sending desktop::resume(conn_id call, completion_handler done, outcome_handler told) {
  return send(capture_verb::resume, on_call(call), std::move(done), std::move(told));
}

sending desktop::query(conn_id call, completion_handler done, outcome_handler told) {
  return send(capture_verb::query, on_call(call), std::move(done), std::move(told));
}

completion desktop::ask(capture_verb command, conn_id call, std::chrono::milliseconds timeout) {
  auto what = state_->expect(command, on_call(call), {});
  request_options how;
  how.timeout = timeout;
  how.again_after_loss = is_known_again(command);
  auto c = client_.ask(what, how);
  auto* me = state_.get();
  // Where handlers run; by this thread only if the client was stopped meanwhile.
  if (!me->later(std::chrono::milliseconds{0}, [me, what, c] { me->on_completion(what, c); }))
    me->on_completion(what, c);
  return c;
}

} // namespace ringdown::client
