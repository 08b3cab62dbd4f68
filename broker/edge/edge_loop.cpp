#include "broker/edge/edge_loop.hpp"

#include "broker/edge/client_link.hpp"
#include "broker/edge/tcp_stream.hpp"

#include <future>
#include <utility>

namespace ringdown::edge {

namespace {

/// How often the links' clocks are looked at: fine enough for the shortest heartbeat interval, and
/// 10,000 connections cost 1 ms of it.
constexpr std::chrono::milliseconds sweep_interval{100};

} // namespace

edge_loop::edge_loop(std::unique_ptr<edge_host> host, caf::actor_system& system,
                     broker_context& context, directory_actor directory, edge_counters& counters)
  : host_(std::move(host)), io_(host_->loop()), has_actors_(host_->where()), system_(system),
    context_(context), directory_(std::move(directory)), counters_(counters) {
  host_->at_end_of_turn([this] { flush(); });
  host_->post([this] { io_.at_end_of_wait([this] { reads_.pass_gathered(); }); });
}

edge_loop::~edge_loop() = default;

// A task must be copyable, so the newcomer is shared with it.

void edge_loop::adopt(int descriptor, std::string peer, ticket admitted) {
  auto who = std::make_shared<newcomer>(newcomer{std::move(peer), std::move(admitted)});
  host_->post([this, descriptor, who] {
    who->bytes = std::make_unique<tcp_stream>(epoll_loop::of(io_), descriptor);
    start(*who);
  });
}

void edge_loop::adopt(std::unique_ptr<stream> bytes, std::string peer, ticket admitted) {
  auto who =
    std::make_shared<newcomer>(newcomer{std::move(peer), std::move(admitted), std::move(bytes)});
  host_->post([this, who] { start(*who); });
}

void edge_loop::start(newcomer& who) {
  counters_.accepted.fetch_add(1, std::memory_order_relaxed);
  auto connection = std::make_shared<client_link>(*this, std::move(who.bytes), std::move(who.peer),
                                                  std::move(who.admitted));
  connection->place = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back({io_.now(), connection});
  connection->start();
  if (draining_)
    connection->drain();
  arm_sweep();
}

void edge_loop::drain() {
  host_->post([this] {
    draining_ = true;
    for (auto& each : connections_)
      each.connection->drain();
  });
}

void edge_loop::shut_all() {
  host_->post([this] { shut_each(); });
}

void edge_loop::stop() {
  std::promise<void> done;
  host_->post([&] {
    shut_each();
    marked_.clear();
    sweep_timer_.reset();
    done.set_value();
  });
  done.get_future().wait();
  host_->stop();
}

// ---- host's thread -------------------------------------------------------------------------

void edge_loop::mark(client_link& connection) {
  if (std::exchange(connection.marked, true))
    return;
  marked_.push_back(connection.shared_from_this());
}

void edge_loop::forget(const client_link& connection) {
  auto place = connection.place;
  std::swap(connections_[place], connections_.back());
  connections_[place].connection->place = place;
  connections_.pop_back();
}

void edge_loop::shut_each() {
  while (!connections_.empty())
    std::shared_ptr {
      connections_.back().connection
      } -> shut(); // forgets itself
}

void edge_loop::look_soon(const client_link& connection) noexcept {
  connections_[connection.place].look_at = {};
}

/// In the order in which the outboxes were first written in this turn: a sender's EventACK leaves
/// before the event that it caused.
void edge_loop::flush() {
  while (!marked_.empty()) {
    auto now = io_.now();
    flushing_.swap(marked_);
    for (auto& connection : flushing_) {
      connection->marked = false;
      connection->flush(now);
    }
    flushing_.clear();
  }
  if (context_.share)
    context_.share->end_turn();
}

char* edge_loop::scratch(std::size_t kept) {
  auto wanted = kept + context_.bounds.read_bytes_per_turn_max;
  if (scratch_size_ < wanted) {
    scratch_ = std::make_unique_for_overwrite<char[]>(wanted);
    scratch_size_ = wanted;
  }
  return scratch_.get();
}

std::unique_ptr<char[]> edge_loop::take_scratch() noexcept {
  scratch_size_ = 0;
  return std::move(scratch_);
}

void edge_loop::arm_sweep() {
  if (std::exchange(sweeping_, true))
    return;
  if (!sweep_timer_)
    sweep_timer_ = std::make_unique<io_loop::timer>(io_);
  sweep_timer_->call_after(sweep_interval, [this] { sweep(); });
}

/// Without connections there is no sweep: an idle broker sleeps.
void edge_loop::sweep() {
  sweeping_ = false;
  auto now = io_.now();
  for (std::size_t i = connections_.size(); i-- > 0;) {
    // From the back: a connection that shuts swaps its place with one that was looked at.
    if (connections_[i].look_at > now)
      continue;
    auto connection = connections_[i].connection;
    auto next = connection->sweep(now);
    if (i < connections_.size() && connections_[i].connection == connection)
      connections_[i].look_at = next;
  }
  if (!connections_.empty())
    arm_sweep();
}

} // namespace ringdown::edge
