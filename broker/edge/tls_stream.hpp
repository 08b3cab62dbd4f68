// A client's bytes within TLS, over the bytes of any other stream. OpenSSL sees the lower stream
// through buffers that all TLS streams of a thread share:
//
//   read_some   one read of ciphertext -> tls_buffers -> SSL_read until it wants more -> plaintext
//   write_some  plaintext -> one SSL_write -> its records in tls_buffers -> one write
//
// So a turn costs the system calls that it costs without TLS, and an idle stream owns no buffer:
// only what the lower stream has not taken yet, or what a short read has left, is its own.
#pragma once

#include "actors/memory_budget.hpp"
#include "broker/edge/stream.hpp"

#include <openssl/types.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ringdown::edge {

struct ssl_deleter {
  void operator()(SSL* ssl) const noexcept;
};
using ssl_ptr = std::unique_ptr<SSL, ssl_deleter>;

/// Ciphertext on its way, of one stream at a time: within a call. For the streams of one thread.
struct tls_buffers {
  /// Room for `ciphertext_per_read_max` bytes; made when it is first asked for.
  char* room();
  std::string_view coming;      ///< what OpenSSL has not taken yet
  std::string leaving;          ///< the records that it has made
  std::size_t without_data = 0; ///< records that have come so since the last with data

private:
  std::unique_ptr<char[]> room_;
};

/// What one read brings of the lower stream. With the part of a record that OpenSSL may hold
/// (16 KiB) its plaintext fits in a turn's share of 64 KiB.
inline constexpr std::size_t ciphertext_per_read_max = 47 * 1024;
/// What one write takes: more of it would only wait in this stream's own memory.
inline constexpr std::size_t plaintext_per_write_max = 256 * 1024;
/// What may wait for the lower stream: one write with what its records add to it (22 bytes for
/// 16 KiB), and alerts that a client provokes. Beyond it the stream fails.
inline constexpr std::size_t ciphertext_waiting_max = plaintext_per_write_max + 8 * 1024;

/// Records that are no data, as new keys or an alert, in one read and since the last read with
/// data. Each costs 5 to 15 us and 27 bytes: a read full of them would hold the loop for many ms.
/// An honest client changes its keys once in many GiB. Beyond it the stream fails.
inline constexpr std::size_t records_without_data_max = 16;

class tls_stream final : public stream {
public:
  /// Calls a function on this thread soon, never within this call.
  using call_soon = std::function<void(std::function<void()>)>;

  /// `ssl`'s handshake is done, over another BIO, which has left nothing unread there. `buffers`
  /// and `budget` outlive the stream.
  tls_stream(std::unique_ptr<stream> lower, ssl_ptr ssl, tls_buffers& buffers,
             memory_budget& budget, call_soon soon);
  ~tls_stream() override;

  /// The end is a close_notify. A lower stream that ends without one may have been cut off by
  /// anybody: `failed`.
  transport_result read_some(char* into, std::size_t size) noexcept override;
  transport_result write_some(std::string_view bytes) noexcept override;
  void await_read(std::shared_ptr<stream_user> user) override;
  void await_write(std::shared_ptr<stream_user> user) override;
  /// The lower stream ends behind what waits for it and a close_notify.
  void end_writing() noexcept override;
  void close() noexcept override;
  void trim() noexcept override;
  std::size_t held() const noexcept override;
  std::string_view fault() const noexcept override;

private:
  class relay;
  enum class reading : std::uint8_t {
    open,
    ended,  ///< close_notify has come
    told,   ///< and whoever reads knows it
    failed, ///< in either stream
  };

  transport_result read_lower(char* into, std::size_t size) noexcept;
  std::size_t decrypt(std::string_view ciphertext, char* into, std::size_t size) noexcept;
  void keep_unread();
  void note_why_no_more(int ssl_error) noexcept;
  bool has_news() const noexcept;
  transport_result how_it_is() noexcept;
  void fail_reading(int error) noexcept;

  void send() noexcept;
  void tell_soon();
  void tell_as_said();
  void await_lower_read();
  void await_lower_write();
  void lower_is_readable();
  void lower_is_writable();
  void end_lower() noexcept;
  void tell_reader();
  void tell_writer();
  std::shared_ptr<stream_user> user_to_tell();
  void count_held() noexcept;

  std::unique_ptr<stream> lower_;
  ssl_ptr ssl_;
  tls_buffers& buffers_;
  call_soon soon_;
  std::shared_ptr<relay> relay_;      ///< the lower stream's user
  std::shared_ptr<stream_user> user_; ///< while it awaits
  std::string unread_;  ///< ciphertext that was read and for whose plaintext there was no room
  std::string waiting_; ///< ciphertext that the lower stream has not taken yet
  memory_share held_;
  std::size_t without_data_ = 0; ///< records since the last read with data
  int error_ = 0;                ///< with `reading::failed`
  reading reading_ = reading::open;
  bool is_flooded_ = false;   ///< with records that are no data
  bool cannot_write_ = false; ///< the lower stream takes nothing any more
  bool is_ending_ = false;    ///< `end_writing` was called
  bool has_ended_lower_ = false;
  bool awaits_read_ = false;
  bool awaits_write_ = false;
  bool awaits_lower_read_ = false;
  bool awaits_lower_write_ = false;
  bool is_called_soon_ = false;
};

} // namespace ringdown::edge
