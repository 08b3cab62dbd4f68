#include "broker/admin_view.hpp"

#include "broker/admin_walk.hpp"
#include "broker/config/table.hpp"
#include "broker/version.hpp"

#include <caf/config.hpp>
#include <caf/send.hpp>

#include <google/protobuf/stubs/common.h>
#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <utility>

namespace ringdown {

namespace {

using steady_clock = std::chrono::steady_clock;

// ---- readings of loops ---------------------------------------------------------------------

void add_client(waiting_sums& part, const edge::client_link& link) {
  part.add(*link.client());
}

/// Null on the stock scheduler.
runtime::actor_loop* actor_loop_of(edge::edge_loop& loop) {
  return loop.host().where().loop();
}

double number(std::uint64_t n) noexcept {
  return static_cast<double>(n);
}

std::span<const double> turn_bounds() {
  static const auto seconds = [] {
    std::array<double, runtime::defaults::turn_bounds_us.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = runtime::defaults::turn_bounds_us[i] / 1e6;
    return all;
  }();
  return seconds;
}

void add_turns(std::vector<reading>& out, const std::vector<std::string>& loop,
               const runtime::loop_stats& stats) {
  out.push_back({reading_id::loop_turn_seconds,
                 loop,
                 number(stats.busy_us) / 1e6,
                 {stats.turns_by_time.begin(), stats.turns_by_time.end()},
                 turn_bounds()});
}

// ---- other readings ------------------------------------------------------------------------

std::span<const double> handshake_bounds() {
  static const auto seconds = [] {
    std::array<double, edge::handshake_counters::steps_ms.size()> all{};
    for (std::size_t i = 0; i < all.size(); ++i)
      all[i] = edge::handshake_counters::steps_ms[i] / 1e3;
    return all;
  }();
  return seconds;
}

/// Of a broker without a TLS door there is nothing to tell.
void add_tls(std::vector<reading>& out, const doors& entries) {
  auto until_us = entries.certificate_expires_us();
  if (until_us == 0)
    return;
  out.push_back({reading_id::tls_certificate_expiry_timestamp_seconds,
                 {},
                 static_cast<double>(until_us / 1'000'000)});
  auto& counts = entries.handshakes();
  constexpr std::array<const char*, edge::handshake_counters::versions> versions{"1.2", "1.3"};
  for (std::size_t version = 0; version < versions.size(); ++version)
    for (std::size_t resumed = 0; resumed < 2; ++resumed)
      out.push_back({reading_id::tls_handshakes,
                     {versions[version], resumed != 0 ? "yes" : "no"},
                     number(counts.done[version][resumed].load())});
  for (std::size_t why = 0; why < counts.failed.size(); ++why)
    out.push_back({reading_id::tls_handshake_failures,
                   {std::string{edge::handshake_failure_table[why].label}},
                   number(counts.failed[why].load())});
  out.push_back({reading_id::tls_handshake_seconds,
                 {},
                 number(counts.took_us.load()) / 1e6,
                 {counts.took.begin(), counts.took.end()},
                 handshake_bounds()});
}

std::string protobuf_version() {
  constexpr int version = GOOGLE_PROTOBUF_VERSION; // 3021012
  return std::to_string(version / 1'000'000) + '.' + std::to_string(version / 1000 % 1000) + '.' +
         std::to_string(version % 1000);
}

std::string caf_version() {
  return std::to_string(CAF_MAJOR_VERSION) + '.' + std::to_string(CAF_MINOR_VERSION) + '.' +
         std::to_string(CAF_PATCH_VERSION);
}

void add_waiting(std::vector<reading>& out, const waiting_sums& all, const broker_context& context,
                 std::size_t unsigned_connections) {
  out.push_back({reading_id::connections_unsigned, {}, number(unsigned_connections)});
  out.push_back({reading_id::outbox_bytes, {}, number(all.outbox_bytes)});
  out.push_back({reading_id::outbox_bytes_max, {}, number(all.outbox_bytes_most)});
  out.push_back({reading_id::outboxes_above_high_water, {}, number(all.above_high_water)});
  out.push_back({reading_id::memory_budget_bytes, {}, number(context.bounds.memory_budget_bytes)});
  out.push_back({reading_id::memory_queued_bytes, {}, number(context.budget.used())});
  out.push_back({reading_id::build_info,
                 {std::string{version}, caf_version(), protobuf_version(),
                  OpenSSL_version(OPENSSL_VERSION_STRING)},
                 1});
}

} // namespace

/// How busy loops are between two looks. One that comes within a second of the last hears the same
/// again, so that a second tool does not take the first one's measure away. Any thread.
class admin_view::busy_watch {
public:
  explicit busy_watch(std::size_t loops) : seen_(loops) {}

