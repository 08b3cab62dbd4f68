// A contact center for conversations: the actors of a broker and its links, and T-Clients that
// speak and hear frames over wires in memory. What is between a wire and an actor is what ships:
// the edge's links, and the loop scheduler. In virtual time nothing happens between two lines of a
// test; with threads it runs by itself.
//
//   office o;
//   auto& desk = o.join("desk", v1::ROLE_DESKTOP);
//   desk.says(register_on(2, {"7001"}));
//   CHECK(desk.hears() == lines{"registered 2: 7001 share; ..."});
//
// A client that was told something the test does not mention fails the test: complaint.hpp.
#pragma once

#include "actors/batches.hpp"
#include "actors/context.hpp"
#include "actors/directory/placement.hpp"
#include "actors/t_client.hpp"
#include "tests/actors/party.hpp"
#include "tests/actors/requests.hpp"
#include "tests/actors/stage.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace ringdown::test {

using namespace std::chrono_literals;

class machine;
struct network_habits;

class office {
public:
  explicit office(const limits& bounds = {}, stage where = {}, authorize_function authorize = {},
                  std::unique_ptr<placement> where_dns_live = {});
  ~office();

  /// A connection that has not signed on.
  party& connect(const std::string& name);
  /// A client that has signed on; ReferenceID 1.
  party& join(const std::string& name, v1::Role role, const capabilities& abilities = {});
  /// A desktop that wants to hear what becomes of its commands.
  party& confirming_desktop(const std::string& name = "desk") {
    return join(name, v1::ROLE_DESKTOP, {v1::CAPABILITY_OUTCOMES});
  }
  /// A recorder that echoes versions.
  party& exact_recorder(const std::string& name = "exact") {
    return join(name, v1::ROLE_RECORDER, {v1::CAPABILITY_EXACT_VERSIONS});
  }
  party& desktop(const std::string& name = "desk") { return join(name, v1::ROLE_DESKTOP); }
  party& recorder(const std::string& name = "recorder") { return join(name, v1::ROLE_RECORDER); }
  party& supervisor(const std::string& name = "supervisor") {
    return join(name, v1::ROLE_SUPERVISOR);
  }

  /// Runs what is ready (virtual time).
  void settle();
  /// Lets time pass (virtual time): what is due happens at its time, and clients say heartbeats. In
  /// hours the links' clocks are looked at less often, as on a busy machine.
  void pass(std::chrono::milliseconds time);
  /// Lets time pass while no actor comes to work: their machine is busy (virtual time).
  void stand_still(std::chrono::nanoseconds time);
  /// How many delayed messages are armed (virtual time).
  std::size_t timers();
  bool has_timers() { return timers() != 0; }
  /// One turn of one of the loops that have something to do: `which`, counted round and round; on
  /// the testing scheduler the next message of one of the actors that have any. False if nothing is
  /// ready (virtual time).
  bool step_of(std::uint64_t which = 0);

  // Message by message only:
  /// Runs one actor's next message; false if nothing is ready.
  bool step() { return step_of(); }
  /// The same, but this client's connection does not come to work.
  bool step_without(const party& one);
  /// The next step is this client's connection's, if it has anything to do.
  void next_is(const party& one);

  /// What another thread does in the moment in which one thread tells another, which runs this
  /// edge, that it has something to do, such as to send what was written (virtual time). On loops
  /// the two are of different loops.
  void meanwhile(std::function<void(std::size_t edge)> act);
  /// Such a thing: that edge's loop has a turn, if it has none already.
  bool interrupt_for(std::size_t edge);
  /// How the network treats the clients that come from now on.
  void network_is(network_habits how);
  /// What each look at the clock takes (cranked loops); null: nothing, as at the beginning.
  void reading_takes(std::function<std::chrono::nanoseconds()> time);

  /// The broker begins to shut down: the DNs and all connections are told.
  void drain();
  /// Its two halves: what was on its way comes between them.
  void drain_dns();
  void drain_links();
  /// The access list has changed: all connections are told.
  void change_access();
  /// The directory fails, as if it had thrown.
  void fail_directory();
  /// Why the directory ended by itself; empty: it has not.
  std::string directory_failure() const;
  /// The configured DNs change.
  void configure(const dn_names& dns);
  /// Ends all: clients, then the directory and its DNs. The destructor does so.
  void close();

  /// How many actors there are, the directory included.
  std::size_t actors();
  /// Which loop a DN lives on (on loops). The question makes one that does not live.
  std::size_t loop_of(const std::string& dn);
  /// How many clients of this name, gone or not, anybody still holds on to.
  std::size_t remembered(const std::string& name);
  /// How often an actor was called without a mailbox.
  std::uint64_t in_place();

  /// What the broker told its operator, warnings and above: "dn: DN actor ended ...".
  lines told();

  broker_context context;

private:
  friend class party;
  struct inside;
  class notebook;

  std::string name_of(std::uint64_t client) const;
  std::shared_ptr<memory_wire> new_wire(const std::string& name);
  void say_heartbeats();
  void end_all();

  std::unique_ptr<notebook> notebook_;
  std::unique_ptr<machine> machine_;
  std::unique_ptr<inside> inside_;
  std::list<party> parties_;
};

} // namespace ringdown::test
