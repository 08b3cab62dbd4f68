// What a connection knows of the DNs that its client has asked to be registered on, and how what a
// read holds for them gets there.
//
// `Dn` is a handle of a DN's actor (`dn_ref`; a test has its own): false if there is none, called
// in place by `try_call(dn_batch&)`, fetched ahead by `prefetch(lines)`. Free of CAF. One thread at
// a time.
#pragma once

#include "actors/batches.hpp"
#include "actors/connection/read_ahead.hpp"
#include "actors/name_table.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown {

template <class Dn>
class dn_table {
public:
  struct known_dn {
    Dn actor; // none while the directory is asked
    /// Of the read at hand.
    dn_batch_ptr batch;
    /// As last asked for; what a request beyond the window is judged by.
    registration_mode mode = registration_mode::share;
    bool registered = false;
    /// Batches that the DN will report on and has not yet: those with a registration or its end,
    /// and all while it is not certain that the client is registered. The entry stays so long, so
    /// that the DN answers for itself and nothing that the connection says overtakes it.
    std::uint32_t reports_awaited = 0;
    /// Of earlier reads, while the directory is asked.
    std::unique_ptr<std::vector<dn_batch_ptr>> waiting;
  };
  using entry = typename name_table<known_dn>::entry;

  /// What a read holds for DNs. One serves all connections of a thread, one read after another: a
  /// read never nests in another there. So its memory is bounded for a loop, not for each of its
  /// connections.
  class round {
  public:
    /// For a new read of this client, which stands as long as the round. One that a failure cut
    /// short has left nothing of use.
    void begin(const client_ptr& client, const read_batch_ptr& read) {
      client_ = &client;
      touched_.clear();
      unknown_.clear();
      read_ = read;
    }
    void end() noexcept {
      touched_.clear();
      read_ = nullptr;
    }
    /// Names of DNs without an actor that the read brought up.
    bool has_unknown() const noexcept { return !unknown_.empty(); }
    std::vector<std::string> take_unknown() { return std::exchange(unknown_, {}); }

  private:
    friend class dn_table;
    const client_ptr* client_ = nullptr;
    read_batch_ptr read_;
    std::vector<entry*> touched_; // with a batch of the read, in order
    std::vector<std::string> unknown_;
    batch_pool batches_;
  };

  explicit dn_table(const keyed_hash& hash) noexcept : dns_(hash) {}

  std::size_t size() const noexcept { return dns_.size(); }
  entry* find(std::string_view name) const noexcept { return dns_.find(name); }
  entry* find(std::string_view name, std::size_t hash) const noexcept {
    return dns_.find(name, hash);
  }

  // Steps towards a look-up and a call, for `read_ahead`.
  std::size_t hash(std::string_view name) const noexcept { return dns_.hash(name); }
  void prefetch(std::size_t hash) const noexcept { dns_.prefetch(hash); }
  void prefetch_entry(std::size_t hash) const noexcept { dns_.prefetch_entry(hash); }
  void prefetch_dn(std::string_view name, std::size_t hash) const noexcept {
    if (auto* known = dns_.find(name, hash))
      known->value.actor.prefetch(read_ahead::dn_lines);
  }

  /// A DN that the read brings up. There must be none of this name.
  entry& add(std::string_view name, round& at_hand) {
    auto& made = dns_.add(name);
    at_hand.unknown_.push_back(made.name);
    return made;
  }

  /// Where the read at hand puts its requests of this kind to this DN.
  dn_batch& batch_for(entry& known, dn_request::kind what, round& at_hand) {
    auto& dn = known.value;
    if (!dn.batch) {
      dn.batch = at_hand.batches_.borrow();
      dn.batch->begin(*at_hand.client_, *at_hand.read_);
      at_hand.touched_.push_back(&known);
    }
    if (what != dn_request::kind::send)
      dn.batch->name(known.name);
    if (!is_certain(dn, what) && !dn.batch->report_awaited()) {
      ++dn.reports_awaited;
      dn.batch->await_report(known.name);
    }
    return *dn.batch;
  }

