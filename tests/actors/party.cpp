#include "tests/actors/party.hpp"

#include "actors/interfaces.hpp"
#include "messages/frame.hpp"
#include "tests/actors/complaint.hpp"
#include "tests/actors/in_words.hpp"
#include "tests/actors/machine.hpp"
#include "tests/actors/office.hpp"

#include <caf/send.hpp>

#include <utility>

namespace ringdown::test {

namespace {

constexpr std::size_t any_size = std::size_t{1} << 30;

void append_length(std::string& to, std::size_t length) {
  for (; length >= 0x80; length >>= 7)
    to.push_back(static_cast<char>(length | 0x80));
  to.push_back(static_cast<char>(length));
}

/// What ends a stream in this way.
std::string_view no_frame(stream_end how) {
  switch (how) {
  case stream_end::open:
  case stream_end::ended: break;
  case stream_end::frame_too_large: return "\xff\xff\xff\x7f";
  case stream_end::malformed: return "\xff\xff\xff\xff\xff\xff";
  }
  return {};
}

} // namespace

party::party(office& where, std::string name)
  : office_(where), name_(std::move(name)), wire_(where.new_wire(name_)) {
  auto link = wire_->link();
  if (!link)
    give_up(name_ + " is not let in");
  client_ = link->client();
}

party::~party() = default;

// ---- what it says --------------------------------------------------------------------------

void party::write(std::string bytes) {
  said_last_ = office_.machine_->clock().at();
  wire_->write(std::move(bytes));
  office_.machine_->run_edges();
}

void party::read(const std::vector<v1::Frame>& frames) {
  std::string bytes;
  for (auto& frame : frames)
    bytes += delimited(frame);
  write(std::move(bytes));
}

void party::read_bytes(const std::vector<std::string>& frames, int end) {
  std::string bytes;
  for (auto& frame : frames) {
    append_length(bytes, frame.size());
    bytes += frame;
  }
  bytes += no_frame(static_cast<stream_end>(end));
  write(std::move(bytes));
}

void party::read_stream(std::string_view bytes) {
  falls_silent();
  write(std::string{bytes});
}

void party::say_heartbeat(std::chrono::steady_clock::time_point now) {
  absorb();
  auto due = heartbeat_due();
  if (!due || *due > now)
    return;
  said_last_ = now;
  wire_->write(delimited(heartbeat()));
}

// ---- what it hears -------------------------------------------------------------------------

/// What it received by now.
void party::absorb() {
  received_ += wire_->take();
  std::string_view left{received_};
  for (auto next = next_frame(left, any_size); next.status == cut_status::complete;
       next = next_frame(left, any_size)) {
    left.remove_prefix(next.consumed);
    v1::Frame frame;
    if (!frame.ParseFromArray(next.frame.data(), static_cast<int>(next.frame.size())))
      give_up("the broker wrote what is no frame");
    if (frame.has_event_link_connected())
      heartbeat_interval_ =
        std::chrono::milliseconds{frame.event_link_connected().heartbeat_interval_ms()};
    if (frame.has_heartbeat())
      ++heartbeats_;
    else
      heard_.push_back(std::move(frame));
  }
  received_.erase(0, received_.size() - left.size());
}

std::vector<v1::Frame> party::frames(std::size_t at_least) {
  reads_all();
  absorb();
  if (!office_.machine_->is_virtual())
    static_cast<void>(eventually([&] {
      absorb();
      return heard_.size() >= at_least;
    }));
  return std::exchange(heard_, {});
}

lines party::hears(std::size_t at_least) {
  lines words;
  for (auto& frame : frames(at_least))
    words.push_back(in_words(frame, [this](std::uint64_t id) { return office_.name_of(id); }));
  return words;
}

v1::Frame party::frame() {
  auto all = frames(1);
  if (all.size() != 1)
    give_up(name_ + " was sent " + std::to_string(all.size()) + " frames, not one");
  return all.front();
}

std::size_t party::heartbeats() {
  office_.settle();
  absorb();
  return heartbeats_;
}

void party::reads_all() {
  wire_->takes_all();
  office_.settle();
}

void party::reads_only(std::size_t bytes) {
  office_.settle();
  wire_->takes_only(bytes);
  office_.settle();
}

// ---- its link ------------------------------------------------------------------------------

void party::says_no_more() {
  falls_silent();
  wire_->close_own_side();
  office_.machine_->run_edges();
}

void party::vanishes() {
  wire_->hang_up();
  office_.machine_->run_edges();
}

void party::is_cut_off_behind_that() {
  wire_->break_off_behind_read();
  office_.machine_->run_edges();
}
void party::is_cut_off() {
  wire_->break_off();
  office_.machine_->run_edges();
}

void party::is_closed(v1::DisconnectReason reason) {
  if (auto link = wire_->link())
    caf::anon_send(link->connection().handle(),
                   close_order{static_cast<disconnect_reason>(reason), "closed by a rule"});
}

void party::drains() {
  if (auto link = wire_->link())
    link->drain();
}

std::uint64_t party::id() const {
  return client_->who.id.value;
}

bool party::closing() const {
  return wire_->has_ended();
}

std::uint32_t party::reads_in_flight() const {
  return client_->batches_in_flight();
}

} // namespace ringdown::test
