// What can be compared: how each is started, and which protocol it speaks.
#pragma once

#include "bench/machine/server.hpp"
#include "bench/speak/protocol.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ringdown::bench {

/// Of one key, in PEM form.
struct tls_files {
  std::string certificate;
  std::string key;
};

/// What a peer needs to know to be started.
struct peer_place {
  std::uint16_t port = 0;
  std::string folder; ///< an empty one, for its files
  std::string program;
  std::optional<tls_files> tls; ///< it speaks TLS there, and nothing else
};

/// When TLS begins on a connection.
enum class tls_start : std::uint8_t {
  never, ///< it speaks none, or we have never asked it to
  at_once,
  behind_greeting, ///< of a line in plain, by the broker
};

struct peer {
  std::string_view name;
  std::string_view program; ///< found in PATH, or beside this program
  /// For a shell, with the program as $1: what prints its version. Empty: it has none.
  std::string_view version_command;
  /// The core is not its matter.
  server::plan (*plan)(const peer_place&);
  protocol_factory (*speak)(); ///< null: Ringdown's
  tls_start tls;
};
std::span<const peer> peers() noexcept;
/// Null if there is none of this name.
const peer* find_peer(std::string_view name) noexcept;
/// Their names, separated by commas.
std::string peer_names();

/// The flags with which ringdownd listens on 127.0.0.1 at these ports; 0: not in that way.
std::vector<std::string> ringdown_doors(std::uint16_t plain, std::uint16_t by_tls,
                                        const tls_files& files);

/// Where a peer's program is: as wished, beside this program, or by its name alone in PATH.
std::string program_of(const peer& p, const std::string& wished);
/// The first line of what it says of its version; empty if it is not installed.
std::string version_of(const peer& p, const std::string& program);

} // namespace ringdown::bench
