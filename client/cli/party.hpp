// What desktop, recorder, monitor and the like have in common: a console that shows the
// conversation, and a link with the exit status that its events lead to.
#pragma once

#include "client/cli/json.hpp"
#include "client/cli/line_editor.hpp"
#include "client/cli/name_book.hpp"
#include "client/cli/settings.hpp"
#include "client/desktop.hpp"
#include "client/t_client.hpp"

#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ringdown::cli {

/// What the agent of a DN is shown. `left`: to the pending command's deadline, if it is known.
struct shown_status {
  std::string dn;
  client::light_view view;
  std::optional<std::chrono::milliseconds> left;
};

/// Prints lines, for people or as JSON. All text of the network's is escaped before it gets here
/// (client/text/describe.hpp).
class console {
public:
  explicit console(const settings& common);

  bool json_wanted() const { return json_; }
  void sent(const std::string& text, const json& object);
  void link(const client::link_notice& n);
  void received(const client::event& e);
  /// What is shown of later events may name those that this one names.
  void learn(const client::event& e) { names_.learn(e); }
  void forget_names() { names_.forget(); }
  bool knows(client_id client) const { return !names_.name_of(client).empty(); }
  /// What became of a command, without the event that told it.
  void became(const client::event_outcome& o);
  /// What has changed of what an agent is shown; `before`: none yet.
  void view(const std::string& dn, const std::optional<client::light_view>& before,
            const client::light_view& now);
  /// An outcome that the broker did not tell.
  void doubt(const client::event_outcome& o);
  /// A remark for people; nothing with --json.
  void note(const std::string& text);
  void object(const json& o);
  /// To standard error, `ringdown: text`.
  void complain(const std::string& text);

  /// What agents are shown, on a terminal only: in a line that stays below all others, or in the
  /// prompt. Nothing: no line.
  void set_status(const std::vector<shown_status>& agents);
  /// From now on the last line is what a person types; null: not any more.
  void edit_with(line_editor* editor);
  /// From now on each line about a DN names it.
  void name_dns() { names_dns_ = true; }
  /// From now on each event says when it was, and user events whose they are.
  void show_times_and_senders() { shows_times_ = true; }
  bool is_terminal() const { return terminal_; }

private:
  void begin_line();
  void end_line();
  std::string painted(const std::string& text, const char* color) const;
  std::string with_shape(client::light l) const;
  bool is_decided(const client::pending_command& what) const;
  std::string stamp(std::int64_t time_us) const;
  std::string sender_of(const client::event& e) const;
  void line(const std::string& text, const char* color = nullptr);
  void line_of(const std::string& dn, const std::string& text, const char* color = nullptr);
  void pauses(const std::string& dn, const client::light_view& before,
              const client::light_view& now);
  void waiting(const std::string& dn, const client::light_view& before,
               const client::light_view& now);
  void alarms(const std::string& dn, const client::light_view& before,
              const client::light_view& now);
  void pending(const std::string& dn, const client::pending_command& what);

  name_book names_;
  bool names_dns_ = false;
  bool shows_times_ = false;
  bool json_;
  bool color_;
  bool terminal_;
  std::string status_;
  line_editor* editor_ = nullptr;
  std::deque<command_id> decided_; // the last outcomes
};

/// One T-Client of the command line. It prints all that goes and comes.
class party {
public:
  explicit party(const settings& common);
  virtual ~party() = default;

  client::t_client& link() { return *link_; }
  console& out() { return console_; }
  const console& out() const { return console_; }
  int status() const { return status_; }
  /// Only ever gets worse.
  void fail(exit_status status);

