// `ringdown check-recorder`: a recorder's acceptance test. The recorder connects to a port of this
// program's, which carries its bytes to a broker that this program has started, and gives its
// orders there as a desktop:
//
//   recorder --> relay (--listen) --> ringdownd <-- desktop
//
// So its link can be cut and the broker restarted, and all that it says and hears is seen.
#include "client/cli/check_recorder_broker.hpp"
#include "client/cli/check_recorder_frames.hpp"
#include "client/cli/check_recorder_relay.hpp"
#include "client/cli/party.hpp"
#include "client/text/describe.hpp"
#include "messages/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace ringdown::cli {

using namespace ringdown::client;
using std::chrono::milliseconds;
using clock = std::chrono::steady_clock;

namespace {

struct check_recorder_options {
  std::string dn;
  std::string listen = "127.0.0.1:7481";
  std::string ringdownd;
  std::string refuses;
  double wait_s = 30;
  double watch_s = 3;
  unsigned confirm_ms = 2'000;
};

/// Frames that are kept of a step, to be shown with it. A recorder that says more is counted.
constexpr std::size_t frames_max = 1'000;
/// How late a signal or the end of the broker is seen at worst.
constexpr milliseconds turn_max{100};
/// The desktop is back sooner than the recorder: the broker is on this machine.
constexpr backoff_bounds desktop_backoff{.first_max = milliseconds{50},
                                         .delay_max = milliseconds{200}};

milliseconds from_seconds(double seconds) {
  return milliseconds{static_cast<std::int64_t>(seconds * 1000)};
}

check_options to_check(const check_recorder_options& o) {
  return {from_seconds(o.wait_s), from_seconds(o.watch_s), milliseconds{o.confirm_ms},
          parse_capture_verb(o.refuses).value_or(capture_verb::none)};
}

class recorder_check {
public:
  recorder_check(const settings& common, const check_recorder_options& options)
    : common_(common), options_(options), out_(common), check_(to_check(options)),
      program_(options.ringdownd.empty() ? ringdownd_beside_us() : options.ringdownd),
      relay_({[this](auto f) { show("recorder ->", frame_from_recorder(f, options_.dn)); },
              [this](auto f) { show("recorder <-", frame_to_recorder(f, options_.dn)); },
              [this] {
                show("recorder", {"link ended", recorder_link_ended{}});
              }}) {}

  int run() {
    catch_stop_signals();
    if (auto problem = begin()) {
      out_.complain(*problem);
      return usage;
    }
    tell_where();
    examiner_.emplace(recorder_steps(check_), check_, clock::now());
    while (!examiner_->is_over() && !stop_requested() && !broken_) {
      do_what_is_due();
      tell_results();
      if (!examiner_->is_over())
        turn(examiner_->deadline());
    }
    desktop_->stop(common_.timeout());
    if (broken_)
      out_.complain(*broken_);
    if (broken_ || !examiner_->is_over())
      return lost;
    tell_sum();
    return examiner_->is_good() ? all_well : refused;
  }

private:
  /// What went wrong, or nothing: then the desktop is registered, and the relay listens.
  std::optional<std::string> begin() {
    auto where = parse_endpoint(options_.listen);
    if (!where)
      return "--listen " + printable(options_.listen) + ": expected HOST:PORT";
    if (auto problem = broker_.start(program_, check_, common_.timeout()))
      return problem;
    relay_.lead_to(broker_.port());
    if (auto problem = begin_desktop())
      return problem;
    if (auto problem = relay_.listen(*where))
      return "--listen " + printable(options_.listen) + ": " + *problem;
    return std::nullopt;
  }

