// `ringdown-bench compare`: the same loads on several brokers, in turns.
#include "bench/compare.hpp"
#include "bench/cli/settings.hpp"
#include "bench/peers/peer.hpp"
#include "bench/workload.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cstdlib>
#include <filesystem>

namespace ringdown::bench {

namespace {

/// The share of accepted events that must be delivered within the measured time: the rest is on its
/// way.
constexpr double keeps_up = 0.9;
constexpr std::chrono::milliseconds start_patience{60'000};

struct compare_arguments {
  std::vector<std::string> peers{"ringdown", "floor", "redis"};
  std::vector<std::string> loads{"1x1", "1x64", "16x64", "256x64", "256x1", "open:20000"};
  unsigned rounds = 3;
  double seconds = 3;
  double warmup_s = 1;
  std::uint32_t dns = 10'000;
};

/// A folder that goes when the run is over.
class temporary_folder {
public:
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "ringdown-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) != nullptr)
      path_ = name;
  }
  ~temporary_folder() {
    std::error_code ignored;
    if (!path_.empty())
      std::filesystem::remove_all(path_, ignored);
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::string& path() const noexcept { return path_; }

private:
  std::string path_;
};

/// The figures of one peer under one load, a value for each round.
struct figures {
  std::vector<double> rate, cpu, ack_p50, ack_p99, delivery_p99;
  bool client_was_the_limit = false;
  bool fell_behind = false;      ///< it answered well ahead of what it delivered
  std::uint64_t told_missed = 0; ///< deliveries that EventMissed stands for
};

class comparison {
public:
  comparison(const settings& common, const compare_arguments& arguments)
    : common_(common), arguments_(arguments) {}

  /// What is wrong with the arguments, or nothing.
  std::optional<std::string> prepare() {
    for (auto& name : arguments_.peers) {
      auto* p = find_peer(name);
      if (p == nullptr)
        return "--peers " + name + ": expected some of " + peer_names();
      auto program = program_of(*p, name == "ringdown" ? common_.spawn : std::string{});
      auto version = version_of(*p, program);
      if (version.empty())
        return name + ": " + program + " is not installed (scripts/packages.txt, group bench)";
      members_.push_back({p, program, version});
    }
    for (auto& name : arguments_.loads) {
      auto load = load_of(name);
      if (!load)
        return "--loads " + name +
               ": expected PRODUCERSxWINDOW or open:RATE, with /RECEIVERS behind it";
      loads_.push_back(*load);
    }
    results_.resize(loads_.size() * members_.size());
    return std::nullopt;
  }

  int run() {
    for (std::size_t load = 0; load < loads_.size(); ++load)
      for (unsigned round = 0; round < arguments_.rounds; ++round)
        for (std::size_t i = 0; i < members_.size(); ++i) {
          if (stop_requested())
            return complain("stopped");
          if (auto status = run_one(load, i, round); status != all_well)
            return status;
        }
    if (common_.json)
      fmt::print("{}\n", dump(as_json()));
    else
      print();
    if (auto fault = write_picture(common_, "cpu", draw(cpu_chart())))
      return complain(*fault);
    return all_well;
  }

private:
  struct member {
    const peer* what;
    std::string program;
    std::string version;
  };

  figures& at(std::size_t load, std::size_t index) {
    return results_[load * members_.size() + index];
  }

  int run_one(std::size_t load, std::size_t index, unsigned round) {
    auto& m = members_[index];
    auto options = options_of(loads_[load], m);
    if (auto fault = unusable(options))
      return complain(*fault);
    temporary_folder folder;
    peer_place place{free_port(), folder.path(), m.program};
    server broker;
    server::plan plan;
    plan.command = m.what->command(place);
    if (m.what->name == "ringdown") {
      auto limits = limits_for(options);
      plan.command.insert(plan.command.end(), limits.begin(), limits.end());
      plan.command.insert(plan.command.end(), common_.broker_flags.begin(),
                          common_.broker_flags.end());
    }
    if (common_.broker_core >= 0)
      plan.core = static_cast<unsigned>(common_.broker_core);
    if (auto fault = broker.start(plan))
      return complain(*fault);
    if (auto fault = broker.await(place.port, start_patience))
      return complain(*fault);
    options.broker_pid = broker.pid();
    options.links.address = client::resolve("127.0.0.1", place.port).addresses.at(0);
    auto result = run_load(options);
    if (!result.good()) {
      fmt::print(stderr, "{} under {}:\n{}", m.what->name, loads_[load].name,
                 text_of(options, result));
      return result.trouble.empty() ? int{not_verified} : complain(result.trouble);
    }
    note(at(load, index), result, options.fan_out);
    if (!common_.quiet)
      fmt::print(stderr, "{:<12} round {} {:<10} {:>9.0f} events/s  {:.2f} us\n", loads_[load].name,
                 round + 1, m.what->name, per_second(result.done(options.fan_out), result.measured),
                 cpu_us_per_event(result).value_or(0));
    return all_well;
  }

  load_options options_of(const named_load& load, const member& m) const {
    load_options options;
    shape(options, load);
    options.dns = arguments_.dns;
    options.seconds = from_seconds(arguments_.seconds);
    options.warmup = from_seconds(arguments_.warmup_s);
    options.stopped = [] { return stop_requested(); };
    if (m.what->speak != nullptr)
      options.speak = m.what->speak();
    return options;
  }

  static void note(figures& f, const load_result& r, std::uint32_t fan_out) {
    auto micros = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
    f.rate.push_back(per_second(r.done(fan_out), r.measured));
    f.fell_behind |= static_cast<double>(r.done(fan_out)) < keeps_up * static_cast<double>(r.acked);
    f.told_missed += r.found.told_missed;
    f.cpu.push_back(cpu_us_per_event(r).value_or(0));
    f.ack_p50.push_back(micros(r.ack_latency.percentile(50)));
    f.ack_p99.push_back(micros(r.ack_latency.percentile(99)));
    f.delivery_p99.push_back(micros(r.delivery_latency.percentile(99)));
    f.client_was_the_limit |= r.client_was_the_limit();
  }

  // ---- telling

  json as_json() {
    json out{
      {"compare", json::array()}, {"rounds", arguments_.rounds}, {"seconds", arguments_.seconds}};
    auto& versions = out["versions"] = json::object();
    for (auto& m : members_)
      versions[std::string{m.what->name}] = m.version;
    auto spread_json = [](const std::vector<double>& values) {
      auto s = spread_of(values);
      return json{{"median", s.median}, {"low", s.low}, {"high", s.high}, {"rounds", values}};
    };
    for (std::size_t load = 0; load < loads_.size(); ++load)
      for (std::size_t i = 0; i < members_.size(); ++i) {
        auto& f = at(load, i);
        out["compare"].push_back({{"load", loads_[load].name},
                                  {"peer", members_[i].what->name},
                                  {"events_per_s", spread_json(f.rate)},
                                  {"broker_cpu_us_per_event", spread_json(f.cpu)},
                                  {"cpu_to_first", spread_json(ratios(f.cpu, at(load, 0).cpu))},
                                  {"ack_us_p50", spread_json(f.ack_p50)},
                                  {"ack_us_p99", spread_json(f.ack_p99)},
                                  {"delivery_us_p99", spread_json(f.delivery_p99)},
                                  {"client_was_the_limit", f.client_was_the_limit},
                                  {"fell_behind", f.fell_behind},
                                  {"told_missed", f.told_missed}});
      }
    return out;
  }

  bar_chart cpu_chart() {
    bar_chart chart{"Broker CPU for each event, by load", "microseconds of one core", {}, {}};
    for (auto& load : loads_)
      chart.groups.push_back(load.name);
    for (std::size_t i = 0; i < members_.size(); ++i) {
      auto& bars = chart.members.emplace_back();
      bars.name = members_[i].what->name;
      for (std::size_t load = 0; load < loads_.size(); ++load)
        bars.values.push_back(spread_of(at(load, i).cpu));
    }
    return chart;
  }

  void print() {
    for (auto& m : members_)
      fmt::print("{:<10} {}\n", m.what->name, m.version);
    fmt::print("\nMedians of {} rounds in turns, {} s each (lowest to highest); CPU is the "
               "broker's, and its ratio "
               "to {} is taken within each round.\n\n",
               arguments_.rounds, arguments_.seconds, members_[0].what->name);
    fmt::print("| load | broker | events/s | CPU us/event | ratio | ACK p50 us | ACK p99 us | "
               "delivery p99 us |\n"
               "|---|---|---|---|---|---|---|---|\n");
    for (std::size_t load = 0; load < loads_.size(); ++load)
      for (std::size_t i = 0; i < members_.size(); ++i)
        print_row(loads_[load].name, members_[i], at(load, i), at(load, 0));
  }

  /// What makes a row's figures doubtful.
  static std::string notes_of(const figures& f) {
    std::string notes = f.client_was_the_limit ? " client limited" : "";
    if (f.fell_behind)
      notes += " fell behind";
    return f.told_missed > 0 ? notes + fmt::format(" {} missed", f.told_missed) : notes;
  }

  static void print_row(const std::string& load, const member& m, const figures& f,
                        const figures& first) {
    auto whole = [](const std::vector<double>& values) {
      auto s = spread_of(values);
      return fmt::format("{:.0f} ({:.0f}-{:.0f})", s.median, s.low, s.high);
    };
    auto fine = [](const std::vector<double>& values) {
      auto s = spread_of(values);
      return fmt::format("{:.2f} ({:.2f}-{:.2f})", s.median, s.low, s.high);
    };
    fmt::print("| {} | {} | {}{} | {} | {} | {} | {} | {} |\n", load, m.what->name, whole(f.rate),
               notes_of(f), fine(f.cpu), fine(ratios(f.cpu, first.cpu)), whole(f.ack_p50),
               whole(f.ack_p99), whole(f.delivery_p99));
  }

  const settings& common_;
  const compare_arguments& arguments_;
  std::vector<member> members_;
  std::vector<named_load> loads_;
  std::vector<figures> results_;
};

int run(const settings& common, const compare_arguments& arguments) {
  catch_stop_signals();
  comparison all{common, arguments};
  if (auto fault = all.prepare())
    return complain(*fault);
  if (auto fault = settle_on_core(common.core))
    return complain(*fault);
  return all.run();
}

} // namespace

void add_compare(CLI::App& app, const settings& common, int& status) {
  auto a = std::make_shared<compare_arguments>();
  auto* verb =
    app.add_subcommand("compare", "The same loads on this broker and on others, in turns");
  verb->add_option("--peers", a->peers, "Of " + peer_names() + "; ratios are to the first")
    ->delimiter(',')
    ->capture_default_str();
  verb
    ->add_option("--loads", a->loads,
                 "PRODUCERSxWINDOW or open:RATE; /N behind it: N receivers of each DN")
    ->delimiter(',')
    ->capture_default_str();
  verb->add_option("--rounds", a->rounds, "How often each has its turn")
    ->check(CLI::Range(1u, 1000u))
    ->capture_default_str();
  verb->add_option("--seconds", a->seconds, "Measured time of a turn")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb->add_option("--warmup", a->warmup_s, "Seconds of load before it")
    ->check(CLI::Range(0.0, 1e6))
    ->capture_default_str();
  verb->add_option("--dns", a->dns, "DNs, spread evenly")
    ->check(CLI::Range(1u, 9'999'999u))
    ->capture_default_str();
  verb->footer(
    std::string{"Example:\n  ringdown-bench compare --peers ringdown,floor,redis --rounds 5\n"} +
    exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
