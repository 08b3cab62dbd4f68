// What nearly every end-to-end test checks of an answer.
#pragma once

#include "messages/errors.hpp"
#include "tests/e2e/harness/frames.hpp"
#include "tests/e2e/harness/raw_client.hpp"

#include <catch2/catch.hpp>

namespace ringdown::e2e {

/// The answer is this error to this request. Its text and retry class are those that a client can
/// use, whatever the error is.
inline void check_error(const v1::Frame& answer, std::uint32_t reference, error_code code) {
  INFO(answer.ShortDebugString());
  REQUIRE(answer.has_event_error());
  auto& error = answer.event_error();
  CHECK(answer.reference_id() == reference);
  CHECK(error.error_code() == static_cast<std::uint32_t>(code));
  CHECK_FALSE(error.text().empty());
  CHECK(error.retry_class() == static_cast<v1::RetryClass>(info(code).retry));
  if (info(code).retry == retry_class::overloaded)
    CHECK(error.retry_after_ms() > 0);
  CHECK(error.time_us() > 0);
}

/// The same, for what the client has done wrong: it says which field, and what that may be.
inline void check_bad_input(const v1::Frame& answer, std::uint32_t reference, error_code code,
                            const std::string& attribute) {
  check_error(answer, reference, code);
  INFO(answer.ShortDebugString());
  CHECK(answer.event_error().attribute() == attribute);
  CHECK_FALSE(answer.event_error().accepted().empty());
}

/// The link's last word and then its end.
inline void check_disconnected(raw_client& client, v1::DisconnectReason reason) {
  auto last = client.next();
  REQUIRE(last);
  INFO(last->ShortDebugString());
  REQUIRE(last->has_event_link_disconnected());
  CHECK(last->event_link_disconnected().reason() == reason);
  CHECK_FALSE(last->event_link_disconnected().text().empty());
  CHECK_FALSE(client.next());
  CHECK_FALSE(client.was_reset());
}

/// An EventUserEvent with this value of screen-capture.
inline void check_event(const v1::Frame& frame, const std::string& verb) {
  INFO(frame.ShortDebugString());
  REQUIRE(frame.has_event_user_event());
  CHECK(frame.reference_id() == 0);
  CHECK(verb_of(frame) == verb);
}

} // namespace ringdown::e2e
