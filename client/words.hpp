// What happened and what stands, in words for people, a line each. Everything that came from the
// network is escaped. Pure, but for the time zone of this machine.
#pragma once

#include "client/light_model.hpp"
#include "client/recorder_model.hpp"
#include "client/t_client_values.hpp"

#include <string>

namespace ringdown::client {

/// `confirmed by video-3 in 103 ms: the recording is paused`,
/// `held: call 71 is paused by agent-desktop since 14:03:10`,
/// `timed_out: not confirmed: the recorder still records`.
std::string in_words(const event_outcome& o);
/// `call 71 is paused by agent-desktop since 14:03:10 (card number)`; with the present time also
/// how long that is.
std::string in_words(const standing_pause& pause, std::optional<std::int64_t> now_us = {});
/// `resume of call 71 waits until no pause stands`.
std::string in_words(const open_order& order);
/// `paused, by pause of call 71 (version 3)`.
std::string in_words(const recorder_order& order);
/// `a recorder does otherwise than it is to (video-3), since 14:03:10`; without its name its id.
std::string in_words(const standing_alarm& alarm, std::string_view recorder = {});

/// `the recorder was lost`, `no link to the broker`; empty if it is known.
std::string in_words(unknown_because why);

/// `the notice handler (pause of 7001) took 0.9 s: meanwhile nothing was read and no heartbeat went
/// out; after 5 s of that the link is lost`.
std::string in_words(const slow_handler& slow);

/// `acknowledged`, `refused: EventError 118 service_unavailable: ...`, `unknown_outcome:
/// link_lost`.
std::string in_words(const completion& c);

/// A time of the broker's as the clock on the wall shows it: 14:03:10.
std::string clock_text(std::int64_t time_us);
/// How long ago: 12 s, 5 min, 2 h 5 min, 3 d 2 h.
std::string age_text(std::int64_t since_us, std::int64_t now_us);
/// How long the broker took to decide it: 0.4 ms, 103 ms. Empty: that is not known.
std::string took_text(const event_outcome& o);
/// A ConnID without its leading zeros: 71.
std::string short_text(conn_id call);

} // namespace ringdown::client
