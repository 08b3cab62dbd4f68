// The field's everyday scenarios (docs: the domain's numbers 1 to 5), each with every scheduler.
#include "tests/e2e/expect.hpp"

using namespace ringdown;
using namespace ringdown::e2e;

TEST_CASE("A desktop starts the capture and the recorder's indication comes back") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  constexpr std::uint64_t call = 0x00d1'0000'0000'0001;

  auto command = capture("7001", "start", call);
  auto& asked = *command.mutable_request_send_event();
  asked.set_command_id(random_bytes16());
  asked.set_confirm_timeout_ms(2500);
  asked.mutable_event()->set_user_event(77);
  auto ack = desktop.ask(command);
  REQUIRE(ack.has_event_ack());
  CHECK(ack.event_ack().recorders_queued() == 1);
  CHECK(ack.event_ack().version() == 1);
  CHECK(ack.event_ack().user_event() == 77);
  CHECK(ack.event_ack().dn_sequence() == 1);

  auto heard = recorder.expect();
  check_event(heard, "start");
  auto& event = heard.event_user_event();
  CHECK(event.dn_sequence() == ack.event_ack().dn_sequence());
  CHECK(event.dn_epoch() == ack.event_ack().dn_epoch());
  CHECK(event.version() == 1);
  CHECK(event.command_id() == asked.command_id());
  CHECK(event.confirm_timeout_ms() == 2500);
  CHECK(event.origin_client_id() == desktop.link().client_id());
  CHECK(event.origin_role() == v1::ROLE_DESKTOP);
  CHECK(event.origin_instance_id().size() == 16);
  CHECK(event.time_us() == ack.event_ack().time_us());
  CHECK(event.event().SerializeAsString() == asked.event().SerializeAsString());

  auto indication = capture("7001", "enabled", call);
  indication.mutable_request_send_event()->set_version(event.version());
  indication.mutable_request_send_event()->set_command_id(event.command_id());
  CHECK(recorder.ask(indication).has_event_ack());
  auto shown = desktop.expect();
  check_event(shown, "enabled");
  CHECK(shown.event_user_event().effective_state() == v1::CAPTURE_STATE_ENABLED);
  CHECK(shown.event_user_event().origin_role() == v1::ROLE_RECORDER);
  CHECK(shown.event_user_event().version() == 1);
  CHECK(shown.event_user_event().dn_sequence() == 2);

  auto snapshot = desktop.ask(query_address("7001"));
  REQUIRE(snapshot.has_event_address_info());
  auto& state = snapshot.event_address_info().snapshot();
  CHECK(state.effective_state() == v1::CAPTURE_STATE_ENABLED);
  CHECK(state.recorders_active() == 1);
  CHECK(state.clients_registered() == 2);
  REQUIRE(state.sessions_size() == 1);
  CHECK(state.sessions(0).connection_id() == call);
  CHECK(state.sessions(0).desired() == v1::CAPTURE_STATE_ENABLED);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder that comes back finds the pause in its snapshot") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  {
    auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
    CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 1);
    CHECK(recorder.ask(capture("7001", "paused")).has_event_ack());
    check_event(desktop.expect(), "paused");
  }
  auto lost = desktop.expect();
  check_event(lost, "unknown");
  CHECK(lost.event_user_event().broker_reason() == v1::BROKER_REASON_RECORDER_LOST);
  CHECK(lost.event_user_event().origin_role() == v1::ROLE_BROKER);
  CHECK(lost.event_user_event().origin_client_id() == 0);
  CHECK(lost.event_user_event().effective_state() == v1::CAPTURE_STATE_UNKNOWN);

  auto recorder = signed_on(broker, v1::ROLE_RECORDER);
  auto snapshot = recorder.register_on("7001");
  REQUIRE(snapshot.sessions_size() == 1);
  CHECK(snapshot.sessions(0).desired() == v1::CAPTURE_STATE_PAUSED);
  CHECK(snapshot.sessions(0).observed() == v1::CAPTURE_STATE_UNKNOWN);
  CHECK(snapshot.version() == 1);
  auto ordered = desktop.expect();
  check_event(ordered, "pause"); // whoever does not look at snapshots is ordered
  CHECK(ordered.event_user_event().broker_reason() == v1::BROKER_REASON_RECORDER_CAME);
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack());
  auto known = desktop.expect();
  check_event(known, "paused");
  CHECK(known.event_user_event().effective_state() == v1::CAPTURE_STATE_PAUSED);
  CHECK(broker.stop() == 0);
}

