// The command ids that a DN remembers, each with its answer and its outcome, so that a command sent
// again has the same answer and no second effect. Bounded in time and in number. No CAF.
#pragma once

#include "actors/keyed_hash.hpp"
#include "actors/memory_budget.hpp"
#include "messages/ids.hpp"
#include "messages/limits.hpp"
#include "messages/send_event.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace ringdown {

/// What the memory budget is told of one accepted or remembered command, beside its recorders and
/// its outcome.
inline constexpr std::size_t command_bytes = 512;

/// All that a command says, hashed with the process's secret: two commands of one id with different
/// contents are two commands, and nobody can make them look alike.
content_hash content_of(const send_event_view& command, const keyed_hash& hash);

class command_table {
public:
  struct entry {
    content_hash content;
    ack answer;
    std::string outcome; ///< the EventOutcome frame; empty until it is decided
    std::chrono::milliseconds expires{0};
  };

  command_table(const limits& bounds, memory_budget& budget) : bounds_(bounds), memory_(budget) {}
  command_table(const command_table&) = delete;
  command_table& operator=(const command_table&) = delete;

  /// This owner's command with this id, if it is remembered.
  entry* find(std::string_view owner, const command_id& id);
  /// Remembers a command for `command_id_window` from `now`. Where the table is full the oldest one
  /// with an outcome is forgotten.
  void add(std::string_view owner, const command_id& id, const content_hash& content,
           const ack& answer, std::chrono::milliseconds now);
  /// The command's outcome: an EventOutcome frame.
  void decide(entry& command, std::string outcome);
  /// Forgets those whose time is over.
  void expire(std::chrono::milliseconds now);
  bool empty() const noexcept { return order_.empty(); }
  std::size_t size() const noexcept { return order_.size(); }

private:
  using key = std::pair<std::string, command_id>;
  struct row {
    entry content;
    std::list<const key*>::iterator place;
  };
  using rows = std::map<key, row>;
  void forget(std::list<const key*>::iterator place);
  void count(std::ptrdiff_t bytes);

  const limits& bounds_;
  memory_share memory_;
  std::size_t counted_ = 0; // bytes, of which the budget is told
  rows rows_;
  std::list<const key*> order_; // oldest first: all are kept for the same time
};

} // namespace ringdown
