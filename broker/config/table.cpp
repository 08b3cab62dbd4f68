// The rows. Each says what the key is for and why its default is what it is; names of limits are
// those of `ringdown::limits`, and a test fails for a limit without a row.
#include "broker/config/table.hpp"

#include "broker/config/access.hpp"

#include <utility>

namespace ringdown::configuration {
namespace {

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;
constexpr std::uint64_t GiB = 1024 * MiB;
constexpr std::uint64_t second = 1000; // durations are counted in milliseconds
constexpr std::uint64_t minute = 60 * second;
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t path_bytes_max = 4095; // Linux's PATH_MAX without its end mark

using kind = value_kind;

/// A row with its way to `config.*Section.*Member`.
template <auto Section, auto Member>
key row(std::string_view name, value_rule rule) {
  key result;
  result.name = name;
  result.rule = rule;
  result.get = &access<Section, Member>::get;
  result.set = &access<Section, Member>::set;
  return result;
}

key with(key k, std::string_view unit, bool reloadable, std::string doc,
         std::string_view short_flag = {}) {
  k.unit = unit;
  k.reloadable = reloadable;
  k.doc = std::move(doc);
  k.short_flag = short_flag;
  return k;
}

void add_listen(std::vector<key>& t) {
  using s = config::listen_section;
  constexpr auto at = &config::listen;
  t.push_back(with(row<at, &s::enabled>("listen.enabled", {kind::boolean, 0, 0, {}}), "", false,
                   "Whether clients may connect by plain TCP."));
  t.push_back(with(row<at, &s::address>("listen.address", {kind::address, 0, 0, {}}), "", false,
                   "Where the daemon listens for plain TCP. Only this machine by default: who "
                   "listens to the wire hears everything.",
                   "address"));
  t.push_back(with(row<at, &s::port>("listen.port", {kind::number, 0, 65'535, {}}), "", false,
                   "The TCP port. 0: the kernel chooses one, and the log names it.", "port"));
  t.push_back(with(row<at, &s::dual_stack>("listen.dual_stack", {kind::boolean, 0, 0, {}}), "",
                   false, "An IPv6 address such as :: takes IPv4 clients too."));
  t.push_back(with(
    row<at, &s::allow_unauthenticated>("listen.allow_unauthenticated", {kind::boolean, 0, 0, {}}),
    "", false,
    "Listen beyond this machine although anybody who reaches the port, or listens to the wire, "
    "may then command any recorder."));
}

void add_listen_tls(std::vector<key>& t) {
  using s = config::listen_tls_section;
  constexpr auto at = &config::listen_tls;
  t.push_back(with(row<at, &s::enabled>("listen_tls.enabled", {kind::boolean, 0, 0, {}}), "", false,
                   "Whether clients may connect by TLS; needs tls.certificate_file."));
  t.push_back(with(row<at, &s::address>("listen_tls.address", {kind::address, 0, 0, {}}), "", false,
                   "Where the daemon listens for TLS.", "tls-address"));
  t.push_back(with(row<at, &s::port>("listen_tls.port", {kind::number, 0, 65'535, {}}), "", false,
                   "The TCP port. 0: the kernel chooses one, and the log names it.", "tls-port"));
  t.push_back(with(row<at, &s::dual_stack>("listen_tls.dual_stack", {kind::boolean, 0, 0, {}}), "",
                   false, "An IPv6 address such as :: takes IPv4 clients too."));
  t.push_back(with(row<at, &s::allow_unauthenticated>("listen_tls.allow_unauthenticated",
                                                      {kind::boolean, 0, 0, {}}),
                   "", false,
                   "Listen beyond this machine without auth.file, although anybody who reaches "
                   "the port may then command any recorder."));
}

void add_tls(std::vector<key>& t) {
  using s = config::tls_section;
  constexpr auto at = &config::tls;
  constexpr value_rule path{kind::path, 0, path_bytes_max, {}};
  t.push_back(with(row<at, &s::certificate_file>("tls.certificate_file", path), "", true,
                   "The broker's certificate and its chain, PEM. Read again on SIGHUP and when it "
                   "changes; a bad file changes nothing."));
  t.push_back(with(row<at, &s::key_file>("tls.key_file", path), "", true,
                   "The key of that certificate, PEM, without a passphrase."));
  t.push_back(with(row<at, &s::client_certificates>(
                     "tls.client_certificates", {kind::choice, 0, 0, client_certificates_names}),
                   "", true,
                   "Whether clients show a certificate of their own: none, optional (one that is "
                   "shown must be good) or required."));
  t.push_back(with(row<at, &s::client_ca_file>("tls.client_ca_file", path), "", true,
                   "The authorities whose client certificates are good, PEM."));
  t.push_back(with(row<at, &s::crl_file>("tls.crl_file", path), "", true,
                   "Lists of revoked client certificates, PEM, one for each authority. Empty: "
                   "revocation is not looked at."));
  t.push_back(
    with(row<at, &s::crl_stale>("tls.crl_stale", {kind::choice, 0, 0, stale_crl_names}), "", true,
         "What a list past its nextUpdate means for clients that show a certificate: refuse or "
         "accept."));
  t.push_back(
    with(row<at, &s::version_min>("tls.version_min", {kind::choice, 0, 0, tls_version_names}), "",
         true, "The lowest version that is spoken: 1.2 or 1.3."));
  t.push_back(
    with(row<at, &s::handshake_threads>("tls.handshake_threads", {kind::number, 1, 16, {}}),
         "threads", false,
         "Threads that make handshakes, so that a login storm does not hold the loops. "
         "One makes some 2,000 a second, or 700 with client certificates."));
}

void add_auth(std::vector<key>& t) {
  using s = config::auth_section;
  constexpr auto at = &config::auth;
  t.push_back(with(row<at, &s::file>("auth.file", {kind::path, 0, path_bytes_max, {}}), "", true,
                   "The access file: tokens, certificates, issuers and what their groups may do "
                   "(docs/security.md). Read again on SIGHUP and when it changes, whole or not at "
                   "all. Empty: nobody is asked who they are. Whether it is used at all is fixed "
                   "at start."));
  t.push_back(with(
    row<at, &s::expired>("auth.expired", {kind::choice, 0, 0, expired_policy_names}), "", false,
    "What becomes of a client whose credentials have expired. grace: for auth.expired_grace only "
    "pause, stop, indications and a renewal pass, then it ends; disconnect: it ends at once; "
    "keep: it stays."));
  t.push_back(with(
    row<at, &s::expired_grace>("auth.expired_grace", {kind::duration, 0, 24 * hour, {}}), "", false,
    "An agent whose token ran out during a call can still hide a card number for "
    "so long; nobody can start or resume."));
  t.push_back(with(row<at, &s::failures_per_second_max>("auth.failures_per_second_max",
                                                        {kind::number, 1, 100'000, {}}),
                   "sign-ons", false,
                   "Failed sign-ons that are answered at once, of all addresses together; one "
                   "address has ten, and one more each second. The rest waits a second."));
}

void add_admin(std::vector<key>& t) {
  using s = config::admin_section;
  constexpr auto at = &config::admin;
  t.push_back(with(row<at, &s::enabled>("admin.enabled", {kind::boolean, 0, 0, {}}), "", false,
                   "Whether the admin port is open: /livez, /readyz, /metrics and the API of "
                   "docs/operations.md."));
  t.push_back(with(row<at, &s::address>("admin.address", {kind::address, 0, 0, {}}), "", false,
                   "Where the admin port listens."));
  t.push_back(with(row<at, &s::port>("admin.port", {kind::number, 0, 65'535, {}}), "", false,
                   "The TCP port. 0: the kernel chooses one, and the log names it."));
  t.push_back(
    with(row<at, &s::tls>("admin.tls", {kind::boolean, 0, 0, {}}), "", false,
         "Whether the admin port speaks HTTPS, with tls.certificate_file. Nobody is asked "
         "for a client certificate there: tokens say who one is."));
  t.push_back(with(row<at, &s::allow_plain>("admin.allow_plain", {kind::boolean, 0, 0, {}}), "",
                   false,
                   "Whether admin.address may reach beyond this machine without admin.tls: tokens "
                   "then pass in the clear. For a network of its own, as between the containers of "
                   "a pod."));
}

void add_server(std::vector<key>& t) {
  using s = config::server_section;
  constexpr auto at = &config::server;
  t.push_back(with(row<at, &s::name>("server.name", {kind::text, 1, 64, {}}), "", false,
                   "What EventLinkConnected calls this broker."));
  t.push_back(with(row<at, &s::node>("server.node", {kind::number, 0, 65'535, {}}), "", false,
                   "This node's number, the top 16 bits of its client ids. Different for every "
                   "node of a cluster."));
  t.push_back(with(
    row<at, &s::state_directory>("server.state_directory", {kind::path, 0, path_bytes_max, {}}), "",
    false,
    "A folder of this broker alone, for what outlives it: epochs rise over restarts "
    "whatever the clock does. Empty: systemd's StateDirectory, else nothing is kept "
    "and epochs rise as the clock does."));
}

void add_runtime(std::vector<key>& t) {
  using s = config::runtime_section;
  constexpr auto at = &config::runtime;
  t.push_back(with(
    row<at, &s::scheduler>("runtime.scheduler", {kind::choice, 0, 0, scheduler_names}), "", false,
    "What runs the actors. loop: the threads that read the sockets; stock: CAF's "
    "own worker threads, the fallback and the comparison.",
    "scheduler"));
  t.push_back(with(row<at, &s::loops>("runtime.loops", {kind::number, 1, 64, {}}), "threads", false,
                   "Event loops, a thread each. One serves up to one core's load, and a hand-off "
                   "between two costs more than it saves below that.",
                   "loops"));
  t.push_back(with(row<at, &s::stock_threads>("runtime.stock_threads", {kind::number, 0, 256, {}}),
                   "threads", false,
                   "Worker threads of the stock scheduler. 0: one per core. Without effect on "
                   "loops."));
  t.push_back(
    with(row<at, &s::turn_budget_us>("runtime.turn_budget_us", {kind::number, 50, 1'000'000, {}}),
         "us", false,
         "How long a loop runs actors before it looks at its sockets again. Short "
         "enough that busy actors do not delay others, long enough to share a turn's "
         "system calls."));
  t.push_back(with(row<at, &s::spin_us>("runtime.spin_us", {kind::number, 0, 1'000'000, {}}), "us",
                   false,
                   "How long a loop without work looks for more before it sleeps. 0: it sleeps at "
                   "once; more takes processor time from everything else."));
  t.push_back(with(row<at, &s::messages_per_resume>("runtime.messages_per_resume",
                                                    {kind::number, 1, 1'000'000, {}}),
                   "messages", false,
                   "Messages that one actor handles before the next actor's turn."));
}

template <std::size_t... Component>
void add_log_levels(std::vector<key>& t, std::index_sequence<Component...>) {
  auto add = [&](auto index) {
    using way = log_level_access<index.value>;
    key k;
    k.name = "log.levels." + std::string{logging::component_names[index.value]};
    k.rule = {kind::choice, 0, 0, log_level_words};
    k.get = &way::get;
    k.set = &way::set;
    t.push_back(with(std::move(k), "", true,
                     "The level of lines about " +
                       std::string{logging::component_docs[index.value]} +
                       ". inherit: that of log.level."));
  };
  (add(std::integral_constant<std::size_t, Component>{}), ...);
}

void add_log(std::vector<key>& t) {
  using s = config::log_section;
  constexpr auto at = &config::log;
  t.push_back(with(row<at, &s::level>("log.level", {kind::choice, 0, 0, logging::level_names}), "",
                   true,
                   "The least important lines that are written. debug tells of each request and "
                   "costs speed; off writes nothing.",
                   "log-level"));
  t.push_back(with(row<at, &s::format>("log.format", {kind::choice, 0, 0, logging::format_names}),
                   "", true, "human: a line for people; json: one JSON object a line.",
                   "log-format"));
  t.push_back(with(row<at, &s::file>("log.file", {kind::path, 0, path_bytes_max, {}}), "", true,
                   "The file that lines are appended to; SIGHUP opens it anew, for log rotation. "
                   "Empty: stderr."));
  t.push_back(with(
    row<at, &s::bytes_per_second_max>("log.bytes_per_second_max", {kind::size, 0, 1 * GiB, {}}), "",
    true,
    "So much is logged in a second below level warn, so that clients cannot fill a disk; five "
    "lines of each kind are written all the same, and what is left out is counted in a line. "
    "Raise it for level debug under load. 0: no bound."));
  add_log_levels(t, std::make_index_sequence<logging::component_count>{});
}

void add_dns(std::vector<key>& t) {
  using s = config::dns_section;
  constexpr auto at = &config::dns;
  t.push_back(with(row<at, &s::list>("dns.list", {kind::dn_list, 0, 0, {}}), "", true,
                   "The DNs that exist; requests for others get error 59. With neither dns.list "
                   "nor dns.file any DN is valid. In the environment and in flags: separated by "
                   "commas."));
  t.push_back(with(row<at, &s::file>("dns.file", {kind::path, 0, path_bytes_max, {}}), "", true,
                   "A file with more DNs, one a line; blank lines and lines that begin with # are "
                   "passed over. SIGHUP reads it again. A relative path starts at the daemon's "
                   "working directory."));
  t.push_back(
    with(row<at, &s::removed_percent_max>("dns.removed_percent_max", {kind::number, 0, 100, {}}),
         "percent", true,
         "A reload that removes more than this share of the DNs, or the last of both keys, "
         "is refused unless the next one finds the same: a list read half written must not "
         "unregister those who work. 100: never."));
}

void add_confirm(std::vector<key>& t) {
  using s = confirm_rules;
  constexpr auto at = &config::confirm;
  constexpr value_rule policy{kind::choice, 0, 0, confirm_policy_names};
  t.push_back(with(row<at, &s::start>("confirm.start", policy), "", false,
                   "How many of a DN's active recorders must confirm a start: all, any, or more "
                   "than half (quorum). One that records is a recording."));
  t.push_back(
    with(row<at, &s::resume>("confirm.resume", policy), "", false, "The same for a resume."));
  t.push_back(with(row<at, &s::pause>("confirm.pause", policy), "", false,
                   "The same for a pause. One recorder that goes on records the card number."));
  t.push_back(with(row<at, &s::stop>("confirm.stop", policy), "", false, "The same for a stop."));
  t.push_back(with(row<at, &s::strict>("confirm.strict", {kind::boolean, 0, 0, {}}), "", false,
                   "Refuse a start or resume that the observed state makes pointless, with 43 or "
                   "185. pause and stop are never refused for that."));
  t.push_back(with(
    row<at, &s::ownership>("confirm.pause_ownership", {kind::choice, 0, 0, pause_ownership_names}),
    "", false,
    "Whose resume ends a pause. anyone: of any desktop; all_holders: each holder (application "
    "and agent) ends its own; a resume of another is held until then. What a holder left that has "
    "been gone for confirm.dead_desktop_after anybody may end."));
  t.push_back(
    with(row<at, &s::dead_desktop>("confirm.dead_desktop",
                                   {kind::choice, 0, 0, dead_desktop_policy_names}),
         "", false,
         "What follows when the desktop that paused disappears. stay: paused, the safe "
         "side; alarm: paused, and an alarm after confirm.dead_desktop_after; resume: resumed by "
         "the broker after that time, for firms that must record everything."));
  t.push_back(with(
    row<at, &s::dead_desktop_after>("confirm.dead_desktop_after",
                                    {kind::duration, 10, 24 * hour, {}}),
    "", false,
    "From the desktop's end to the alarm or the resume: a desktop that only starts again is back "
    "within this time, whatever its instance id."));
  t.push_back(with(
    row<at, &s::new_call>("confirm.new_call", {kind::choice, 0, 0, new_call_policy_names}), "",
    false,
    "Where no call source tells of calls: whether a start with a new ConnID waits while an older "
    "call is paused (held), or lifts its pause (lifts): for sites whose agents have one call at a "
    "time."));
  t.push_back(with(row<at, &s::pause_remind_after>("confirm.pause_remind_after",
                                                   {kind::duration, 0, 24 * hour, {}}),
                   "", false,
                   "A pause that long is told to the DN's desktops as an alarm, and again after "
                   "each such time; nothing is ever resumed for it. 0: never."));
  constexpr value_rule drift{kind::choice, 0, 0, drift_policy_names};
  t.push_back(with(row<at, &s::drift_paused>("confirm.drift.paused", drift), "", false,
                   "What follows when a recorder records during a pause, unasked. correct: it is "
                   "ordered again, three times at most, and an alarm is raised; alarm: only that; "
                   "ignore: the light shows it."));
  t.push_back(with(row<at, &s::drift_disabled>("confirm.drift.disabled", drift), "", false,
                   "The same when it records what was stopped."));
  t.push_back(with(row<at, &s::drift_enabled>("confirm.drift.enabled", drift), "", false,
                   "The same when it stops or pauses what is to be recorded."));
}

// A limit's key has its member's name, so that log lines, code and configuration agree.
#define RINGDOWN_LIMIT(member, ...)                                                                \
  with(row<&config::limits, &limits::member>("limits." #member, {__VA_ARGS__, {}})

void add_size_limits(std::vector<key>& t) {
  t.push_back(RINGDOWN_LIMIT(frame_bytes_max, kind::size, 4 * KiB, 16 * MiB), "", false,
              "One frame. A larger one is refused before anything is allocated. Room for the "
              "largest user data and a registration of many DNs."));
  t.push_back(RINGDOWN_LIMIT(user_data_bytes_max, kind::size, 64, user_data_bytes_ceiling), "",
              false, "The serialized user data of one event, as received."));
  t.push_back(RINGDOWN_LIMIT(dns_per_request_max, kind::number, 1, 100'000), "DNs", false,
              "DNs in one request that names many: each is one actor's work and one answer."));
}

void add_window_limits(std::vector<key>& t) {
  t.push_back(RINGDOWN_LIMIT(requests_outstanding_max, kind::number, 1, 1'000'000), "requests",
              false,
              "Requests of one connection that may wait for their answers; beyond them it gets "
              "111. 1,024 keep a link of 5 ms busy at 200,000 requests a second."));
  t.push_back(RINGDOWN_LIMIT(requests_outstanding_reserve, kind::number, 0, 1'000'000),
              "requests", false,
              "So many above requests_outstanding_max, only for pause and stop."));
  t.push_back(RINGDOWN_LIMIT(request_bytes_outstanding_max, kind::size, 4 * KiB, 1 * GiB), "",
              false, "Bytes of those requests: 1,024 of 1 KiB."));
  t.push_back(RINGDOWN_LIMIT(request_bytes_outstanding_reserve, kind::size, 0, 1 * GiB), "",
              false,
              "So many bytes above request_bytes_outstanding_max, only for pause and stop: "
              "eight of the largest frames."));
}

void add_outbox_limits(std::vector<key>& t) {
  t.push_back(RINGDOWN_LIMIT(outbox_bytes_max, kind::size, 8 * KiB, 1 * GiB), "", false,
              "Bytes that wait in one connection's outbox. At 150 bytes an event and 200,000 "
              "events a second this is 0.14 s of a client that does not read."));
  t.push_back(RINGDOWN_LIMIT(outbox_bytes_reserve, kind::size, 0, 1 * GiB), "", false,
              "So many bytes above outbox_bytes_max, only for ACK, Error, heartbeat, outcome, "
              "pause and stop."));
  t.push_back(RINGDOWN_LIMIT(outbox_events_max, kind::number, 16, 10'000'000), "frames", false,
              "Frames that wait in one outbox: bounds the work of a client that comes back to "
              "life."));
  t.push_back(RINGDOWN_LIMIT(outbox_high_water_bytes, kind::size, 4 * KiB, 1 * GiB), "", false,
              "Above this the connection's own requests stay unread, and slow_consumer_timeout "
              "runs."));
  t.push_back(RINGDOWN_LIMIT(outbox_low_water_bytes, kind::size, 4 * KiB, 1 * GiB), "", false,
              "Below this the client counts as reading again; what it missed is then told."));
  t.push_back(RINGDOWN_LIMIT(coalesced_bytes_max, kind::size, 0, 1 * GiB), "", false,
              "The newest indications kept for one slow client. Past it they are only counted as "
              "missed."));
}

void add_whole_limits(std::vector<key>& t) {
  t.push_back(RINGDOWN_LIMIT(memory_budget_bytes, kind::size, 1 * MiB, 1024 * GiB), "", false,
              "Queued bytes of the whole broker, begun frames included. Past it requests get 1186, "
              "and who holds most without taking or finishing it is disconnected."));
  t.push_back(RINGDOWN_LIMIT(memory_budget_reserve, kind::size, 0, 64 * GiB), "", false,
              "So many bytes above memory_budget_bytes, only for pause, stop and what recorders "
              "say."));
  t.push_back(RINGDOWN_LIMIT(connections_max, kind::number, 2, 1'000'000), "connections", false,
              "Connections in all, checked against the limit of open files at start. 10,000 "
              "agents and room for their recorders' reconnects."));
  t.push_back(RINGDOWN_LIMIT(connections_unsigned_max, kind::number, 2, 1'000'000),
              "connections", false,
              "Connections that have not signed on yet. For one more the oldest must go, of the "
              "address that has most: who only connects must not keep the others out."));
  t.push_back(RINGDOWN_LIMIT(registrations_per_connection_max, kind::number, 1, 10'000'000),
              "DNs", false, "DNs that one connection may be registered on: a recorder has many."));
  t.push_back(RINGDOWN_LIMIT(registrations_per_dn_max, kind::number, 2, 100'000), "clients",
              false, "Clients registered on one DN: bounds the work of one event. A desktop and a "
              "recorder are two."));
  t.push_back(RINGDOWN_LIMIT(recorders_per_dn_max, kind::number, 1, 100'000), "recorders", false,
              "Of them recorders, standby ones too. A screen has one, or a few that mirror each "
              "other; what a command costs rises with them."));
  t.push_back(RINGDOWN_LIMIT(dns_max, kind::number, 1, 10'000'000), "DNs", false,
              "DNs with an actor at a time: some 2 KB each. The last eighth is for programs that "
              "have brought up few: no more than dns_max / connections_max."));
  t.push_back(RINGDOWN_LIMIT(calls_per_dn_max, kind::number, 1, 1024), "calls", false,
              "Calls that a DN's capture session knows: those of one agent at a time, and what "
              "must be remembered of those before."));
  t.push_back(RINGDOWN_LIMIT(commands_pending_max, kind::number, 1, 100'000), "commands", false,
              "Commands of one DN that wait for their outcome; beyond them 1186. A person gives a "
              "handful; a program that floods a DN is stopped here."));
  t.push_back(RINGDOWN_LIMIT(commands_pending_reserve, kind::number, 0, 100'000), "commands",
              false, "So many above commands_pending_max, only for pause and stop."));
  t.push_back(RINGDOWN_LIMIT(command_ids_per_dn_max, kind::number, 2, 1'000'000), "ids", false,
              "Command ids that a DN remembers, each with its answer and outcome: some 500 "
              "bytes. Beyond them the oldest with an outcome is forgotten."));
  t.push_back(RINGDOWN_LIMIT(read_bytes_per_turn_max, kind::size, 4 * KiB, 16 * MiB), "", false,
              "Bytes read from one connection before the others get their turn."));
}

