// The state of one link and what happens to it. Internal: connection.hpp is the door.
#pragma once

#include "client/connection.hpp"
#include "client/internal/awaited_answers.hpp"
#include "client/internal/codec.hpp"
#include "client/internal/connector.hpp"
#include "client/internal/event_queue.hpp"
#include "client/internal/heartbeats.hpp"

namespace ringdown::client {

/// All that a connection knows. The first part is for connection.cpp, the rest its own.
class connection::impl {
public:
  impl() = default;
  explicit impl(time_source clock) : time(std::move(clock)) {}

  void start(const numeric_endpoints& where, identity who, bounds limits);
  void start(std::unique_ptr<transport> over, identity who, bounds limits);
  open_result wait_until_open();
  void close();
  bool poll(std::chrono::milliseconds timeout);
  std::optional<event> next() { return events.take_first(); }
  reply wait_reply(reference_id reference, std::chrono::milliseconds timeout);
  void wait_for_end(std::chrono::milliseconds timeout);
  submission submit(reference_id reference, std::string frame, std::size_t answers,
                    bool safety = false);
  /// One request that does not wait for what the broker grants.
  submission submit_behind_sign_on(reference_id reference, std::string frame, std::size_t answers);
  submission admit(std::size_t answers, std::size_t bytes, bool safety) const;
  bool is_opening() const {
    return state == link_state::connecting || state == link_state::signing_on;
  }
  void begin_sign_off() { state = link_state::signing_off; }

  bool events_full() const { return events.is_full(limits); }
  bool wants_write() const {
    return state == link_state::connecting || (stream && out_sent < out.size());
  }
  bool wants_read() const { return stream && !events_full(); }
  int descriptor() const { return stream ? stream->descriptor() : reaching.descriptor(); }
  short poll_events();
  steady_time next_deadline() const;

  link_state state = link_state::closed;
  bool stood = false;
  open_result result{link_fault::closed_here, "not connected", std::nullopt};
  event_link_connected granted;
  awaited_answers awaits;

private:
  template <class Done>
  void run_until(steady_time until, Done done);
  void begin(identity who, bounds limits);
  void drop_stream();
  void sign_on_over(std::unique_ptr<transport> over);
  void go_on_connecting(connector::progress how);
  void step();
  void flush();
  void receive();
  void cut_frames();
  void take_frame(std::string_view frame);
  void take_link_connected(codec::link_connected connected);
  void take_event(event e, std::size_t bytes);
  void note_sent(reference_id reference, std::string frame, std::size_t answers);
  void check_time();
  void fail(link_fault fault, std::string text);
  void fail_by(const transport_result& end);
  void wait_for_io(steady_time until);
  steady_time now() const { return time ? time() : std::chrono::steady_clock::now(); }
  steady_time after(std::chrono::milliseconds timeout) const;

  time_source time;
  connector reaching;                    // while the connection is under way
  std::unique_ptr<transport> stream;     // then
  const tls_transport* secure = nullptr; // the stream, if it is one by TLS
  identity who;
  bounds limits;

  std::string out;
  std::size_t out_sent = 0;
  std::string in;
  bool frames_wait = false; // in `in`: the events were full
  event_queue events;

  steady_time opened_until;
  heartbeats beats;
  bool interrupted = false;
};

} // namespace ringdown::client
