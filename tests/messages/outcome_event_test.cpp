// EventOutcome as the broker writes it, read back with the generated parser.
#include "messages/outcome_event.hpp"

#include "messages/limits.hpp"

#include "tests/messages/generators.hpp"
#include "tests/messages/written.hpp"

#include <rapidcheck/catch.h>

#include <string>
#include <vector>

using namespace ringdown;
using namespace ringdown::test;

namespace {

template <class Word>
Word pick_word(int first, int last) {
  return static_cast<Word>(*rc::gen::inRange(first, last + 1));
}

/// An application's name, up to the longest.
std::string pick_name() {
  auto size = *rc::gen::inRange<std::size_t>(0, application_name_bytes_max + 1);
  return std::string(size, 'a');
}

struct sample {
  std::string dn = *any_dn();
  std::vector<std::string> names;
  std::vector<recorder_result> results;
  outcome_event event;

  sample() {
    names.resize(*rc::gen::inRange<std::size_t>(0, 6));
    for (auto& name : names) {
      name = pick_name();
      results.push_back({{pick<std::uint64_t>()},
                         name,
                         pick_word<recorder_verdict>(1, 5),
                         pick_word<capture_state>(0, 3)});
    }
    event.this_dn = dn;
    event.epoch = {pick<std::uint64_t>()};
    event.sequence = {pick<std::uint64_t>()};
    if (*rc::gen::arbitrary<bool>())
      event.command =
        *command_id::from(*rc::gen::container<std::string>(16, rc::gen::arbitrary<char>()));
    event.connection = {pick<std::uint64_t>()};
    event.verb = pick_word<capture_verb>(0, 5);
    event.version = {pick<std::uint64_t>()};
    event.result = pick_word<outcome>(1, 7);
    event.recorders = results;
    event.superseded_by = {pick<std::uint64_t>()};
    if (auto held_by = pick_optional<std::uint64_t>())
      event.held_by = conn_id{*held_by};
    event.aggregate = pick_word<capture_aggregate>(0, 5);
    event.effective_state = pick_word<capture_state>(0, 3);
    event.origin = {pick<std::uint64_t>()};
    event.accepted_time_us = pick<std::int64_t>();
    event.time_us = pick<std::int64_t>();
  }
  sample(const sample&) = delete;
  sample& operator=(const sample&) = delete;
};

void check_numbers(const v1::EventOutcome& read, const outcome_event& event) {
  RC_ASSERT(read.dn_epoch() == event.epoch.value);
  RC_ASSERT(read.dn_sequence() == event.sequence.value);
  RC_ASSERT(read.connection_id() == event.connection.value);
  RC_ASSERT(static_cast<int>(read.command()) == static_cast<int>(event.verb));
  RC_ASSERT(read.version() == event.version.value);
  RC_ASSERT(static_cast<int>(read.outcome()) == static_cast<int>(event.result));
  RC_ASSERT(read.error_code() == (event.result == outcome::timed_out ? 57u : 0u));
  RC_ASSERT(read.superseded_by_version() == event.superseded_by.value);
  RC_ASSERT(read.held_by_connection_id() == event.held_by.value_or(conn_id{}).value);
  RC_ASSERT(static_cast<int>(read.aggregate()) == static_cast<int>(event.aggregate));
  RC_ASSERT(static_cast<int>(read.effective_state()) == static_cast<int>(event.effective_state));
  RC_ASSERT(read.origin_client_id() == event.origin.value);
  RC_ASSERT(read.accepted_time_us() == event.accepted_time_us);
  RC_ASSERT(read.time_us() == event.time_us);
}

} // namespace

TEST_CASE("an outcome says what it was given") {
  rc::prop("any outcome", [] {
    sample given;
    auto written = encode_outcome(given.event);
    auto frame = parse_frame(written.frame);
    RC_ASSERT(frame.has_event_outcome());
    auto& read = frame.event_outcome();
    RC_ASSERT(read.this_dn() == given.dn);
    auto& id = given.event.command; // all zeros: none
    RC_ASSERT(read.command_id() == (id ? id.view() : std::string_view{}));
    check_numbers(read, given.event);
    RC_ASSERT(static_cast<std::size_t>(read.recorders_size()) == given.results.size());
    for (int i = 0; i < read.recorders_size(); ++i) {
      auto& result = given.results[static_cast<std::size_t>(i)];
      RC_ASSERT(read.recorders(i).client_id() == result.recorder.value);
      RC_ASSERT(read.recorders(i).application_name() == result.application);
      RC_ASSERT(static_cast<int>(read.recorders(i).verdict()) == static_cast<int>(result.verdict));
      RC_ASSERT(static_cast<int>(read.recorders(i).said()) == static_cast<int>(result.said));
    }
    RC_ASSERT(written.frame == delimited(frame)); // byte for byte what generated code writes
    RC_ASSERT(written.content() == read.SerializeAsString());
  });
}
