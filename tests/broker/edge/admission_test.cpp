// Who may come in, and who must go for it.
#include "broker/edge/admission.hpp"
#include "broker/edge/outside.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <set>
#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::edge;

namespace {

limits small_house() {
  limits bounds;
  bounds.connections_max = 6;
  bounds.connections_unsigned_max = 4;
  return bounds;
}

struct house {
  /// Lets one in, and remembers who must go.
  entrance enter(const std::string& name, const std::string& source) {
    auto asked = door.enter(source);
    asked.admitted.when_turned_out([this, name] { turned_out.push_back(name); });
    return asked;
  }

  broker_context context{small_house()};
  edge_counters counters;
  admission door{context, counters};
  std::vector<std::string> turned_out;
};

using names = std::vector<std::string>;

} // namespace

TEST_CASE("for one who has not signed on and is too many the oldest must go") {
  house h;
  std::vector<entrance> in;
  for (auto* name : {"first", "second", "third", "fourth"})
    in.push_back(h.enter(name, "here"));
  CHECK(h.turned_out.empty());
  in.push_back(h.enter("fifth", "here"));
  CHECK(in.back());
  CHECK(h.turned_out == names{"first"});
  in.push_back(h.enter("sixth", "here"));
  CHECK(h.turned_out == names{"first", "second"});
  CHECK(h.door.unsigned_connections() == 4);
}

TEST_CASE("whoever comes from where most come from goes first") {
  house h;
  std::vector<entrance> in;
  in.push_back(h.enter("agent", "office"));
  for (auto* name : {"first", "second", "third"})
    in.push_back(h.enter(name, "elsewhere"));
  for (auto* name : {"fourth", "fifth"})
    in.push_back(h.enter(name, "elsewhere"));
  CHECK(h.turned_out == names{"first", "second"});
  in.push_back(h.enter("other agent", "other office"));
  CHECK(h.turned_out == names{"first", "second", "third"});
}

TEST_CASE("whoever has signed on or gone leaves room, and is not turned out") {
  house h;
  std::vector<entrance> in;
  for (auto* name : {"first", "second", "third", "fourth"})
    in.push_back(h.enter(name, "here"));
  in[0].admitted.leave_unsigned();
  in[1].admitted.leave();
  CHECK(h.counters.connections == 3);
  CHECK(h.door.unsigned_connections() == 2);
  in.push_back(h.enter("fifth", "here"));
  in.push_back(h.enter("sixth", "here"));
  CHECK(h.turned_out.empty());
  in.push_back(h.enter("seventh", "here"));
  CHECK(h.turned_out == names{"third"});
}

TEST_CASE("a full house keeps those who have signed on, and turns others out") {
  house h;
  std::vector<entrance> in;
  for (auto* name : {"first", "second", "third", "fourth", "fifth"}) {
    in.push_back(h.enter(name, "here"));
    in.back().admitted.leave_unsigned();
  }
  in.push_back(h.enter("stranger", "here"));
  in.push_back(h.enter("newcomer", "here"));
  CHECK(in.back());
  CHECK(h.turned_out == names{"stranger"});
  in[5].admitted.leave(); // its link has ended
  in.back().admitted.leave_unsigned();
  auto refused = h.enter("another", "here");
  CHECK_FALSE(refused);
  CHECK(refused.why_not == "too many connections");
  CHECK(h.counters.connections == 6);
  CHECK(h.door.unsigned_connections() == 0);
}

TEST_CASE("one who is turned out before anybody could be told hears of it all the same") {
  house h;
  auto first = h.door.enter("here");
  std::vector<entrance> in;
  for (auto* name : {"second", "third", "fourth", "fifth"})
    in.push_back(h.enter(name, "here"));
  bool told = false;
  first.admitted.when_turned_out([&] { told = true; });
  CHECK(told);
  CHECK(h.turned_out.empty());
}

TEST_CASE("a closed door, and spent memory, keep everybody out") {
  house h;
  h.context.budget.add(h.context.bounds.memory_budget_bytes + 1);
  CHECK(h.door.enter("here").reason == disconnect_reason::overloaded);
  h.context.budget.remove(1);
  CHECK(h.door.enter("here"));
  h.door.close();
  CHECK(h.door.enter("here").reason == disconnect_reason::draining);
  CHECK(h.counters.connections == 0);
  CHECK(h.door.unsigned_connections() == 0);
}

