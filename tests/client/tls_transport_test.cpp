// TLS over a stream in memory: bytes come one by one or all at once, do not fit, or stop; no
// sockets, no threads.
#include "client/internal/tls_transport.hpp"

#include "client/connection.hpp"
#include "messages/frame.hpp"
#include "tests/client/tls_memory_peer.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <catch2/catch.hpp>

#include <poll.h>

using namespace ringdown;
using namespace ringdown::client;
using namespace std::chrono_literals;
using namespace ringdown::test;

namespace {

struct stand {
  scratch_folder folder;
  test_authority authority{folder};
  std::shared_ptr<memory_pipe> pipe = std::make_shared<memory_pipe>();
  tls_memory_peer peer{pipe, authority.issue("broker")};
  std::shared_ptr<tls_context> context =
    std::make_shared<tls_context>(tls_options{.ca_file = authority.file()});
  std::unique_ptr<tls_transport> secure =
    std::make_unique<tls_transport>(context, std::make_unique<memory_transport>(pipe), "localhost");

  void shake_hands() {
    for (int i = 0; i < 20'000; ++i) {
      if (secure->shake_hands() == handshake_status::done) {
        peer.work();
        CHECK(peer.stands);
        return;
      }
      REQUIRE(secure->fault().text == "");
      peer.work();
    }
    FAIL("no end of the handshake");
  }
  /// All that can be read now.
  std::string read(std::size_t piece = 64 * 1024) {
    std::string all;
    std::string bytes(piece, '\0');
    for (;;) {
      auto got = secure->read_some(bytes.data(), bytes.size());
      if (got.status != transport_status::done)
        return all;
      all.append(bytes, 0, got.bytes);
    }
  }
};

/// Text in which a byte that is missing or doubled shows.
std::string numbered(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i)
    text += std::to_string(i) + ",";
  text.resize(size);
  return text;
}

