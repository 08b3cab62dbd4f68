// What an operator is told of connections: each end once, slow clients, and all requests for who
// looks closely.
#include "tests/actors/conversation.hpp"
#include "tests/actors/gatehouse.hpp"
#include "tests/actors/in_brief.hpp"
#include "tests/actors/logbook.hpp"
#include "tests/actors/small_outboxes.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

constexpr auto debug = observer::severity::debug;

/// As the logbook has who a client is.
std::string who(const party& one, std::string_view role) {
  return "client=" + without_zeros(to_string(client_id{one.id()})) + " application=" + one.name() +
         " role=" + std::string{role} + " peer=" + one.name();
}

std::size_t ends_among(const lines& told) {
  return static_cast<std::size_t>(std::count_if(told.begin(), told.end(), [](auto& line) {
    return line.find("connection closed") != std::string::npos;
  }));
}

} // namespace

// ---- ends ----------------------------------------------------------------------------------

TEST_CASE("the end of a link that was signed on is told once: who, why, and how long it lasted") {
  office o;
  logbook log{o, "connection"};
  auto& desk = o.desktop();
  o.pass(1500ms);
  desk.says(sign_off(9));
  CHECK(desk.hears() == lines{"disconnected 9: SIGNED_OFF"});
  CHECK(log.told() == lines{"info: client signed on " + who(desk, "desktop"),
                            "info: connection closed " + who(desk, "desktop") +
                              " reason=signed off lasted_ms=1500"});
  desk.vanishes();
  CHECK(log.told().empty());
}

TEST_CASE("the end of a link that was lost is told too: of a recorder as a warning") {
  auto where = GENERATE(
    values<stage>({{runs_on::virtual_time, 1}, {runs_on::virtual_time, 2}, message_by_message}));
  INFO(where);
  office o{{}, where};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  logbook log{o, "connection"};
  recorder.is_cut_off();
  desk.says(send(3, "7001", "")); // what is written for it cannot be sent any more
  CHECK_THAT(desk.hears(), Catch::Matchers::Predicate<lines>(
                             [](const lines& heard) { return !heard.empty(); }, "is answered"));
  auto told = log.told();
  CHECK(ends_among(told) == 1);
  CHECK(told.back() == "warning: connection closed " + who(recorder, "recorder") +
                         " reason=the link was lost lasted_ms=0");
  desk.is_cut_off();
  told = log.told();
  CHECK(ends_among(told) == 1);
  CHECK(told.back() == "info: connection closed " + who(desk, "desktop") +
                         " reason=the link was lost lasted_ms=0");
}

TEST_CASE("a recorder that closes without a word, as one that is killed, is a warning") {
  office o;
  auto& recorder = o.recorder();
  logbook log{o, "connection"};
  recorder.vanishes();
  CHECK(log.told() == lines{"warning: connection closed " + who(recorder, "recorder") +
                            " reason=the client closed its side lasted_ms=0"});
}

TEST_CASE("a planned end is no warning: goodbye, a drain, and what clients do while it drains") {
  office o;
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  auto& other = o.recorder("other");
  register_all("7001", {&desk, &recorder, &other});
  desk.says(send(3, "7001", "pause"));
  static_cast<void>(desk.hears());
  static_cast<void>(recorder.hears());
  static_cast<void>(other.hears());
  logbook log{o, "connection"};
  desk.says(sign_off(9));
  static_cast<void>(desk.hears());
  o.drain();
  o.settle();
  other.says_no_more();
  o.pass(30s);
  for (auto* one : {&recorder, &other})
    static_cast<void>(one->hears());
  auto told = log.told();
  CHECK(ends_among(told) == 3);
  for (auto& line : told)
    CHECK(line.starts_with("info: "));
}

