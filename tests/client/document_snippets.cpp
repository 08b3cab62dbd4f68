// What docs/client.md shows beside whole programs, so that it compiles with the headers as they
// are. It is never run: document_test looks for each piece of the page here or in examples/.
#include "client/desktop.hpp"
#include "client/t_client.hpp"
#include "client/words.hpp"

namespace ringdown::client {

void lamp(light, const std::string& why);
void pauses(const std::vector<standing_pause>& all, bool is_current);
void waits(const std::vector<open_order>& all, const standing_pause* behind);
void siren(bool on);
void tell(const std::string& words);
void tell(const std::string& dn, const completion& c);
void show(const event_address_list& page);
void log(const std::string& line);

inline void show_a_true_light(t_client& client, conn_id call) {
  // clang-format off
desktop agent{client, "7001",
              [](const light_view& now) {
                lamp(now.state, in_words(now.because)); // what recorders say, or why it is unknown
                pauses(now.pauses, now.is_current);   // who, since when, why, holder gone
                waits(now.waiting, now.held_by());    // commands that are held, and by whose pause
                siren(!now.alarms.empty());           // a person must look
              },
              {.on_outcome = [](const event_outcome& o) { tell(in_words(o)); },
               .agent_id = "A-1017"}};
(void)agent.send(capture_verb::pause, {.connection = call, .reason = "card number"});
  // clang-format on
}

inline void look_after_many(t_client& client) {
  // clang-format off
(void)client.register_on(every_dn, {.mode = registration_mode::monitor, .hear_outcomes = true});
(void)client.list_addresses({.only = {.alarmed = true}}, [](const completion& c) {
  if (auto* page = c.list()) // page->next: the `after` of the next page; empty: there is none
    show(*page);
});
(void)client.command_addresses({.dns = {"7001", "7002"}, .verb = capture_verb::stop},
                               [](const completion& c) { tell(c.this_dn, c); }); // once for each DN
  // clang-format on
}

inline t_client_options hear_of_slow_handlers() {
  // clang-format off
t_client_options options;
options.on_slow_handler = [](const slow_handler& slow) {
  log(in_words(slow)); // the notice handler (pause of 7001) took 0.9 s: meanwhile ...
};
  // clang-format on
  return options;
}

} // namespace ringdown::client
