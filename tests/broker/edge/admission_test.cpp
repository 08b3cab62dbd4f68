// Who may come in, and who must go for it.
#include "broker/edge/admission.hpp"

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

TEST_CASE("who waits outside gets the place of one who has been in for long, and of no other") {
  house h;
  auto began = std::chrono::steady_clock::now();
  std::vector<entrance> in;
  auto enter = [&](const std::string& name, const std::string& source, auto later) {
    auto asked = h.door.enter(source, began + later);
    asked.admitted.when_turned_out([&h, name] { h.turned_out.push_back(name); });
    in.push_back(std::move(asked));
  };
  using namespace std::chrono_literals;
  enter("first", "here", 0s);
  enter("second", "there", 1s);
  enter("third", "there", 2s);
  CHECK(h.door.has_place());
  enter("fourth", "elsewhere", 2s);
  CHECK_FALSE(h.door.has_place());
  // "there" has the most, but its first is not in for long.
  CHECK_FALSE(h.door.make_place(began + 1s + stalling_min - 1ms));
  CHECK(h.turned_out.empty());
  CHECK(h.door.make_place(began + 1s + stalling_min));
  CHECK(h.turned_out == names{"second"});
  CHECK(h.door.has_place());
  h.door.close();
  enter("fifth", "here", 9s);
  CHECK(h.door.has_place()); // to be told that nobody comes in any more
}