  /// Hands each DN what the read holds for it, in the order in which the DNs first appeared: at
  /// once, or by `mail(dn, batch)`. What is for a DN without an actor waits for one.
  template <class Mail>
  void hand_over(round& at_hand, Mail mail) {
    // The table does not change meanwhile: what a DN reports comes by mail.
    auto& touched = at_hand.touched_;
    read_ahead::call_dns(
      touched.size(),
      [&](std::size_t i) { touched[i]->value.actor.prefetch(read_ahead::dn_lines); },
      [&](std::size_t i) { hand_over(touched[i]->value, at_hand, mail); });
    touched.clear();
  }

  /// The directory has found this DN's actor, which gets what waits for it by `mail`. False if
  /// nobody wants it any more.
  template <class Mail>
  bool found(std::string_view name, const Dn& actor, Mail mail) {
    auto* known = dns_.find(name);
    if (known == nullptr)
      return false;
    known->value.actor = actor;
    for (auto& batch : take_waiting(known->value))
      mail(known->value.actor, std::move(batch));
    return true;
  }

  /// There will be no actor, unless there is one already: refuses what waits for this DN.
  void not_found(std::string_view name, const fault& why) {
    auto* known = dns_.find(name);
    if (known == nullptr || known->value.actor)
      return;
    for (auto& batch : take_waiting(known->value)) {
      batch->refuse_all(why, name);
      batch->forget_report();
    }
    dns_.erase(*known);
  }

  /// A DN's word about the client's registration.
  void heed(const registration_report& report) {
    auto* known = dns_.find(report.dn);
    if (known == nullptr)
      return;
    auto& dn = known->value;
    if (!report.unasked)
      --dn.reports_awaited;
    dn.registered = report.registered;
    if (report.registered)
      dn.mode = report.mode;
    if (!dn.registered && dn.reports_awaited == 0 && !dn.batch && !dn.waiting)
      dns_.erase(*known);
  }

  /// `tell(dn)` for each that has an actor.
  template <class Tell>
  void tell_all(Tell tell) {
    dns_.for_each([&](entry& known) {
      if (known.value.actor)
        tell(known.value.actor);
    });
  }

  /// Lets go of all DNs; `tell(dn)` for each that has an actor.
  template <class Tell>
  void leave(Tell tell) {
    auto left = dns_.take_all();
    left.for_each([&](entry& known) {
      if (known.value.actor)
        tell(known.value.actor);
    });
  }

private:
  /// It is known without the DN's report how the client is registered behind a request of this
  /// kind.
  static bool is_certain(const known_dn& dn, dn_request::kind what) noexcept {
    return dn.registered && dn.reports_awaited == 0 && what != dn_request::kind::register_ &&
           what != dn_request::kind::unregister;
  }

  template <class Mail>
  static void hand_over(known_dn& dn, round& at_hand, Mail& mail) {
    auto batch = std::move(dn.batch);
    if (!batch)
      return; // handed over before a failure that cut this short
    if (dn.actor.try_call(*batch)) {
      if (batch->is_done())
        at_hand.batches_.give_back(std::move(batch));
      return; // what a DN that failed left is answered by the batch's end
    }
    batch->hold(at_hand.read_);
    if (dn.actor)
      mail(dn.actor, std::move(batch));
    else
      wait(dn, std::move(batch));
  }

  static void wait(known_dn& dn, dn_batch_ptr batch) {
    if (!dn.waiting)
      dn.waiting = std::make_unique<std::vector<dn_batch_ptr>>();
    dn.waiting->push_back(std::move(batch));
  }

  /// What waits for the DN's actor, taken away.
  static std::vector<dn_batch_ptr> take_waiting(known_dn& dn) {
    auto waiting = std::exchange(dn.waiting, nullptr);
    return waiting ? std::move(*waiting) : std::vector<dn_batch_ptr>{};
  }

  name_table<known_dn> dns_;
};

} // namespace ringdown