v1::Frame link_connected() {
  v1::Frame frame;
  frame.set_reference_id(1);
  auto& link = *frame.mutable_event_link_connected();
  link.set_version(1);
  link.set_window_requests(16);
  link.set_window_bytes(65'536);
  link.set_frame_bytes_max(65'536);
  link.set_heartbeat_interval_ms(1000);
  link.set_heartbeat_timeout_ms(3000);
  return frame;
}

v1::Frame missed(const std::string& dn) {
  v1::Frame frame;
  frame.mutable_event_missed()->set_this_dn(dn);
  return frame;
}

} // namespace

TEST_CASE("what is said over TLS arrives whole, a byte at a time too") {
  stand s;
  s.pipe->piece = GENERATE(as<std::size_t>{}, std::string::npos, 1);
  s.shake_hands();
  auto text = numbered(70'000); // several records
  for (std::size_t sent = 0; sent < text.size();) {
    auto result = s.secure->write_some(std::string_view{text}.substr(sent));
    REQUIRE(result.status == transport_status::done);
    sent += result.bytes;
  }
  s.peer.work();
  CHECK(s.peer.heard == text);
  s.peer.say(text);
  CHECK(s.read() == text);
  CHECK_FALSE(s.secure->has_unread());
}

TEST_CASE("what does not fit is said once, when there is room") {
  stand s;
  s.shake_hands();
  auto text = numbered(50'000);
  s.pipe->room = 1'000;
  CHECK(s.secure->write_some(text).status == transport_status::would_block);
  CHECK((s.secure->poll_events(true, true) & POLLOUT) == 0); // the stream below has no room
  std::size_t sent = 0;
  for (int i = 0; i < 1'000 && sent < text.size(); ++i) {
    s.peer.work(); // makes room
    auto result = s.secure->write_some(std::string_view{text}.substr(sent));
    sent += result.bytes;
  }
  s.peer.work();
  CHECK(s.peer.heard == text);
}

TEST_CASE("what OpenSSL holds back is told of, as the descriptor says nothing") {
  stand s;
  s.shake_hands();
  s.peer.say(numbered(5'000));
  char byte = 0;
  REQUIRE(s.secure->read_some(&byte, 1).bytes == 1);
  CHECK(s.secure->has_unread());
  CHECK(s.read().size() == 4'999);
  CHECK_FALSE(s.secure->has_unread());
}

TEST_CASE("what ends the handshake goes out when there is room, whoever waits only for words") {
  stand s;
  CHECK(s.secure->shake_hands() == handshake_status::under_way);
  s.peer.work();
  s.pipe->room = 0;
  REQUIRE(s.secure->shake_hands() == handshake_status::done);
  CHECK(s.read().empty());
  CHECK(s.pipe->written.empty());
  s.pipe->room = std::string::npos;
  CHECK((s.secure->poll_events(true, false) & POLLOUT) != 0);
  CHECK(s.read().empty());
  s.peer.work();
  CHECK(s.peer.stands);
  CHECK((s.secure->poll_events(true, false) & POLLOUT) == 0);
}

TEST_CASE("new keys are answered without a word of the program") {
  stand s;
  s.shake_hands();
  s.peer.update_keys();
  s.peer.say("hello");
  CHECK(s.read() == "hello");
  REQUIRE(s.secure->write_some("well").status == transport_status::done);
  s.peer.work();
  CHECK(s.peer.heard == "well");
}

TEST_CASE("an end that the broker says is an end, and one that it does not say is a cut") {
  stand s;
  s.shake_hands();
  s.peer.say("last words");
  bool said = GENERATE(true, false);
  if (said)
    s.peer.say_end();
  else
    s.pipe->end();
  CHECK(s.read() == "last words");
  char byte = 0;
  auto end = s.secure->read_some(&byte, 1);
  CHECK(end.status == (said ? transport_status::end : transport_status::failed));
  if (!said) {
    CHECK(s.secure->fault().fault == link_fault::closed_by_peer);
    CHECK(s.secure->fault().text.find("cut") != std::string::npos);
    CHECK(s.secure->write_some("x").status == transport_status::failed);
  }
}

TEST_CASE("bytes that were changed on their way end the stream") {
  stand s;
  s.shake_hands();
  s.pipe->give(std::string{"\x17\x03\x03\x00\x20", 5} + std::string(32, 'x'));
  CHECK(s.read().empty());
  CHECK(s.secure->fault().fault == link_fault::tls_failed);
  CHECK(s.secure->has_unread()); // the fault, for who has not asked yet
}

TEST_CASE("whoever goes says so") {
  stand s;
  s.shake_hands();
  s.secure.reset();
  s.peer.work();
  CHECK(s.peer.ended);
}

TEST_CASE("a link over TLS reads on what came with an event that the program had no room for") {
  stand s;
  s.shake_hands();
  steady_time time{1h};
  connection link{[&] { return time; }};
  bounds limits;
  limits.events_max = 1;
  link.start(std::move(s.secure), {}, limits);
  link.poll(0ms);
  s.peer.work();
  CHECK_FALSE(s.peer.heard.empty()); // the sign-on
  s.peer.say(delimited(link_connected()) + delimited(missed("1")) + delimited(missed("2")) +
             delimited(missed("3")));
  for (std::string dn : {"1", "2", "3"}) {
    CHECK(link.poll(0ms));
    auto e = link.next();
    REQUIRE(e);
    CHECK(std::get<event_missed>(*e).this_dn == dn);
    CHECK((link.next_deadline() == steady_time::min()) == (dn != "3"));
  }
}

TEST_CASE("files that cannot be used are told by the option's name") {
  scratch_folder folder;
  test_authority authority{folder};
  auto own = authority.issue("own");
  auto other = authority.issue("other");
  auto text = folder.write("text", "no PEM at all\n");
  struct row {
    tls_options options;
    const char* words;
  };
  const row problems[] = {
    {{.ca_file = folder.file("nowhere.pem")}, "ca_file '"},
    {{.ca_file = text}, "ca_file '"},
    {{.certificate_file = own.certificate}, "both or neither"},
    {{.certificate_file = text, .key_file = own.key}, "certificate_file '"},
    {{.certificate_file = own.certificate, .key_file = text}, "no private key in PEM form"},
    {{.certificate_file = own.certificate, .key_file = other.key}, "not the key of"},
    {{.certificate_file = own.certificate, .key_file = authority.encrypted_key("locked")},
     "encrypted"},
  };
  for (auto& problem : problems) {
    tls_context context{problem.options};
    CHECK(context.fault().fault == link_fault::bad_tls_options);
    CAPTURE(context.fault().text);
    CHECK(context.fault().text.find(problem.words) != std::string::npos);
  }
}
