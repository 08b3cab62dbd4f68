// Who is registered on a DN.
#include "actors/dn/roster.hpp"

#include "tests/actors/outbox_support.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;
using namespace ringdown::test;

namespace {

struct hall {
  limits bounds;
  memory_budget budget{bounds};
  roster who;

  client_ptr client(std::uint64_t id, role of, std::string application = "crm",
                    std::uint8_t instance = 1) {
    auto one = std::make_shared<t_client>(bounds, budget, std::make_shared<counting_signal>());
    one->who.id = {id};
    one->who.role = of;
    one->who.application = std::move(application);
    one->who.instance.bytes[0] = instance;
    return one;
  }
  client_ptr add(std::uint64_t id, role of, std::string application = "crm",
                 registration_mode mode = registration_mode::share, bool standby = false) {
    auto one = client(id, of, std::move(application));
    who.put({one, mode, of, false, standby, false});
    return one;
  }
};

} // namespace

TEST_CASE("a client has one registration, and its newest counts") {
  hall h;
  auto desk = h.add(1, role::desktop);
  h.who.put({desk, registration_mode::monitor, role::desktop, true, false, false});
  CHECK(h.who.size() == 1);
  CHECK(h.who.find(*desk)->mode == registration_mode::monitor);
  CHECK(h.who.find(client_id{1})->echo);
  h.who.erase(*desk);
  h.who.erase(*desk);
  CHECK(h.who.empty());
  CHECK(h.who.find(*desk) == nullptr);
}

TEST_CASE("an active recorder is one that is open and on no standby") {
  hall h;
  auto active = h.add(1, role::recorder, "rec");
  auto standby = h.add(2, role::recorder, "rec2", registration_mode::share, true);
  h.add(3, role::desktop);
  CHECK(h.who.recorders_active() == 1);
  CHECK(h.who.recorders_standby() == 1);
  active->box.close();
  CHECK(h.who.recorders_active() == 0);
  CHECK(h.who.first_closed() == active);
  h.who.erase_closed();
  CHECK(h.who.size() == 2);
  CHECK(h.who.first_closed() == nullptr);
  standby->box.close();
  CHECK(h.who.recorders_standby() == 0);
}

TEST_CASE("a desktop is back when a client of its application is here that may command") {
  hall h;
  client_identity crm;
  crm.application = "crm";
  client_identity bot;
  bot.application = "bot";
  h.add(1, role::recorder, "crm");
  CHECK_FALSE(h.who.has_commander(crm));
  h.add(3, role::call_source, "crm");
  h.add(4, role::supervisor, "crm", registration_mode::monitor);
  CHECK_FALSE(h.who.has_commander(crm));
  auto desk = h.add(2, role::desktop, "crm");
  CHECK(h.who.has_commander(crm));
  CHECK_FALSE(h.who.has_commander(bot));
  crm.principal = "another"; // who only takes the name
  CHECK_FALSE(h.who.has_commander(crm));
  desk->who.principal = "another";
  CHECK(h.who.has_commander(crm));
  desk->box.close();
  CHECK_FALSE(h.who.has_commander(crm));
}

TEST_CASE("the same program is told by application and instance") {
  hall h;
  h.add(1, role::desktop, "crm");
  instance_id one;
  one.bytes[0] = 1;
  CHECK(h.who.same_program("crm", one) != nullptr);
  CHECK(h.who.same_program("bot", one) == nullptr);
  one.bytes[0] = 2;
  CHECK(h.who.same_program("crm", one) == nullptr);
}

TEST_CASE("what stands in the way of a registration") {
  hall h;
  h.add(1, role::recorder);
  h.add(2, role::call_source);
  h.add(3, role::supervisor, "watch", registration_mode::monitor);
  auto newcomer = h.client(9, role::desktop);
  auto facts = h.who.facts_about(*newcomer);
  CHECK(facts.registered == 3);
  CHECK_FALSE(facts.others_present);
  CHECK_FALSE(facts.already_registered);
  auto owner = h.add(4, role::desktop, "own", registration_mode::private_);
  CHECK(h.who.facts_about(*newcomer).private_taken);
  CHECK(h.who.facts_about(*newcomer).others_present);
  CHECK(h.who.facts_about(*owner).already_registered);
  CHECK_FALSE(h.who.facts_about(*owner).private_taken); // its own does not
  CHECK(h.who.has_role(role::call_source));
  CHECK_FALSE(h.who.has_role(role::admin));
}
