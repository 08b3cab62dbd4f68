// What the tests of the two roles say in the broker's place.
#pragma once

#include "client/internal/snapshot_seeker.hpp"
#include "tests/client/scripted_broker.hpp"

#include <catch2/catch.hpp>

namespace ringdown::test {

inline constexpr auto snapshot_retry = client::snapshot_seeker::retry_first;

inline std::string verb_of(const v1::Frame& frame) {
  for (auto& pair : frame.request_send_event().event().user_data().pairs())
    if (pair.key() == "screen-capture")
      return pair.string_value();
  return "none";
}

inline v1::Frame missed(std::uint64_t from, std::uint64_t to) {
  v1::Frame frame;
  auto& event = *frame.mutable_event_missed();
  event.set_this_dn("7001");
  event.set_from_sequence(from);
  event.set_to_sequence(to);
  event.set_dn_epoch(1);
  return frame;
}

/// EventAddressInfo with the DN's state.
inline v1::Frame address_info(const v1::Frame& question, std::uint64_t sequence,
                              v1::CaptureState state) {
  REQUIRE(question.has_request_query_address());
  v1::Frame frame;
  frame.set_reference_id(question.reference_id());
  auto& info = *frame.mutable_event_address_info();
  info.set_this_dn("7001");
  info.mutable_snapshot()->set_dn_epoch(1);
  info.mutable_snapshot()->set_dn_sequence(sequence);
  info.mutable_snapshot()->set_effective_state(state);
  return frame;
}

/// What the screen is to be, in a snapshot.
inline void want(v1::Snapshot& in, v1::CaptureState desired, std::uint64_t version,
                 std::uint64_t call = 0) {
  auto& session = in.sessions_size() == 0 ? *in.add_sessions() : *in.mutable_sessions(0);
  session.set_connection_id(call);
  session.set_desired(desired);
  session.set_version(version);
}

} // namespace ringdown::test
