// How a DN delivers: room is reserved at the recorders before the sender hears EventACK, and the
// event is written to everybody after it. The event is encoded once for all receivers. What was
// reserved belongs to the event, not to the registrations: several events may be on their way
// between the two. Free of CAF.
#pragma once

#include "actors/context.hpp"
#include "actors/dn/roster.hpp"
#include "messages/send_event.hpp"

#include <boost/container/small_vector.hpp>

#include <string>
#include <string_view>

namespace ringdown {

/// An event that goes out.
struct outgoing {
  user_event_header header;
  std::string_view event;
  event_kind kind = event_kind::user_event;
  traffic priority = traffic::ordinary;
  conn_id session; ///< of an indication: what it is the newest of
  const t_client* sender = nullptr;
  client_id directed_to;
  reference_id reference;

  bool is_for(const registration& r) const noexcept;
};

/// What an event found at the active recorders that it is for.
struct reservation {
  struct place {
    const t_client* recorder;
    room got;
  };
  boost::container::small_vector<place, 4> places;
  std::size_t accepted = 0;
  std::size_t full = 0;
  bool saw_closed = false;

  const place* find(const t_client& recorder) const noexcept;
};

class delivery {
public:
  delivery(broker_context& context, dn_identity_ptr dn) : context_(context), dn_(std::move(dn)) {}

  const dn_identity& dn() const noexcept { return *dn_; }

  /// Reserves at every active recorder that wants the event; the others are tried when it is
  /// written.
  reservation reserve(const roster& who, const outgoing& event, event_head& head) const;
  /// Writes it to everybody. Whether a connection was found closed stands in `got.saw_closed`.
  void write(const roster& who, const outgoing& event, event_head& head, reservation& got) const;

private:
  bool is_tight(const outgoing& event, std::size_t copies_bytes) const noexcept;
  room room_if_tight(t_client& client, const outgoing& event, std::size_t bytes) const noexcept;
  void lend(std::size_t bytes) const noexcept;
  std::string_view write_once(const roster& who, const outgoing& event,
                              const event_head& head) const;
  void write_to(t_client& client, const outgoing& event, std::string_view head,
                std::string_view frame, room got, reservation& result) const;
  void write_to_watchers(const roster& who, const outgoing& event, event_head& head,
                         reservation& result) const;
  void miss(t_client& client, const outgoing& event) const;

  broker_context& context_;
  const dn_identity_ptr dn_;
};

} // namespace ringdown
