// A contact center for conversations: the actors of a broker without sockets, and T-Clients that
// speak and hear frames. On the testing scheduler time is virtual and nothing happens between two
// lines of a test; on the others it runs by itself.
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
#include "actors/t_client.hpp"
#include "tests/actors/requests.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ringdown::test {

using namespace std::chrono_literals;

using lines = std::vector<std::string>;

enum class runs_on { virtual_time, loops, stock };

/// Where a test runs its conversation.
struct stage {
  runs_on scheduler = runs_on::virtual_time;
  std::size_t threads = 1;
};
std::ostream& operator<<(std::ostream& out, const stage& s);

class office;

/// One T-Client and the edge of its connection.
class party {
public:
  struct inside;
  party(office& where, std::string name);
  ~party();

  /// What a single read brings: these frames, in this order.
  template <class... Frames>
  void says(const Frames&... frames) {
    read({frames...});
  }
  void read(const std::vector<v1::Frame>& frames);
  /// A read of any bytes as frames; then the stream ends like this (a `stream_end`).
  void read_bytes(const std::vector<std::string>& frames, int end = 0);
  /// A read of any bytes, cut into frames as the edge cuts them. Nothing is read any more from a
  /// stream that has ended or a connection that is closing.
  void read_stream(std::string_view bytes);

  /// All that the client was sent since it was last asked. In real time it waits until there are
  /// so many lines.
  lines hears(std::size_t at_least = 0);
  std::vector<v1::Frame> frames(std::size_t at_least = 0);
  /// The single frame it was sent.
  v1::Frame frame();

  /// Reads so many bytes of what waits; the rest stays.
  void reads_only(std::size_t bytes);

  /// The socket breaks.
  void vanishes();
  /// The edge or a rule closes the connection.
  void is_closed(v1::DisconnectReason reason);
  /// Another thread does this in the moment in which the client is written something.
  void meanwhile(std::function<void()> act);
  /// The broker drains.
  void drains();

  std::uint64_t id() const;
  const std::string& name() const { return name_; }
  t_client& client();
  outbox& box() { return client().box; }
  /// `close_after_flush` was called.
  bool closing() const;
  std::chrono::milliseconds heartbeat_interval() const;
  std::chrono::milliseconds heartbeat_timeout() const;
  /// Read batches that have not come back.
  std::uint32_t reads_in_flight() const;

private:
  friend class office;
  void take_all();
  void hand_over(read_batch_ptr batch);

  office& office_;
  std::string name_;
  std::unique_ptr<inside> inside_;
  std::vector<v1::Frame> heard_;
};

class office {
public:
  explicit office(const limits& bounds = {}, stage where = {}, authorize_function authorize = {});
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
  /// Lets time pass (virtual time).
  void pass(std::chrono::milliseconds time);
  /// Lets time pass while no actor comes to work: their machine is busy (virtual time).
  void stand_still(std::chrono::milliseconds time);
  /// Whether any delayed message is armed (virtual time).
  bool has_timers();
  /// Runs one actor's next message (virtual time); false if nothing is ready.
  bool step();
  /// The same, of any actor that is ready: `which`, counted round and round.
  bool step_of(std::uint64_t which);
  /// The same, but this client's connection does not come to work.
  bool step_without(const party& one);
  /// The next step is this client's connection's, if it has anything to do (virtual time).
  void next_is(party& one);

  /// The broker begins to shut down: the DNs and all connections are told.
  void drain();
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

  /// What the broker told its operator, warnings and above: "dn: DN actor ended ...".
  lines told();

  broker_context context;

private:
  friend class party;
  struct inside;
  class notebook;

  std::string name_of(std::uint64_t client) const;

  std::unique_ptr<notebook> notebook_;
  std::atomic<std::int64_t> now_us_{1'700'000'000'000'000};
  std::unique_ptr<inside> inside_;
  std::list<party> parties_;
};

} // namespace ringdown::test
