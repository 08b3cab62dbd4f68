// Two clients that have nothing to do with what a test spoils: whatever it does, they still work.
#pragma once

#include "tests/e2e/expect.hpp"

#include "tests/messages/bytes.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace ringdown::e2e {

/// A frame's bytes with their length in front.
inline std::string delimited_bytes(std::string_view frame) {
  return test::varint(frame.size()) + std::string{frame};
}

class bystander {
public:
  explicit bystander(const running_broker& broker)
    : desktop_(registered(broker, v1::ROLE_DESKTOP, dn)),
      recorder_(registered(broker, v1::ROLE_RECORDER, dn)) {}

  /// A command goes through, and nothing else has reached either of them.
  void still_works() {
    CHECK(desktop_.ask(capture(dn, "pause")).has_event_ack());
    check_event(recorder_.expect(), "pause");
    CHECK(recorder_.ask(capture(dn, "paused")).has_event_ack());
    check_event(desktop_.expect(), "paused");
  }

  /// They close, so that a broker with a long linger need not wait for them.
  void leave() {
    desktop_.close();
    recorder_.close();
  }

private:
  static constexpr const char* dn = "bystander";
  raw_client desktop_;
  raw_client recorder_;
};

} // namespace ringdown::e2e