  double ratio(std::size_t loop, std::uint64_t busy_us, steady_clock::time_point now) {
    std::scoped_lock lock{mutex_};
    auto& one = seen_[loop];
    if (auto time = now - one.at; time >= std::chrono::seconds{1}) {
      auto us = std::chrono::duration<double, std::micro>(time).count();
      one.ratio = std::min(static_cast<double>(busy_us - one.busy_us) / us, 1.0);
      one.at = now;
      one.busy_us = busy_us;
    }
    return one.ratio;
  }

private:
  struct one_loop {
    steady_clock::time_point at = steady_clock::now();
    std::uint64_t busy_us = 0;
    double ratio = 0;
  };
  std::mutex mutex_;
  std::vector<one_loop> seen_;
};

admin_view::admin_view(admin_sources from, admin_host host, configuration::config running)
  : from_(std::move(from)), host_(std::move(host)),
    busy_(std::make_shared<busy_watch>(from_.loops.size())), traces_(from_.loops),
    running_(std::move(running)) {}

admin_view::~admin_view() = default;

void note_configuration(const broker_context& context) noexcept {
  context.counts.shared().config_last_reload_success_timestamp_seconds.set(
    static_cast<std::uint64_t>(context.utc_now() / 1'000'000));
}

void admin_view::taken_over(const configuration::config& next) {
  std::scoped_lock lock{mutex_};
  auto& keys = configuration::table();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!keys[i].reloadable)
      continue;
    keys[i].set(running_, keys[i].get(next));
    if (i < running_.origins.size() && i < next.origins.size())
      running_.origins[i] = next.origins[i];
  }
}

// ---- health --------------------------------------------------------------------------------

void admin_view::probe(std::size_t loop, std::function<void()> turned) {
  from_.loops[loop]->host().post(std::move(turned));
}

std::vector<admin::ready_check> admin_view::checks() const {
  std::vector<admin::ready_check> all;
  auto& entries = from_.entries;
  if (from_.listens)
    all.push_back(
      {"listens", entries.plain_port() == 0 && entries.tls_port() == 0 ? "no door is open" : ""});
  auto* why = from_.has_failed              ? "the broker has failed: its log says why"
              : from_.admission.is_closed() ? "the broker drains"
                                            : "";
  all.push_back({"serves", why});
  all.push_back(
    {"memory", from_.context.budget.spent() ? "limits.memory_budget_bytes is spent" : ""});
  if (auto until = entries.certificate_expires_us(); until != 0)
    all.push_back({"certificate", until < from_.context.utc_now()
                                    ? "the TLS door's certificate has expired"
                                    : ""});
  return all;
}

// ---- numbers -------------------------------------------------------------------------------

void admin_view::read(std::function<void(std::vector<reading>)> done) {
  auto asked = steady_clock::now();
  // Each loop writes down when it first heard of it; then it is walked.
  auto lags = std::make_shared<std::vector<double>>(from_.loops.size());
  for (std::size_t i = 0; i < from_.loops.size(); ++i)
    from_.loops[i]->host().post([lags, i, asked] {
      (*lags)[i] = std::chrono::duration<double>(steady_clock::now() - asked).count();
    });
  // Called on a loop: what it refers to lives longer than all loops.
  auto finish = [context = &from_.context, loops = from_.loops, admission = &from_.admission,
                 entries = &from_.entries, busy = busy_, lags,
                 done = std::move(done)](const std::vector<waiting_sums>& parts) {
    std::vector<reading> out;
    add_waiting(out, sum_of(parts), *context, admission->unsigned_connections());
    add_tls(out, *entries);
    for (std::size_t i = 0; i < loops.size(); ++i) {
      std::vector<std::string> name{std::to_string(i)};
      out.push_back({reading_id::loop_lag_seconds, name, (*lags)[i]});
      if (auto* loop = actor_loop_of(*loops[i])) {
        auto stats = loop->stats();
        out.push_back(
          {reading_id::loop_busy_ratio, name, busy->ratio(i, stats.busy_us, steady_clock::now())});
        add_turns(out, name, stats);
      }
    }
    done(std::move(out));
  };
  walk_all<waiting_sums>(from_.loops, add_client, std::move(finish));
}

