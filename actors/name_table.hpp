// Names to values, for tables that are large, cold and asked for each event: a connection's DNs.
//
// Open addressing over (hash, pointer) slots of 16 bytes: a lookup touches one cache line of slots
// and the entry itself, and `prefetch` fetches the slot ahead of time. Entries never move. One
// thread at a time.
#pragma once

#include "actors/keyed_hash.hpp"
#include "actors/runtime/prefetch.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown {

template <class Value>
class name_table {
public:
  /// What a lookup needs comes first, so that it is in two cache lines.
  struct entry {
    std::string name;
    Value value;
  };

  explicit name_table(const keyed_hash& hash) noexcept : hash_(&hash) {}

  std::size_t hash(std::string_view name) const noexcept { return (*hash_)(name); }

  std::size_t size() const noexcept { return count_; }

  /// Fetches the slot of a name that will be looked for soon.
  void prefetch(std::size_t hash) const noexcept {
    if (!slots_.empty())
      runtime::prefetch(&slots_[hash & mask()]);
  }

  /// Fetches the entry that this name likely has; its slot should be there already.
  void prefetch_entry(std::size_t hash) const noexcept {
    if (slots_.empty())
      return;
    auto place = hash & mask();
    while (slots_[place].what && slots_[place].hash != hash)
      place = (place + 1) & mask();
    if (!slots_[place].what)
      return; // nobody's name
    auto* at = reinterpret_cast<const char*>(slots_[place].what.get());
    runtime::prefetch(at);
    runtime::prefetch(at + 64);
  }

  /// The entry of this name, or null.
  entry* find(std::string_view name) const noexcept { return find(name, hash(name)); }
  entry* find(std::string_view name, std::size_t hash) const noexcept {
    if (slots_.empty())
      return nullptr;
    for (auto place = hash & mask(); slots_[place].what; place = (place + 1) & mask())
      if (slots_[place].hash == hash && slots_[place].what->name == name)
        return slots_[place].what.get();
    return nullptr;
  }

  /// A new entry; there must be none of this name.
  entry& add(std::string_view name) {
    if ((count_ + 1) * 4 > slots_.size() * 3)
      grow();
    auto made = std::make_unique<entry>();
    made->name = name;
    auto& result = *made;
    ++count_;
    put({hash(name), std::move(made)});
    return result;
  }

  /// Ends an entry of this table.
  void erase(const entry& gone) {
    auto hole = hash(gone.name) & mask();
    while (slots_[hole].what.get() != &gone)
      hole = (hole + 1) & mask();
    slots_[hole].what.reset();
    --count_;
    // Close the hole, so that every search still ends at a free slot behind its start.
    for (auto next = (hole + 1) & mask(); slots_[next].what; next = (next + 1) & mask()) {
      auto home = slots_[next].hash & mask();
      if (((next - home) & mask()) >= ((next - hole) & mask())) {
        slots_[hole] = std::move(slots_[next]);
        hole = next;
      }
    }
  }

  /// All entries; none is left.
  name_table take_all() noexcept {
    name_table taken{*hash_};
    std::swap(slots_, taken.slots_);
    std::swap(count_, taken.count_);
    return taken;
  }

  /// Calls `visit(entry&)` for each, in no order that means anything.
  template <class Visit>
  void for_each(Visit visit) {
    for (auto& s : slots_)
      if (s.what)
        visit(*s.what);
  }

private:
  struct slot {
    std::size_t hash = 0;
    std::unique_ptr<entry> what;
  };

  std::size_t mask() const noexcept { return slots_.size() - 1; }

  void put(slot what) {
    auto place = what.hash & mask();
    while (slots_[place].what)
      place = (place + 1) & mask();
    slots_[place] = std::move(what);
  }

  void grow() {
    auto old = std::exchange(slots_, std::vector<slot>(slots_.empty() ? 2 : slots_.size() * 2));
    for (auto& s : old)
      if (s.what)
        put(std::move(s));
  }

  const keyed_hash* hash_;
  std::vector<slot> slots_; // a power of two, or empty
  std::size_t count_ = 0;
};

} // namespace ringdown
