// Private registrations, and DNs that come and go with the configuration.
#include "tests/e2e/expect.hpp"

#include <csignal>

using namespace ringdown;
using namespace ringdown::e2e;

TEST_CASE("A private registration keeps other desktops out, but no recorder and no watcher") {
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run)))};
  auto owner = signed_on(broker, v1::ROLE_DESKTOP);
  owner.register_on("7001", v1::REGISTRATION_MODE_PRIVATE);
  auto desktop = signed_on(broker, v1::ROLE_DESKTOP);
  auto supervisor = signed_on(broker, v1::ROLE_SUPERVISOR);
  auto recorder = signed_on(broker, v1::ROLE_RECORDER);
  auto refused = [](raw_client& client, v1::RegistrationMode mode, error_code code) {
    auto reference = client.request(register_on("7001", mode));
    check_bad_input(client.answer(reference), reference, code, "mode");
  };
  for (auto mode :
       {v1::REGISTRATION_MODE_SHARE, v1::REGISTRATION_MODE_PRIVATE, v1::REGISTRATION_MODE_MONITOR})
    refused(desktop, mode, error_code::resource_seized);
  refused(supervisor, v1::REGISTRATION_MODE_SHARE, error_code::resource_seized);
  refused(recorder, v1::REGISTRATION_MODE_PRIVATE, error_code::access_restricted);
  supervisor.register_on("7001", v1::REGISTRATION_MODE_MONITOR);
  recorder.register_on("7001");

  CHECK(owner.ask(capture("7001", "pause")).event_ack().recorders_queued() == 1);
  check_event(recorder.expect(), "pause");
  check_event(supervisor.expect(), "pause");

  // The way is free once the owner is gone, however it goes.
  owner.close();
  await("the private registration ends",
        [&] { return desktop.ask(register_on("7001")).has_event_registered(); });
  CHECK(broker.stop() == 0);
}

TEST_CASE("A private registration is refused where another desktop is registered") {
  running_broker broker;
  auto first = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto second = signed_on(broker, v1::ROLE_DESKTOP);
  auto reference = second.request(register_on("7001", v1::REGISTRATION_MODE_PRIVATE));
  check_bad_input(second.answer(reference), reference, error_code::resource_seized, "mode");
  CHECK(first.ask(unregister_from("7001")).has_event_unregistered());
  second.register_on("7001", v1::REGISTRATION_MODE_PRIVATE);
  CHECK(broker.stop() == 0);
}

TEST_CASE("A DN taken out of the configuration is unregistered unasked") {
  temporary_file list{"7001\n7002\n"};
  running_broker broker{run_as(GENERATE(from_range(every_way_to_run))) +
                        flags{"--dns.file=" + list.path()}};
  auto desktop = registered(broker, v1::ROLE_DESKTOP, "7001");
  auto recorder = registered(broker, v1::ROLE_RECORDER, "7001");
  desktop.register_on("7002");
  recorder.register_on("7002");
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  check_event(recorder.expect(), "pause");

  // Half of the DNs less might be a list half written: the second time it is believed.
  list.write("7002\n7003\n");
  broker.child().signal(SIGHUP);
  broker.await_log("reload refused");
  CHECK(desktop.ask(capture("7001", "pause")).has_event_ack());
  check_event(recorder.expect(), "pause");
  broker.child().signal(SIGHUP);
  for (auto* client : {&desktop, &recorder}) {
    auto gone = client->unasked();
    INFO(gone.ShortDebugString());
    REQUIRE(gone.has_event_unregistered());
    CHECK(gone.event_unregistered().this_dn() == "7001");
    CHECK(gone.event_unregistered().error_code() == 59);
    CHECK_FALSE(gone.event_unregistered().text().empty());
  }
  broker.await_log("reloaded");
  // Not configured any more; the others are as they were, and the new one exists.
  await("the DN's end is known",
        [&] { return kind_of(desktop.ask(capture("7001", "pause"))) == "EventError 59"; });
  CHECK(kind_of(desktop.ask(register_on("7001"))) == "EventError 59");
  CHECK(desktop.ask(capture("7002", "start")).event_ack().recorders_queued() == 1);
  check_event(recorder.expect(), "start");
  desktop.register_on("7003");

  // A list that cannot be read changes nothing.
  list.write("7003\n\x01\n");
  broker.child().signal(SIGHUP);
  broker.await_log("reload refused", 2);
  CHECK(desktop.ask(capture("7002", "stop")).event_ack().recorders_queued() == 1);

  // It comes back as a new DN: another epoch, and nobody is registered.
  auto epoch = desktop.ask(query_address("7002")).event_address_info().snapshot().dn_epoch();
  list.write("7001\n7002\n7003\n");
  broker.child().signal(SIGHUP);
  broker.await_log("reloaded", 2);
  v1::Frame back;
  await("the DN is configured again", [&] {
    back = desktop.ask(register_on("7001"));
    return back.has_event_registered();
  });
  CHECK(back.event_registered().snapshot().dn_sequence() == 0);
  CHECK(back.event_registered().snapshot().clients_registered() == 1);
  CHECK(back.event_registered().snapshot().dn_epoch() != epoch);
  CHECK(broker.stop() == 0);
}
