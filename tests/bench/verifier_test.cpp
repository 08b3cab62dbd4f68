// What verifies a load run: it must find every kind of fault, and none where there is none.
#include "bench/load/verifier.hpp"
#include "bench/speak/event_template.hpp"

#include "messages/frame.hpp"
#include "messages/limits.hpp"
#include "messages/user_data.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <deque>

using namespace ringdown;
using namespace ringdown::bench;

namespace {

/// Three events of one DN sent and accepted with sequences 1 to 3.
delivery_verifier three_accepted() {
  delivery_verifier v{2};
  for (std::uint64_t i = 0; i < 3; ++i) {
    v.send(1);
    v.acked(1, i, i + 1);
  }
  return v;
}

} // namespace

TEST_CASE("deliveries in order, one for each ACK, are without fault") {
  auto v = three_accepted();
  CHECK_FALSE(v.drained());
  for (std::uint64_t i = 0; i < 3; ++i)
    v.delivered(1, 0, i, i + 1);
  CHECK(v.drained());
  CHECK(v.finish().faults() == 0);
  CHECK(v.finish().delivered == 3);
}

TEST_CASE("a lost delivery is found, in the middle and at the end") {
  auto middle = three_accepted();
  middle.delivered(1, 0, 0, 1);
  middle.delivered(1, 0, 2, 3);
  CHECK_FALSE(middle.drained());
  CHECK(middle.finish().lost == 1);
  auto end = three_accepted();
  end.delivered(1, 0, 0, 1);
  CHECK(end.finish().lost == 2);
}

TEST_CASE("a delivery behind a later one is misordered, once more is duplicated") {
  auto v = three_accepted();
  v.delivered(1, 0, 1, 2);
  v.delivered(1, 0, 0, 1);
  v.delivered(1, 0, 2, 3);
  CHECK(v.so_far().misordered == 1);
  v.delivered(1, 0, 2, 3);
  v.delivered(1, 0, 0, 1);
  CHECK(v.so_far().duplicated == 2);
  CHECK(v.finish().lost == 0);
}

TEST_CASE("sequences must rise and be those of the ACKs") {
  auto same = three_accepted();
  same.delivered(1, 0, 0, 1);
  same.delivered(1, 0, 1, 1);
  CHECK(same.so_far().sequence_faults == 1);
  auto other = three_accepted();
  other.delivered(1, 0, 0, 1);
  other.delivered(1, 0, 1, 2);
  other.delivered(1, 0, 2, 9);
  CHECK(other.so_far().sequence_faults == 0);
  CHECK(other.finish().sequence_faults == 1);
  delivery_verifier acks{1};
  acks.send(0);
  acks.send(0);
  acks.acked(0, 0, 5);
  acks.acked(0, 1, 5);
  CHECK(acks.so_far().sequence_faults == 1);
}

TEST_CASE("answers for one DN must come in the order of the requests") {
  delivery_verifier v{1};
  v.send(0);
  v.send(0);
  v.acked(0, 1, 1);
  CHECK(v.so_far().answers_misordered == 1);
}

TEST_CASE("a refusal at once may overtake the answers before it, and no other answer may") {
  delivery_verifier v{1};
  for (int i = 0; i < 5; ++i)
    v.send(0);
  v.refused(0, 2, true);
  v.refused(0, 1, true);
  v.acked(0, 0, 1);
  v.acked(0, 3, 2);
  CHECK(v.so_far().answers_misordered == 0);
  v.refused(0, 4);
  CHECK(v.so_far().answers_misordered == 0);
  CHECK(v.answered_all());
  delivery_verifier other{1};
  for (int i = 0; i < 3; ++i)
    other.send(0);
  other.refused(0, 1, true);
  other.acked(0, 2, 1);
  CHECK(other.so_far().answers_misordered == 1);
}

TEST_CASE("a refused event must not arrive, before or after its error") {
  delivery_verifier before{1};
  before.send(0);
  before.delivered(0, 0, 0, 1);
  before.refused(0, 0);
  CHECK(before.so_far().delivered_though_refused == 1);
  delivery_verifier after{1};
  after.send(0);
  after.refused(0, 0);
  after.delivered(0, 0, 0, 1);
  CHECK(after.so_far().delivered_though_refused == 1);
}

TEST_CASE("a gap of refused events is no loss, whichever is heard of first") {
  for (bool error_first : {true, false}) {
    delivery_verifier v{1};
    v.send(0);
    v.send(0);
    if (error_first)
      v.refused(0, 0);
    v.delivered(0, 0, 1, 1);
    if (!error_first)
      v.refused(0, 0);
    v.acked(0, 1, 1);
    CHECK(v.drained());
    CHECK(v.finish().faults() == 0);
  }
}

TEST_CASE("what nobody sent, what nobody accepted and what is damaged is found") {
  delivery_verifier v{1};
  v.delivered(0, 0, 0, 1);
  CHECK(v.so_far().never_sent == 1);
  v.send(0);
  v.delivered(0, 0, 0, 1);
  CHECK(v.finish().never_accepted == 1);
  v.corrupted();
  CHECK(v.so_far().corrupted == 1);
}

TEST_CASE("each receiver of a DN must get its own copy") {
  delivery_verifier v{1, 2};
  v.send(0);
  v.acked(0, 0, 1);
  v.delivered(0, 0, 0, 1);
  CHECK_FALSE(v.drained());
  CHECK(v.finish().lost == 1);
  v.delivered(0, 1, 0, 1);
  CHECK(v.drained());
  CHECK(v.finish().faults() == 0);
}

