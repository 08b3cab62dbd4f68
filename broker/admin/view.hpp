// What the admin port shows, and does. The broker implements it (broker/admin_view.hpp); this
// folder knows no more of a broker.
//
// Every function is called on the admin port's thread and returns at once. What must be asked of
// loops or actors is answered by a call: once, on any thread, or never, where the broker ends or
// has failed; the port has deadlines of its own.
#pragma once

#include "actors/dn/shown.hpp"
#include "actors/meters.hpp"
#include "actors/trace.hpp"
#include "messages/ids.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::admin {

/// Rows of a page at most, and what is meant without a word.
inline constexpr std::size_t page_rows_max = 1000;
inline constexpr std::size_t page_rows_default = 100;

/// What has to be so for a broker to be ready.
struct ready_check {
  std::string_view name;
  std::string fault; ///< what is wrong; empty: nothing
};

/// The broker in short. Beside it stand sums of its numbers.
struct broker_facts {
  std::string name;
  std::string version;
  std::uint64_t instance = 0;
  std::uint16_t node = 0;
  std::int64_t started_us = 0; ///< UTC
  std::int64_t now_us = 0;     ///< UTC
  std::string scheduler;
  std::size_t connections = 0;
  std::size_t connections_unsigned = 0;
  std::size_t outcomes_owed = 0;
  std::size_t memory_queued_bytes = 0;
  std::size_t memory_budget_bytes = 0;
};

/// A client that has signed on.
struct connection_row {
  client_id id;
  ringdown::role role = ringdown::role::unspecified;
  std::string application;
  std::string principal; ///< empty: nobody asked
  std::string peer;
  bool is_encrypted = false;
  std::size_t outbox_bytes = 0;
  std::size_t outbox_frames = 0;
  bool is_above_high_water = false;
  bool has_gap = false;     ///< it misses something, and was not told yet
  std::uint64_t missed = 0; ///< events, ever
  std::size_t requests_outstanding = 0;
  std::size_t outcomes_owed = 0;
  std::int64_t silent_ms = 0; ///< since something was heard of it
};

struct connection_query {
  std::optional<ringdown::role> role;
  bool slow_first = false; ///< those for which something waits, the most first; else by id
  client_id after;
  std::size_t limit = page_rows_default;
};

/// A DN that is in use.
struct dn_row {
  std::string dn;
  capture_state light = capture_state::unknown;
  std::optional<capture_state> desired; ///< nothing: nobody has asked
  std::uint32_t pauses = 0;
  std::int64_t paused_since_us = 0;
  std::uint32_t waiting = 0; ///< commands that wait for the end of a pause
  std::uint32_t alarms = 0;
  std::uint32_t recorders_active = 0;
  std::uint32_t clients = 0;
  std::int64_t changed_us = 0;
};
struct dn_page {
  std::vector<dn_row> rows;
  std::string next; ///< `after` of the next page; empty: there is none
};

/// Something bounded.
struct queue_row {
  std::string_view name;
  std::string_view unit;
  std::size_t value = 0;
  std::size_t limit = 0;
  std::optional<std::size_t> highest; ///< that was seen, ten looks a second; nothing: nobody looks
};

/// A key of the configuration.
struct config_row {
  std::string key;
  std::string value;
  std::string unit;
  std::string origin;
  bool is_reloadable = false;
};

/// A trace that was opened, or why not.
struct trace_opened {
  std::uint64_t id = 0;            ///< 0: there are `traces_max` already
  std::int64_t until_us = 0;       ///< UTC
  std::chrono::seconds retry_in{}; ///< of a refusal: when the first of them is over
};

/// A number for each loop: its last line that was read.
using trace_cursor = std::vector<std::uint64_t>;

struct trace_page {
  std::vector<trace_line> lines; ///< in the order of their times
  std::uint64_t lost = 0;        ///< lines between `after` and `next` that are not here
  trace_cursor next;
  bool is_over = false; ///< no line comes behind this page
};

class view {
public:
  enum class severity : std::uint8_t { info, warning };
  using fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  virtual ~view() = default;

  // ---- health
  virtual std::size_t loops() const = 0;
  /// Calls `turned` on this loop's thread, in its next turn.
  virtual void probe(std::size_t loop, std::function<void()> turned) = 0;
  virtual std::vector<ready_check> checks() const = 0;

  // ---- numbers
  virtual const meter_set& counts() const = 0;
  virtual void read(std::function<void(std::vector<reading>)> done) = 0;

  // ---- state
  virtual broker_facts facts() const = 0;
  /// At most `limit` of them, sorted.
  virtual void connections(const connection_query& wanted,
                           std::function<void(std::vector<connection_row>)> done) = 0;
  virtual void connection(client_id id,
                          std::function<void(std::optional<connection_row>)> done) = 0;
  virtual void dns(const list_request& wanted, std::function<void(dn_page)> done) = 0;
  /// Null: it is not in use.
  virtual void dn(const std::string& name,
                  std::function<void(std::shared_ptr<const dn_shown>)> done) = 0;
  virtual void queues(std::function<void(std::vector<queue_row>)> done) = 0;
  virtual std::vector<config_row> config() const = 0;

  // ---- traces
  /// Begins with the answer. The id of `wanted` is not looked at.
  virtual void open_trace(const trace_wanted& wanted, std::function<void(trace_opened)> done) = 0;
  /// `after`: of the page before; empty: from the first line. Nothing: there is no such trace, or
  /// it has another number of loops.
  virtual void read_trace(std::uint64_t id, const trace_cursor& after, std::size_t limit,
                          std::function<void(std::optional<trace_page>)> done) = 0;
  /// Says whether there was such a trace.
  virtual bool close_trace(std::uint64_t id) = 0;

  // ---- orders
  /// Says whether there was such a client.
  virtual void disconnect(client_id id, std::function<void(bool)> done) = 0;
  /// False: whoever runs the broker does not take such orders.
  virtual bool drain() = 0;
  virtual bool reload() = 0;

  /// A line for the log.
  virtual void tell(severity level, std::string_view what, fields details) = 0;
  /// A visitor's request has ended in an exception: a line for the log, and counted.
  virtual void tell_of_failed_request(std::string_view why) = 0;
};

} // namespace ringdown::admin
