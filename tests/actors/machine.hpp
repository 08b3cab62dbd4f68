// What a broker runs on in a test: an actor system, the edge's loops, and time. In virtual time its
// owner makes everything happen: on cranked loops, as the product's but without threads, or on
// CAF's testing scheduler, where it is single messages that are handled one by one.
#pragma once

#include "broker/edge/edge_loop.hpp"
#include "tests/actors/memory_wire.hpp"
#include "tests/actors/stage.hpp"
#include "tests/runtime/systems.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace ringdown::test {

class hand_host;

class machine {
public:
  explicit machine(stage where);
  ~machine();

  caf::actor_system& system() { return *system_; }
  const stage& where() const { return stage_; }
  bool is_virtual() const { return stage_.is_virtual(); }
  bool is_cranked() const { return stage_.scheduler == runs_on::virtual_time; }

  /// The actors' loops, or on another scheduler the edge's own threads, begin to take links.
  void open_edges(broker_context& context, const directory_ref& directory);
  std::size_t edges() const { return edges_.size(); }
  /// Gives a wire's end to this edge; the wire's client may write at once. What is set of the
  /// network by then holds for it.
  std::shared_ptr<memory_wire> connect(std::size_t edge, const std::string& peer);
  void drain();
  void tell_of_access();
  /// Closes all links. The edges' hosts take no more tasks.
  void close_edges();
  /// Activations without a mailbox so far.
  std::uint64_t in_place();

  // ---- virtual time

  hand_clock& clock() { return system_.clock; }
  /// Runs what is ready.
  void settle();
  /// Runs the edge as far as it does not need an actor to work: on the testing scheduler it has
  /// threads of its own.
  void run_edges();
  /// One turn of a loop, or one actor's next message; `which` is counted round and round. False if
  /// there is nothing to do.
  bool step_of(std::uint64_t which);
  /// In the middle of whatever is going on, the loop of this edge has a turn, as if it had a
  /// thread. Returns whether it found anything to do.
  bool interrupt_for(std::size_t edge);
  /// Time passes, and nothing happens.
  void stand_still(std::chrono::nanoseconds time);
  /// When something is due the next time. The edge's timers are not looked at before so much time
  /// has passed.
  runtime::time_point next_due(std::chrono::nanoseconds edge_look);
  /// How many delayed messages are armed.
  std::size_t timers();
  caf::scheduler::test_coordinator& testing();

  /// What happens in the moment in which one thread tells another, which runs this edge, that it
  /// has something to do; null: nothing.
  std::function<void(std::size_t edge)> meanwhile;
  network_habits network;

private:
  class cranked_host;

  manual_loop& io(std::size_t edge);
  std::unique_ptr<edge::edge_host> make_host(std::size_t edge);
  void posted_to(std::size_t edge);

  const stage stage_;
  edge::edge_counters counters_;
  std::vector<std::unique_ptr<edge::edge_loop>> edges_; // outlive the system: its loops have hooks
  std::vector<hand_host*> hand_hosts_;
  bool closes_ = false;
  test_system system_;
};

} // namespace ringdown::test
