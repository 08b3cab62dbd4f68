// What the actors are given by whoever runs them: limits, clock, rules, and a place to tell what
// happens. Nothing here is global; two brokers in one process have two of each.
#pragma once

#include "actors/authorize.hpp"
#include "actors/keyed_hash.hpp"
#include "actors/memory_budget.hpp"
#include "actors/meters.hpp"
#include "actors/published_instance.hpp"
#include "actors/thread_share.hpp"
#include "actors/turn_share.hpp"
#include "actors/watch_list.hpp"
#include "messages/access_rules.hpp"
#include "messages/confirm_rules.hpp"
#include "messages/ensure.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

namespace ringdown {

/// UTC in microseconds. Virtual in tests.
using utc_clock = std::function<std::int64_t()>;

/// Where the actors tell what an operator wants to know. Called in loops' threads: must not block
/// for long and must not throw. Values of user data are never told.
class observer {
public:
  using fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;
  virtual ~observer() = default;
  enum class severity : std::uint8_t { debug, info, warning, error };
  /// `part` is the actor's kind: "connection", "dn", "directory".
  virtual bool wants(std::string_view part, severity level) const noexcept = 0;
  virtual void log(std::string_view part, severity level, std::string_view what,
                   fields details) noexcept = 0;
};

/// The configured DNs; without a list any DN is valid. Replaced as a whole on reload.
class dn_list {
public:
  /// Any thread.
  bool has(std::string_view dn) const;
  bool any() const { return std::atomic_load(&names_) == nullptr; }
  /// Null: any DN is valid.
  using names = std::unordered_set<std::string>;
  void replace(std::shared_ptr<const names> list) { std::atomic_store(&names_, std::move(list)); }

private:
  std::shared_ptr<const names> names_;
};

/// What a client is told of the broker at sign-on.
struct server_identity {
  std::string name = "ringdown";
  std::string version;
  std::uint64_t instance = 0; ///< random, new at each start
  std::int64_t start_time_us = 0;
  std::uint16_t node = 0; ///< the top 16 bits of client ids
};

/// What holds for as long as the broker runs. Set before the first actor.
struct broker_rules {
  limits bounds;
  confirm_rules confirm;
  access_rules access;
  server_identity server;
  instance_secret secret{}; ///< random
  keyed_hash hash;          ///< with a random secret, for tables with keys that clients choose

  explicit broker_rules(const limits& l) : bounds(l) {}
};

/// What is asked of whoever runs the broker. Set before the first actor.
struct broker_services {
  utc_clock utc_now;
  authenticate_function authenticate; ///< empty: nobody is asked who it is
  authorize_function authorize;       ///< empty: everything is allowed
  observer* observed_by = nullptr;    ///< never null once running

  bool may(const client_identity& client, action what, std::string_view dn,
           std::string_view credentials = {}) const {
    return !authorize || authorize(client, what, dn, credentials);
  }
};

/// Counts what is owed. Any thread.
class owed_counter {
public:
  void operator++() noexcept { owed_.fetch_add(1); }
  void operator--() noexcept { *this -= 1; }
  void operator-=(std::size_t n) noexcept {
    ensure(owed_.fetch_sub(n) >= n, "what is paid was owed: a drain would never end");
  }
  operator std::size_t() const noexcept { return owed_.load(); }

private:
  std::atomic<std::size_t> owed_{0};
};

/// What all actors change together. Each part has its own way to be safe between threads.
struct broker_shared {
  memory_budget budget;
  dn_list configured;
  /// Whether one thread runs all actors and sockets, or several do. Set before the first
  /// connection.
  threads users = threads::many;
  /// What one thread sends to many clients in a turn. None where there are several threads.
  std::unique_ptr<turn_share> share;
  /// Accepted commands without an outcome. A draining broker keeps its links until there are none:
  /// recorders must be able to confirm, and desktops to hear it.
  owed_counter outcomes_owed;
  /// The broker shuts down. Set before any link ends for it: a recorder that goes then is no alarm,
  /// though its DN may not have been told yet.
  std::atomic<bool> is_draining{false};
  /// Screens that were to be recorded or paused when the broker began to drain.
  std::atomic<std::size_t> captures_live{0};
  /// Who hears the screens' events of every DN.
  watch_list watchers;
  /// What an operator's tools count. Reached from actors by `counted_at` (meters_at.hpp).
  meter_set counts;

  explicit broker_shared(const limits& bounds) : budget(bounds) {}
};

/// All three. Lives longer than every actor that was given it; who needs one part takes that.
struct broker_context : broker_rules, broker_services, broker_shared {
  explicit broker_context(const limits& l) : broker_rules(l), broker_shared(bounds) {}
};

} // namespace ringdown
