// What desktop, recorder, monitor and the like have in common: a console that shows the
// conversation, and a link with the exit status that its events lead to.
#pragma once

#include "client/cli/json.hpp"
#include "client/cli/settings.hpp"
#include "client/connection.hpp"
#include "client/roles.hpp"

#include <functional>
#include <string>
#include <vector>

namespace ringdown::cli {

/// Prints lines, for people or as JSON. All text of the network's is escaped before it gets here
/// (client/describe.hpp).
class console {
public:
  explicit console(const settings& common);

  bool json_wanted() const { return json_; }
  void sent(const std::string& text, const json& object);
  void received(const client::event& e);
  void light(const std::string& dn, client::light shown);
  /// A remark for people; nothing with --json.
  void note(const std::string& text);
  void object(const json& o);
  /// To standard error, `ringdown: text`.
  void complain(const std::string& text);

  /// Shown again after each line, on a terminal only; empty: none.
  void set_prompt(std::string prompt);
  bool is_terminal() const { return terminal_; }

private:
  void line(const std::string& text, const char* color = nullptr);

  bool json_;
  bool color_;
  bool terminal_;
  std::string prompt_;
};

/// One T-Client of the command line.
class party {
public:
  explicit party(const settings& common);
  virtual ~party() = default;

  client::connection& link() { return link_; }
  console& out() { return console_; }
  int status() const { return status_; }
  /// Only ever gets worse: the first failure decides.
  void fail(exit_status status);

  /// Connects and signs on; otherwise says why not (`usage`).
  bool connect(client::identity who);
  /// Registers on all, within the granted limits, and waits for every answer. False if the link
  /// was lost; EventErrors only set the status.
  bool register_on(const std::vector<std::string>& dns, const client::registration& how);
  /// Sends and prints; false (with the reason printed) if this side refuses.
  client::submission send(const client::outgoing_event& what, bool distribute = false);
  /// Handles events until `answers` answers to this request have come. False: none in time, or
  /// the link was lost, or a signal came.
  bool await(reference_id reference, std::size_t answers = 1);
  /// Handles events until `done()`, the time, a signal or the loss of the link.
  void handle_until(client::steady_time until, const std::function<bool()>& done = nullptr);
  void handle(const client::event& e);
  bool is_down() const { return link_.state() == client::link_state::closed; }
  /// Signs off if the link still stands.
  void leave();

protected:
  /// Sees each event after it was printed.
  virtual void on_event(const client::event&) {}
  /// Called at least every 100 ms while events are handled; returns when it wants to be called.
  virtual client::steady_time on_turn() { return client::steady_time::max(); }

  const settings& common_;

private:
  client::connection link_;
  console console_;
  int status_ = all_well;
  reference_id awaited_;
  std::size_t awaited_answers_ = 0;
  bool leaving_ = false;
};

/// What may send commands and user events.
inline const std::vector<std::string> sender_roles{"desktop", "supervisor", "admin"};

// Options that several verbs have.
CLI::Option* add_dn_list(CLI::App& verb, std::vector<std::string>& dns);
void add_conn_option(CLI::App& verb, std::string& conn);
/// `--for SECONDS`; 0: until SIGINT or SIGTERM.
void add_for_option(CLI::App& verb, double& seconds);
client::steady_time end_after(double seconds);

} // namespace ringdown::cli
