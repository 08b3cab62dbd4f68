#include "client/recorder.hpp"

#include "client/internal/snapshot_seeker.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

namespace ringdown::client {

using guard = std::lock_guard<std::mutex>;

identity recorder_identity(std::string application_name, recorded what) {
  identity who;
  who.application_name = std::move(application_name);
  who.role = role::recorder;
  who.capabilities = {capability::directed, capability::exact_versions};
  if (what == recorded::per_call)
    who.capabilities.push_back(capability::per_call);
  return who;
}

namespace {

bool declares(const any_t_client& client, capability wanted) {
  auto& all = client.who().capabilities;
  return std::find(all.begin(), all.end(), wanted) != all.end();
}

} // namespace

/// What its listeners keep alive. No handler runs and no call of the client's is made with the
/// lock held.
struct recorder::shared : std::enable_shared_from_this<recorder::shared> {
  shared(any_t_client& c, order_handler handler, const registration& registered)
    : client(c), on_order(std::move(handler)), how(registered),
      exact(declares(c, capability::exact_versions)), model(declares(c, capability::per_call)) {}

  template <class Call>
  auto with_model(Call call) {
    guard held{lock};
    return call();
  }

  void on_notice(const std::string& dn, const notice& n) {
    if (auto* link = std::get_if<link_notice>(&n); link != nullptr && link->broker_restarted)
      with_model([&] { model.on_restart(dn); });
    if (auto* e = std::get_if<event_user_event>(&n)) {
      auto self = e->for_recorder ? client.link().client : client_id{};
      carry_out(with_model([&] { return model.on_event(*e, self); }));
    } else if (auto* r = std::get_if<registration_notice>(&n); r != nullptr && r->snapshot) {
      adopt(r->this_dn, *r->snapshot);
    } else if (auto* gap = std::get_if<gap_notice>(&n);
               gap != nullptr && gap->why == gap_notice::cause::slow) {
      seek_snapshot(gap->this_dn);
    }
    say_waiting();
  }

  void adopt(const std::string& dn, const dn_snapshot& snapshot) {
    auto self = client.link().client;
    carry_out(with_model([&] { return model.on_snapshot(dn, snapshot, self); }));
  }

  void carry_out(const recorder_model::reaction& what) {
    for (auto& word : what.words)
      put(word);
    if (what.order && on_order)
      answer(*what.order, on_order(*what.order));
  }

  void seek_snapshot(const std::string& dn) {
    auto& seeker = seekers[dn];
    if (!seeker)
      seeker = std::make_shared<snapshot_seeker>(
        client, dn, [self = weak_from_this(), dn](const dn_snapshot& snapshot) {
          if (auto me = self.lock())
            me->adopt(dn, snapshot);
        });
    seeker->seek();
  }

  void answer(const order& done, const recorder_answer& what) {
    if (auto word = with_model([&] { return model.answer(done, what); }))
      put(std::move(*word));
  }

  void say(const std::string& dn, capture_state state, conn_id call) {
    put(with_model([&] { return model.set(dn, call, state); }));
  }

  void put(indication what) {
    if (how.standby)
      return;
    {
      guard held{lock};
      unsaid.push_back(std::move(what));
      if (unsaid.size() > unsaid_max) {
        unsaid.pop_front();
        ++given_up;
      }
    }
    say_waiting();
  }

  /// Sends what waits, in order. One thread at a time; another that comes meanwhile leaves its
  /// indication to the first.
  void say_waiting() {
    {
      guard held{lock};
      if (std::exchange(saying, true))
        return;
    }
    for (;;) {
      indication next;
      {
        guard held{lock};
        if (unsaid.empty()) {
          saying = false;
          return;
        }
        next = unsaid.front();
      }
      auto status = send(next);
      std::unique_lock held{lock};
      if (status == send_status::window_full || status == send_status::buffer_full) {
        saying = false;
        bool arm = !std::exchange(retry_armed, true);
        held.unlock();
        return arm ? say_later() : void();
      }
      if (!unsaid.empty() && unsaid.front() == next)
        unsaid.pop_front();
    }
  }

  /// An answer to one that is on its way makes room, but others may have taken it all.
  void say_later() {
    auto disarm = [this] { with_model([&] { retry_armed = false; }); };
    bool armed = client.call_after(weak_from_this(), say_retry, [this, disarm] {
      disarm();
      say_waiting();
    });
    if (!armed)
      disarm();
  }

  /// The broker had no room for it. Not behind a newer word: the light would go back.
  void say_again(const indication& what, std::chrono::milliseconds wait) {
    static_cast<void>(client.call_after(weak_from_this(), std::max(wait, say_retry), [this, what] {
      if (with_model([&] { return model.still_so(what); }))
        put(what);
    })); // no room for a timer, or stopped: the next snapshot shows that it was not said
  }

  send_status send(const indication& what) {
    auto e = outgoing_event::capture(what.this_dn, what.verb, what.connection);
    e.failure = what.failure;
    // The broker refuses a version that another connection than this one was told.
    bool is_ours = !what.for_recorder || what.for_recorder == client.link().client;
    if (exact && is_ours) {
      e.version = what.version;
      e.command = what.command;
    }
    if (client.link().has(capability::directed))
      e.directed = what.asked_by;
    auto said = [self = weak_from_this(), what](const completion& c) {
      auto me = self.lock();
      if (!me)
        return;
      if (auto* error = c.error(); error != nullptr && error->retry == retry_class::overloaded)
        me->say_again(what, error->retry_after.value_or(say_retry));
      me->say_waiting();
    };
    return client.send(e, std::move(said)).status;
  }

  any_t_client& client;
  const order_handler on_order;
  const registration how;
  const bool exact; ///< this client has said at sign-on that it echoes
  mutable std::mutex lock;
  recorder_model model;
  std::set<std::string> dns; // that were ever recorded: each has its listener
  std::deque<indication> unsaid;
  bool saying = false;
  bool retry_armed = false;
  /// From a DN's first gap on; touched where handlers run, and there only.
  std::map<std::string, std::shared_ptr<snapshot_seeker>> seekers;
  std::size_t given_up = 0;
};

recorder::recorder(any_t_client& client, order_handler on_order, const registration& how)
  : client_(client), shared_(std::make_shared<shared>(client, std::move(on_order), how)) {}

recorder::~recorder() {
  for (auto& dn : shared_->dns)
    client_.unregister_from(dn);
}

registering recorder::record(const std::string& dn) {
  bool fresh = false;
  {
    guard held{shared_->lock};
    fresh = shared_->dns.insert(dn).second;
  }
  auto* me = shared_.get(); // the client keeps its owner alive during a call
  bool heard =
    !fresh || client_.listen(shared_, dn, [me, dn](const notice& n) { me->on_notice(dn, n); });
  if (heard)
    return client_.register_on(dn, shared_->how);
  guard held{shared_->lock};
  shared_->dns.erase(dn);
  return registering::too_many;
}

void recorder::leave(const std::string& dn) {
  client_.unregister_from(dn);
  guard held{shared_->lock};
  shared_->model.forget(dn);
}

void recorder::say(const order& done, const answer& what) {
  shared_->answer(done, what);
}

void recorder::say(const std::string& dn, capture_state state, conn_id call) {
  if (state != capture_state::unknown)
    shared_->say(dn, state, call);
}

capture_state recorder::state(const std::string& dn, conn_id call) const {
  guard held{shared_->lock};
  return shared_->model.state(dn, call);
}

std::size_t recorder::given_up() const {
  guard held{shared_->lock};
  return shared_->given_up;
}

} // namespace ringdown::client