void add_time_limits(std::vector<key>& t) {
  t.push_back(RINGDOWN_LIMIT(sign_on_timeout, kind::duration, 50, 10 * minute), "", false,
              "From connect to the end of sign-on; behind a TLS handshake it begins anew."));
  t.push_back(RINGDOWN_LIMIT(handshake_timeout, kind::duration, 50, 10 * minute), "", false,
              "From connect to the end of a TLS handshake: some round trips, and the queue of a "
              "login storm."));
  t.push_back(RINGDOWN_LIMIT(heartbeat_interval, kind::duration, 10, 1 * hour), "", false,
              "The heartbeat of a client that asks for none in particular. 2 s, so that a dead "
              "recorder is known before an agent reads out a card number."));
  t.push_back(RINGDOWN_LIMIT(heartbeat_interval_min, kind::duration, 10, 1 * hour), "", false,
              "The shortest interval that a client may ask for."));
  t.push_back(RINGDOWN_LIMIT(heartbeat_interval_max, kind::duration, 10, 1 * hour), "", false,
              "The longest interval that a client may ask for."));
  t.push_back(RINGDOWN_LIMIT(heartbeat_timeout_percent, kind::number, 200, 10'000), "percent",
              false,
              "Silence of this many hundredths of the interval means dead: 250 makes 5 s of 2 s. "
              "At least two intervals, so that one late heartbeat does not end a client."));
  t.push_back(RINGDOWN_LIMIT(frame_timeout, kind::duration, 50, 10 * minute), "", false,
              "From a frame's first byte to its last; who takes longer is told so and "
              "disconnected. 128 KiB at 13 KB/s."));
  t.push_back(RINGDOWN_LIMIT(slow_consumer_timeout, kind::duration, 10, 1 * hour), "", false,
              "An outbox above high water for so long, or one of which the client has taken "
              "nothing for so long while anything waited: it is told why and disconnected."));
  t.push_back(RINGDOWN_LIMIT(linger_timeout, kind::duration, 0, 10 * minute), "", false,
              "How long the last frames of a connection may take to leave."));
  t.push_back(RINGDOWN_LIMIT(drain_timeout, kind::duration, 0, 10 * minute), "", false,
              "From SIGTERM to the end: answers in flight, last frames."));
  t.push_back(RINGDOWN_LIMIT(session_idle_max, kind::duration, 10, 720 * hour), "", false,
              "What is desired of a screen is forgotten when nobody has been registered on its DN, "
              "and nothing heard of it, for so long. A shift."));
  t.push_back(RINGDOWN_LIMIT(dn_idle_timeout, kind::duration, 10, 720 * hour), "", false,
              "A DN without registrations and sessions gives its memory back after so long."));
  t.push_back(RINGDOWN_LIMIT(confirm_timeout, kind::duration, 10, 1 * hour), "", false,
              "From a command's acceptance to its outcome, where the command says nothing else: "
              "above a recorder's round trip, within an agent's patience."));
  t.push_back(RINGDOWN_LIMIT(command_id_window, kind::duration, 10, 24 * hour), "", false,
              "How long a command id is remembered: far beyond a client's reconnects."));
  t.push_back(RINGDOWN_LIMIT(confirm_timeout_max, kind::duration, 10, 1 * hour), "", false,
              "The longest confirm_timeout_ms that a command may carry."));
  t.push_back(RINGDOWN_LIMIT(control_timeout, kind::duration, 10, 10 * minute), "", false,
              "A wait between parts of the broker (sign-on, finding a DN): far below a client's "
              "patience, far above a busy loop's turn."));
}

#undef RINGDOWN_LIMIT

std::vector<key> make_table() {
  std::vector<key> t;
  add_listen(t);
  add_listen_tls(t);
  add_tls(t);
  add_auth(t);
  add_admin(t);
  add_server(t);
  add_runtime(t);
  add_log(t);
  add_dns(t);
  add_confirm(t);
  add_size_limits(t);
  add_window_limits(t);
  add_outbox_limits(t);
  add_whole_limits(t);
  add_time_limits(t);
  return t;
}

} // namespace

const std::vector<key>& table() {
  static const auto rows = make_table();
  return rows;
}

} // namespace ringdown::configuration
