// A desktop over a scripted link, with what it was told.
#pragma once

#include "client/desktop.hpp"
#include "tests/client/role_frames.hpp"

#include <algorithm>
#include <vector>

namespace ringdown::test {

using client::desktop;
using client::event_outcome;
using client::light;
using client::light_view;
using client::outcome_handler;

struct agent_stand : scripted_client {
  agent_stand() {
    now.set_dn_epoch(1);
    now.set_dn_sequence(3);
    now.set_effective_state(v1::CAPTURE_STATE_ENABLED);
    bring_up();
    broker.registered(broker.expect(), 3, 1, v1::CAPTURE_STATE_ENABLED);
    settle();
  }

  /// Until nothing happens any more. Questions for the snapshot are answered with `now`.
  void rest() {
    settle();
    for (auto all = broker.questions(); !all.empty(); all = broker.questions()) {
      questions += all.size();
      for (auto& question : all)
        answer(question);
    }
  }
  void answer(const v1::Frame& question) {
    v1::Frame frame;
    frame.set_reference_id(question.reference_id());
    frame.mutable_event_address_info()->set_this_dn("7001");
    *frame.mutable_event_address_info()->mutable_snapshot() = now;
    broker.send(frame);
    settle();
  }
  /// An event of somebody's, which says what it is in `fill`.
  template <class Fill>
  void hears(const std::string& verb, Fill fill) {
    now.set_dn_sequence(now.dn_sequence() + 1);
    v1::Frame frame;
    auto& event = *frame.mutable_event_user_event();
    event.set_dn_epoch(1);
    event.set_dn_sequence(now.dn_sequence());
    event.set_effective_state(now.effective_state());
    event.mutable_event()->set_this_dn("7001");
    if (!verb.empty()) {
      auto& pair = *event.mutable_event()->mutable_user_data()->add_pairs();
      pair.set_key("screen-capture");
      pair.set_string_value(verb);
    }
    fill(event);
    broker.send(frame);
    rest();
  }

  /// EventOutcome for a command that was said.
  void outcome_of(const v1::Frame& command, v1::Outcome result) {
    v1::Frame frame;
    frame.mutable_event_outcome()->set_dn_epoch(1);
    frame.mutable_event_outcome()->set_dn_sequence(now.dn_sequence());
    auto& event = *frame.mutable_event_outcome();
    event.set_this_dn("7001");
    event.set_command_id(command.request_send_event().command_id());
    event.set_outcome(result);
    event.set_time_us(1);
    broker.send(frame);
    rest();
  }
  /// The command, and that the broker has taken it.
  v1::Frame accepted(std::uint64_t sequence = 4) {
    settle();
    auto command = broker.expect();
    broker.ack(command, sequence);
    now.set_dn_sequence(std::max(now.dn_sequence(), sequence));
    rest();
    return command;
  }
  /// A handler of one command's.
  outcome_handler own() {
    return [this](const event_outcome& o) { own_outcomes.push_back(o.result); };
  }

  v1::Snapshot now;                  // of the DN
  std::size_t questions = 0;         // for it, so far
  std::vector<light> lights;         // from unknown on
  client::light_handler on_light;    // of a test's own
  std::vector<outcome> outcomes;     // told to the desktop's handler
  std::vector<outcome> own_outcomes; // told to that of a command
  desktop agent{subject,
                "7001",
                [this](const light_view& l) {
                  if (l.state != (lights.empty() ? light::unknown : lights.back()))
                    lights.push_back(l.state);
                  if (on_light)
                    on_light(l);
                },
                {.on_outcome = [this](const event_outcome& o) { outcomes.push_back(o.result); }}};
};

} // namespace ringdown::test