namespace {

/// Those who may wait outside.
struct house_with_a_line : house {
  bool seat(const std::string& name, const std::string& source, std::chrono::milliseconds later) {
    auto asked = door.come(source, false);
    REQUIRE(asked);
    if (!door.seat(asked.admitted, source, began + later))
      return false;
    asked.admitted.when_turned_out([this, name] { turned_out.push_back(name); });
    in.push_back(std::move(asked));
    return true;
  }

  std::chrono::steady_clock::time_point began = std::chrono::steady_clock::now();
  std::vector<entrance> in;
};

using namespace std::chrono_literals;

} // namespace

TEST_CASE("who waits outside gets the place of one of its own source only if that stalls") {
  house_with_a_line h;
  for (auto* name : {"first", "second", "third", "fourth"})
    CHECK(h.seat(name, "here", 0ms));
  CHECK_FALSE(h.seat("fifth", "here", stalling_min - 1ms));
  h.in[2].admitted.stalls(true);
  CHECK(h.seat("fifth", "here", 1s));
  CHECK(h.turned_out == names{"third"});
  h.in[3].admitted.stalls(true);
  h.in[3].admitted.stalls(false); // it has gone on
  CHECK_FALSE(h.seat("sixth", "here", stalling_min - 1ms));
  CHECK(h.seat("sixth", "here", stalling_min));
  CHECK(h.turned_out == names{"third", "first"});
  CHECK(h.door.unsigned_connections() == 4);
  CHECK(h.counters.connections == 6); // who is turned out counts until its link has ended
}

TEST_CASE("one of another source takes the place of the oldest of the largest source at once") {
  house_with_a_line h;
  for (auto* name : {"first", "second", "third", "fourth"})
    CHECK(h.seat(name, "here", 0ms));
  CHECK(h.seat("agent", "office", 0ms));
  CHECK(h.turned_out == names{"first"});
  h.in[2].admitted.stalls(true);
  CHECK(h.seat("other agent", "other office", 0ms));
  CHECK(h.turned_out == names{"first", "third"});
  h.in[0].admitted.leave(); // their links have ended
  h.in[2].admitted.leave();
  // A source that would then have as many as the largest waits as the largest does.
  CHECK_FALSE(h.seat("second agent", "office", 0ms));
  CHECK(h.seat("second agent", "office", stalling_min));
  CHECK(h.turned_out == names{"first", "third", "second"});
}

TEST_CASE("a full house turns one out for who comes, if nobody else waits") {
  house_with_a_line h;
  for (int i = 0; i < 5; ++i) {
    CHECK(h.seat("agent", "here", 0ms));
    h.in.back().admitted.leave_unsigned();
  }
  CHECK_FALSE(h.door.is_full());
  CHECK(h.seat("stranger", "here", 0ms));
  CHECK(h.door.is_full());
  CHECK(h.door.come("here", true).why_not == "too many connections");
  CHECK(h.turned_out.empty());
  CHECK(h.door.come("here", false));
  CHECK(h.turned_out == names{"stranger"});
  h.door.close();
  CHECK(h.door.come("here", false).reason == disconnect_reason::draining);
}

// ---- those outside -------------------------------------------------------------------------

namespace {

void add(outside& all, const std::string& name, const std::string& source) {
  all.add({owned_descriptor{-1}, {name, source}, ticket{}});
}

} // namespace

TEST_CASE("the lines outside have their turns one after the other, each in its order") {
  outside all;
  CHECK(all.is_empty());
  for (auto* name : {"first", "second", "third"})
    add(all, name, "here");
  add(all, "agent", "office");
  CHECK(all.has("office"));
  CHECK(all.sources() == 2);
  names order;
  order.push_back(all.take().peer.name);
  CHECK(all.next().peer.name == "agent");
  all.skip();
  while (!all.is_empty())
    order.push_back(all.take().peer.name);
  CHECK(order == names{"first", "second", "agent", "third"});
  CHECK_FALSE(all.has("office"));
}

TEST_CASE(
  "the last of the longest line outside goes for one of another source, never for its own") {
  outside all;
  CHECK_FALSE(all.make_room_for("here"));
  for (auto* name : {"first", "second"})
    add(all, name, "here");
  CHECK_FALSE(all.make_room_for("here"));
  auto other = all.make_room_for("office");
  REQUIRE(other);
  CHECK(other->peer.name == "second");
  add(all, "agent", "office");
  CHECK_FALSE(all.make_room_for("office"));
  all.clear();
  CHECK(all.is_empty());
  CHECK_FALSE(all.has("here"));
}
