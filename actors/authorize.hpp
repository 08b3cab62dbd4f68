// Who a client is, what it may do, and the questions that a platform is asked about both. Public:
// the host of an embedded broker answers them.
//
//   sign-on -> authenticate (once, later, on any thread) -> principal, grants
//           -> authorize    (often, at once)             -> yes or no
#pragma once

#include "messages/ids.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown {

class grants;

/// Under which name a client certificate speaks: one subject alternative name. Never the common
/// name.
struct certificate_name {
  enum class kind : std::uint8_t { uri, dns, email };
  kind what = kind::dns;
  std::string value;

  friend bool operator==(const certificate_name&, const certificate_name&) = default;
};

/// A client certificate that was verified.
struct client_certificate {
  std::vector<certificate_name> names; ///< in the certificate's order
  /// UTC: when the first of its chain ends; 0: never.
  std::int64_t expires_us = 0;
};

/// What is known of the stream that a client comes over. Nothing here is said by the client itself.
struct peer_facts {
  /// For logs: the peer's address, or the name that the host gave it.
  std::string name;
  /// The source of clients that it comes from, in bytes: whose failures count together. Empty:
  /// nobody's.
  std::string source = {};
  bool is_encrypted = false;
  /// Null without one.
  std::shared_ptr<const client_certificate> certificate = {};
};

/// Who a client is. Fixed at sign-on, before any DN hears of the client.
struct client_identity {
  client_id id;
  ringdown::role role = ringdown::role::unspecified;
  bool coalesce_ok = false;
  bool exact_versions = false;
  bool outcomes = false;
  bool directed = false;
  bool per_call = false; ///< a recorder that tells calls apart
  instance_id instance;  ///< as others are told of it: not what the program said
  std::string application;
  /// Who it was proven to be; empty where nobody asked. It owns its program's place, its command
  /// ids and its pauses: what a client only says of itself gives it nothing of another's.
  std::string principal;
  peer_facts peer;

  /// Whose its command ids are: of this application of this principal.
  std::string owner() const {
    return principal.empty() ? application : principal + '\n' + application;
  }
};

/// What a client wants to do.
enum class action : std::uint8_t {
  sign_on,   ///< no DN
  register_, ///< in mode share or private: as a party
  monitor,   ///< to register in mode monitor, to list and watch DNs
  send_command,
  send_indication,
  send_user_event,
  tell_of_calls, ///< merge and end calls
  admin_read,    ///< the admin port, no DN
  admin_write,
};

/// The one place where a platform says who may do what. Called in loops' threads, often, by
/// several of them at a time: it must not block. `dn` is empty for sign_on, and "*" where every DN
/// is asked for. Credentials are given with sign_on only, and only where nobody authenticates.
using authorize_function = std::function<bool(const client_identity& client, action what,
                                              std::string_view dn, std::string_view credentials)>;

/// What `authenticate` is told of a client that signs on, or renews its credentials.
struct sign_on_facts {
  ringdown::role role = ringdown::role::unspecified;
  std::string application;
  std::string credentials;
  peer_facts peer;
  /// It is signed on already: whoever has many to look at looks at it before strangers.
  bool is_renewal = false;
};

class standing;

/// The answer.
struct authenticated {
  /// Empty: it is who it says. Else the cause, a word for log and metric; the client is not told.
  std::string_view refused = {};
  /// Of a refusal as far as it was proven, for the log.
  std::string principal = {};
  /// What the principal may do; null: `authorize` alone says.
  std::shared_ptr<const grants> may = {};
  /// Asked again when the access list has changed; null: what it may do stays.
  std::shared_ptr<const standing> rests_on = {};
  /// UTC; 0: never.
  std::int64_t credentials_expire_us = 0;
  /// Beyond the rate of failures of its address: how long the refusal is to be held back, and when
  /// the client may try again.
  std::int64_t retry_after_ms = 0;
  /// Refused unseen, for want of time: the client may well come again.
  bool overloaded = false;

  explicit operator bool() const noexcept { return refused.empty(); }
};

/// What a client's right to be here rests on, such as a token in a list that may change.
class standing {
public:
  virtual ~standing() = default;
  /// The principal as things are now: what it may do and until when, or refused. `rests_on` is not
  /// looked at. Any thread; must not block.
  virtual authenticated again() const = 0;
};

/// Proves who a client is, once for each sign-on and renewal. Called in loops' threads: it must not
/// block; it calls `answer` once, now or later, on any thread. What is not answered within
/// `limits.control_timeout` is refused with 52.
using authenticate_function =
  std::function<void(sign_on_facts asked, std::function<void(authenticated)> answer)>;

} // namespace ringdown
