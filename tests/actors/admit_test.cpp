// The DN's decision about what a client sends, against a table of its own, for every combination.
#include "actors/admit.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace ringdown;

namespace {

// ---- the table of who may send what, as it is promised --------------------------------------

/// One row: what a command, an indication and any other event is answered; 0: accepted.
struct promise {
  int command;
  int indication;
  int other;
};

promise promised(role sender, std::optional<registration_mode> mode) {
  if (!mode)
    return {41, 41, 41};
  bool monitors = *mode == registration_mode::monitor;
  if (sender == role::recorder)
    return monitors ? promise{165, 0, 41} : promise{165, 0, 0};
  return monitors ? promise{41, 165, 41} : promise{0, 165, 0};
}

// ---- every combination ----------------------------------------------------------------------

/// What the event says, as a client can say it.
struct content {
  capture_verb verb = capture_verb::none;
  send_fault fault = send_fault::none;
  user_data_fault data = user_data_fault::none;
};

std::vector<content> contents() {
  std::vector<content> all;
  for (int verb = 0; verb < static_cast<int>(capture_verb::unknown); ++verb) {
    auto v = static_cast<capture_verb>(verb);
    all.push_back({v});
    all.push_back({v, send_fault::event_dn_mismatch});
    all.push_back({v, send_fault::confirm_timeout_range});
    all.push_back({v, send_fault::user_data, user_data_fault::too_large});
    if (v != capture_verb::none)
      all.push_back({v, send_fault::user_data, user_data_fault::capture_twice});
    if (is_command(v))
      all.push_back({v, send_fault::user_data, user_data_fault::capture_not_indication});
  }
  all.push_back({capture_verb::none, send_fault::user_data, user_data_fault::capture_value});
  all.push_back({capture_verb::unknown, send_fault::user_data, user_data_fault::capture_unknown});
  all.push_back({capture_verb::none, send_fault::event_missing});
  all.push_back({capture_verb::none, send_fault::user_data, user_data_fault::not_utf8});
  return all;
}

/// One case: the sender, the DN, the request.
struct situation {
  sender_facts sender;
  dn_facts dn;
  send_event_view request;
};

template <class Visit>
void for_each_sender(const Visit& visit) {
  using modes = std::vector<std::optional<registration_mode>>;
  for (auto sender : {role::desktop, role::recorder, role::supervisor, role::admin})
    for (auto mode : modes{std::nullopt, registration_mode::share, registration_mode::private_,
                           registration_mode::monitor})
      for (bool authorized : {true, false})
        visit(sender_facts{sender, mode, authorized});
}

template <class Visit>
void for_each_dn(const Visit& visit) {
  for (bool configured : {true, false})
    for (std::size_t recorders : {0, 1, 2})
      visit(dn_facts{configured, {5}, recorders});
}

template <class Visit>
void for_each_request(const Visit& visit) {
  using versions = std::vector<std::optional<std::uint64_t>>;
  for (auto& said : contents())
    for (auto dn_fault : {send_fault::none, send_fault::dn_empty, send_fault::dn_twice})
      for (auto type_fault : {send_fault::none, send_fault::message_type_unsupported})
        for (auto if_version : versions{std::nullopt, 5, 4, 6, 0}) {
          send_event_view request;
          request.this_dn = "7001";
          request.verb = said.verb;
          request.dn_fault = dn_fault;
          request.type_fault = type_fault;
          request.content_fault = said.fault;
          request.data_fault = said.data;
          request.if_version = if_version;
          visit(request);
        }
}

template <class Visit>
void for_each_situation(const Visit& visit) {
  for_each_sender([&](const sender_facts& sender) {
    for_each_dn([&](const dn_facts& dn) {
      for_each_request([&](const send_event_view& request) {
        visit(situation{sender, dn, request});
      });
    });
  });
}

// ---- what must be answered ------------------------------------------------------------------

/// Whether the event has a `screen-capture` of which nobody can say what it is.
bool is_unreadable(const send_event_view& request) {
  return request.verb == capture_verb::none && request.data_fault == user_data_fault::capture_value;
}

/// The answer of the table; of an unreadable `screen-capture`, what all its readings have in
/// common: a monitoring recorder's might be an indication, so its content is the fault.
int promised_for(const situation& s) {
  auto row = promised(s.sender.role, s.sender.mode);
  if (is_command(s.request.verb))
    return row.command;
  if (is_indication(s.request.verb))
    return row.indication;
  if (is_unreadable(s.request) && s.sender.role == role::recorder && s.sender.mode)
    return 0;
  return row.other;
}

/// The first of this order wins: 53 (DN), 59, 41, 165, 51, 53 (content), 185, 118. 0: accepted.
int expected_code(const situation& s) {
  auto table = promised_for(s);
  if (s.request.dn_fault != send_fault::none)
    return 53;
  if (!s.dn.configured)
    return 59;
  if (table == 41)
    return 41;
  if (table == 165 || !s.sender.authorized)
    return 165;
  if (s.request.type_fault != send_fault::none)
    return 51;
  if (s.request.content_fault != send_fault::none)
    return 53;
  bool command = is_command(s.request.verb);
  if (command && s.request.if_version && *s.request.if_version != s.dn.version.value)
    return 185;
  if (s.request.verb == capture_verb::query && s.dn.recorders_active == 0)
    return 118;
  return 0;
}

int code_of(const std::optional<fault>& refusal) {
  return refusal ? static_cast<int>(refusal->code) : 0;
}

std::string describe(const situation& s) {
  auto number = [](auto value) { return std::to_string(static_cast<int>(value)); };
  return std::string{to_string(s.sender.role)} +
         (s.sender.mode ? " " + std::string{to_string(*s.sender.mode)} : " unregistered") +
         (s.sender.authorized ? "" : " unauthorized") +
         (s.dn.configured ? "" : " unconfigured DN") + ", recorders " +
         number(s.dn.recorders_active) + ", " + std::string{to_string(s.request.verb)} +
         ", faults " + number(s.request.dn_fault) + " " + number(s.request.type_fault) + " " +
         number(s.request.content_fault) + " " + number(s.request.data_fault) + ", if_version " +
         (s.request.if_version ? std::to_string(*s.request.if_version) : "absent");
}

} // namespace

