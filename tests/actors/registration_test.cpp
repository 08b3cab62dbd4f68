// The decision about a registration, for every combination of facts.
#include "actors/admit.hpp"

#include <catch2/catch.hpp>

using namespace ringdown;

namespace {

struct situation {
  role applicant;
  registration_mode mode;
  bool authorized;
  registration_facts dn;
};

template <class Visit>
void for_each_dn(const limits& bounds, const Visit& visit) {
  for (bool configured : {true, false})
    for (bool private_taken : {true, false})
      for (bool others : {true, false})
        for (bool again : {true, false})
          for (auto registered : {std::size_t{0}, bounds.registrations_per_dn_max - 1,
                                  bounds.registrations_per_dn_max})
            for (auto recorders :
                 {std::size_t{0}, bounds.recorders_per_dn_max - 1, bounds.recorders_per_dn_max})
              visit(registration_facts{configured, private_taken, others, again, registered,
                                       recorders});
}

template <class Visit>
void for_each_situation(const limits& bounds, const Visit& visit) {
  for (auto applicant : {role::desktop, role::recorder, role::supervisor, role::admin})
    for (auto mode :
         {registration_mode::share, registration_mode::private_, registration_mode::monitor})
      for (bool authorized : {true, false})
        for_each_dn(bounds, [&](const registration_facts& dn) {
          visit(situation{applicant, mode, authorized, dn});
        });
}

/// 59, 165, 1186, 42, in this order; 0: accepted.
int expected_code(const situation& s, const limits& bounds) {
  bool wants_private = s.mode == registration_mode::private_;
  bool recorder = s.applicant == role::recorder;
  bool supervisor = s.applicant == role::supervisor || s.applicant == role::admin;
  if (!s.dn.configured)
    return 59;
  if (!s.authorized || (recorder && wants_private))
    return 165;
  if (!s.dn.already_registered && s.dn.registered == bounds.registrations_per_dn_max)
    return 1186;
  if (!s.dn.already_registered && recorder && s.dn.recorders == bounds.recorders_per_dn_max)
    return 1186;
  bool kept_out =
    s.dn.private_taken && !recorder && !(supervisor && s.mode == registration_mode::monitor);
  if (kept_out || (wants_private && s.dn.others_present))
    return 42;
  return 0;
}

} // namespace

TEST_CASE("who may register on a DN, in every situation") {
  limits bounds;
  bounds.registrations_per_dn_max = 4;
  bounds.recorders_per_dn_max = 2;
  std::size_t situations = 0;
  for_each_situation(bounds, [&](const situation& s) {
    ++situations;
    auto refusal = admit_registration({s.applicant, {}, s.authorized}, s.mode, s.dn, bounds);
    auto code = refusal ? static_cast<int>(refusal->code) : 0;
    INFO(to_string(s.applicant) << " " << to_string(s.mode) << " authorized " << s.authorized
                                << ", configured " << s.dn.configured << ", private taken "
                                << s.dn.private_taken << ", others " << s.dn.others_present
                                << ", again " << s.dn.already_registered << ", registered "
                                << s.dn.registered << ", recorders " << s.dn.recorders);
    CHECK(code == expected_code(s, bounds));
  });
  CHECK(situations == 4 * 3 * 2 * 2 * 2 * 2 * 2 * 3 * 3);
}

TEST_CASE("a private registration never keeps out a recorder") {
  limits bounds;
  registration_facts taken{true, true, true, false, 1};
  for (auto mode : {registration_mode::share, registration_mode::monitor})
    CHECK_FALSE(admit_registration({role::recorder, {}, true}, mode, taken, bounds));
}

TEST_CASE("a private registration never keeps out a supervisor who only monitors") {
  limits bounds;
  registration_facts taken{true, true, true, false, 1};
  for (auto watcher : {role::supervisor, role::admin}) {
    sender_facts applicant{watcher, {}, true};
    CHECK_FALSE(admit_registration(applicant, registration_mode::monitor, taken, bounds));
    CHECK(admit_registration(applicant, registration_mode::share, taken, bounds)->code ==
          error_code::resource_seized);
  }
  CHECK(admit_registration({role::desktop, {}, true}, registration_mode::monitor, taken, bounds)
          ->code == error_code::resource_seized);
}
