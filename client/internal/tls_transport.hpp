// TLS over another stream, as a stream. Internal to client/.
//
// OpenSSL reads and writes by a BIO of our own, never by the socket: records are taken from a
// buffer that one read of the stream below has filled, and gathered until one write gives all of
// them. So it works over any stream, raises no SIGPIPE, and costs one system call for what waits.
#pragma once

#include "client/internal/tls_context.hpp"
#include "messages/transport.hpp"

#include <memory>
#include <string>

struct bio_st; // OpenSSL's BIO
struct bio_method_st;
struct ssl_st; // OpenSSL's SSL

namespace ringdown::client {

enum class handshake_status : std::uint8_t { under_way, done, failed };

/// A client's end. Before `shake_hands` says `done`, nothing else is to be called but `descriptor`
/// and `poll_events`, to wait for the next call.
class tls_transport final : public transport {
public:
  /// `context` without a fault. `server_name`: whose certificate is expected, a name or an IP
  /// address as text.
  tls_transport(std::shared_ptr<const tls_context> context, std::unique_ptr<transport> below,
                const std::string& server_name);
  /// Says that nothing follows (close_notify), if the stream below takes it at once.
  ~tls_transport() override;

  /// Goes on with the handshake. After `failed`, `fault` says why.
  handshake_status shake_hands() noexcept;

  transport_result read_some(char* into, std::size_t size) noexcept override;
  /// What would block has been taken in part: the next call's `bytes` must begin with the same.
  transport_result write_some(std::string_view bytes) noexcept override;
  int descriptor() const noexcept override { return below_->descriptor(); }
  short poll_events(bool to_read, bool to_write) noexcept override;

  /// There is something to read, though the descriptor may not say so.
  bool has_unread() const noexcept;
  /// Version, cipher and key exchange that both ends have agreed on, once the handshake is done:
  /// "TLSv1.3, TLS_AES_128_GCM_SHA256, x25519".
  std::string agreed() const;
  /// Why a call has failed.
  const stream_fault& fault() const noexcept { return fault_; }

private:
  struct ssl_deleter {
    void operator()(ssl_st* ssl) const noexcept;
  };
  static bio_method_st* bio_method();
  static int on_bio_read(bio_st* bio, char* into, std::size_t size, std::size_t* got);
  static int on_bio_write(bio_st* bio, const char* from, std::size_t size, std::size_t* taken);
  static long on_bio_control(bio_st* bio, int what, long number, void* more);

  void expect(const std::string& server_name);
  std::size_t take_record_bytes(char* into, std::size_t size);
  transport_result send_records() noexcept;
  void note_end(int ssl_error);
  stream_fault fault_of_tls() const;
  transport_result failure() const noexcept;

  std::shared_ptr<const tls_context> context_;
  std::unique_ptr<transport> below_;
  std::unique_ptr<ssl_st, ssl_deleter> ssl_;

  std::unique_ptr<char[]> in_; ///< records as they came
  std::size_t in_begin_ = 0;
  std::size_t in_end_ = 0;
  transport_result last_read_{transport_status::would_block, 0, 0};

  std::string records_; ///< to be written
  std::size_t records_sent_ = 0;
  std::size_t taken_ = 0; ///< of what the caller gave, and is in `records_`

  bool stands_ = false;               ///< the handshake is done
  bool certificate_is_asked_ = false; ///< by the broker
  bool is_closed_ = false;            ///< the broker has said that nothing follows
  stream_fault fault_;
};

} // namespace ringdown::client
