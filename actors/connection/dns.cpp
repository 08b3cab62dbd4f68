// The connection's DNs: who they are, and how what a read holds for them gets there.
#include "actors/connection/connection_impl.hpp"

#include "actors/directory.hpp"

#include <utility>

namespace ringdown {

namespace {

/// Cache lines of a DN's own state that an event needs: to the end of its first registrations.
constexpr std::size_t dn_lines = 5;
/// DNs that are fetched ahead of the one that is called: their turns take longer than the memory.
/// All of a read at once would push each other out of the first cache level again.
constexpr std::size_t dns_ahead = 4;
/// So many new DNs of a desktop live on its own loop. A program with more is no agent's desktop but
/// stands for many, and one loop must not get them all.
constexpr std::size_t near_dns_max = 1024;
/// So many DNs of a read are found within it. A tool's thousands are found by mail: that takes some
/// microseconds for each, and others on this loop have their turn between.
constexpr std::size_t found_in_place_max = 64;

fault not_found_in_time() {
  return {error_code::internal_error, {}, {}, "the DN was not found in time", {}};
}

} // namespace

connection_impl::workplace& connection_impl::workplace_here() {
  thread_local workplace here;
  return here;
}

void connection_impl::workplace::begin(const read_batch_ptr& next) {
  touched.clear();
  to_resolve.clear();
  read = next;
}

void connection_impl::workplace::end() noexcept {
  touched.clear();
  read = nullptr;
}

/// The read is done with.
void connection_impl::put_away() noexcept {
  if (auto* place = std::exchange(at_hand_, nullptr))
    place->end();
}

/// Where the read at hand puts its requests to this DN.
dn_batch& connection_impl::batch_for(dn_table::entry& entry, dn_request::kind what) {
  auto& dn = entry.value;
  if (!dn.batch) {
    dn.batch = at_hand_->batches.take();
    dn.batch->begin(client_, *at_hand_->read);
    at_hand_->touched.push_back(&entry);
  }
  bool certain = dn.registered && dn.reports_awaited == 0 && what != dn_request::kind::register_ &&
                 what != dn_request::kind::unregister;
  if (what != dn_request::kind::send)
    dn.batch->name(entry.name);
  if (!certain && !dn.batch->report_awaited()) {
    ++dn.reports_awaited;
    dn.batch->await_report(entry.name);
  }
  return *dn.batch;
}

/// Hands each DN what this read holds for it, in the order in which the DNs first appeared.
void connection_impl::flush_batches() {
  if (at_hand_ == nullptr)
    return;
  auto& touched = at_hand_->touched;
  // The table does not change meanwhile: what a DN reports comes by mail.
  auto prefetch = [&](std::size_t i) {
    if (i < touched.size())
      touched[i]->value.actor.prefetch(dn_lines);
  };
  for (std::size_t i = 0; i < dns_ahead; ++i)
    prefetch(i);
  for (std::size_t i = 0; i < touched.size(); ++i) {
    prefetch(i + dns_ahead);
    hand_over(touched[i]->value);
  }
  touched.clear();
}

void connection_impl::fetch_ahead(const read_batch_ptr& batch, unsigned step) const noexcept {
  if (batch->frames.size() != 1)
    return; // several are read ahead of each other
  auto& only = batch->only;
  if (step == 0) {
    runtime::prefetch(client_.get(), sizeof *client_);
    look_ahead(batch->frames.front(), only);
    batch->is_read_ahead = true;
  }
  if (!only.is_send)
    return;
  if (step == 1)
    dns_.prefetch_entry(only.dn_hash);
  else if (step == 2)
    if (auto* entry = dns_.find(only.event.this_dn, only.dn_hash))
      entry->value.actor.prefetch(dn_lines);
}

void connection_impl::hand_over(dn_entry& dn) {
  auto batch = std::move(dn.batch);
  if (!batch)
    return; // handed over before a failure that cut this short
  if (dn.actor.try_call(*batch)) {
    if (batch->is_done())
      at_hand_->batches.keep(std::move(batch));
    return; // what a DN that failed left is answered by the batch's end
  }
  batch->keep(at_hand_->read);
  if (dn.actor)
    runtime::deliver(dn.actor.ref(), std::move(batch));
  else
    wait(dn, std::move(batch));
}

void connection_impl::wait(dn_entry& dn, dn_batch_ptr batch) {
  if (!dn.waiting)
    dn.waiting = std::make_unique<std::vector<dn_batch_ptr>>();
  dn.waiting->push_back(std::move(batch));
}

/// What waits for the DN's actor, taken away.
std::vector<dn_batch_ptr> connection_impl::take_waiting(dn_entry& dn) {
  auto waiting = std::exchange(dn.waiting, nullptr);
  return waiting ? std::move(*waiting) : std::vector<dn_batch_ptr>{};
}

/// Commands outnumber all else that a DN hears: near its desktop they need not cross from loop to
/// loop. A recorder has many agents' DNs, and desktops of any loop will talk to them.
runtime::home connection_impl::home_for_dns() const noexcept {
  bool is_agents = client_->who.role == role::desktop && dns_.size() <= near_dns_max;
  return is_agents ? where() : runtime::home{};
}

void connection_impl::resolve(std::vector<std::string> names) {
  ++resolves_in_flight_;
  dns_wanted wanted{std::move(names), home_for_dns()};
  dns_call call{wanted, {}};
  if (wanted.names.size() <= found_in_place_max && ask_in_place(directory_, call))
    return call.found ? resolved(wanted.names, *call.found)
                      : unresolved(wanted.names, not_found_in_time());
  auto asking = request(directory_, context_.bounds.control_timeout, wanted);
  asking.then(
    [this, names = wanted.names, asked = asking.id()](const dn_handles& found) {
      clock().cancel_request_timeout(this, asked);
      resolved(names, found);
    },
    [this, names = wanted.names](const caf::error&) { unresolved(names, not_found_in_time()); });
}

void connection_impl::resolved(const std::vector<std::string>& asked, const dn_handles& found) {
  for (auto& handle : found) {
    auto* entry = dns_.find(handle.dn);
    if (entry == nullptr) { // the connection closed meanwhile: the DN may rest again
      caf::anon_send(handle.actor.handle(), client_gone_atom::value, client_);
      continue;
    }
    auto& dn = entry->value;
    dn.actor = handle.actor;
    for (auto& batch : take_waiting(dn))
      runtime::deliver(dn.actor.ref(), std::move(batch));
  }
  unresolved(asked, {error_code::overloaded, "this_dn", {}, "the broker has too many DNs", {}});
}

/// Refuses what waits for those of `asked` that have no actor.
void connection_impl::unresolved(const std::vector<std::string>& asked, const fault& why) {
  for (auto& name : asked) {
    auto* entry = dns_.find(name);
    if (entry == nullptr || entry->value.actor)
      continue;
    for (auto& batch : take_waiting(entry->value)) {
      batch->refuse_all(why, name);
      batch->forget_report();
    }
    dns_.erase(*entry);
  }
  --resolves_in_flight_;
  quit_if_done();
}

void connection_impl::note(const registration_report& report) {
  auto* entry = dns_.find(report.dn);
  if (entry == nullptr)
    return;
  auto& dn = entry->value;
  if (!report.unasked)
    --dn.reports_awaited;
  dn.registered = report.registered;
  if (report.registered)
    dn.mode = report.mode;
  erase_if_unused(*entry);
}

void connection_impl::erase_if_unused(dn_table::entry& entry) {
  auto& dn = entry.value;
  if (!dn.registered && dn.reports_awaited == 0 && !dn.batch && !dn.waiting)
    dns_.erase(entry);
}

/// Ends all registrations; from here on no DN is spoken to.
void connection_impl::leave_dns() {
  flush_batches();
  auto dns = std::exchange(dns_, {});
  dns.for_each([this](dn_table::entry& entry) {
    if (entry.value.actor)
      caf::anon_send(entry.value.actor.handle(), client_gone_atom::value, client_);
  });
  if ((is_signed_on() || life_ == life::signing_on) && directory_)
    caf::anon_send(directory_, client_gone_atom::value, client_);
}

} // namespace ringdown
