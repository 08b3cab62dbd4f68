// A broker's end of TLS over a memory_pipe, in the test's own thread: the test decides when bytes
// pass, and how many.
#pragma once

#include "tests/client/memory_transport.hpp"
#include "tests/client/test_certificates.hpp"

#include <memory>
#include <string>

struct bio_st;
struct ssl_ctx_st;
struct ssl_st;

namespace ringdown::test {

class tls_memory_peer {
public:
  tls_memory_peer(std::shared_ptr<memory_pipe> pipe, const certificate_files& own);

  /// Takes what the client has written, and gives what answers it.
  void work();
  /// In one record if it is not above 16 KiB.
  void say(std::string_view bytes);
  /// Says that nothing follows.
  void say_end();
  /// Asks for new keys, which the client must answer.
  void update_keys();

  std::string heard;   ///< of the client, since the test last emptied it
  bool stands = false; ///< the handshake is done
  bool ended = false;  ///< the client has said that nothing follows

private:
  void give();

  std::shared_ptr<memory_pipe> pipe_;
  std::shared_ptr<ssl_ctx_st> context_;
  std::shared_ptr<ssl_st> ssl_;
  bio_st* in_ = nullptr;
  bio_st* out_ = nullptr;
};

} // namespace ringdown::test
