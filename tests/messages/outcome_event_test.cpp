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

/// A text, up to the longest.
std::string pick_text(std::size_t bytes_max) {
  return std::string(*rc::gen::inRange<std::size_t>(0, bytes_max + 1), 'a');
}
std::string pick_name() {
  return pick_text(application_name_bytes_max);
}
command_id pick_command() {
  return *command_id::from(*rc::gen::container<std::string>(16, rc::gen::arbitrary<char>()));
}

struct sample {
  std::string dn = *any_dn();
  std::string application = pick_name();
  std::string reason = pick_text(reason_bytes_max);
  std::string agent_id = pick_text(agent_id_bytes_max);
  std::string holder = pick_name();
  std::vector<std::string> names;
  std::vector<std::string> failures;
  std::vector<recorder_result> results;
  outcome_event event;

  sample() {
    names.resize(*rc::gen::inRange<std::size_t>(0, 6));
    failures.resize(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
      names[i] = pick_name();
      if (*rc::gen::arbitrary<bool>())
        failures[i] = pick_text(failure_text_bytes_max);
      results.push_back({{pick<std::uint64_t>()},
                         names[i],
                         pick_word<recorder_verdict>(1, 6),
                         pick_word<capture_state>(0, 3),
                         *rc::gen::arbitrary<bool>() ? pick<std::uint32_t>() : 0,
                         failures[i]});
    }
    event.this_dn = dn;
    event.epoch = {pick<std::uint64_t>()};
    event.sequence = {pick<std::uint64_t>()};
    if (*rc::gen::arbitrary<bool>())
      event.command = pick_command();
    event.connection = {pick<std::uint64_t>()};
    event.verb = pick_word<capture_verb>(0, 5);
    event.version = {pick<std::uint64_t>()};
    event.result = pick_word<outcome>(1, 8);
    event.recorders = results;
    event.superseded_by = {pick<std::uint64_t>()};
    if (*rc::gen::arbitrary<bool>())
      event.held_by = pick_pause();
    event.aggregate = pick_word<capture_aggregate>(0, 5);
    event.effective_state = pick_word<capture_state>(0, 3);
    event.origin = {pick<std::uint64_t>()};
    event.accepted_time_us = pick<std::int64_t>();
    event.time_us = pick<std::int64_t>();
    event.origin_application = application;
    event.reason = reason;
    event.agent_id = agent_id;
    event.cause = pick_word<broker_reason>(0, 12);
    event.released = {pick<std::uint64_t>()};
    if (*rc::gen::arbitrary<bool>())
      event.released_command = pick_command();
  }

  pause_facts pick_pause() const {
    pause_facts pause{{pick<std::uint64_t>()}, holder, agent_id,
                      {pick<std::uint64_t>()}, reason, pick<std::int64_t>(),
                      {pick<std::uint64_t>()}};
    pause.holder_gone = *rc::gen::arbitrary<bool>();
    pause.waiting = pick<std::uint32_t>();
    return pause;
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
  RC_ASSERT(read.held_by_connection_id() == (event.held_by ? event.held_by->covers.value : 0));
  RC_ASSERT(static_cast<int>(read.aggregate()) == static_cast<int>(event.aggregate));
  RC_ASSERT(static_cast<int>(read.effective_state()) == static_cast<int>(event.effective_state));
  RC_ASSERT(read.origin_client_id() == event.origin.value);
  RC_ASSERT(read.accepted_time_us() == event.accepted_time_us);
  RC_ASSERT(read.time_us() == event.time_us);
  RC_ASSERT(static_cast<int>(read.broker_reason()) == static_cast<int>(event.cause));
  RC_ASSERT(read.released_sequence() == event.released.value);
}

void check_texts(const v1::EventOutcome& read, const outcome_event& event) {
  auto id_or_none = [](auto& id) { return id ? id.view() : std::string_view{}; }; // all zeros: none
  RC_ASSERT(read.command_id() == id_or_none(event.command));
  RC_ASSERT(read.released_command_id() == id_or_none(event.released_command));
  RC_ASSERT(read.origin_application() == event.origin_application);
  RC_ASSERT(read.reason() == event.reason);
  RC_ASSERT(read.agent_id() == event.agent_id);
}

void check_pause(const v1::EventOutcome& read, const outcome_event& event) {
  RC_ASSERT(read.has_held_by() == event.held_by.has_value());
  if (!event.held_by)
    return;
  auto& pause = read.held_by();
  auto& given = *event.held_by;
  RC_ASSERT(pause.connection_id() == given.covers.value);
  RC_ASSERT(pause.application_name() == given.application);
  RC_ASSERT(pause.agent_id() == given.agent_id);
  RC_ASSERT(pause.client_id() == given.client.value);
  RC_ASSERT(pause.reason() == given.reason);
  RC_ASSERT(pause.since_time_us() == given.since_us);
  RC_ASSERT(pause.version() == given.version.value);
  RC_ASSERT(pause.holder_gone() == given.holder_gone);
  RC_ASSERT(pause.waiting() == given.waiting);
}

void check_results(const v1::EventOutcome& read, const std::vector<recorder_result>& results) {
  RC_ASSERT(static_cast<std::size_t>(read.recorders_size()) == results.size());
  for (int i = 0; i < read.recorders_size(); ++i) {
    auto& result = results[static_cast<std::size_t>(i)];
    auto& recorder = read.recorders(i);
    RC_ASSERT(recorder.client_id() == result.recorder.value);
    RC_ASSERT(recorder.application_name() == result.application);
    RC_ASSERT(static_cast<int>(recorder.verdict()) == static_cast<int>(result.verdict));
    RC_ASSERT(static_cast<int>(recorder.said()) == static_cast<int>(result.said));
    RC_ASSERT(recorder.failure_code() == result.failure_code);
    RC_ASSERT(recorder.failure_text() == result.failure_text);
  }
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
    check_numbers(read, given.event);
    check_texts(read, given.event);
    check_pause(read, given.event);
    check_results(read, given.results);
    // The content is the message alone, as RequestQueryAddress's answer holds it.
    v1::EventOutcome alone;
    auto content = written.content();
    RC_ASSERT(alone.ParseFromArray(content.data(), static_cast<int>(content.size())));
    RC_ASSERT(alone.SerializeAsString() == read.SerializeAsString());
  });
}
