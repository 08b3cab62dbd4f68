// Everything the daemon can be told, and how it is told: flag > environment > file > default.
//
// One table of keys (broker/config/table.cpp) drives reading, validation, --print-config, the
// commented example file, docs/configuration.md, the limits printed at start and what SIGHUP may
// change; nothing else in the project lists keys. Errors are values: `load` reports all it finds
// and never throws. No thread of its own; functions are pure but for reading files.
#pragma once

#include "broker/logging/level.hpp"
#include "messages/access_rules.hpp"
#include "messages/confirm_rules.hpp"
#include "messages/limits.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringdown::configuration {

/// Which CAF scheduler runs the actors.
enum class scheduler : std::uint8_t {
  loop,  ///< the threads that read the sockets run the actors
  stock, ///< CAF's own work-stealing threads: the fallback and the comparison
};
/// Indexed by `scheduler`.
inline constexpr std::array<std::string_view, 2> scheduler_names{"loop", "stock"};
constexpr std::string_view to_string(scheduler s) noexcept {
  return scheduler_names[static_cast<std::size_t>(s)];
}

/// Whether clients show a certificate of their own at a TLS door.
enum class client_certificates : std::uint8_t {
  none,     ///< they are not asked for one
  optional, ///< one that is shown must be good
  required,
};
/// Indexed by `client_certificates`.
inline constexpr std::array<std::string_view, 3> client_certificates_names{"none", "optional",
                                                                           "required"};

/// What a list of revoked certificates that is past its time means for those who show one.
enum class stale_crl : std::uint8_t { refuse, accept };
/// Indexed by `stale_crl`.
inline constexpr std::array<std::string_view, 2> stale_crl_names{"refuse", "accept"};

/// The lowest version of TLS that is spoken.
enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };
/// Indexed by `tls_version`.
inline constexpr std::array<std::string_view, 2> tls_version_names{"1.2", "1.3"};

/// Where a value was set, the weakest first.
enum class origin_kind : std::uint8_t { built_in, file, environment, flag };

/// Where the value of one key came from.
struct origin {
  origin_kind kind = origin_kind::built_in;
  std::string source; ///< the file's path, the variable's or the flag's name
  int line = 0;       ///< of the file, from 1
  int column = 0;     ///< of the file, from 1
};
/// "default", "ringdownd.toml:12", "RINGDOWN_LISTEN_PORT", "--listen.port".
std::string to_string(const origin& o);

/// What the daemon runs with. Members bear the names of their keys; what each means, its unit and
/// its range stand in docs/configuration.md. A default-made object holds the defaults.
struct config {
  /// Where clients connect, by plain TCP.
  struct listen_section {
    bool enabled = true;
    std::string address = "127.0.0.1"; ///< an IPv4 or IPv6 address in its usual text
    std::uint16_t port = 7480;         ///< 0: the kernel chooses
    bool dual_stack = false;           ///< an IPv6 address takes IPv4 clients too
    bool allow_unauthenticated = false;
  } listen;

  /// The same by TLS.
  struct listen_tls_section {
    bool enabled = false;
    std::string address = "127.0.0.1";
    std::uint16_t port = 7482;
    bool dual_stack = false;
    bool allow_unauthenticated = false;
  } listen_tls;

  /// How every TLS door proves who the broker is, and whom it asks for the same.
  struct tls_section {
    std::string certificate_file; ///< PEM: the certificate, then its chain
    std::string key_file;         ///< PEM, no passphrase
    configuration::client_certificates client_certificates = client_certificates::none;
    std::string client_ca_file; ///< PEM: whose client certificates are good
    std::string crl_file;       ///< PEM; empty: nobody is asked whether one was revoked
    stale_crl crl_stale = stale_crl::refuse;
    tls_version version_min = tls_version::tls_1_2;
    std::uint32_t handshake_threads = 1;
  } tls;

  /// Who may come in, and what they may do.
  struct auth_section : access_rules {
    std::string file;                            ///< empty: nobody is asked
    std::uint32_t failures_per_second_max = 200; ///< failed sign-ons that are answered at once
  } auth;

  /// Where operators and their tools look.
  struct admin_section {
    bool enabled = false;
    std::string address = "127.0.0.1";
    std::uint16_t port = 7481;
    bool tls = false;         ///< by the certificate of `tls`
    bool allow_plain = false; ///< beyond this machine, too
  } admin;

  /// Who this broker is, and what it leaves on disk.
  struct server_section {
    std::string name = "ringdown";
    std::uint16_t node = 0; ///< the top 16 bits of client ids
    std::string state_directory;
  } server;

  /// What the actors run on.
  struct runtime_section {
    configuration::scheduler scheduler = configuration::scheduler::loop;
    std::uint32_t loops = 1;
    std::uint32_t stock_threads = 0; ///< 0: one per core
    std::uint32_t turn_budget_us = 500;
    std::uint32_t spin_us = 0;
    std::uint32_t messages_per_resume = 100;
  } runtime;

  /// What is logged, where and how much.
  struct log_section {
    logging::level level = logging::level::info;
    logging::format format = logging::format::human;
    std::string file;                                                     ///< empty: stderr
    std::size_t bytes_per_second_max = logging::bytes_per_second_default; ///< 0: no bound
    /// Per component, where it differs from `level`.
    std::array<std::optional<logging::level>, logging::component_count> levels{};

    /// `level`, where `levels` says nothing else.
    logging::thresholds thresholds() const noexcept;
  } log;

  /// Which DNs there are.
  struct dns_section {
    std::vector<std::string> list;
    std::string file;
    /// A reload that removes more of the DNs needs a second word; 100: none does.
    std::uint32_t removed_percent_max = 10;
    /// What `load` read from `file`, in its order.
    std::vector<std::string> from_file;