TEST_CASE("who may send what, in the order of checks, in every situation") {
  limits bounds;
  std::size_t situations = 0;
  for_each_situation([&](const situation& s) {
    ++situations;
    auto decision = admit_send(s.sender, s.dn, s.request, bounds);
    if (code_of(decision.refusal) == expected_code(s))
      return;
    INFO(describe(s));
    CHECK(code_of(decision.refusal) == expected_code(s));
  });
  CHECK(situations > 200'000);
}

TEST_CASE("the connection's checks give the DN's answer, as far as they go") {
  limits bounds;
  for_each_situation([&](const situation& s) {
    auto expected = expected_code(s);
    if (expected == 185 || expected == 118)
      expected = 0; // these depend on the DN's state
    auto got = code_of(check_send(s.sender, s.dn.configured, s.request, bounds));
    if (got == expected)
      return;
    INFO(describe(s));
    CHECK(got == expected);
  });
}

TEST_CASE("what an accepted event does follows from its verb alone") {
  limits bounds;
  for_each_situation([&](const situation& s) {
    auto decision = admit_send(s.sender, s.dn, s.request, bounds);
    if (decision.refusal)
      return;
    auto verb = s.request.verb;
    bool changes = verb == capture_verb::start || verb == capture_verb::stop ||
                   verb == capture_verb::pause || verb == capture_verb::resume;
    bool safety = verb == capture_verb::pause || verb == capture_verb::stop;
    bool command = changes || verb == capture_verb::query;
    if (decision.takes_version != changes || decision.safety != safety ||
        decision.for_recorders != command)
      FAIL_CHECK(describe(s));
  });
}

TEST_CASE("pause and stop are never refused for what the broker believes of the state") {
  limits bounds;
  for (auto verb : {capture_verb::pause, capture_verb::stop})
    for (auto state : {capture_state::unknown, capture_state::enabled, capture_state::disabled,
                       capture_state::paused})
      for (std::size_t recorders : {0, 1, 5}) {
        send_event_view request;
        request.this_dn = "7001";
        request.verb = verb;
        auto decision = admit_send({role::desktop, registration_mode::share, true},
                                   {true, {3}, recorders, state}, request, bounds);
        CHECK_FALSE(decision.refusal);
      }
}

TEST_CASE("a refusal names the field that is wrong") {
  limits bounds;
  send_event_view request;
  request.this_dn = "7001";
  sender_facts desktop{role::desktop, registration_mode::share, true};
  auto refusal = [&](const sender_facts& sender) {
    return admit_send(sender, {true, {5}, 1, {}}, request, bounds).refusal.value();
  };
  request.verb = capture_verb::paused;
  CHECK(refusal(desktop).attribute == "event.user_data.screen-capture");
  CHECK(refusal(desktop).accepted == "start, stop, pause, resume, query");
  request.verb = capture_verb::pause;
  CHECK(refusal({role::recorder, registration_mode::share, true}).accepted ==
        "enabled, disabled, paused, failed");
  CHECK(refusal({role::desktop, registration_mode::share, false}).attribute.empty());
  CHECK(refusal({role::desktop, {}, true}).attribute == "this_dn");
  request.if_version = 4;
  CHECK(refusal(desktop).attribute == "if_version");
  CHECK(refusal(desktop).accepted == "5");
}
