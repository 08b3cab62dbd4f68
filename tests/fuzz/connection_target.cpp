// One connection's byte stream against the broker's links and actors, in virtual time: the bytes
// go, in reads of any length, through its link into a connection with a DN, beside a client that
// does nothing wrong.
//
// Input: a byte of switches, a byte n, n orders, the stream. An order below 0xf0 reads so many
// bytes of the stream (0: 4 KiB); the others are listed at `obey`. What the orders leave of the
// stream is read at the end.
#include "messages/frame.hpp"
#include "tests/actors/complaint.hpp"
#include "tests/actors/office.hpp"
#include "tests/fuzz/promise.hpp"

#include <map>
#include <optional>
#include <set>

namespace ringdown::test {

void complain(const std::string& what) {
  fuzz::broken("the office has nothing to complain of", what);
}

void give_up(const std::string& what) {
  fuzz::broken("the office can go on", what);
}

} // namespace ringdown::test

using namespace ringdown;
using namespace ringdown::test;
using namespace ringdown::fuzz;

namespace {

constexpr auto* shared_dn = "7001";

/// Limits that a short input can reach.
limits tight_limits() {
  limits bounds;
  bounds.frame_bytes_max = 2048;
  bounds.user_data_bytes_max = 64;
  bounds.dns_per_request_max = 3;
  bounds.requests_outstanding_max = 3;
  bounds.requests_outstanding_reserve = 1;
  bounds.request_bytes_outstanding_max = 4096;
  bounds.request_bytes_outstanding_reserve = 2048;
  bounds.registrations_per_connection_max = 2;
  bounds.registrations_per_dn_max = 3;
  bounds.dns_max = 3;
  bounds.sessions_per_dn_max = 2;
  bounds.dn_idle_timeout = 1s;
  bounds.session_idle_max = 2s;
  return bounds;
}

/// How often each ReferenceID was used, or answered. 0 counts frames without one.
using tally = std::map<std::uint32_t, std::size_t>;

/// The client whose bytes are the input.
class stranger {
public:
  stranger(office& where, std::string_view stream)
    : office_(where), who_(where.connect("stranger")), stream_(stream) {}

  bool has_more() const { return !stream_.empty(); }

  void read(std::size_t size) {
    auto bytes = stream_.substr(0, size);
    stream_.remove_prefix(bytes.size());
    note_frames(bytes);
    who_.read_stream(bytes);
  }

  /// It reads so little that its link may end before it has heard why.
  void read_little() {
    who_.reads_only(1);
    is_slow_ = true;
  }
  void wait(std::chrono::milliseconds time) {
    office_.pass(time);
    was_slow_ |= is_slow_;
  }

  void hear() {
    is_slow_ = false;
    for (auto& frame : who_.frames()) {
      promise(!is_over_, "nothing follows EventLinkDisconnected");
      if (frame.has_event_link_disconnected()) {
        is_over_ = true;
        promise(frame.event_link_disconnected().reason() != v1::DISCONNECT_REASON_UNSPECIFIED,
                "a connection is closed with a reason");
      }
      if (frame.has_event_error())
        check_error(frame.event_error());
      if (frame.event_error().error_code() == 52)
        failure_ = frame.ShortDebugString();
      bool is_reply = !frame.has_event_user_event() && !frame.has_event_missed() &&
                      !frame.has_event_unregistered();
      if (is_reply || frame.reference_id() != 0)
        ++answered_[frame.reference_id()];
    }
  }

  /// Each whole frame that asks for something was answered, or the connection was closed.
  void check_no_silence() {
    promise(who_.closing() == is_over_ || was_slow_,
            "a connection is closed with EventLinkDisconnected");
    if (who_.closing())
      return;
    // A connection that ends for a fault of its client's leaves what waited for a DN with 52.
    if (!failure_.empty())
      broken("no input makes the broker fail", failure_);
    promise(who_.client().window.outstanding() == 0, "no request is left outstanding");
    for (auto& [reference, count] : asked_)
      if (answered_[reference] < count)
        broken("each frame is answered", "ReferenceID " + std::to_string(reference) + ", " +
                                           std::to_string(count) + " times asked, " +
                                           std::to_string(answered_[reference]) + " answered");
  }

  bool is_over() const { return is_over_; }
  party& who() { return who_; }

private:
  static void check_error(const v1::EventError& error) {
    promise(error.error_code() != 0 && !error.text().empty(), "an error has a code and a text");
    promise(is_one_line(error.text() + error.attribute() + error.accepted()),
            "an error may be shown to people");
  }

