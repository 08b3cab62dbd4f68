// Who is registered on a DN. Knows clients and nothing of events or screens. Free of CAF.
#pragma once

#include "actors/admit.hpp"
#include "actors/rights.hpp"
#include "actors/t_client.hpp"
#include "messages/ids.hpp"

#include <boost/container/small_vector.hpp>

#include <cstddef>
#include <string_view>

namespace ringdown {

/// One client's registration.
struct registration {
  client_ptr client;
  registration_mode mode = registration_mode::share;
  role of = role::unspecified; ///< the client's role: each event asks it of each registration
  bool echo = false;
  bool standby = false;
  bool hear_outcomes = false;
  action_set may = every_action; ///< what its client's grants allow it here

  bool is_recorder() const noexcept { return of == role::recorder; }
  bool is_open() const noexcept { return !client->box.closed(); }
  /// A recorder that counts: it stands in no other's shadow and its connection stands.
  bool is_active_recorder() const noexcept { return is_recorder() && !standby && is_open(); }
  /// Who only looks, records or tells of calls is no desktop that is here.
  bool may_command() const noexcept {
    return mode != registration_mode::monitor && !is_recorder() && of != role::call_source;
  }
  /// What its client's mask lets through. No mask keeps orders from who must do them.
  bool hears(event_kind kind) const noexcept {
    return client->hears(kind) || (kind == event_kind::command && is_recorder() && !standby);
  }
};

/// The registrations of one DN, in their order. One thread at a time.
class roster {
public:
  using list = boost::container::small_vector<registration, 2>;

  bool empty() const noexcept { return all_.empty(); }
  std::size_t size() const noexcept { return all_.size(); }
  list::iterator begin() noexcept { return all_.begin(); }
  list::iterator end() noexcept { return all_.end(); }
  list::const_iterator begin() const noexcept { return all_.begin(); }
  list::const_iterator end() const noexcept { return all_.end(); }

  /// Null: it is not registered.
  registration* find(const t_client& client) noexcept;
  const registration* find(client_id id) const noexcept;
  /// Replaces what the client had.
  registration& put(registration one);
  void erase(const t_client& client) noexcept;
  void clear() noexcept { all_.clear(); }
  void erase_closed() noexcept;
  /// One whose connection has closed; null: none.
  client_ptr first_closed() const;

  std::size_t recorders_active() const noexcept;
  std::size_t recorders_standby() const noexcept;
  bool has_role(role wanted) const noexcept;
  /// A client of the same principal and application that may command.
  bool has_commander(const client_identity& like) const noexcept;
  /// The same program over another connection; null: it is not here.
  const registration* same_program(std::string_view application,
                                   const instance_id& instance) const noexcept;
  /// What a registration of this client is decided by.
  registration_facts facts_about(const t_client& applicant) const noexcept;

private:
  // A desktop and a recorder are what a DN has: they need no memory of their own.
  list all_;
};

} // namespace ringdown