    /// True if any DN is valid: neither key is set.
    bool any() const noexcept { return list.empty() && file.empty(); }
    /// All configured DNs, sorted by bytes, each once.
    std::vector<std::string> all() const;
  } dns;

  confirm_rules confirm;

  ringdown::limits limits;

  /// One per key, in the table's order; empty if nothing was loaded.
  std::vector<origin> origins;
};

/// The kind of a key's value: what may be written for it.
enum class value_kind : std::uint8_t {
  boolean,  ///< true, false
  number,   ///< a whole number
  size,     ///< bytes: a whole number, or "4 MiB" (B, KiB, MiB, GiB)
  duration, ///< milliseconds as a whole number, or "5 s" (ms, s, min, h)
  choice,   ///< one of some words
  text,     ///< a string without control characters
  address,  ///< an IPv4 or IPv6 address
  path,     ///< a file
  dn_list,  ///< an array of DNs; in the environment and in flags separated by commas
};

/// One key, as a program that documents it sees it.
struct key_info {
  std::string name;         ///< "limits.outbox_bytes_max"
  value_kind kind;          ///
  std::string unit;         ///< "bytes", "ms", "us", "" where there is none
  std::string range;        ///< what is accepted, in words: "1 KiB to 1 GiB"
  std::string default_text; ///< as it is written in the file
  std::string doc;          ///< what it is for and why its default is what it is
  std::string environment;  ///< "RINGDOWN_LIMITS_OUTBOX_BYTES_MAX"
  std::string flag;         ///< "--limits.outbox_bytes_max"
  std::string short_flag;   ///< "--port"; empty for most
  bool reloadable = false;  ///< SIGHUP may change it
};
/// All keys, in the order of the example file.
std::vector<key_info> keys();
/// The relations between keys that `load` checks, each a sentence naming both keys.
std::vector<std::string> relations();

/// One thing that is wrong. `line` and `column` are 0 outside of files.
struct config_error {
  std::string source; ///< the file's path, "environment", "command line", "default", "program"
  int line = 0;
  int column = 0;
  std::string key;     ///< as it was written: a key, a variable, a flag; may be empty
  std::string message; ///< what is wrong and what is accepted
  std::string nearest; ///< the nearest right name, if one is near
};
/// One line, safe for a terminal:
/// `ringdownd.toml:12:3: limits.outbox_bytes_maxx: unknown key; did you mean "..."?`
/// Long keys and messages are cut.
std::string to_string(const config_error& e);

using name_value = std::pair<std::string, std::string>;

/// What `load` reads. Nothing but the files named here is touched.
struct sources {
  /// The file; none: no file is read.
  std::optional<std::filesystem::path> file;
  /// False: a file that does not exist is passed over (the default path).
  bool file_required = true;
  /// False: a file that is a pipe is an error. It can be read once, and a program that serves must
  /// not wait for who writes it.
  bool may_wait = true;
  /// Variables with their values; those without the prefix RINGDOWN_ are passed over.
  std::vector<name_value> environment;
  /// Flags by key or short name, without the dashes ("listen.port", "port"). The last one wins.
  std::vector<name_value> flags;
};

/// The file that is used without `--config`, if it exists.
inline constexpr std::string_view default_file = "/etc/ringdown/ringdownd.toml";
/// A configuration file larger than this is refused: every key with its comment takes 30 KiB, and
/// `dns.list` has room for some 100,000 DNs.
inline constexpr std::size_t config_bytes_max = 1024 * 1024;
/// A list of DNs (`dns.file`) larger than this is refused: a million DNs have room.
inline constexpr std::size_t dn_file_bytes_max = 64 * 1024 * 1024;

/// `value` holds what could be read even if there are errors; run with it only if there are none.
struct load_result {
  config value;
  std::vector<config_error> errors;   ///< in the order of the sources, file first
  std::vector<config_error> warnings; ///< variables with our prefix that name no key
  bool file_read = false;             ///< `sources::file` was there
  bool ok() const noexcept { return errors.empty(); }
};

/// Reads and checks everything. Never throws (but for want of memory).
load_result load(const sources& from);

/// Checks a configuration that a program made itself, by the rules of `load`: each value's range
/// and the relations between keys. Every error bears its key's name. Never throws.
std::vector<config_error> validate(const config& c);

/// Flags of the command line, taken apart.
struct flags_result {
  std::vector<name_value> flags; ///< for `sources::flags`
  std::vector<config_error> errors;
};
/// Understands `--key=value`, `--key value`, `--key` alone for a boolean, and the short names.
/// `arguments` are those that main does not know itself (`--config`, `--print-config`, ...).
flags_result read_flags(std::span<const std::string> arguments);
/// The flags with their defaults, for `--help`, one per line.
std::string flags_help();
/// The variables of this process that begin with RINGDOWN_, for `sources::environment`.
std::vector<name_value> process_environment();

/// The whole configuration as a file that `load` reads back to the same values; a comment at each
/// value says where it came from.
std::string print(const config& c);
/// The example file: every key commented out with its meaning, unit, range and default.
std::string example();
/// docs/configuration.md.
std::string manual();
/// The limits with their values, in the order of the table, for the log at start.
std::vector<name_value> limits_of(const config& c);

/// A key whose value differs between two configurations.
struct change {
  std::string key;
  std::string before;
  std::string after;
  bool reloadable = false;
};
/// What SIGHUP would change, in the table's order. A DN file whose content has changed counts as
/// a change of `dns.file`.
std::vector<change> differences(const config& before, const config& after);

} // namespace ringdown::configuration