  std::optional<std::string> begin_desktop() {
    t_client_options how;
    how.places = {endpoint{"127.0.0.1", broker_.port()}};
    how.who.application_name = common_.app.empty() ? "check-recorder" : common_.app;
    how.who.capabilities = {capability::outcomes};
    how.backoff = desktop_backoff;
    how.limits.request_timeout = common_.timeout();
    how.on_traffic = [this](const traffic& t) { on_traffic(t); };
    desktop_.emplace(std::move(how));
    (void)desktop_->listen([this](const notice& n) { on_notice(n); });
    registration heard;
    heard.hear_outcomes = true; // those of the broker's own orders are shown too
    if (desktop_->register_on(options_.dn, heard) != registering::accepted)
      return "--dn " + printable_word(options_.dn) + ": expected 1 to 255 bytes of UTF-8";
    desktop_->start();
    if (!desktop_->await_registered(options_.dn, common_.timeout()))
      return "the desktop cannot register on DN " + printable_word(options_.dn);
    return std::nullopt;
  }

  // ---- what is seen ----

  void see(const seen& what) {
    if (examiner_)
      examiner_->see(what);
  }

  void show(std::string_view whose, const frame_seen& frame) {
    if (!frame.line.empty())
      keep(fmt::format("{} {}", whose, frame.line));
    if (frame.what)
      see(*frame.what);
  }

  void keep(std::string line) {
    if (frames_.size() < frames_max)
      frames_.push_back(std::move(line));
    else
      ++frames_left_out_;
  }

  void on_traffic(const traffic& t) {
    if (auto* sent = std::get_if<event_sent>(&t))
      keep("desktop  -> " + describe_request(sent->reference, sent->what, sent->distribute));
    else if (auto* got = std::get_if<event_received>(&t))
      keep("desktop  <- " + describe(got->what));
  }

  void on_notice(const notice& n) {
    if (auto* told = std::get_if<event_outcome>(&n)) {
      see(outcome_told{*told});
    } else if (auto* heard = std::get_if<event_user_event>(&n)) {
      see(light_shown{heard->effective_state});
    } else if (auto* registered = std::get_if<registration_notice>(&n)) {
      if (registered->snapshot)
        see(light_shown{registered->snapshot->effective_state});
      see(desktop_ready{registered->phase == registration_phase::registered});
    }
  }

  // ---- what is done ----

  void do_what_is_due() {
    while (auto todo = examiner_->next(clock::now())) {
      tell_results(); // what is done now belongs to the step that has begun
      carry_out(*todo);
    }
  }

  void carry_out(const deed& todo) {
    switch (todo.what.kind) {
    case move_kind::give: return give(todo);
    case move_kind::cut: keep("-- the recorder's link is cut"); return relay_.cut();
    case move_kind::mend: keep("-- the recorder's link is whole"); return relay_.mend();
    case move_kind::hold:
      keep("-- the recorder's link carries nothing for a while");
      return relay_.hold();
    case move_kind::restart:
      keep("-- the broker is killed, and another one started");
      broken_ = broker_.start(program_, check_, common_.timeout());
      return;
    default: return; // what must be seen
    }
  }

  void give(const deed& todo) {
    auto what = outgoing_event::capture(options_.dn, todo.what.verb, todo.what.call);
    what.command = todo.command;
    auto done = [this](const completion& c) {
      if (auto* error = c.error())
        see(command_refused{describe_error(*error)});
    };
    if (auto sent = desktop_->send(what, done); !sent)
      see(command_refused{std::string{to_string(sent.status)}});
  }

  /// Waits until something comes, at most until then, and takes it.
  void turn(steady_time until) {
    std::vector<pollfd> set;
    relay_.add_to(set);
    set.push_back({broker_.log_descriptor(), POLLIN, 0});
    if (desktop_->descriptor() >= 0)
      set.push_back({desktop_->descriptor(), desktop_->poll_events(), 0});
    auto next = std::min(until, desktop_->next_deadline());
    auto wait = std::chrono::ceil<milliseconds>(next - clock::now());
    ::poll(set.data(), set.size(),
           static_cast<int>(std::clamp(wait, milliseconds{0}, turn_max).count()));
    relay_.turn();
    while (desktop_->poll(milliseconds{0}))
      continue;
    broker_.read_log();
    if (auto why = broker_.ended())
      broken_ = why;
  }

  // ---- what is told ----