  /// Which of the bytes are frames is found apart from the link's own cutting.
  void note_frames(std::string_view bytes) {
    seen_.append(bytes);
    for (;;) {
      auto next = next_frame(seen_, office_.context.bounds.frame_bytes_max);
      if (next.status != cut_status::complete)
        return;
      auto view = look(next.frame);
      bool is_heartbeat = view.body_number == 200 && !view.doubled && !view.malformed;
      if (!is_heartbeat)
        ++asked_[view.reference.value];
      seen_.erase(0, next.consumed);
    }
  }

  office& office_;
  party& who_;
  std::string_view stream_;
  std::string seen_;
  tally asked_;
  tally answered_;
  bool is_over_ = false;
  bool is_slow_ = false;
  bool was_slow_ = false; // while time passed
  std::string failure_;   // an answer 52
};

/// A client beside it: whatever the stranger does, its requests are answered. But for one thing:
/// who says that it is the same program takes over its connection.
class bystander {
public:
  bystander(office& where, v1::Role role, const std::string& name, std::string_view stream)
    : who_(where.join(name, role)), is_named_(stream.find(name) != std::string_view::npos) {
    who_.says(register_on(++reference_, {shared_dn}));
    static_cast<void>(answer());
  }

  void hear() {
    for (auto& frame : who_.frames())
      heed(frame);
  }

  void check_untouched() {
    hear();
    if (is_taken_over_)
      return;
    who_.says(query_address(++reference_, shared_dn));
    promise(answer().has_event_address_info(), "a client beside is still registered");
    bool is_recorder = who_.client().who.role == role::recorder;
    who_.says(send(++reference_, shared_dn, is_recorder ? "paused" : "pause"));
    promise(answer().has_event_ack(), "a client beside may still send");
    promise(!who_.closing() && who_.client().window.outstanding() == 0,
            "a client beside has nothing outstanding");
  }

private:
  void heed(const v1::Frame& frame) {
    if (!frame.has_event_link_disconnected())
      return;
    is_taken_over_ =
      frame.event_link_disconnected().reason() == v1::DISCONNECT_REASON_TAKEN_OVER && is_named_;
    promise(is_taken_over_, "a client beside is not disconnected");
  }

  v1::Frame answer() {
    std::optional<v1::Frame> found;
    for (auto& frame : who_.frames()) {
      heed(frame);
      if (frame.reference_id() == reference_)
        found = frame;
    }
    if (!found)
      broken("a client beside is answered", who_.name());
    return *found;
  }

  party& who_;
  const bool is_named_; // the stranger's bytes have its name
  bool is_taken_over_ = false;
  std::uint32_t reference_ = 1; // its sign-on
};

/// What is not a read: the world around goes on.
void obey(std::uint8_t order, office& o, stranger& one, bystander& desk) {
  switch (order) {
  case 0xf0: o.settle(); return;
  case 0xf1: one.wait(100ms); return;
  case 0xf2: one.wait(3s); return;
  case 0xf3: one.wait(9h); return;
  case 0xf4: one.hear(); return;
  case 0xf5: desk.check_untouched(); return;
  case 0xf6: o.step_of(0); return;
  case 0xf7: o.configure({shared_dn, "7002"}); return;
  case 0xf8: one.read_little(); return;
  case 0xf9: one.who().drains(); return;
  default:
    o.settle();
    one.hear();
    return;
  }
}

/// The operator hears of limits that were reached, and of no fault of the broker's.
void check_told(office& o) {
  static const std::set<std::string> of_limits{
    "connection: connection closed", "dn: capture session ended to make room",
    "dn: capture session ended by force", "dn: outcome of a command",
    "dn: alarm: a person must look"};
  for (auto& line : o.told())
    if (!of_limits.contains(line))
      broken("no input makes the broker complain", line);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  input in{data, size};
  auto switches = in.byte();
  auto orders = in.take(in.byte());
  auto bounds = (switches & 1) != 0 ? tight_limits() : limits{};
  bounds.heartbeat_interval = bounds.heartbeat_interval_max; // the stranger may say none
  office o{bounds};
  bystander desk{o, v1::ROLE_DESKTOP, "desk", in.rest()};
  bystander recorder{o, v1::ROLE_RECORDER, "recorder", in.rest()};
  desk.hear();
  stranger one{o, in.rest()};
  for (char order : orders) {
    auto number = static_cast<std::uint8_t>(order);
    if (number >= 0xf0)
      obey(number, o, one, desk);
    else if (one.has_more())
      one.read(number == 0 ? 4096 : number);
  }
  while (one.has_more())
    one.read(4096);
  o.pass(1s); // answers of a drain
  one.hear();
  one.check_no_silence();
  recorder.hear();
  desk.hear();
  desk.check_untouched();
  recorder.check_untouched();
  one.hear();
  one.who().vanishes();
  desk.check_untouched();
  recorder.hear();
  desk.hear();
  check_told(o);
  return 0; // the office's end: nobody is left, and the memory budget is zero
}