admin::broker_facts admin_view::facts() const {
  auto& context = from_.context;
  admin::broker_facts all;
  all.name = context.server.name;
  all.version = context.server.version;
  all.instance = context.server.instance;
  all.node = context.server.node;
  all.started_us = context.server.start_time_us;
  all.now_us = context.utc_now();
  all.scheduler = to_string(running_.runtime.scheduler);
  all.connections = from_.counters.connections.load();
  all.connections_unsigned = from_.admission.unsigned_connections();
  all.outcomes_owed = context.outcomes_owed;
  all.memory_queued_bytes = context.budget.used();
  all.memory_budget_bytes = context.bounds.memory_budget_bytes;
  return all;
}

// ---- clients -------------------------------------------------------------------------------

void admin_view::connections(const admin::connection_query& wanted,
                             std::function<void(std::vector<admin::connection_row>)> done) {
  auto visit = [wanted, now = steady_clock::now()](best_rows& best, edge::client_link& link) {
    auto& who = link.client()->who;
    bool is_wanted = (!wanted.role || who.role == *wanted.role) &&
                     (wanted.slow_first ? link.client()->box.bytes() != 0 : who.id > wanted.after);
    if (is_wanted)
      best.offer(wanted, row_of(link, now));
  };
  walk_all<best_rows>(from_.loops, visit,
                      [wanted, done = std::move(done)](std::vector<best_rows> parts) {
                        best_rows all;
                        for (auto& part : parts)
                          for (auto& row : part.take(wanted))
                            all.offer(wanted, std::move(row));
                        done(all.take(wanted));
                      });
}

void admin_view::connection(client_id id,
                            std::function<void(std::optional<admin::connection_row>)> done) {
  using row = std::optional<admin::connection_row>;
  auto visit = [id, now = steady_clock::now()](row& found, edge::client_link& link) {
    if (link.client()->who.id == id)
      found = row_of(link, now);
  };
  walk_all<row>(from_.loops, visit, [done = std::move(done)](std::vector<row> parts) {
    auto found =
      std::find_if(parts.begin(), parts.end(), [](auto& one) { return one.has_value(); });
    done(found == parts.end() ? std::nullopt : std::move(*found));
  });
}

void admin_view::disconnect(client_id id, std::function<void(bool)> done) {
  struct end {
    bool was_there = false;
  };
  auto visit = [id](end& part, edge::client_link& link) {
    if (link.client()->who.id != id)
      return;
    caf::anon_send(link.connection().ref().handle(),
                   close_order{disconnect_reason::by_operator, "ended by an operator"});
    part.was_there = true;
  };
  walk_all<end>(from_.loops, visit, [done = std::move(done)](const std::vector<end>& parts) {
    done(std::any_of(parts.begin(), parts.end(), [](auto& one) { return one.was_there; }));
  });
}

// ---- DNs -----------------------------------------------------------------------------------

void admin_view::dns(const list_request& wanted, std::function<void(admin::dn_page)> done) {
  auto shown = [done = std::move(done)](const list_page& page) {
    admin::dn_page rows;
    rows.next = page.next;
    for (auto& board : page.boards) {
      admin::dn_row row;
      row.dn = board->identity.name;
      row.light = board->light;
      if (auto desired = board->desired.load(); desired != capture_state::unknown)
        row.desired = desired;
      row.pauses = board->pauses;
      row.paused_since_us = board->paused_since_us;
      row.waiting = board->waiting;
      row.alarms = board->alarms;
      row.recorders_active = board->recorders_active;
      row.clients = board->clients;
      row.changed_us = board->changed_us;
      rows.rows.push_back(std::move(row));
    }
    done(std::move(rows));
  };
  caf::anon_send(from_.directory.handle(), look_at_dns{wanted, std::move(shown)});
}