TEST_CASE(
  "a recorder whose link ends for a drain is no alarm, if its DN hears of the drain later") {
  pair_on_7001 p;
  p.desk.says(send(3, "7001", "pause"));
  p.recorder_says(3, "paused");
  static_cast<void>(p.desk.hears());
  logbook log{p.o};
  p.o.drain_links();
  static_cast<void>(p.recorder.hears());
  p.recorder.vanishes();
  p.o.drain_dns();
  static_cast<void>(p.desk.hears());
  CHECK(log.told().empty());
}

TEST_CASE(
  "the end of a link that never signed on is for who looks closely, unless a rule ended it") {
  office o;
  logbook log{o, "connection", debug};
  auto& visitor = o.connect("visitor");
  visitor.vanishes();
  CHECK(log.told() ==
        lines{"debug: connection closed peer=visitor reason=the client closed its side"});
  auto& lost = o.connect("lost");
  lost.is_cut_off();
  CHECK(log.told() == lines{"debug: connection closed peer=lost reason=the link was lost"});
  auto& late = o.connect("late");
  o.pass(6s);
  CHECK(late.hears() == lines{"disconnected: SIGN_ON_TIMEOUT"});
  CHECK(log.told() == lines{"warning: connection closed peer=late reason=not signed on in time"});
}

TEST_CASE("the end of a link says what its client missed, and what it was still owed") {
  office o{small_outboxes()};
  auto& desk = o.desktop();
  auto& slow = o.confirming_desktop("slow");
  register_all("7001", {&desk, &slow});
  slow.says(send(3, "7001", "pause"));
  CHECK_THAT(slow.hears(), in_brief({"ACK 3"}));
  slow.stops_reading();
  for (int i = 0; i < 40; ++i) {
    desk.says(send(10, "7001", "", {.padding = 200}));
    static_cast<void>(desk.hears());
  }
  logbook log{o, "connection"};
  slow.is_cut_off();
  auto told = log.told();
  REQUIRE(told.size() == 1);
  CHECK(told.front().find(" events_missed=") != std::string::npos);
  CHECK(told.front().ends_with(" outcomes_owed=1"));
  o.pass(10s);
  static_cast<void>(desk.hears());
  static_cast<void>(slow.hears());
}

// ---- slow clients --------------------------------------------------------------------------

TEST_CASE(
  "a slow client is told of when it begins, and with what it missed when it has caught up") {
  office o{small_outboxes()};
  auto& desk = o.desktop();
  auto& slow = o.desktop("slow");
  register_all("7001", {&desk, &slow});
  logbook log{o, "connection"};
  slow.stops_reading();
  std::uint64_t sent = 0;
  for (; !slow.box().has_gap(); ++sent) {
    desk.says(send(10, "7001", "", {.padding = 200}));
    static_cast<void>(desk.hears());
  }
  desk.says(send(10, "7001", "", {.padding = 200}));
  static_cast<void>(desk.hears());
  o.pass(3s);
  auto told = log.told();
  REQUIRE(told.size() == 1);
  CHECK(told.front().starts_with("warning: a client reads too slowly " + who(slow, "desktop")));
  CHECK(told.front().ends_with(" events_missed=2"));
  static_cast<void>(slow.hears());
  o.pass(13s);
  told = log.told();
  REQUIRE(told.size() == 1);
  CHECK(told.front().starts_with("info: a slow client has caught up " + who(slow, "desktop")));
  CHECK(told.front().ends_with(" events_missed=2"));
}

// ---- who looks closely ---------------------------------------------------------------------

TEST_CASE("debug shows each request of a client") {
  office o;
  auto& desk = o.desktop();
  register_all("7001", {&desk});
  logbook log{o, "connection", debug};
  auto of_desk = "client=" + without_zeros(to_string(client_id{desk.id()})) + " application=desk ";
  desk.says(query_address(3, "7001"), send(4, "7001", "pause"), send(5, "7001", ""));
  static_cast<void>(desk.hears());
  CHECK(log.told() ==
        lines{"debug: request " + of_desk + "request=query_address reference=3",
              "debug: request " + of_desk + "request=send_event reference=4 dn=7001 command=pause",
              "debug: request " + of_desk + "request=send_event reference=5 dn=7001"});
  o.pass(10s);
  static_cast<void>(desk.hears());
  CHECK(log.told().empty()); // heartbeats are no requests
}

