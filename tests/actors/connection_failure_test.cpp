// A connection that fails within a read: nothing that the read asked for is left behind, and what
// it had answered or handed on is not lost.
#include "tests/actors/conversation.hpp"
#include "tests/actors/in_brief.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using namespace ringdown;
using namespace ringdown::test;

namespace {

/// A broker whose clock fails while a connection answers by itself.
class failing_clock {
public:
  explicit failing_clock(office& o) : clock_(o.context.utc_now) {
    o.context.utc_now = [this] {
      if (until_failure_ > 0 && --until_failure_ == 0)
        throw std::runtime_error("the clock's own fault");
      return clock_();
    };
  }
  /// Its link asks for the time of the read first.
  void fails_in_the_read() { until_failure_ = 2; }

private:
  utc_clock clock_;
  int until_failure_ = 0;
};

/// The connection answers it by itself, with a time.
const v1::Frame fails_at = hear_only(9, {});

} // namespace

TEST_CASE("a connection that fails leaves no registration and tells its client") {
  office o;
  failing_clock clock{o};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  recorder.says(send(3, "7001", "enabled"));
  CHECK_THAT(recorder.hears(), in_brief({"ACK 3"}));
  CHECK_THAT(desk.hears(), in_brief({"event 7001 #1: enabled"}));
  recorder.says(fails_at);
  clock.fails_in_the_read();
  CHECK(recorder.hears() == lines{"disconnected: INTERNAL_ERROR"});
  CHECK(o.told() == lines{"connection: connection closed"});
  CHECK(recorder.closing());
  CHECK(desk.hears() ==
        lines{"event 7001 #2: unknown by the broker, light unknown, RECORDER_LOST"});
  desk.says(query_address(3, "7001"));
  CHECK(desk.hears() == lines{"address 3: 7001; light unknown, v0 #2, recorders 0+0, clients 1; "
                              "wants nothing"});
}

TEST_CASE("what a read said before it failed is carried out, by a DN that it is for") {
  office o;
  failing_clock clock{o};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  desk.says(send(3, "7001", "pause"), fails_at);
  clock.fails_in_the_read();
  CHECK(desk.hears() == lines{"disconnected: INTERNAL_ERROR"});
  CHECK(o.told() == lines{"connection: connection closed"});
  CHECK_THAT(recorder.hears(), in_brief({"event 7001 #1: pause"}));
  CHECK(desk.client().window.outstanding() == 0);
}

TEST_CASE("what a failed read asked of a DN that is not found yet leaves nothing behind") {
  office o;
  failing_clock clock{o};
  auto& desk = o.desktop();
  auto& other = o.desktop("other");
  desk.says(register_on(2, {"7001"}), send(3, "7001", "pause"), fails_at);
  clock.fails_in_the_read();
  CHECK(desk.hears() == lines{"disconnected: INTERNAL_ERROR"});
  CHECK(o.told() == lines{"connection: connection closed"});
  CHECK(desk.client().window.outstanding() == 0);
  CHECK(desk.reads_in_flight() == 0);
  other.says(register_on(2, {"7001"}));
  CHECK(other.hears() ==
        lines{"registered 2: 7001 share; light unknown, v0 #0, recorders 0+0, clients 1"});
}
