// `ringdown load`: measures a broker and verifies every delivery.
#include "client/cli/json.hpp"
#include "client/cli/settings.hpp"
#include "client/escape.hpp"
#include "client/load/process.hpp"
#include "client/load/run.hpp"
#include "client/load/template.hpp"

#include <fmt/format.h>

namespace ringdown::cli {

using namespace ringdown::load;
using std::chrono::milliseconds;

namespace {

struct load_arguments {
  load_options events;
  double seconds = 5;
  double warmup_s = 1;
  double patience_s = 60;
  std::uint32_t connections = 10'000;
  int broker_pid = 0;
  int pin = -1;
  unsigned heartbeat_ms = 0;
  bool idle = false;
};

milliseconds from_seconds(double seconds) {
  return milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

double per_second(std::uint64_t count, std::chrono::nanoseconds time) {
  auto seconds = std::chrono::duration<double>(time).count();
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

double micros(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1000;
}

double share(std::uint64_t part, std::uint64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

int complain(const std::string& text) {
  fmt::print(stderr, "ringdown: {}\n", client::escaped(text));
  return usage;
}

// ---- events --------------------------------------------------------------------------------

/// Broker CPU per event in microseconds, if it was measured.
std::optional<double> cpu_per_event(const load_result& r) {
  if (!r.broker_cpu || r.acked == 0)
    return std::nullopt;
  return micros(static_cast<std::uint64_t>(r.broker_cpu->count())) / static_cast<double>(r.acked);
}

json to_json(const load_options& o, const load_result& r) {
  auto errors = json::object();
  for (auto [code, count] : r.errors)
    errors[std::to_string(code)] = count;
  auto& latency = r.ack_latency;
  auto& f = r.found;
  json out{{"load", "events"},
           {"producers", o.producers},
           {"window", o.window},
           {"dns", o.dns},
           {"receivers", o.receivers},
           {"user_data_bytes", o.user_data_bytes},
           {"seconds", std::chrono::duration<double>(r.measured).count()},
           {"events_per_s", per_second(r.acked, r.measured)},
           {"deliveries_per_s", per_second(r.delivered, r.measured)},
           {"frames_per_read", share(r.frames, r.reads)},
           {"own_cpu_share",
            static_cast<double>(r.own_cpu.count()) / static_cast<double>(r.measured.count())}};
  if (auto cpu = cpu_per_event(r)) {
    out["broker_cpu_us_per_event"] = *cpu;
    out["broker_cpu_share"] =
      static_cast<double>(r.broker_cpu->count()) / static_cast<double>(r.measured.count());
  }
  out["ack_us"] = {{"p50", micros(latency.percentile(50))},
                   {"p99", micros(latency.percentile(99))},
                   {"p99.9", micros(latency.percentile(99.9))},
                   {"max", micros(latency.max())}};
  out["errors"] = errors;
  out["missed"] = r.missed;
  out["verified"] = {{"sent", f.sent},
                     {"acked", f.acked},
                     {"refused", f.refused},
                     {"delivered", f.delivered},
                     {"lost", f.lost},
                     {"never_accepted", f.never_accepted},
                     {"duplicated", f.duplicated},
                     {"misordered", f.misordered},
                     {"corrupted", f.corrupted},
                     {"never_sent", f.never_sent},
                     {"delivered_though_refused", f.delivered_though_refused},
                     {"answers_misordered", f.answers_misordered},
                     {"sequence_faults", f.sequence_faults},
                     {"stray_answers", r.stray_answers},
                     {"drained", r.drained},
                     {"good", r.good()}};
  return out;
}

void print(const load_options& o, const load_result& r) {
  auto seconds = std::chrono::duration<double>(r.measured).count();
  fmt::print("{} x {} outstanding, {} DNs, {} receiver{}, {} bytes, {:.1f} s\n", o.producers,
             o.window, o.dns, o.receivers, o.receivers == 1 ? "" : "s", o.user_data_bytes, seconds);
  fmt::print("events/s        {:>12.0f}   (delivered {:.0f}/s, {:.1f} frames per read here)\n",
             per_second(r.acked, r.measured), per_second(r.delivered, r.measured),
             share(r.frames, r.reads));
  auto own = 100 * static_cast<double>(r.own_cpu.count()) / static_cast<double>(r.measured.count());
  if (auto cpu = cpu_per_event(r))
    fmt::print(
      "broker CPU      {:>12.2f} us per event   ({:.0f} % of a core; this program {:.0f} %)\n",
      *cpu,
      100 * static_cast<double>(r.broker_cpu->count()) / static_cast<double>(r.measured.count()),
      own);
  else
    fmt::print(
      "broker CPU      not measured: give --broker-pid   (this program {:.0f} % of a core)\n", own);
  fmt::print("ACK latency us  p50 {:.1f}   p99 {:.1f}   p99.9 {:.1f}   max {:.1f}\n",
             micros(r.ack_latency.percentile(50)), micros(r.ack_latency.percentile(99)),
             micros(r.ack_latency.percentile(99.9)), micros(r.ack_latency.max()));
  for (auto [code, count] : r.errors) {
    auto* row = find_error(code);
    fmt::print("EventError      {} {}: {}\n", code, row ? row->name : "unknown_code", count);
  }
}

/// What the verifier says, fault by fault.
void print_verdict(const load_result& r) {
  auto& f = r.found;
  if (r.good()) {
    fmt::print("verified        {} of {} accepted events delivered once, whole, in order\n",
               f.delivered, f.acked);
    return;
  }
  fmt::print("NOT VERIFIED    accepted {}, delivered {}, refused {}{}\n", f.acked, f.delivered,
             f.refused, r.drained ? "" : ", answers or deliveries are missing");
  for (auto [name, count] : {std::pair{"lost", f.lost},
                             {"never accepted", f.never_accepted},
                             {"duplicated", f.duplicated},
                             {"misordered", f.misordered},
                             {"corrupted", f.corrupted},
                             {"never sent", f.never_sent},
                             {"delivered though refused", f.delivered_though_refused},
                             {"answers misordered", f.answers_misordered},
                             {"sequence faults", f.sequence_faults},
                             {"stray answers", r.stray_answers},
                             {"named by EventMissed", r.missed}})
    if (count != 0)
      fmt::print("                {}: {}\n", name, count);
}

int run_events(const settings& common, const load_options& options) {
  if (auto problem = unusable(options))
    return complain(*problem);
  auto result = run_load(options);
  bool lost_link = !result.trouble.empty();
  if (lost_link && result.found.sent == 0)
    return complain(result.trouble);
  if (common.json) {
    fmt::print("{}\n", dump(to_json(options, result)));
  } else {
    print(options, result);
    print_verdict(result);
  }
  if (lost_link) {
    complain(result.trouble);
    return lost;
  }
  return result.good() ? all_well : refused;
}

// ---- idle connections ----------------------------------------------------------------------

int run_idle_connections(const settings& common, const load_arguments& arguments) {
  idle_options options;
  static_cast<run_options&>(options) = arguments.events;
  options.connections = arguments.connections;
  options.dns = arguments.events.dns;
  auto r = run_idle(options);
  if (!r.trouble.empty())
    return complain(r.trouble);
  auto rate = per_second(options.connections, r.opening);
  std::optional<double> bytes;
  if (r.resident_before && r.resident_after)
    bytes = (static_cast<double>(*r.resident_after) - static_cast<double>(*r.resident_before)) /
            options.connections;
  std::optional<double> cpu_share;
  if (r.broker_cpu && r.measured.count() > 0)
    cpu_share =
      static_cast<double>(r.broker_cpu->count()) / static_cast<double>(r.measured.count());
  if (common.json) {
    json out{{"load", "idle"},
             {"connections", options.connections},
             {"dns", options.dns},
             {"registrations_per_s", rate}};
    if (bytes)
      out["broker_bytes_per_connection"] = *bytes;
    if (cpu_share)
      out["broker_cpu_share"] = *cpu_share;
    fmt::print("{}\n", dump(out));
    return all_well;
  }
  fmt::print("{} connections, each registered on a DN of {}\n", options.connections, options.dns);
  fmt::print("registrations/s {:>12.0f}   (connect, sign-on, registration)\n", rate);
  if (bytes)
    fmt::print("broker memory   {:>12.0f} bytes per connection   ({} -> {} KiB)\n", *bytes,
               *r.resident_before / 1024, *r.resident_after / 1024);
  if (cpu_share)
    fmt::print("broker CPU      {:>12.2f} % of a core while they were idle\n", 100 * *cpu_share);
  if (!bytes)
    fmt::print("broker memory   not measured: give --broker-pid\n");
  return all_well;
}

// ---- options -------------------------------------------------------------------------------

int run(const settings& common, load_arguments& arguments) {
  catch_stop_signals();
  auto where = client::parse_endpoint(common.connect);
  if (!where)
    return complain("--connect " + common.connect + ": expected HOST:PORT");
  auto resolved = client::resolve(where->host, where->port);
  if (resolved.addresses.empty())
    return complain("cannot resolve " + where->host + ": " + resolved.text);
  auto& o = arguments.events;
  o.links.address = resolved.addresses.front();
  o.links.application_name = common.app;
  if (arguments.heartbeat_ms != 0)
    o.links.heartbeat_interval = milliseconds{arguments.heartbeat_ms};
  o.seconds = from_seconds(arguments.seconds);
  o.warmup = from_seconds(arguments.warmup_s);
  o.patience = from_seconds(arguments.patience_s);
  o.stopped = [] { return stop_requested(); };
  if (arguments.broker_pid != 0) {
    o.broker_pid = arguments.broker_pid;
    if (!cpu_time(arguments.broker_pid))
      return complain("--broker-pid: no process " + std::to_string(arguments.broker_pid));
  }
  if (arguments.pin >= 0 && !pin_to(static_cast<unsigned>(arguments.pin)))
    return complain("--pin: cannot run on processor " + std::to_string(arguments.pin));
  return arguments.idle ? run_idle_connections(common, arguments) : run_events(common, o);
}

} // namespace

void add_load(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<load_arguments>();
  auto& o = a->events;
  auto* verb = app.add_subcommand("load", "Measure a broker; verify every delivery");
  auto number = [verb](const char* name, std::uint32_t& value, std::uint32_t most,
                       const char* text) {
    return verb->add_option(name, value, text)->check(CLI::Range(1u, most))->capture_default_str();
  };
  number("--producers", o.producers, 100'000,
         "Sending connections, each with its share of the DNs");
  number("--window", o.window, 16'000, "Requests outstanding per producer (closed loop)");
  number("--dns", o.dns, 9'999'999, "DNs, spread evenly");
  number("--receivers", o.receivers, 100'000, "Recorders that share the DNs between them");
  verb->add_option("--bytes", o.user_data_bytes, "User data of each event, serialized")
    ->check(CLI::Range(event_template::user_data_bytes_min, std::size_t{65'535}))
    ->capture_default_str();
  verb->add_option("--seconds", a->seconds, "Measured time")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb->add_option("--warmup", a->warmup_s, "Seconds of load before it")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb->add_flag("--idle", a->idle, "No events: open --connections and keep them idle");
  number("--connections", a->connections, 1'000'000, "With --idle: how many, each on one DN");
  verb->add_option("--broker-pid", a->broker_pid,
                   "The broker's process, to measure its CPU and memory");
  verb->add_option("--pin", a->pin, "Run this program on one processor");
  verb->add_option("--heartbeat", a->heartbeat_ms,
                   "Milliseconds to ask for (default: the broker's)");
  verb->add_option("--patience", a->patience_s, "Seconds for all connections to be up")
    ->check(CLI::Range(0.1, 1e6))
    ->capture_default_str();
  verb->add_option("--dn-prefix", o.dn_prefix, "DNs are this and seven digits")
    ->capture_default_str();
  verb->footer(
    "Example:\n"
    "  ringdown load --producers 16 --window 64 --dns 10000 --seconds 5 --broker-pid PID\n"
    "  ringdown load --idle --connections 10000 --dns 10000 --broker-pid PID\n"
    "Exit status: 0 all delivered, 1 a delivery was lost, wrong or out of order, 2 wrong "
    "arguments or no connection, 3 disconnected.");
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::cli
