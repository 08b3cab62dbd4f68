// What a broker, or a machine that claims to be one, answers a client: each frame decoded, and
// shown to people; and all of it as the words to a desktop and to a recorder, from the first one on
// and behind a link that stands.
//
// Input: frames with their lengths.
#include "client/desktop.hpp"
#include "client/internal/codec.hpp"
#include "client/recorder.hpp"
#include "client/t_client.hpp"
#include "client/text/describe.hpp"
#include "messages/frame.hpp"
#include "tests/fuzz/promise.hpp"

#include <ringdown/v1/ringdown.pb.h>

#include <algorithm>
#include <cstring>

using namespace ringdown;
using namespace ringdown::client;
using namespace ringdown::fuzz;
using namespace std::chrono_literals;

namespace {

void check_frame(std::string_view frame) {
  auto what = codec::decode(frame);
  v1::Frame parsed;
  bool parses = parsed.ParseFromArray(frame.data(), static_cast<int>(frame.size()));
  if (!parses)
    promise(std::holds_alternative<codec::garbage>(what), "what Protobuf cannot read is garbage");
  if (auto* linked = std::get_if<codec::link_connected>(&what))
    promise(linked->reference.value == parsed.reference_id(), "the ReferenceID is kept");
  auto* heard = std::get_if<event>(&what);
  if (heard == nullptr)
    return;
  promise(is_one_line(describe(*heard)), "an event may be shown to people as one line");
  promise(!name_of(*heard).empty(), "an event has a name");
  if (auto* error = std::get_if<event_error>(heard))
    promise(is_one_line(describe_error(*error)), "an error may be shown to people as one line");
}

/// What a broker has said and its client has not read yet.
struct words {
  std::string_view said;
  bool ends = false;
};

class stream final : public transport {
public:
  explicit stream(words& from) : from_(from) {}

  transport_result read_some(char* into, std::size_t size) noexcept override {
    auto bytes = std::min(size, from_.said.size());
    if (bytes == 0)
      return {from_.ends ? transport_status::end : transport_status::would_block, 0, 0};
    std::memcpy(into, from_.said.data(), bytes);
    from_.said.remove_prefix(bytes);
    return {transport_status::done, bytes, 0};
  }
  transport_result write_some(std::string_view bytes) noexcept override {
    return {transport_status::done, bytes.size(), 0};
  }
  int descriptor() const noexcept override { return -1; }
  short poll_events(bool, bool) noexcept override { return 0; }

private:
  words& from_;
};

std::string a_grant() {
  v1::Frame frame;
  frame.set_reference_id(1); // the sign-on's
  auto& link = *frame.mutable_event_link_connected();
  link.set_version(1);
  link.set_window_requests(16);
  link.set_window_bytes(64 * 1024);
  link.set_frame_bytes_max(64 * 1024);
  link.set_dns_per_request_max(16);
  link.set_heartbeat_interval_ms(2000);
  link.set_heartbeat_timeout_ms(5000);
  link.add_capabilities(v1::CAPABILITY_EXACT_VERSIONS);
  link.add_capabilities(v1::CAPABILITY_DIRECTED);
  link.add_capabilities(v1::CAPABILITY_OUTCOMES);
  return delimited(frame);
}

/// A client in virtual time, its program, and what became of its requests.
class listener {
public:
  explicit listener(identity who) : client_(options(std::move(who))) {
    static_cast<void>(client_.listen([this](const notice& n) {
      if (auto* told = std::get_if<link_notice>(&n))
        up_ = told->phase == link_phase::up;
      else
        promise(up_, "what a link brings is told while it is up");
    }));
  }
  t_client& client() { return client_; }

  void hears(std::string_view said) {
    words_.said = said;
    rest();
  }
  void waits(std::chrono::milliseconds time) {
    time_ += time;
    rest();
  }
  void ends() {
    words_.ends = true;
    rest();
  }
  void sends(capture_verb verb, bool with_id) {
    auto what = outgoing_event::capture("7001", verb);
    if (with_id)
      what.command.bytes[0] = 1;
    if (client_.send(what, [this](const completion&) { ++completed_; }))
      ++accepted_;
  }
  void stops() {
    client_.stop(0ms);
    promise(completed_ == accepted_, "each request is completed once");
    promise(client_.requests_pending() == 0, "none is left when the client has stopped");
  }

private:
  t_client_options options(identity who) {
    t_client_options o;
    o.who = std::move(who);
    o.who.instance.bytes[0] = 1;
    o.places = {transport_factory{[this] { return std::make_unique<stream>(words_); }}};
    o.reconnect = false;
    o.now = [this] { return time_; };
    o.random = [] { return 7; };
    o.on_handler_failure = [](const handler_failure& f) {
      broken("no handler of ours throws", f.where + ": " + f.what);
    };
    return o;
  }

  void rest() {
    for (int turn = 0; turn < 10'000; ++turn)
      if (!client_.poll(0ms) && client_.next_deadline() > time_)
        return;
    broken("a client comes to rest");
  }

  steady_time time_{1h};
  words words_;
  bool up_ = false;
  std::size_t accepted_ = 0;
  std::size_t completed_ = 0;
  t_client client_;
};

void go_through(listener& who, std::string_view before, std::string_view said) {
  who.client().start();
  who.hears(before);
  who.hears(said.substr(0, said.size() / 2));
  who.sends(capture_verb::pause, true);
  who.sends(capture_verb::none, false);
  who.hears(said.substr(said.size() / 2));
  who.waits(10s);
  who.ends();
  who.stops();
}

void check_desktop(std::string_view before, std::string_view said) {
  listener who{desktop_identity("desk")};
  desktop agent{who.client(), "7001", [](const light_view&) {}};
  go_through(who, before, said);
}

void check_recorder(std::string_view before, std::string_view said) {
  listener who{recorder_identity("screen")};
  recorder screen{who.client(), [](const recorder::order& o) { return o.screen; }};
  static_cast<void>(screen.record("7001"));
  static_cast<void>(screen.record("7002"));
  go_through(who, before, said);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto grant = a_grant();
  auto all = input{data, size}.rest();
  for (auto left = all;;) {
    auto next = next_frame(left, bounds{}.frame_bytes_max);
    if (next.status != cut_status::complete)
      break;
    check_frame(next.frame);
    left.remove_prefix(next.consumed);
  }
  for (auto before : {std::string_view{}, std::string_view{grant}}) {
    check_desktop(before, all);
    check_recorder(before, all);
  }
  return 0;
}
