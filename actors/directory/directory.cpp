#include "actors/directory/directory.hpp"

#include "actors/directory/dn_register.hpp"
#include "actors/directory/program_register.hpp"
#include "actors/disconnect.hpp"
#include "actors/dn/dn.hpp"

#include <caf/typed_response_promise.hpp>

#include <algorithm>
#include <deque>
#include <list>
#include <unordered_map>
#include <utility>

namespace ringdown {

namespace {

class directory_impl final : public runtime::pinned_actor<directory_actor>,
                             public runtime::callable_in_place<runtime::asked<dns_wanted>>,
                             public runtime::callable_in_place<runtime::asked<sign_on_wanted>>,
                             public runtime::callable_in_place<runtime::asked<list_request>> {
public:
  directory_impl(caf::actor_config& config, runtime::home where, broker_context* context,
                 std::shared_ptr<placement> where_dns_live)
    : pinned_to_home(config, where), context_(*context), placement_(std::move(where_dns_live)),
      dns_(context->hash), programs_(context->hash) {}

  const char* name() const override { return "directory"; }

  behavior_type make_behavior() override {
    set_down_handler([this](const caf::down_msg& down) { dn_ended(down); });
    return {
      [this](const dns_wanted& wanted) { return resolve_by_mail(wanted); },
      [this](const list_request& wanted) { return list_by_mail(wanted); },
      [this](const sign_on_wanted& wanted) { return sign_on_by_mail(wanted); },
      [this](client_gone_atom, const client_ptr& client) { programs_.sign_off(client); },
      [this](idle_atom, const std::string& dn, dn_epoch epoch) { retire(dn, epoch); },
      [this](stays_atom, const std::string& dn, dn_epoch epoch) { stays(dn, epoch); },
      [this](reload_atom) { walk_now(reload_); },
      [this](drain_atom) { walk_now(drain_); },
      [this](go_on_atom) { go_on(); },
      [this](tick_atom) { end_removed(); },
      [this](sign_on_atom) { sign_on_due(); },
      [this](const look_at_dns& asked) { asked.shown(dns_.list(asked.wanted)); },
      [this](const look_at_dn& asked) { show(asked); },
    };
  }

  // The same questions in place.
  void handle(runtime::asked<dns_wanted>& asked) override {
    asked.answer = resolve(asked.question);
    asked.must_wait = !asked.answer;
  }
  void handle(runtime::asked<sign_on_wanted>& asked) override {
    asked.must_wait = programs_.wait_of(asked.question.client, clock().now()).count() != 0;
    if (!asked.must_wait)
      asked.answer = sign_on(asked.question);
  }
  void handle(runtime::asked<list_request>& asked) override {
    auto page = dns_.list(asked.question);
    asked.must_wait = page.is_next_secret;
    if (!asked.must_wait)
      asked.answer = std::move(page);
  }

  void on_exit() override {
    dns_.for_each([](dn_register::row& row) {
      caf::anon_send_exit(row.actor.handle(), caf::exit_reason::user_shutdown);
    });
    dns_.clear();
    for (auto& [id, dn] : removed_)
      caf::anon_send_exit(dn, caf::exit_reason::user_shutdown);
    removed_.clear();
    to_end_.clear();
    waiting_.clear();
    fighting_.clear();
    programs_.clear();
  }

private:
  // ---- where a DN lives --------------------------------------------------------------------

  /// Nothing if one of them is about to end: the answer must wait.
  std::optional<dn_handles> resolve(const dns_wanted& wanted) {
    for (auto& name : wanted.names)
      if (auto* known = dns_.find(name);
          known != nullptr && known->now == dn_register::row_state::retiring)
        return std::nullopt;
    dn_handles found;
    found.reserve(wanted.names.size());
    for (auto& name : wanted.names) {
      auto* known = dns_.find(name);
      if (known == nullptr && !has_room(wanted.by))
        continue; // the connection answers 1186
      if (known == nullptr)
        known = make(name, wanted);
      if (known == nullptr) {
        found.push_back({name, {}});
        continue;
      }
      known->handed_out = clock().now();
      found.push_back({name, known->actor});
    }
    return found;
  }

  caf::result<dn_handles> resolve_by_mail(const dns_wanted& wanted) {
    if (auto found = resolve(wanted))
      return std::move(*found);
    auto promise = make_response_promise<dn_handles>();
    waiting_.push_back({wanted, promise});
    return promise;
  }

  /// Goes on in another turn where there was nothing but DNs that the asker may not see: no answer
  /// names one.
  caf::result<list_page> list_by_mail(const list_request& wanted) {
    auto page = dns_.list(wanted);
    if (!page.is_next_secret)
      return page;
    auto further = wanted;
    further.after = std::move(page.next);
    return delegate(caf::actor_cast<directory_actor>(this), std::move(further));
  }

  /// A DN has ended, or stays: who waited for it, and for no other, is answered.
  void answer_waiting() {
    std::erase_if(waiting_, [this](waiting_question& one) {
      auto found = resolve(one.wanted);
      if (found)
        one.promise.deliver(std::move(*found));
      return found.has_value();
    });
  }

  /// What a program has brought up, left behind or not, counts as its own until it has ended. As
  /// many again as it may be registered on, for it may go over to others; and of the last eighth of
  /// the room an even share: programs that go through ever new DNs, or stay on all that they can
  /// get, must not use them all up.
  bool has_used_its_share(const instance_id& program) const {
    auto& bounds = context_.bounds;
    auto made = dns_.made_by(program);
    bool is_scarce = dns_.size() >= bounds.dns_max - bounds.dns_max / 8;
    return made >= 2 * bounds.registrations_per_connection_max ||
           (is_scarce && made >= std::max<std::size_t>(bounds.dns_max / bounds.connections_max, 1));
  }

  bool has_room(const instance_id& maker) {
    if (dns_.size() >= context_.bounds.dns_max)
      make_room();
    return dns_.size() < context_.bounds.dns_max && !has_used_its_share(maker);
  }

  /// Null: another node owns it.
  dn_register::row* make(const std::string& name, const dns_wanted& wanted) {
    auto epoch = placement_->claim(name);
    if (!epoch)
      return nullptr;
    auto board = std::make_shared<dn_board>(name, *epoch);
    auto actor =
      spawn_dn(system(), wanted.near, context_, caf::actor_cast<directory_actor>(this), board);
    monitor(actor.handle());
    return &dns_.add(std::move(actor), std::move(board), wanted.by);
  }

  void show(const look_at_dn& asked) {
    if (auto* known = dns_.find(asked.dn))
      send(known->actor.handle(), asked);
    else
      asked.shown(nullptr);
  }

  // ---- the end of a DN ---------------------------------------------------------------------

  /// A handle may be on its way for as long as a connection waits for one. Later it has been used,
  /// and the DN is not idle, or it never will be.
  void retire(const std::string& dn, dn_epoch epoch) {
    if (auto* known = dns_.find(dn); known != nullptr && known->board->identity.epoch == epoch)
      retire(*known);
  }

  void retire(dn_register::row& row) {
    if (row.now == dn_register::row_state::retiring ||
        clock().now() - row.handed_out < 2 * context_.bounds.control_timeout)
      return;
    dns_.retires(row);
    send(row.actor.handle(), retire_atom::value);
  }

  /// DNs that nobody is registered on are asked to end before their time, once a second at most:
  /// who comes later finds room.
  void make_room() {
    auto now = clock().now();
    if (now < make_room_again_)
      return;
    make_room_again_ = now + std::chrono::seconds{1};
    if (begin(clearing_))
      send(this, go_on_atom::value);
  }

  /// A handle came to it after all that was longer on its way than anything may be.
  void stays(const std::string& dn, dn_epoch epoch) {
    auto* known = dns_.find(dn);
    if (known == nullptr || known->board->identity.epoch != epoch)
      return;
    dns_.stays(*known);
    answer_waiting();
  }

  /// One that fails has told its clients; the next registration makes a new one.
  void dn_ended(const caf::down_msg& down) {
    if (removed_.erase(down.source.id()) != 0)
      return;
    auto* ended = dns_.find(down.source);
    if (ended == nullptr)
      return;
    if (ended->now != dn_register::row_state::retiring)
      context_.observed_by->log("directory", observer::severity::error, "DN actor failed",
                                {{"dn", ended->board->identity.name}});
    dns_.erase(*ended);
    answer_waiting();
  }

  // ---- what all DNs are told ---------------------------------------------------------------

  /// A way through all DNs, some of them in a turn: a million at once would keep this loop from
  /// everything else.
  struct walk {
    bool is_on = false;
    std::string after; // the name of the last one
  };

  /// True if no other is on, and somebody must make the first step.
  bool begin(walk& one) {
    bool is_first = !reload_.is_on && !drain_.is_on && !clearing_.is_on;
    one = {true, {}};
    return is_first;
  }

  void walk_now(walk& one) {
    if (begin(one))
      go_on();
  }

  void go_on() {
    if (reload_.is_on) {
      step(reload_, [this](dn_register::row& row) { remove_unconfigured(row); });
      answer_waiting();
    }
    step(drain_, [this](dn_register::row& row) { send(row.actor.handle(), drain_atom::value); });
    step(clearing_, [this](dn_register::row& row) {
      if (row.board->clients == 0)
        retire(row);
    });
    if (reload_.is_on || drain_.is_on || clearing_.is_on)
      send(this, go_on_atom::value);
  }

  template <class Visit>
  void step(walk& one, Visit visit) {
    if (!one.is_on)
      return;
    auto last = dns_.visit_some(one.after, visit);
    one = {last.has_value(), last.value_or("")};
  }

  /// Who has a handle may not have heard yet: the DN, on which nobody is registered any more,
  /// answers a while longer.
  void remove_unconfigured(dn_register::row& row) {
    if (context_.configured.has(row.board->identity.name))
      return;
    auto actor = row.actor.handle();
    send(actor, remove_atom::value);
    removed_.emplace(actor.id(), actor);
    auto patience = 2 * context_.bounds.control_timeout;
    to_end_.push_back({actor, clock().now() + patience});
    if (to_end_.size() == 1)
      delayed_send(this, patience, tick_atom::value);
    dns_.erase(row);
  }

  void end_removed() {
    auto now = clock().now();
    for (std::size_t told = 0;
         !to_end_.empty() && to_end_.front().at <= now && told < dn_register::visited_in_a_turn_max;
         ++told) {
      send(to_end_.front().actor, retire_atom::value);
      to_end_.pop_front();
    }
    if (!to_end_.empty())
      delayed_send(this, std::max(to_end_.front().at - now, dn_register::time_point::duration{}),
                   tick_atom::value);
  }

  // ---- who is signed on --------------------------------------------------------------------

  caf::result<client_id> sign_on_by_mail(const sign_on_wanted& wanted) {
    auto now = clock().now();
    auto wait = programs_.wait_of(wanted.client, now);
    if (wait.count() == 0)
      return sign_on(wanted);
    auto promise = make_response_promise<client_id>();
    fighting_.push_back({wanted, promise, now + wait});
    delayed_send(this, wait, sign_on_atom::value);
    return promise;
  }

  /// Those of programs that take over from each other, whose time has come.
  void sign_on_due() {
    std::erase_if(fighting_, [this, now = clock().now()](waiting_sign_on& one) {
      if (one.due > now)
        return false;
      if (!one.wanted.client->box.closed())
        one.promise.deliver(sign_on(one.wanted));
      return true;
    });
  }

  client_id sign_on(const sign_on_wanted& wanted) {
    if (auto older = programs_.sign_on({wanted.client, wanted.connection}, clock().now()))
      take_over(*older, *wanted.client);
    auto node = std::uint64_t{context_.server.node} << 48;
    return {node | (++last_client_ & ((std::uint64_t{1} << 48) - 1))};
  }

  void take_over(const program_register::taken_over& last, const t_client& by) {
    auto& older = last.older;
    if (last.is_fight)
      context_.observed_by->log("directory", observer::severity::warning,
                                "programs of one instance id take over from each other",
                                {{"application", by.who.application},
                                 {"peer", by.who.peer.name},
                                 {"other", older.client->who.peer.name}});
    if (older.client->box.closed())
      return;
    // Closed here and now: from this moment the half-open ghost does not count as a recorder. Its
    // connection's actor cleans up when it hears of it.
    disconnect(*older.client, disconnect_reason::taken_over, "signed on again elsewhere");
    send(older.connection, take_over_atom::value);
  }

  struct waiting_question {
    dns_wanted wanted;
    caf::typed_response_promise<dn_handles> promise;
  };
  struct waiting_sign_on {
    sign_on_wanted wanted;
    caf::typed_response_promise<client_id> promise;
    dn_register::time_point due;
  };
  struct removed_dn {
    dn_actor actor;
    dn_register::time_point at; ///< answers until then
  };

  broker_context& context_;
  const std::shared_ptr<placement> placement_;
  dn_register dns_;
  std::list<waiting_question> waiting_; // a connection has few; each waits control_timeout at most
  std::unordered_map<caf::actor_id, dn_actor> removed_; // and not ended yet
  std::deque<removed_dn> to_end_;                       // of those, by their time
  walk reload_;
  walk drain_;
  walk clearing_;
  dn_register::time_point make_room_again_{};
  program_register programs_;
  std::list<waiting_sign_on> fighting_; // one for each connection that signs on, at most
  std::uint64_t last_client_ = 0;
};

} // namespace

directory_ref spawn_directory(caf::actor_system& system, broker_context& context,
                              directory_options options) {
  std::shared_ptr<placement> lives = std::move(options.where_dns_live);
  if (!lives)
    lives = std::make_shared<all_here>(dn_epoch{static_cast<std::uint64_t>(context.utc_now())});
  auto made = directory_ref::of<directory_impl>(
    system.spawn<directory_impl>(runtime::home::at(system, 0), &context, std::move(lives)));
  if (options.on_failure)
    caf::actor_cast<caf::abstract_actor*>(made.handle())
      ->attach_functor([&system, tell = std::move(options.on_failure)](const caf::error& why) {
        if (why != caf::exit_reason::user_shutdown)
          tell(system.render(why));
      });
  return made;
}

} // namespace ringdown