void admin_view::dn(const std::string& name,
                    std::function<void(std::shared_ptr<const dn_shown>)> done) {
  caf::anon_send(from_.directory.handle(), look_at_dn{name, std::move(done)});
}

// ---- traces --------------------------------------------------------------------------------

void admin_view::open_trace(const trace_wanted& wanted,
                            std::function<void(admin::trace_opened)> done) {
  constexpr std::int64_t us_of_second = 1'000'000;
  auto until_us = from_.context.utc_now() + wanted.time.count() * us_of_second;
  auto full = traces_.open(wanted, steady_clock::now(), [done, until_us](std::uint64_t id) {
    done({id, until_us, {}});
  });
  if (full)
    done({0, 0, *full});
}

void admin_view::read_trace(std::uint64_t id, const admin::trace_cursor& after, std::size_t limit,
                            std::function<void(std::optional<admin::trace_page>)> done) {
  traces_.read(id, after, limit, std::move(done));
}

bool admin_view::close_trace(std::uint64_t id) {
  return traces_.close(id);
}

// ---- the broker ----------------------------------------------------------------------------

void admin_view::queues(std::function<void(std::vector<admin::queue_row>)> done) {
  std::size_t outbox_highest = 0;
  std::size_t memory_highest = 0;
  for (auto* loop : from_.loops) {
    outbox_highest = std::max(outbox_highest, loop->highest().outbox_bytes.load());
    memory_highest = std::max(memory_highest, loop->highest().memory_bytes.load());
  }
  auto finish = [traces = traces_.count(steady_clock::now()), this_context = &from_.context,
                 counters = &from_.counters, admission = &from_.admission, outbox_highest,
                 memory_highest, done = std::move(done)](const std::vector<waiting_sums>& parts) {
    auto all = sum_of(parts);
    auto& context = *this_context;
    auto& bounds = context.bounds;
    auto dns = static_cast<std::size_t>(ringdown::sum_of(context.counts, &meters::dns));
    done(
      {{"memory_budget", "bytes", context.budget.used(), bounds.memory_budget_bytes,
        memory_highest},
       {"connections", "connections", counters->connections.load(), bounds.connections_max, {}},
       {"connections_unsigned",
        "connections",
        admission->unsigned_connections(),
        bounds.connections_unsigned_max,
        {}},
       {"largest_outbox", "bytes", all.outbox_bytes_most, bounds.outbox_bytes_max, outbox_highest},
       {"longest_outbox", "frames", all.outbox_frames_most, bounds.outbox_events_max, {}},
       {"fullest_request_window",
        "requests",
        all.outstanding_most,
        bounds.requests_outstanding_max,
        {}},
       {"dns", "DNs", dns, bounds.dns_max, {}},
       {"watchers", "clients", context.watchers.now()->size(), watchers_max, {}},
       {"traces", "traces", traces, traces_max, {}}});
  };
  walk_all<waiting_sums>(from_.loops, add_client, std::move(finish));
}

std::vector<admin::config_row> admin_view::config() const {
  std::scoped_lock lock{mutex_};
  std::vector<admin::config_row> rows;
  auto& keys = configuration::table();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    auto& key = keys[i];
    auto value = key.text(running_);
    if (key.rule.kind == configuration::value_kind::dn_list)
      value = std::to_string(running_.dns.list.size()) + " DNs"; // there may be 100,000
    auto from = i < running_.origins.size() ? running_.origins[i] : configuration::origin{};
    rows.push_back(
      {key.name, std::move(value), std::string{key.unit}, to_string(from), key.reloadable});
  }
  return rows;
}

bool admin_view::drain() {
  if (host_.on_drain_ordered)
    host_.on_drain_ordered();
  return static_cast<bool>(host_.on_drain_ordered);
}

bool admin_view::reload() {
  if (host_.on_reload_ordered)
    host_.on_reload_ordered();
  return static_cast<bool>(host_.on_reload_ordered);
}

void admin_view::tell(severity level, std::string_view what, fields details) {
  from_.context.observed_by->log(
    "broker", level == severity::warning ? observer::severity::warning : observer::severity::info,
    what, details);
}

void admin_view::tell_of_failed_request(std::string_view why) {
  from_.context.counts.shared().admin_requests_failed.count();
  tell(severity::warning, "an admin request failed", {{"reason", why}});
}

} // namespace ringdown