TEST_CASE("What a client may not send is refused, and nobody else hears of it") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--dns.list=7001,7002"}};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto refused = [&](const v1::Frame& frame, error_code code) {
    auto reference = desktop.request(frame);
    check_error(desktop.answer(reference), reference, code);
  };
  refused(capture("7002", "start"), error_code::not_registered);
  refused(capture("9999", "start"), error_code::dn_not_configured);
  refused(register_on("9999"), error_code::dn_not_configured);
  refused(capture("7001", "strat"), error_code::invalid_attribute);
  auto other_type = capture("7001", "start");
  other_type.mutable_request_send_event()->mutable_event()->set_message_type(
    static_cast<v1::MessageType>(2));
  refused(other_type, error_code::unsupported_operation);
  auto other_dn = capture("7001", "start");
  other_dn.mutable_request_send_event()->mutable_event()->set_this_dn("7002");
  refused(other_dn, error_code::invalid_attribute);

  CHECK(desktop.ask(capture("7001", "start")).has_event_ack());
  auto first = recorder.expect();
  check_event(first, "start");
  CHECK(first.event_user_event().dn_sequence() == 1); // refusals take no place in the order
  CHECK(broker.stop() == 0);
}

TEST_CASE("A monitor commands nothing, a recorder only indicates, a desktop never does") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto watcher = registered(broker, v1::ROLE_SUPERVISOR, "7001", v1::REGISTRATION_MODE_MONITOR);
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001", v1::REGISTRATION_MODE_MONITOR);
  CHECK(kind_of(watcher.ask(capture("7001", "pause"))) == "EventError 41");
  CHECK(kind_of(recorder.ask(capture("7001", "pause"))) == "EventError 165");
  CHECK(kind_of(desktop.ask(capture("7001", "paused"))) == "EventError 165");
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack());
  check_event(desktop.expect(), "paused");
  check_event(watcher.expect(), "paused");
  CHECK(broker.stop() == 0);
}

TEST_CASE("Two desktops see each other's commands, and the second pause is harmless") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto first = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto second = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  CHECK(first.ask(capture("7001", "pause")).event_ack().version() == 1);
  check_event(second.expect(), "pause");
  CHECK(second.ask(capture("7001", "pause")).event_ack().version() == 2);
  check_event(first.expect(), "pause");
  check_event(recorder.expect(), "pause");
  check_event(recorder.expect(), "pause");
  CHECK(recorder.ask(capture("7001", "paused")).has_event_ack());
  for (auto* desktop : {&first, &second}) {
    auto shown = desktop->expect();
    check_event(shown, "paused");
    CHECK(shown.event_user_event().effective_state() == v1::CAPTURE_STATE_PAUSED);
  }
  CHECK(broker.stop() == 0);
}

TEST_CASE("A resume that the desktop ties to a version never undoes a later pause") {
  running_broker broker;
  auto first = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto second = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto seen = first.ask(capture("7001", "pause")).event_ack().version();
  CHECK(second.ask(capture("7001", "pause")).event_ack().version() == seen + 1);
  auto resume = capture("7001", "resume");
  resume.mutable_request_send_event()->set_if_version(seen);
  auto reference = first.request(resume);
  auto refused = first.answer(reference);
  check_bad_input(refused, reference, error_code::wrong_state, "if_version");
  CHECK(refused.event_error().version() == seen + 1);
  resume.mutable_request_send_event()->set_if_version(seen + 1);
  CHECK(first.ask(resume).event_ack().version() == seen + 2);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A query without a recorder is answered at once with the last known state") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto reference = desktop.request(capture("7001", "query"));
  auto refused = desktop.answer(reference);
  check_error(refused, reference, error_code::service_unavailable);
  CHECK(refused.event_error().this_dn() == "7001");
  REQUIRE(refused.event_error().has_last_known_state());
  CHECK(refused.event_error().last_known_state() == v1::CAPTURE_STATE_UNKNOWN);

  // A standby recorder hears of queries but does not answer them: it counts as none, and its word
  // makes no light.
  auto standby = signed_on(broker, v1::ROLE_RECORDER);
  auto quietly = register_on("7001");
  quietly.mutable_request_register_address()->set_standby(true);
  CHECK(standby.ask(quietly).event_registered().snapshot().recorders_standby() == 1);
  CHECK(standby.ask(capture("7001", "enabled")).has_event_ack());
  check_event(desktop.expect(), "enabled");
  refused = desktop.ask(capture("7001", "query"));
  CHECK(kind_of(refused) == "EventError 118");
  CHECK(refused.event_error().last_known_state() == v1::CAPTURE_STATE_UNKNOWN);

  // Other commands are kept for the recorder that comes.
  CHECK(desktop.ask(capture("7001", "pause")).event_ack().recorders_queued() == 0);
  check_event(standby.unasked(), "pause");
  auto recorder = signed_on(broker, v1::ROLE_RECORDER);
  auto snapshot = recorder.register_on("7001");
  REQUIRE(snapshot.sessions_size() == 1);
  CHECK(snapshot.sessions(0).desired() == v1::CAPTURE_STATE_PAUSED);
  check_event(recorder.expect(), "pause"); // the broker's own
  CHECK(desktop.ask(capture("7001", "query")).event_ack().recorders_queued() == 1);
  check_event(recorder.expect(), "query");
  CHECK(broker.stop() == 0);
}