  void tell_where() {
    if (common_.json)
      return out_.object({{"waiting", {{"dn", options_.dn}, {"where", options_.listen}}}});
    out_.note(fmt::format("waiting for a recorder of DN {} on {}", printable_word(options_.dn),
                          printable(options_.listen)));
  }

  void tell_results() {
    auto& results = examiner_->results();
    for (; told_ < results.size(); ++told_)
      tell(results[told_]);
  }

  void tell(const step_result& r) {
    std::vector<std::string> frames;
    if (r.how == verdict::passed || r.how == verdict::failed) // others' frames are the next step's
      frames.swap(frames_);
    if (auto more = std::exchange(frames_left_out_, 0); more != 0)
      frames.push_back(fmt::format("-- and {} more", more));
    if (common_.json) {
      json o{{"step", r.name}, {"result", to_string(r.how)}, {"duty", r.duty}};
      if (!r.why.empty())
        o["why"] = r.why;
      o["frames"] = frames;
      return out_.object(o);
    }
    out_.note(fmt::format("{:<10} {}: {}", to_string(r.how), r.name, r.duty));
    if (!r.why.empty())
      out_.note("           " + r.why);
    for (auto& line : frames)
      out_.note("             " + line);
  }

  void tell_sum() {
    auto count = [this](verdict how) {
      auto& all = examiner_->results();
      return std::count_if(all.begin(), all.end(), [how](auto& r) { return r.how == how; });
    };
    auto passed = count(verdict::passed);
    auto failed = count(verdict::failed);
    auto left_out = count(verdict::not_played);
    if (common_.json)
      return out_.object({{"passed", passed}, {"failed", failed}, {"not_played", left_out}});
    out_.note(fmt::format("{} passed, {} failed, {} not played", passed, failed, left_out));
  }

  const settings& common_;
  const check_recorder_options& options_;
  console out_;
  const check_options check_;
  const std::string program_;
  child_broker broker_;
  relay relay_;
  std::optional<examiner> examiner_;
  std::optional<std::string> broken_; // the check itself cannot go on
  std::vector<std::string> frames_;   // of the step that is played
  std::size_t frames_left_out_ = 0;
  std::size_t told_ = 0;            // results
  std::optional<t_client> desktop_; // last: its end may still be told
};

} // namespace

void add_check_recorder(CLI::App& app, const settings& common, int& status) {
  auto options = std::make_shared<check_recorder_options>();
  auto* verb = app.add_subcommand("check-recorder", "Test any recorder against its duties");
  verb->add_option("--dn", options->dn, "The DN that the recorder registers on")->required();
  verb->add_option("--listen", options->listen, "Where the recorder is to connect, HOST:PORT")
    ->capture_default_str();
  verb->add_option("--ringdownd", options->ringdownd,
                   "The broker to test with; otherwise the one beside this program, or of PATH");
  verb
    ->add_option("--refuses", options->refuses,
                 "The recorder was made unable to do this: only its refusal is tested")
    ->check(CLI::IsMember({"start", "stop", "pause", "resume"}));
  verb
    ->add_option("--confirm-timeout", options->confirm_ms,
                 "Milliseconds for a word, as the site's daemon has limits.confirm_timeout")
    ->check(CLI::Range(100u, 60'000u))
    ->capture_default_str();
  verb
    ->add_option("--wait", options->wait_s,
                 "Seconds for the recorder to come, and to come back after a lost link")
    ->check(CLI::Range(0.001, 3600.0))
    ->capture_default_str();
  verb
    ->add_option("--watch", options->watch_s,
                 "Seconds for which it must leave each state alone, in step drift")
    ->check(CLI::Range(0.001, 3600.0))
    ->capture_default_str();
  verb->footer(
    std::string{"Example:\n  ringdown check-recorder --dn 7001\n"
                "  ringdown check-recorder --dn 7001 --refuses pause\n"
                "It starts a broker of its own: point the recorder at --listen. Status 0 is: all "
                "steps passed; 1: one failed, and is told with the frames of its link.\n"} +
    exit_status_help());
  verb->callback([&common, &status, options] { status = recorder_check{common, *options}.run(); });
}

} // namespace ringdown::cli
