// Requests as tests send them, and what a test asks of a frame that came.
#pragma once

#include <ringdown/v1/ringdown.pb.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace ringdown::e2e {

v1::Frame heartbeat();
/// A sign-on as the named role. Without an instance id it gets a random one.
v1::Frame sign_on(v1::Role role, const std::string& application = "e2e",
                  const std::string& instance = {});
v1::Frame sign_off();
v1::Frame register_on(const std::string& dn,
                      v1::RegistrationMode mode = v1::REGISTRATION_MODE_SHARE);
v1::Frame unregister_from(const std::string& dn);
v1::Frame query_address(const std::string& dn);
/// RequestSendEvent with one pair, screen-capture = `value`.
v1::Frame capture(const std::string& dn, std::string_view value, std::uint64_t connection = 0);
/// RequestSendEvent without screen-capture.
v1::Frame user_event(const std::string& dn, const std::string& key, const std::string& value);
/// The older form of a RequestSendEvent.
v1::Frame as_distribute(const v1::Frame& send_event);
/// Sixteen random bytes.
std::string random_bytes16();

/// The value of screen-capture in an EventUserEvent, "" if it has none or is another frame.
std::string verb_of(const v1::Frame& frame);
/// What kind of frame it is, with the code of an EventError: "EventACK", "EventError 41".
std::string kind_of(const v1::Frame& frame);

} // namespace ringdown::e2e
