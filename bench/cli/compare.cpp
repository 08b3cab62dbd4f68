// `ringdown-bench compare`: the same loads on several brokers, in turns.
#include "bench/cli/settings.hpp"
#include "bench/load/workload.hpp"
#include "bench/machine/certificate.hpp"
#include "bench/machine/process.hpp"
#include "bench/speak/peers/peer.hpp"
#include "bench/tell/compare_report.hpp"
#include "bench/tell/html.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace ringdown::bench {

namespace {

constexpr std::chrono::milliseconds start_patience{60'000};
/// For all links to be up. RabbitMQ takes a hundred connections a second.
constexpr std::chrono::milliseconds opening_patience{300'000};
/// Below what each broker lets wait to be accepted, else the kernel repeats a connect after a
/// second.
constexpr std::size_t opening_max = 64;

struct compare_arguments {
  std::vector<std::string> peers{"ringdown", "floor", "redis"};
  std::vector<std::string> loads{"1x1", "1x64", "16x64", "256x64", "256x1", "open:20000"};
  unsigned rounds = 3;
  double seconds = 3;
  double warmup_s = 1;
  std::uint32_t dns = 10'000;
  std::string markdown;
};

class comparison {
public:
  comparison(const settings& common, const compare_arguments& arguments)
    : common_(common), arguments_(arguments) {}

  /// What is wrong with the arguments, or nothing.
  std::optional<std::string> prepare() {
    if (auto fault = prepare_tls())
      return fault;
    for (auto& name : arguments_.peers) {
      auto* p = find_peer(name);
      if (p == nullptr)
        return "--peers " + name + ": expected some of " + peer_names();
      auto program = program_of(*p, name == "ringdown" ? common_.spawn : std::string{});
      members_.push_back({p, program});
      result_.members.push_back({name, version_of(*p, program), {}});
    }
    for (auto& name : arguments_.loads) {
      auto load = load_of(name);
      if (!load)
        return "--loads " + name + ": expected " + load_names;
      result_.loads.push_back(*load);
    }
    result_.rounds = arguments_.rounds;
    result_.seconds = arguments_.seconds;
    result_.all.resize(result_.loads.size() * members_.size());
    return note_absent();
  }

  int run() {
    for (std::size_t load = 0; load < result_.loads.size(); ++load)
      for (unsigned round = 0; round < arguments_.rounds; ++round)
        for (std::size_t turn = 0; turn < members_.size(); ++turn) {
          // Each round begins with another one: who follows a large broker has its end beside it.
          auto i = (round + turn) % members_.size();
          if (!result_.at(load, i).failure.empty())
            continue;
          take_turn(load, i, round);
          if (stop_requested())
            return complain("stopped");
        }
    return tell_all();
  }

private:
  struct member {
    const peer* what;
    std::string program;
  };

  /// A broker for one turn, with a folder for its files.
  struct contestant {
    temporary_folder folder;
    server broker;
  };

  /// One certificate for all, and one way for this program to speak to them.
  std::optional<std::string> prepare_tls() {
    if (!common_.tls)
      return std::nullopt;
    if (auto fault = make_certificate(folder_, files_.emplace()))
      return fault;
    secured_ = one_cipher(files_->certificate);
    return std::nullopt;
  }

  /// Why this one has no figures at all, for a table; empty: it has its turns.
  std::string absence_of(std::size_t index) const {
    if (result_.members[index].version.empty())
      return "not installed";
    return common_.tls && members_[index].what->tls == tls_start::never ? "no TLS" : "";
  }

  /// Who cannot take part has no figures; nothing, unless that is everybody.
  std::optional<std::string> note_absent() {
    bool has_any = false;
    for (std::size_t i = 0; i < members_.size(); ++i) {
      auto why = absence_of(i);
      if (why.empty()) {
        has_any = true;
        continue;
      }
      fmt::print(stderr, "{}: {}: {}\n", members_[i].what->name, members_[i].program,
                 why == "no TLS" ? "is not asked to speak TLS"
                                 : "is not installed (scripts/packages.txt, group bench)");
      for (std::size_t load = 0; load < result_.loads.size(); ++load)
        note_failure(result_.at(load, i), why);
    }
    return has_any ? std::nullopt
                   : std::optional<std::string>{"none of --peers is installed and can take part"};
  }

  /// A broker that fails under a load has no figures there; the others go on.
  void take_turn(std::size_t load, std::size_t index, unsigned round) {
    auto fault =
      result_.loads[load].is_connections() ? run_connections(load, index) : run_events(load, index);
    if (!fault)
      return tell_turn(load, index, round);
    fmt::print(stderr, "{:<12} round {} {:<10} failed: {}\n", result_.loads[load].name, round + 1,
               members_[index].what->name, printable(*fault));
    note_failure(result_.at(load, index), *fault);
    has_failed_ = true;
  }

  int tell_all() const {
    auto around = circumstances_of(common_, "one of each turn", {beside_, {}});
    auto after = text_of(around);
    auto object = to_json(result_);
    object["circumstances"] = to_json(around);
    fmt::print("{}", common_.json ? dump(object) + "\n" : text_of(result_) + after);
    if (!arguments_.markdown.empty() &&
        !write_file(arguments_.markdown, markdown_of(result_) + markdown_of(around)))
      return complain("--markdown: cannot write " + arguments_.markdown);
    if (!common_.html.empty() &&
        !write_file(common_.html, html_report(common_.command, result_, after)))
      return complain("--html: cannot write " + common_.html);
    if (auto fault = write_picture(common_, "cpu", draw(cpu_chart(result_))))
      return complain(*fault);
    return has_failed_ ? int{not_verified} : int{all_well};
  }

  /// What went wrong, or nothing. `limits` are of ours.
  std::optional<std::string> start(contestant& c, const member& m,
                                   const std::vector<std::string>& limits, run_options& options) {
    peer_place place{free_port(), c.folder.path(), m.program, files_};
    auto plan = m.what->plan(place);
    if (m.what->name == "ringdown") {
      plan.command.insert(plan.command.end(), limits.begin(), limits.end());
      plan.command.insert(plan.command.end(), common_.broker_flags.begin(),
                          common_.broker_flags.end());
    }
    if (common_.broker_core >= 0)
      plan.core = static_cast<unsigned>(common_.broker_core);
    if (auto fault = c.broker.start(plan))
      return fault;
    if (auto fault = c.broker.await(place.port, start_patience))
      return fault;
    options.broker_pid = c.broker.pid();
    options.links.address = client::resolve("127.0.0.1", place.port).addresses.at(0);
    return std::nullopt;
  }

  /// Why there are no figures, or nothing.
  std::optional<std::string> run_events(std::size_t load, std::size_t index) {
    auto& m = members_[index];
    load_options options;
    fill(options, m);
    options.dns = arguments_.dns;
    options.warmup = from_seconds(arguments_.warmup_s);
    shape(options, result_.loads[load]);
    if (auto fault = unusable(options))
      return fault;
    contestant c;
    if (auto fault = start(c, m, limits_for(options), options))
      return fault;
    machine_watch watch{options.broker_pid};
    auto result = run_load(options);
    note_machine(result_.at(load, index), watch.finish().whole);
    if (!result.good()) {
      fmt::print(stderr, "{}", text_of(options, result));
      return result.trouble.empty() ? "not verified" : result.trouble;
    }
    note(result_.at(load, index), options, result);
    result_.members[index].tls = result.tls;
    return std::nullopt;
  }

  std::optional<std::string> run_connections(std::size_t load, std::size_t index) {
    auto& m = members_[index];
    idle_options options;
    fill(options, m);
    shape(options, result_.loads[load]);
    // Before the broker is started, so that it may open as many files.
    if (auto fault = make_room_for_links(options.connections))
      return fault;
    contestant c;
    if (auto fault = start(c, m, limits_for(options.connections, options.dns, 1, 1), options))
      return fault;
    machine_watch watch{options.broker_pid};
    auto result = run_idle(options);
    note_machine(result_.at(load, index), watch.finish().whole);
    if (!result.trouble.empty())
      return result.trouble;
    note(result_.at(load, index), options, result);
    result_.members[index].tls = result.tls;
    return std::nullopt;
  }

  void note_machine(figures& f, const machine_use& turn) {
    f.was_disturbed |= turn.is_disturbed();
    beside_ += turn;
  }

  void fill(run_options& options, const member& m) const {
    options.seconds = from_seconds(arguments_.seconds);
    options.patience = opening_patience;
    options.links.opening_max = opening_max;
    options.links.secured = secured_;
    options.links.server_name = "127.0.0.1";
    options.links.greets_in_plain = m.what->tls == tls_start::behind_greeting;
    options.stopped = [] { return stop_requested(); };
    if (m.what->speak != nullptr)
      options.speak = m.what->speak();
  }

  void tell_turn(std::size_t load, std::size_t index, unsigned round) const {
    if (common_.quiet)
      return;
    auto& l = result_.loads[load];
    auto& f = result_.at(load, index);
    fmt::print(stderr, "{:<12} round {} {:<10} {:>9.0f} {}/s  {:.2f} us  (own CPU {:.0f} %)\n",
               l.name, round + 1, members_[index].what->name, f.rate.back(),
               l.is_connections() ? "registrations" : "events", f.cpu_us.back(),
               f.own_cpu_percent.back());
  }

  const settings& common_;
  const compare_arguments& arguments_;
  std::vector<member> members_;
  temporary_folder folder_;
  std::optional<tls_files> files_; ///< there: all speak TLS
  std::shared_ptr<const client::tls_context> secured_;
  comparison_result result_;
  machine_use beside_; ///< all turns
  bool has_failed_ = false;
};

int run(const settings& common, const compare_arguments& arguments) {
  catch_stop_signals();
  if (!common.hgrm.empty())
    return complain("--hgrm: compare writes no such file; the other verbs do");
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
  verb->add_option("--loads", a->loads, std::string{load_names})
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
  verb->add_option("--markdown", a->markdown,
                   "Write the tables of docs/benchmarks.md to this file");
  verb->footer(
    std::string{"Example:\n  ringdown-bench compare --peers ringdown,floor,redis --rounds 5\n"} +
    exit_status_help);
  verb->callback([&common, &status, a] { status = run(common, *a); });
}

} // namespace ringdown::bench