TEST_CASE("A recorder answers just the desktop that asked, and the others see it too") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto asking = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto other = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  CHECK(asking.ask(capture("7001", "query")).has_event_ack());
  auto asked = recorder.expect();
  check_event(asked, "query");
  auto reply = capture("7001", "disabled");
  reply.mutable_request_send_event()->set_directed_client_id(
    asked.event_user_event().origin_client_id());
  auto reference = recorder.request(reply);
  CHECK(recorder.answer(reference).has_event_ack());
  auto directed = asking.expect();
  check_event(directed, "disabled");
  CHECK(directed.event_user_event().directed_reference_id() == reference);
  check_event(other.expect(), "query");
  auto copy = other.expect();
  check_event(copy, "disabled");
  CHECK(copy.event_user_event().directed_reference_id() == 0);
  CHECK(broker.stop() == 0);
}

TEST_CASE("Echo, input mask, unregistration and the older request do what they say") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto talker = signed_on(broker, v1::ROLE_DESKTOP);
  auto listener = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto with_echo = register_on("7001");
  with_echo.mutable_request_register_address()->set_echo(true);
  CHECK(talker.ask(with_echo).has_event_registered());

  v1::Frame mask;
  mask.mutable_request_set_input_mask()->add_event_kinds(v1::EVENT_KIND_USER_EVENT);
  CHECK(listener.ask(mask).has_event_ack());
  CHECK(talker.ask(capture("7001", "start")).has_event_ack());
  check_event(talker.expect(), "start"); // its own, after its ACK
  CHECK(talker.ask(as_distribute(user_event("7001", "note", "hello"))).has_event_ack());
  CHECK(talker.expect().event_user_event().event().user_data().pairs(0).key() == "note");
  auto heard = listener.expect(); // the command was masked out
  CHECK(heard.event_user_event().event().user_data().pairs(0).string_value() == "hello");
  CHECK(heard.event_user_event().dn_sequence() == 2);

  auto gone = listener.ask(unregister_from("7001"));
  REQUIRE(gone.has_event_unregistered());
  CHECK(gone.event_unregistered().error_code() == 0);
  CHECK(talker.ask(query_address("7001")).event_address_info().snapshot().clients_registered() ==
        1);
  CHECK(talker.ask(user_event("7001", "note", "nobody else")).has_event_ack());
  CHECK(kind_of(listener.ask(user_event("7001", "note", "late"))) == "EventError 41");
  CHECK(broker.stop() == 0);
}

TEST_CASE("A registration and what follows it on the same DN may go out in one write") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  auto desktop = signed_on(broker, v1::ROLE_DESKTOP);
  std::string bytes;
  std::uint32_t reference = 100;
  for (auto frame : {register_on("7001"), capture("7001", "start"), capture("7001", "pause"),
                     unregister_from("7001"), capture("7001", "stop")}) {
    frame.set_reference_id(++reference);
    auto body = frame.SerializeAsString();
    bytes += static_cast<char>(body.size()); // all are short
    bytes += body;
  }
  desktop.send_bytes(bytes);
  std::vector<std::string> answers;
  for (std::uint32_t i = 101; i <= reference; ++i) {
    auto frame = desktop.expect();
    CHECK(frame.reference_id() == i);
    answers.push_back(kind_of(frame));
  }
  CHECK(answers == std::vector<std::string>{"EventRegistered", "EventACK", "EventACK",
                                            "EventUnregistered", "EventError 41"});
  check_event(recorder.expect(), "start");
  check_event(recorder.expect(), "pause");
  CHECK(broker.stop() == 0);
}
