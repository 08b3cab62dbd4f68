#include "actors/directory.hpp"

#include "actors/disconnect.hpp"
#include "actors/dn/dn.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <map>
#include <string_view>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ringdown {

namespace {

class directory_impl final : public runtime::pinned_actor<directory_actor> {
public:
  directory_impl(caf::actor_config& config, runtime::home where, broker_context* context)
    : pinned_to_home(config, where), context_(*context),
      // Epochs rise over restarts too, as the clock does.
      last_epoch_(static_cast<std::uint64_t>(context->utc_now())),
      hash_secret_(context->hash_secret) {}

  const char* name() const override { return "directory"; }

  behavior_type make_behavior() override {
    set_down_handler([this](const caf::down_msg& down) { dn_died(down); });
    return {
      [this](const dns_wanted& wanted) { return resolve(wanted); },
      [this](list_atom, const list_request& wanted) { return list(wanted); },
      [this](idle_atom, const std::string& dn, dn_epoch epoch) { retire(dn, epoch); },
      [this](sign_on_atom, const client_ptr& client, const connection_actor& connection) {
        return sign_on(client, connection);
      },
      [this](client_gone_atom, const client_ptr& client) { sign_off(client); },
      [this](reload_atom) { remove_unconfigured(); },
      [this](drain_atom) {
        for (auto& [name, entry] : dns_)
          send(entry.actor.handle(), drain_atom::value);
      },
    };
  }

  /// As the handlers of the same questions; like `callable_in_place`, CAF is not asked for
  /// anything.
  void take(sign_on_call& asked) { asked.id = sign_on(asked.client, asked.connection); }
  void take(dns_call& asked) { asked.found = resolve(asked.wanted); }

  void on_exit() override {
    for (auto& [name, entry] : dns_)
      caf::anon_send_exit(entry.actor.handle(), caf::exit_reason::user_shutdown);
    dns_.clear();
    for (auto& [id, dn] : removed_)
      caf::anon_send_exit(dn, caf::exit_reason::user_shutdown);
    removed_.clear();
    signed_on_.clear();
  }

private:
  struct dn_entry {
    dn_ref actor;
    dn_epoch epoch;
    caf::actor_clock::time_point handed_out;
    dn_board_ptr board;
  };
  /// A program's connection. The client's own name and instance are the key: there may be many.
  struct signed_on_client {
    std::size_t hash;
    client_ptr client;
    connection_actor connection;
  };
  struct same_program {
    bool operator()(const signed_on_client& a, const signed_on_client& b) const {
      auto& one = a.client->who;
      auto& other = b.client->who;
      return one.instance == other.instance && one.application == other.application;
    }
  };
  struct hash_of_program {
    using is_avalanching = void;
    std::size_t operator()(const signed_on_client& one) const { return one.hash; }
  };
  struct hash_of_name {
    using is_avalanching = void;
    std::size_t operator()(const std::string& name) const { return std::hash<std::string>{}(name); }
  };

  /// A client may choose instance ids, but not many of one hash: it does not know the secret.
  signed_on_client program_of(const client_ptr& client, const connection_actor& connection) const {
    auto& id = client->who.instance.bytes;
    std::array<std::uint64_t, 2> words;
    static_assert(sizeof words == sizeof id);
    std::memcpy(words.data(), id.data(), sizeof words);
    words[0] ^= hash_secret_;
    words[1] += hash_secret_;
    auto hash =
      std::hash<std::string_view>{}({reinterpret_cast<const char*>(words.data()), sizeof words});
    return {hash, client, connection};
  }

  dn_handles resolve(const dns_wanted& wanted) {
    dn_handles found;
    found.reserve(wanted.names.size());
    for (auto& name : wanted.names) {
      auto known = dns_.find(name);
      if (known == dns_.end()) {
        if (dns_.size() >= context_.bounds.dns_max)
          continue; // the connection answers 1186
        dn_epoch epoch{++last_epoch_};
        auto board = std::make_shared<dn_board>(name, epoch);
        auto actor =
          spawn_dn(system(), wanted.near, context_, caf::actor_cast<directory_actor>(this), board);
        monitor(actor.handle());
        in_order_.emplace(board->identity.name, board);
        known = dns_.emplace(name, dn_entry{actor, epoch, {}, std::move(board)}).first;
      }
      known->second.handed_out = clock().now();
      found.push_back({name, known->second.actor});
    }
    return found;
  }

  template <class Place>
  void forget(Place known) {
    in_order_.erase(known->second.board->identity.name);
    dns_.erase(known);
  }

  /// A page has what the filter leaves of so many DNs at most: one turn's work.
  static constexpr std::size_t listed_in_a_turn_max = 10'000;