TEST_CASE("what EventMissed tells is no loss, and what it does not tell is") {
  auto told = three_accepted();
  told.delivered(1, 0, 0, 1);
  told.missed(1, 0, 2);
  CHECK(told.drained());
  CHECK(told.finish().lost == 0);
  auto one_short = three_accepted();
  one_short.delivered(1, 0, 0, 1);
  one_short.missed(1, 0, 1);
  CHECK(one_short.finish().lost == 1);
}

TEST_CASE("a broker without sequences is held to the order of arrival") {
  delivery_verifier v{1, 1, false};
  v.send(0);
  v.send(0);
  v.acked(0, 0, 0);
  v.acked(0, 1, 0);
  v.delivered(0, 0, 1, 0);
  v.delivered(0, 0, 0, 0);
  CHECK(v.so_far().misordered == 1);
  CHECK(v.finish().faults() == 1);
}

TEST_CASE("an honest broker is never accused, however its answers and deliveries mix") {
  CHECK(rc::check([] {
    constexpr std::uint32_t dns = 3;
    delivery_verifier v{dns};
    struct item {
      std::uint32_t dn;
      std::uint64_t number;
      std::uint64_t sequence; // 0: refused
    };
    std::deque<item> answers[dns];
    std::deque<item> deliveries;
    std::uint64_t sequences[dns] = {};
    for (int i = *rc::gen::inRange(0, 300); i > 0; --i) {
      auto dn = *rc::gen::inRange(0u, dns);
      switch (*rc::gen::inRange(0, 3)) {
      case 0: {
        bool refuse = *rc::gen::inRange(0, 4) == 0;
        item it{dn, v.send(dn), refuse ? 0 : ++sequences[dn]};
        answers[dn].push_back(it);
        if (!refuse)
          deliveries.push_back(it);
        break;
      }
      case 1:
        if (!answers[dn].empty()) {
          auto it = answers[dn].front();
          answers[dn].pop_front();
          it.sequence != 0 ? v.acked(dn, it.number, it.sequence) : v.refused(dn, it.number);
        }
        break;
      default:
        if (!deliveries.empty()) {
          auto it = deliveries.front();
          deliveries.pop_front();
          v.delivered(it.dn, 0, it.number, it.sequence);
        }
      }
    }
    for (auto& it : deliveries)
      v.delivered(it.dn, 0, it.number, it.sequence);
    for (auto& queue : answers)
      for (auto& it : queue)
        it.sequence != 0 ? v.acked(it.dn, it.number, it.sequence) : v.refused(it.dn, it.number);
    RC_ASSERT(v.drained());
    RC_ASSERT(v.finish().faults() == 0u);
  }));
}

// ---- the event's bytes -----------------------------------------------------------------------

TEST_CASE("the hand-made request is what Protobuf would have written") {
  for (std::size_t bytes :
       {std::size_t{48}, std::size_t{127}, std::size_t{150}, std::size_t{16'000}}) {
    event_template events{"load", 100, bytes};
    std::string out(events.frame_bytes(), '\0');
    events.write(out.data(), 4711, {42, 77, 12'345});
    auto piece = next_frame(out, 128 * 1024);
    REQUIRE(piece.status == cut_status::complete);
    REQUIRE(piece.consumed == out.size());
    v1::Frame frame;
    REQUIRE(frame.ParseFromArray(piece.frame.data(), static_cast<int>(piece.frame.size())));
    CHECK(frame.reference_id() == 4711);
    auto& request = frame.request_send_event();
    CHECK(request.this_dn() == "load0000042");
    CHECK(request.event().this_dn() == events.dn_name(42));
    CHECK(request.event().message_type() == v1::MESSAGE_TYPE_EVENT_USER_EVENT);
    auto data = request.event().user_data().SerializeAsString();
    CHECK(data.size() <= bytes);
    CHECK(data.size() + 1 >= bytes);
    CHECK(scan_user_data(data, user_data_bytes_ceiling).fault == user_data_fault::none);
    CHECK(request.event().ByteSizeLong() == events.event_bytes());
    CHECK(delimited(frame) == out);
    auto reading = events.read(request.event().SerializeAsString());
    CHECK(reading.intact);
    CHECK(reading.of.dn == 42);
    CHECK(reading.of.number == 77);
    CHECK(reading.of.stamp_ns == 12'345);
    std::string alone(events.event_bytes(), '\0');
    events.write_event(alone.data(), {42, 77, 12'345});
    CHECK(out.ends_with(alone));
  }
}

TEST_CASE("an event may be a command, in as many bytes") {
  event_template events{"load", 100, 150, capture_verb::query};
  std::string out(events.event_bytes(), '\0');
  events.write_event(out.data(), {42, 77, 12'345});
  v1::Event event;
  REQUIRE(event.ParseFromString(out));
  auto data = event.user_data().SerializeAsString();
  CHECK(data.size() == 150);
  CHECK(scan_user_data(data, user_data_bytes_ceiling).verb == capture_verb::query);
  CHECK(events.read(out).intact);
  CHECK(events.read(out).of.number == 77);
}

TEST_CASE("any changed, missing or added byte of an event is noticed") {
  event_template events{"load", 1000, 150};
  std::string frame(events.frame_bytes(), '\0');
  events.write(frame.data(), 128, {999, 123'456, 987'654'321});
  auto event = frame.substr(frame.size() - events.event_bytes());
  REQUIRE(events.read(event).intact);
  for (std::size_t i = 0; i < event.size(); ++i)
    for (int bit = 0; bit < 8; ++bit) {
      auto damaged = event;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      auto reading = events.read(damaged);
      // A damaged number may still read as another event's only if the filling says so too.
      INFO("byte " << i << " bit " << bit);
      CHECK_FALSE(reading.intact);
    }
  CHECK_FALSE(events.read(event.substr(1)).intact);
  CHECK_FALSE(events.read(event + "x").intact);
  CHECK_FALSE(events.read("").intact);
}