TEST_CASE("debug shows registrations and their ends") {
  office o;
  logbook log{o, "dn", debug};
  auto& desk = o.desktop();
  auto& recorder = o.recorder();
  register_all("7001", {&desk, &recorder});
  auto of = [](const party& one, std::string_view role) {
    return "dn=7001 client=" + without_zeros(to_string(client_id{one.id()})) +
           " application=" + one.name() + " role=" + std::string{role} + " mode=share";
  };
  CHECK(log.told() == lines{"debug: registered " + of(desk, "desktop"),
                            "debug: registered " + of(recorder, "recorder")});
  desk.says(unregister(3, {"7001"}));
  static_cast<void>(desk.hears());
  recorder.vanishes();
  CHECK(log.told() == lines{"debug: registration ended " + of(desk, "desktop"),
                            "debug: registration ended " + of(recorder, "recorder")});
}

TEST_CASE("debug shows each refusal with its code and field: about a DN as the DN's") {
  office o;
  auto& desk = o.desktop();
  auto of_desk = "client=" + without_zeros(to_string(client_id{desk.id()})) + " application=desk ";
  {
    logbook log{o, "dn", debug};
    desk.says(send(3, "7001", "pause"));
    static_cast<void>(desk.hears());
    CHECK(log.told() ==
          lines{"debug: request refused " + of_desk + "reference=3 dn=7001 code=41 text=" +
                std::string{ringdown::info(error_code::not_registered).text} +
                " attribute=this_dn accepted=a DN on which the client is registered "
                "in mode share or private"});
  }
  logbook log{o, "connection", debug};
  desk.says(sign_on(4, v1::ROLE_DESKTOP, "desk"));
  static_cast<void>(desk.hears());
  auto told = log.told();
  REQUIRE(told.size() == 2);
  CHECK(told.back() == "debug: request refused " + of_desk +
                         "reference=4 code=53 text=the client has signed on already "
                         "attribute=request_sign_on accepted=once for each connection");
}

// ---- outcomes ------------------------------------------------------------------------------

TEST_CASE("an outcome that failed names recorder, caller, command and its id") {
  office o;
  gatehouse gate{o};
  auto may = party_actions | bit_of(action::send_indication);
  gate.known = {{"anna", {"anna-1", granted(role::desktop, may)}},
                {"rec", {"recorder-1", granted(role::recorder, may)}}};
  auto& desk = o.connect("desk");
  auto sign = sign_on(1, v1::ROLE_DESKTOP, "desk");
  sign.mutable_request_sign_on()->set_credentials("anna");
  desk.says(sign);
  static_cast<void>(desk.hears());
  auto& recorder = o.connect("recorder");
  sign = sign_on(1, v1::ROLE_RECORDER, "recorder");
  sign.mutable_request_sign_on()->set_credentials("rec");
  recorder.says(sign);
  static_cast<void>(recorder.hears());
  register_all("7001", {&desk, &recorder});
  logbook log{o};
  auto pause = send(3, "7001", "pause");
  pause.mutable_request_send_event()->set_command_id("0123456789abcdef");
  desk.says(pause);
  o.pass(3s);
  static_cast<void>(desk.hears());
  static_cast<void>(recorder.hears());
  auto told = log.told();
  REQUIRE_FALSE(told.empty());
  CHECK(told.front() ==
        "warning: outcome of a command dn=7001 conn=0 command=pause "
        "id=30313233343536373839616263646566 outcome=timed_out recorders=recorder " +
          to_string(client_id{recorder.id()}) + " silent by=desk principal=anna-1 ms=2000");
}
