// How a link is secured by TLS: what is trusted, and what this client shows of itself.
//
//   endpoint broker = *parse_endpoint("tls://broker.example:7482");
//   broker.tls->ca_file = "/etc/ringdown/ca.pem";
//
// The broker's certificate is always checked: its authority, its time, and its name (SAN). There is
// no word to leave that out.
#pragma once

#include <cstdint>
#include <string>

namespace ringdown::client {

enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };

/// Of one place. All files are in PEM form and read anew with each attempt to connect, so that a
/// renewed certificate is used with the next link. One that cannot be used is a fault of the
/// attempt, `link_fault::bad_tls_options`, with a text that names the field.
struct tls_options {
  /// The authorities that are trusted. Empty: those of the system.
  std::string ca_file = {};
  /// This client's certificate, its own first, and then those that lead to its authority. Empty:
  /// none is shown, also if the broker asks.
  std::string certificate_file = {};
  /// The certificate's key, not encrypted: nobody is there to be asked for a passphrase.
  std::string key_file = {};
  /// Whose certificate is expected (DNS name or IP address), and the SNI if it is a name. Empty:
  /// the endpoint's host.
  std::string server_name = {};
  /// The lowest version that is spoken.
  tls_version version_min = tls_version::tls_1_2;

  bool operator==(const tls_options&) const = default;
};

} // namespace ringdown::client
