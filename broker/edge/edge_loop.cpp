#include "broker/edge/edge_loop.hpp"

#include "broker/edge/client_link.hpp"

#include <algorithm>
#include <exception>
#include <future>
#include <utility>

namespace ringdown::edge {

namespace {

/// How often the links' clocks are looked at: fine enough for the shortest heartbeat interval, and
/// 10,000 connections cost 1 ms of it.
constexpr std::chrono::milliseconds sweep_interval{100};
/// A sweep that comes so late means that the process stood still (SIGSTOP, a suspended machine): a
/// busy loop is not that late.
constexpr std::chrono::seconds stood_still_min{1};

/// Only a socket's peer has a source.
door_used door_of(const peer_facts& peer) noexcept {
  if (peer.is_encrypted)
    return door_used::tls;
  return peer.source.empty() ? door_used::in_process : door_used::plain;
}

/// Of one writer.
void raise(std::atomic<std::size_t>& mark, std::size_t to) noexcept {
  if (to > mark.load(std::memory_order_relaxed))
    mark.store(to, std::memory_order_relaxed);
}

} // namespace

edge_loop::edge_loop(std::unique_ptr<edge_host> host, caf::actor_system& system,
                     broker_context& context, directory_ref directory)
  : host_(std::move(host)), io_(host_->loop()), has_actors_(host_->where()), system_(system),
    context_(context), directory_(std::move(directory)),
    counts_(counted_at(context, host_->where())) {
  host_->at_end_of_turn([this] { flush(); });
  host_->post([this] { io_.at_end_of_wait([this] { reads_.pass_gathered(); }); });
}

edge_loop::~edge_loop() = default;

// A task must be copyable, so the newcomer is shared with it.

void edge_loop::adopt(stream_maker make, peer_facts peer, ticket admitted) {
  auto who = std::make_shared<newcomer>(newcomer{std::move(peer), std::move(admitted)});
  host_->post([this, make = std::move(make), who] {
    who->bytes = make(*this);
    start(*who);
  });
}

void edge_loop::adopt(std::unique_ptr<stream> bytes, peer_facts peer, ticket admitted) {
  auto who =
    std::make_shared<newcomer>(newcomer{std::move(peer), std::move(admitted), std::move(bytes)});
  host_->post([this, who] { start(*who); });
}

void edge_loop::start(newcomer& who) {
  counts_.connections_accepted.count(door_of(who.peer));
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

void edge_loop::tell_of_access() {
  host_->post([this] { tell_of_access(connections_.size()); });
}

/// Those in places below `before`, some of them in a turn. From the last to the first: a place that
/// is left is taken by one of a higher place, who has heard; who comes meanwhile finds the new
/// list.
void edge_loop::tell_of_access(std::size_t before) {
  constexpr std::size_t told_in_a_turn_max = 512; // some 0.2 ms
  auto place = std::min(before, connections_.size());
  for (std::size_t told = 0; place > 0 && told < told_in_a_turn_max; ++told)
    caf::anon_send(connections_[--place].connection->connection().ref().handle(),
                   access_changed_atom::value);
  if (place > 0)
    host_->post([this, place] { tell_of_access(place); });
}

void edge_loop::stop() {
  // Shared with the task: one that fails, or is dropped, keeps nobody waiting.
  auto done = std::make_shared<std::promise<void>>();
  auto is_done = done->get_future();
  host_->post([this, ends = std::move(done)] {
    sweep_timer_.reset();
    shut_each();
    marked_.clear();
    ends->set_value();
  });
  is_done.wait();
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

std::size_t edge_loop::visit_some(std::size_t below, std::size_t count,
                                  const std::function<void(client_link&)>& visit) {
  below = std::min(below, connections_.size());
  for (; count > 0 && below > 0; --count) {
    auto connection = connections_[--below].connection; // the visit may shut it
    visit(*connection);
  }
  return below;
}

void edge_loop::shut_each() {
  while (!connections_.empty()) {
    auto last = connections_.back().connection;
    last->shut("the broker has stopped", disconnect_reason::draining); // forgets itself
  }
}

void edge_loop::look_soon(const client_link& connection) noexcept {
  connections_[connection.place].look_at = {};
}

void edge_loop::hear_later(std::shared_ptr<client_link> connection) {
  hear_later_.push_back(std::move(connection));
  if (hear_later_.size() == 1)
    host_->post([this] { hear_next(); });
}

/// Its place is taken until it was heard: whoever has more to say goes behind all others.
void edge_loop::hear_next() {
  auto connection = hear_later_.front();
  auto go_on = [this] {
    hear_later_.pop_front();
    if (!hear_later_.empty())
      host_->post([this] { hear_next(); });
  };
  try {
    connection->hear_more();
  } catch (...) {
    connection->shut(failed_half_way, disconnect_reason::internal_error);
    go_on();
    throw;
  }
  go_on();
}

/// In the order in which the outboxes were first written in this turn: a sender's EventACK leaves
/// before the event that it caused. One that fails is shut: what the turn shares stands for nobody
/// any longer.
void edge_loop::flush() {
  std::exception_ptr failed;
  while (!marked_.empty()) {
    auto now = io_.now();
    flushing_.swap(marked_);
    for (auto& connection : flushing_) {
      connection->marked = false;
      try {
        connection->flush(now);
      } catch (...) {
        failed = std::current_exception();
        connection->shut(failed_half_way, disconnect_reason::internal_error);
      }
    }
    flushing_.clear();
  }
  if (context_.share)
    context_.share->end_turn();
  if (failed)
    std::rethrow_exception(failed);
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
  sweep_due_ = io_.now() + sweep_interval;
  sweep_timer_->call_after(sweep_interval, [this] { sweep(); });
}

/// While the broker's memory is spent, what bursts have left empty goes first. Then those give way
/// who hold most of it and take nothing, or finish nothing: at once, for others wait for it, and
/// until there is some to spare. Who holds no more than an even share has no part in it.
void edge_loop::relieve_memory(runtime::time_point now) {
  auto& budget = context_.budget;
  raise(highest_.memory_bytes, budget.used());
  if (!budget.spent() && !std::exchange(memory_was_spent_, false))
    return;
  if (budget.spent()) {
    memory_was_spent_ = true;
    for (auto& each : connections_)
      each.connection->trim();
    auto share = budget.even_share(context_.bounds.connections_max);
    std::vector<std::pair<std::size_t, std::shared_ptr<client_link>>> holders;
    for (auto& each : connections_)
      if (auto held = each.connection->held_for_it(now); held > share)
        holders.emplace_back(held, each.connection);
    std::stable_sort(holders.begin(), holders.end(),
                     [](auto& a, auto& b) { return a.first > b.first; });
    for (auto& [held, connection] : holders) {
      if (budget.is_relieved())
        break;
      connection->give_way();
    }
  }
  for (auto& each : connections_)
    each.connection->arm_read();
}

/// Without connections there is no sweep: an idle broker sleeps.
void edge_loop::sweep() {
  sweeping_ = false;
  try {
    look_at_each();
  } catch (...) {
    arm_sweep();
    throw;
  }
  if (!connections_.empty())
    arm_sweep();
}

/// It may read: one that fails half-way has lost its place in the stream.
runtime::time_point edge_loop::sweep(client_link& connection, runtime::time_point now) try {
  raise(highest_.outbox_bytes, connection.client()->box.bytes());
  return connection.sweep(now);
} catch (...) {
  connection.shut(failed_half_way, disconnect_reason::internal_error);
  throw;
}

void edge_loop::look_at_each() {
  auto now = io_.now();
  if (auto late = now - sweep_due_; late >= stood_still_min)
    for (auto& each : connections_)
      each.connection->watch().stood_still(late, now);
  relieve_memory(now);
  traces_.look_at_clock(now);
  for (std::size_t i = connections_.size(); i-- > 0;) {
    // From the back: a connection that shuts swaps its place with one that was looked at.
    if (connections_[i].look_at > now)
      continue;
    auto connection = connections_[i].connection;
    auto next = sweep(*connection, now);
    if (i < connections_.size() && connections_[i].connection == connection)
      connections_[i].look_at = next;
  }
}

} // namespace ringdown::edge
