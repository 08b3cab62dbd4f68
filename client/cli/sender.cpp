#include "client/cli/sender.hpp"

#include "messages/text.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace ringdown::cli {

using namespace ringdown::client;
using clock = std::chrono::steady_clock;

namespace {

class sender : public party {
public:
  sender(const settings& common, send_plan plan) : party(common), plan_(std::move(plan)) {
    plan_.waits = plan_.waits && is_command(plan_.verb);
  }

  int run() {
    if (!begin())
      return status();
    if (plan_.is_terse)
      learn_names();
    if (is_for_many())
      send_to_all();
    else
      send_to_each();
    if (plan_.waits)
      await_outcomes();
    leave();
    return status();
  }

private:
  /// The worst of all DNs decides, in whatever order they were given.
  bool is_worse(exit_status status, exit_status before) const override {
    return badness(status) > badness(before);
  }

  /// Which command: its DN and its place there.
  using command_name = std::tuple<std::string, std::uint64_t, std::uint64_t>;

  bool begin() {
    if (plan_.is_terse) {
      be_quiet();
      if (plan_.dns.size() > 1)
        out().name_dns();
    }
    identity who;
    who.role = plan_.as;
    if (plan_.waits)
      who.capabilities = {capability::outcomes};
    registration how;
    how.standby = who.role == role::recorder; // one indication makes no active recorder
    if (!connect(who))
      return false;
    if (plan_.waits && !link().link().has(capability::outcomes))
      do_without_outcomes();
    (void)link().listen(alive_, {}, [this](const notice& n) {
      if (auto* o = std::get_if<event_outcome>(&n))
        on_outcome(*o);
    });
    if (register_on(plan_.dns, how) && status() == all_well)
      return true;
    leave();
    return false;
  }

  /// A recorder that is lost is told of by the name that it has now.
  void learn_names() {
    constexpr std::size_t asked_max = 16; // more than a person looks at
    for (std::size_t i = 0; i < std::min(plan_.dns.size(), asked_max); ++i)
      look_up(plan_.dns[i], [](const event_address_info&) {});
  }

  /// Of a broker of an earlier day.
  void do_without_outcomes() {
    out().note("this broker tells no outcomes: accepted is all that can be known");
    plan_.waits = false;
    if (plan_.must_be_confirmed)
      fail(unconfirmed);
  }

  void on_outcome(const event_outcome& o) {
    outcomes_.insert_or_assign({o.this_dn, o.epoch.value, o.sequence.value}, o.result);
    if (plan_.is_terse)
      out().became(o);
  }

  /// `pause`, `stop` and `resume` of whole screens go out in one request.
  bool is_for_many() const {
    auto& what = plan_.what;
    bool may_be = is_safety_command(plan_.verb) || plan_.verb == capture_verb::resume;
    bool is_plain = !what.connection && !what.if_version && !what.directed &&
                    what.user_event == 0 && what.data.pairs.size() == 1 && !plan_.distribute;
    return plan_.dns.size() > 1 && may_be && is_plain;
  }

  void send_to_all() {
    auto& dns = plan_.dns;
    auto at_once = std::max<std::size_t>(1, link().link().dns_per_request_max);
    for (std::size_t first = 0; first < dns.size(); first += at_once) {
      auto count = std::min(at_once, dns.size() - first);
      auto from = dns.begin() + static_cast<std::ptrdiff_t>(first);
      bulk_command some{{from, from + static_cast<std::ptrdiff_t>(count)}, plan_.verb};
      some.command = plan_.what.command;
      some.retry = plan_.what.retry;
      some.confirm_timeout = plan_.what.confirm_timeout;
      some.reason = plan_.what.reason;
      some.agent_id = plan_.what.agent_id;
      auto answers = command_addresses(some);
      for (auto& answer : answers)
        note_accepted(answer.this_dn, answer);
      if (answers.size() < count)
        return;
    }
  }

  void send_to_each() {
    for (auto& dn : plan_.dns) {
      plan_.what.this_dn = dn;
      auto answer = ask(plan_.what, plan_.distribute);
      if (!answer)
        return;
      note_accepted(dn, *answer);
    }
  }

  void note_accepted(const std::string& dn, const completion& answer) {
    if (auto* ack = answer.ack())
      accepted_.push_back({dn, ack->epoch.value, ack->sequence.value});
  }

  /// The broker decides each by its deadline.
  void await_outcomes() {
    auto own = plan_.what.confirm_timeout;
    auto wait = own ? *own + desktop::outcome_margin : desktop::outcome_wait_max;
    auto is_told = [this](const command_name& name) { return outcomes_.count(name) != 0; };
    handle_until(clock::now() + plan_.outcome_wait.value_or(wait),
                 [&] { return std::all_of(accepted_.begin(), accepted_.end(), is_told); });
    for (auto& name : accepted_) {
      auto told = outcomes_.find(name);
      if (told == outcomes_.end()) {
        if (!stop_requested() && !is_down())
          out().complain("no outcome for " + printable_word(std::get<0>(name)));
        fail(lost);
      } else {
        fail(status_of(told->second));
      }
    }
  }

  send_plan plan_;
  std::vector<command_name> accepted_;
  std::map<command_name, outcome> outcomes_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(); // of the listener
};

} // namespace

int carry_out(const settings& common, send_plan plan) {
  return sender{common, std::move(plan)}.run();
}

} // namespace ringdown::cli