  /// Connects and signs on; otherwise says why not (`usage`). The application is named by --app,
  /// else by what it plays (`who`'s name, else its role) and this host. `stays`: connects again by
  /// itself when the link is lost, and says so.
  bool connect(client::identity who, bool stays = false);
  /// Registers on all and waits for every answer. False if the link was lost; EventErrors only set
  /// the status.
  bool register_on(const std::vector<std::string>& dns, const client::registration& how);
  /// Waits for the answers to registrations that were asked for.
  bool await_registrations(const std::vector<std::string>& dns);
  /// Sends and waits for the answer. False, with the reason printed: not sent, no answer in time,
  /// the link was lost, or a signal came.
  bool send(const client::outgoing_event& what, bool distribute = false);
  /// The same with the answer; nothing if there was none.
  std::optional<client::completion> ask(const client::outgoing_event& what,
                                        bool distribute = false);
  /// The DN's snapshot; nothing if there was no answer in time.
  std::optional<client::completion> query_address(const std::string& dn);
  /// Sends and waits for all answers; fewer than DNs, with the reason printed, if some did not
  /// come.
  std::vector<client::completion> command_addresses(const client::bulk_command& what);
  /// The DNs in use, page by page, until there is none or `found` says false. Nothing of it is
  /// shown; a refusal is returned, and sets no status.
  std::optional<client::event_error>
  list_addresses(const client::address_filter& only,
                 const std::function<bool(const client::event_address_list&)>& found);
  bool merge_calls(const std::string& dn, conn_id old, conn_id into);
  bool end_call(const std::string& dn, conn_id call);
  /// Handles what comes until `done()`, the time, a signal or the end of the link.
  void handle_until(client::steady_time until, const std::function<bool()>& done = nullptr);
  bool is_up() const { return link_ && link_->phase() == client::link_phase::up; }
  /// The link is gone and does not come back by itself.
  bool is_down() const;
  bool is_leaving() const { return leaving_; }
  /// Signs off if the link still stands.
  void leave();
  /// From now on only what goes wrong is shown.
  void be_quiet() { quiet_ = true; }
  /// Waits for the end of what was sent. False, with the reason printed, if there was no answer.
  bool await(const client::sending& sent, const std::optional<client::completion>& done);
  /// The DN's snapshot by and by, without a line about it; helpers ask so too.
  void look_up(const std::string& dn, std::function<void(const client::event_address_info&)> found);

protected:
  /// Called at least every 100 ms while events are handled; returns when it wants to be called.
  virtual client::steady_time on_turn() { return client::steady_time::max(); }
  /// Whether a failure counts more than what was so far: the first failure decides.
  virtual bool is_worse(exit_status, exit_status before) const { return before == all_well; }
  /// Shows what came. Called inside the client's own calls.
  virtual void show(const client::event& e) { console_.received(e); }
  /// The link has come up, for the first time too.
  virtual void on_up() {}

  const settings& common_;

private:
  void on_traffic(const client::traffic& t);
  void on_registration_sent(const client::registration_sent& r);
  void on_received(const client::event& e);
  bool await_sent(const client::sending& sent);
  void await_until(const std::function<bool()>& done);
  bool is_answered(const client::sending& sent, const client::completion& c);
  void on_link(const client::link_notice& n);
  void on_renewal(const client::credentials_notice& n);

  console console_;
  exit_status status_ = all_well;
  std::optional<client::link_notice> refusal_; // of the first attempt
  std::set<std::string> unanswered_;           // DNs
  std::set<reference_id> looked_up_;           // questions whose answers are not shown
  bool asks_aloud_ = false;                    // the next question's is
  bool stood_ = false;
  bool stays_ = false;
  bool leaving_ = false;
  bool quiet_ = false;
  std::optional<client::t_client> link_; // last: its end may still be told
};

// Options that several verbs have.
CLI::Option* add_dn_list(CLI::App& verb, std::vector<std::string>& dns);
void add_conn_option(CLI::App& verb, std::string& conn);
/// `--reason`, `--agent-id` of a command.
void add_why_options(CLI::App& verb, std::string& reason, std::string& agent_id);
/// `ringdown list`, which other verbs are too.
int run_list(const settings& common, const client::address_filter& only);
/// `--for SECONDS`; 0: until SIGINT or SIGTERM.
void add_for_option(CLI::App& verb, double& seconds);
client::steady_time end_after(double seconds);

} // namespace ringdown::cli