  list_page list(const list_request& wanted) const {
    list_page page;
    auto row = in_order_.upper_bound(wanted.after);
    for (std::size_t looked_at = 0; row != in_order_.end(); ++row, ++looked_at) {
      if (page.boards.size() == wanted.limit || looked_at == listed_in_a_turn_max) {
        page.next = std::prev(row)->first;
        break;
      }
      auto& board = *row->second;
      bool is_wanted = (!wanted.light || board.light == *wanted.light) &&
                       (!wanted.alarmed || board.alarms != 0) &&
                       (!wanted.recorder_missing || board.recorders_active == 0);
      if (is_wanted)
        page.boards.push_back(row->second);
    }
    return page;
  }

  /// A handle may be on its way for as long as a connection waits for one. Later it has been used,
  /// and the DN is not idle, or it never will be.
  void retire(const std::string& dn, dn_epoch epoch) {
    auto known = dns_.find(dn);
    if (known == dns_.end() || known->second.epoch != epoch ||
        clock().now() - known->second.handed_out < 2 * context_.bounds.control_timeout)
      return;
    auto& actor = known->second.actor.handle();
    demonitor(actor.address());
    send(actor, retire_atom::value);
    forget(known);
  }

  /// Who has a handle may not have heard yet: the DN answers a while longer.
  void remove_unconfigured() {
    for (auto known = dns_.begin(); known != dns_.end();) {
      auto next = std::next(known);
      if (!context_.configured.has(known->first)) {
        auto& actor = known->second.actor.handle();
        send(actor, remove_atom::value);
        delayed_send(actor, 2 * context_.bounds.control_timeout, retire_atom::value);
        removed_.emplace(actor.id(), actor);
        forget(known);
      }
      known = next;
    }
  }

  /// A DN that failed has told its clients; the next registration makes a new one. It is looked for
  /// among all: that is rarer than a table of actors is large.
  void dn_died(const caf::down_msg& down) {
    if (removed_.erase(down.source.id()) != 0)
      return;
    auto is_it = [&](const auto& one) {
      return one.second.actor.handle().address() == down.source;
    };
    auto dead = std::find_if(dns_.begin(), dns_.end(), is_it);
    if (dead == dns_.end())
      return;
    context_.tells->tell("directory", observer::severity::error, "DN actor failed",
                         {{"dn", dead->first}});
    forget(dead);
  }

  std::uint64_t sign_on(const client_ptr& client, const connection_actor& connection) {
    auto newest = program_of(client, connection);
    auto [place, is_first] = signed_on_.insert(newest);
    if (!is_first) {
      take_over(*place);
      signed_on_.erase(place);
      signed_on_.insert(std::move(newest));
    }
    auto node = std::uint64_t{context_.server.node} << 48;
    return node | (++last_client_ & ((std::uint64_t{1} << 48) - 1));
  }

  void take_over(const signed_on_client& older) {
    if (older.client->box.closed())
      return;
    // Closed here and now: from this moment the half-open ghost does not count as a recorder. Its
    // connection's actor cleans up when it hears of it.
    disconnect(*older.client, v1::DISCONNECT_REASON_TAKEN_OVER, "signed on again elsewhere");
    send(older.connection, take_over_atom::value);
  }

  void sign_off(const client_ptr& client) {
    auto place = signed_on_.find(program_of(client, {}));
    if (place != signed_on_.end() && place->client == client)
      signed_on_.erase(place);
  }

  broker_context& context_;
  // In one piece each: who looks for what is not there, as every newcomer does, touches a line or
  // two, and not the memory of others.
  boost::unordered_flat_map<std::string, dn_entry, hash_of_name> dns_;
  std::map<std::string_view, dn_board_ptr> in_order_;   // of the same names, for lists
  std::unordered_map<caf::actor_id, dn_actor> removed_; // and not ended yet
  std::uint64_t last_epoch_;
  boost::unordered_flat_set<signed_on_client, hash_of_program, same_program> signed_on_;
  const std::uint64_t hash_secret_;
  std::uint64_t last_client_ = 0;
};

/// The type is compared: a cast would search all of CAF's bases for it.
template <class Question>
bool ask(const directory_actor& directory, Question& question) noexcept {
  auto* actor = caf::actor_cast<caf::abstract_actor*>(directory);
  if (actor == nullptr || typeid(*actor) != typeid(directory_impl))
    return false;
  auto* ours = static_cast<directory_impl*>(actor);
  return ours->call_in_place([&] { ours->take(question); });
}

} // namespace

bool ask_in_place(const directory_actor& directory, sign_on_call& question) noexcept {
  return ask(directory, question);
}

bool ask_in_place(const directory_actor& directory, dns_call& question) noexcept {
  return ask(directory, question);
}

directory_actor spawn_directory(caf::actor_system& system, broker_context& context) {
  return system.spawn<directory_impl>(runtime::home::at(system, 0), &context);
}

} // namespace ringdown
