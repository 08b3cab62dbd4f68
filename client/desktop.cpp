#include "client/desktop.hpp"

#include "client/snapshot_seeker.hpp"

#include <algorithm>
#include <mutex>

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
  auto& all = snapshot.sessions;
  return std::all_of(all.begin(), all.end(),
                     [](const session_snapshot& s) { return s.pending == 0; });
}

} // namespace

/// What its listener keeps alive. The model is touched where handlers run, and there only; a
/// command may be sent by any thread. No handler runs and no call of the client's is made with the
/// lock held.
struct desktop::state : std::enable_shared_from_this<desktop::state> {
  state(any_t_client& c, std::string name, light_handler light, outcome_handler outcomes)
    : client(c), dn(std::move(name)), on_light(std::move(light)), on_outcome(std::move(outcomes)) {}

  template <class Call>
  auto with_ledger(Call call) {
    guard held{lock};
    return call(ledger);
  }

  void on_notice(const notice& n) {
    std::visit([this](const auto& what) { on(what); }, n);
    show();
    if (std::holds_alternative<gap_notice>(n) && model.needs_snapshot())
      seek_snapshot();
  }

  void on(const link_notice& n) {
    if (n.phase != link_phase::up)
      model.on_lost();
    bool none_can_come = n.phase == link_phase::up
                           ? n.broker_restarted
                           : n.phase == link_phase::given_up || n.phase == link_phase::stopped;
    if (none_can_come)
      for (auto& doubtful : with_ledger([](auto& l) { return l.all_in_doubt(); }))
        tell(doubtful);
  }
  void on(const registration_notice& n) {
    if (!n.snapshot) {
      model.on_lost();
      return;
    }
    model.on_snapshot(*n.snapshot);
    if (none_pending(*n.snapshot))
      doubt_open();
  }
  void on(const gap_notice& n) {
    if (n.why == gap_notice::cause::slow)
      model.on_missed({dn, n.from, n.to, n.epoch});
  }
  void on(const event_user_event& e) { model.on_event(e); }
  void on(const event_outcome& e) {
    if (auto finished = with_ledger([&](auto& l) { return l.on_outcome(e); }))
      tell(*finished);
  }

  /// What follows a change of the model or the ledger.
  void show() {
    light_view now{model.shown(), with_ledger([](auto& l) { return l.newest(); }), model.alarm()};
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

  /// How a command's request has ended.
  void on_completion(const outgoing_event& command, const completion& c) {
    auto id = command.command;
    if (c.status == request_status::unknown_outcome)
      return doubt(id);
    if (c.status != request_status::acknowledged)
      return forget(id);
    auto own = command.confirm_timeout;
    auto deadline = own ? std::optional{client.now() + *own} : std::nullopt;
    if (!with_ledger([&](auto& l) { return l.acknowledged(id, *c.ack(), deadline); }))
      return; // told before its answer came
    show();
    doubt_later(id, own ? *own + outcome_margin : outcome_wait_max);
  }

  void doubt_later(const command_id& id, std::chrono::milliseconds wait) {
    if (!later(wait, [this, id] { doubt(id); }))
      doubt(id); // never silence
  }

  /// What the broker had accepted it has decided while the link was down. An outcome on its way
  /// may still come.
  void doubt_open() {
    for (auto& id : with_ledger([](auto& l) { return l.open(); }))
      doubt_later(id, outcome_margin);
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
    event_outcome owed;
    owed.this_dn = dn;
    owed.command = with.command;
    owed.connection = with.connection;
    owed.verb = command;
    guard held{lock};
    ledger.sent(std::move(owed), std::move(told));
    return with;
  }

  /// The light stays unknown until it comes.
  void seek_snapshot() {
    if (!seeker)
      seeker = std::make_shared<snapshot_seeker>(
        client, dn, [self = weak_from_this()](const dn_snapshot& snapshot) {
          if (auto me = self.lock()) {
            me->model.on_snapshot(snapshot);
            me->show();
          }
        });
    seeker->seek();
  }

  any_t_client& client;
  const std::string dn;
  const light_handler on_light;
  const outcome_handler on_outcome;
  light_model model;
  std::shared_ptr<snapshot_seeker> seeker; ///< from the first gap on
  mutable std::mutex lock;
  command_ledger ledger;
  light_view shown;
};

desktop::desktop(any_t_client& client, std::string dn, light_handler on_light,
                 const registration& how, outcome_handler on_outcome)
  : client_(client), state_(std::make_shared<state>(client, std::move(dn), std::move(on_light),
                                                    std::move(on_outcome))) {
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
